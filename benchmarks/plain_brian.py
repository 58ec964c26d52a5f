"""The network of Lillicrap et al. 2016, Fig 4 (eqs 5-8), as a plain Brian script.

This is what the package is compared with: C++ standalone, one run, equations and synapses as in
Brian's tutorials, in float64 as Brian has it unless told otherwise. A neuron's values are stored
once a step (a subexpression read by a synapse would be computed again at every synapse), and
feedback is a summed variable. Each layer lags one step behind the one below, since Brian's default
schedule is kept, and there is no decay, no frozen presentation and no readout: all of that makes
this script faster, none of it slower.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import brian2 as b2
import numpy as np
from task import B_SCALE, BRIGHTEST, CLASSES, ETA, IMAGE_STEPS, TAU, W_SCALE, images_and_labels

LAYER = """
V : 1
I : 1
U : 1
J : 1
bias : 1
p : 1
phi : 1
gain : 1
h : 1
"""
FORWARD = """
V = (1 - TAU)*V + TAU*(I + bias)          # eq (5)
p = 1/(1 + exp(-V))
I = 0
"""
HIDDEN = "U = (1 - TAU)*U + TAU*J\n"  # eq (6)
OUTPUT = "U = (1 - TAU)*U + TAU*(h - target(t, i // GROUP))\n"  # eq (7)
LEARN = """
phi = 2/(1 + exp(-U)) - 1
gain = ETA*phi*p*(1 - p)                  # eq (8), without the presynaptic spike
bias -= gain
h = 0
"""


def build(sizes: list[int], steps: int, dtype: str, directory: Path) -> None:
    """Write and compile the program of one run of ``steps`` steps."""
    b2.prefs["core.default_float_dtype"] = np.dtype(dtype).type
    b2.set_device("cpp_standalone", build_on_run=False)
    b2.defaultclock.dt = 1 * b2.ms
    shown = -(-steps // IMAGE_STEPS)
    images, labels = images_and_labels(sizes[0], shown)
    names = {
        "pixel": b2.TimedArray(images, dt=IMAGE_STEPS * b2.ms),
        "target": b2.TimedArray(np.eye(CLASSES)[labels], dt=IMAGE_STEPS * b2.ms),
        "TAU": TAU,
        "ETA": ETA,
        "GROUP": sizes[-1] // CLASSES,
        "BRIGHTEST": BRIGHTEST,
        "W_SCALE": W_SCALE,
        "B_SCALE": B_SCALE,
    }
    layers = [
        b2.NeuronGroup(
            sizes[0],
            "x = pixel(t, i) : 1",
            threshold="rand() < clip(x, 0, BRIGHTEST)",
            namespace=names,
        )
    ]
    objects: list[b2.BrianObject] = list(layers)
    for number, size in enumerate(sizes[1:], 1):
        layer = b2.NeuronGroup(size, LAYER, threshold="rand() < p", reset="h = 1", namespace=names)
        backward = OUTPUT if number == len(sizes) - 1 else HIDDEN
        layer.run_regularly(FORWARD + backward + LEARN, when="groups")
        synapses = b2.Synapses(
            layers[-1], layer, "w : 1", on_pre="I_post += w\nw -= gain_post", namespace=names
        )
        synapses.connect()
        synapses.w = "W_SCALE*(2*rand() - 1)"
        objects += [layer, synapses]
        if number > 1:
            feedback = b2.Synapses(
                layer,
                layers[-1],
                "B : 1 (constant)\nJ_post = B*phi_pre : 1 (summed)",
                namespace=names,
            )
            feedback.connect()
            feedback.B = "B_SCALE*(2*rand() - 1)"
            objects.append(feedback)
        layers.append(layer)
    network = b2.Network(objects)
    network.run(steps * b2.ms, namespace={})
    b2.device.build(directory=str(directory), compile=True, run=False, with_output=False)


def main() -> None:
    """Build, and print how long it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="784-300-300-100")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--dtype", default="float64", choices=("float32", "float64"))
    parser.add_argument("--directory", type=Path, required=True, help="where the program goes")
    given = parser.parse_args()
    start = time.perf_counter()
    build([int(size) for size in given.sizes.split("-")], given.steps, given.dtype, given.directory)
    print(json.dumps({"build s": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
