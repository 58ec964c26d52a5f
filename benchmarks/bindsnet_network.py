"""Lillicrap's network as far as BindsNET has it: forward layers that spike, learn by three factors.

    .venv-bindsnet/bin/python benchmarks/bindsnet_network.py --sizes 784-300-300-100 --steps 200

The same as in the other contenders: the layers' sizes; all-to-all forward connections in float32
whose every weight is plastic in every step; the images, shown for 5 steps each; input spikes drawn
from the pixels; neurons that leak as in eq (5) and spike at random with probability sigmoid(V),
half of the time; a spike reaches the layer above within the step.

Not the same: there is no feedback path (no B, no feedback neurons, no error neurons, no target),
which at full size is nearly half of the synapses. Learning is BindsNET's MSTDP: eligibility from
traces of both sides' spikes, times one reward for the whole network, which here is +1 or -1 at
random for an image; it updates each matrix in several dense passes. There are no biases, no decay
of weights and no votes. Except for the rule, all of that is less to compute.

BindsNET's package imports torchvision, gymnasium and more; its network and learning modules need
torch and numpy alone, and are imported without it. They are used as they are: layers of a kind of
one's own are its documented way to have neurons that it lacks. ``--serve`` is for the benchmark.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import sys
import time
import types
from importlib import metadata
from typing import Any

import numpy as np
import torch
from memory import peak_mb
from task import BRIGHTEST, IMAGE_STEPS, IMAGES, TAU, W_SCALE, images_and_labels

#: Small enough that weights stay near their first values for the benchmark's length.
NU = 1e-5
_TRIALS = 4


def bindsnet_modules() -> tuple[Any, Any]:
    """Return BindsNET's modules ``network`` and ``learning``, without running its package's own."""
    spec = importlib.util.find_spec("bindsnet")
    if spec is None:
        raise ModuleNotFoundError("bindsnet: pip install --no-deps bindsnet==0.3.4 (got none)")
    package = types.ModuleType("bindsnet")
    package.__path__ = list(spec.submodule_search_locations or ())
    sys.modules["bindsnet"] = package
    network = importlib.import_module("bindsnet.network")
    return network, importlib.import_module("bindsnet.learning")


def bernoulli_nodes(nodes: Any) -> Any:
    """Return a kind of layer whose neurons leak (eq 5) and spike with probability sigmoid(V)."""

    class Bernoulli(nodes.Nodes):
        def forward(self, x: torch.Tensor) -> None:
            self.v.lerp_(x, TAU)
            self.s = torch.rand_like(self.v) < torch.sigmoid(self.v)
            super().forward(x)

        def set_batch_size(self, batch_size: int) -> None:
            super().set_batch_size(batch_size)
            self.v = torch.zeros(batch_size, *self.shape)

    return Bernoulli


class Lillicrap:
    """The network, and the images that it is shown."""

    def __init__(self, sizes: list[int], modules: tuple[Any, Any]) -> None:
        bindsnet, learning = modules
        nodes, topology = bindsnet.nodes, bindsnet.topology
        generator = torch.Generator().manual_seed(0)
        kind = bernoulli_nodes(nodes)
        self.network = bindsnet.Network(dt=1.0)
        below = nodes.Input(sizes[0])
        self.network.add_layer(below, "layer0")
        for number, size in enumerate(sizes[1:], 1):
            layer = kind(size)
            self.network.add_layer(layer, f"layer{number}")
            w = W_SCALE * (2 * torch.rand(below.n, size, generator=generator) - 1)
            connection = topology.Connection(below, layer, nu=NU, update_rule=learning.MSTDP, w=w)
            self.network.add_connection(connection, f"layer{number - 1}", f"layer{number}")
            below = layer
        images, _ = images_and_labels(sizes[0], IMAGES)
        self.images = torch.from_numpy(np.clip(images, 0, BRIGHTEST)).float()
        self.rewards = 2.0 * torch.randint(0, 2, (IMAGES,), generator=generator) - 1
        self.shown = 0

    def run(self, steps: int) -> None:
        """Show the next images, one call of BindsNET's ``run`` each."""
        for start in range(0, steps, IMAGE_STEPS):
            duration = min(IMAGE_STEPS, steps - start)
            image = self.shown % IMAGES
            spikes = torch.bernoulli(self.images[image].expand(duration, -1))
            reward = float(self.rewards[image])
            self.network.run({"layer0": spikes}, time=duration, one_step=True, reward=reward)
            self.shown += 1

    def activity(self) -> list[float]:
        """Return the fraction of each layer's neurons that spiked in the last step."""
        return [float(layer.s.float().mean()) for layer in self.network.layers.values()]


def faster_threads(sizes: list[int], modules: tuple[Any, Any]) -> int:
    """Return the number of torch's threads, one or all, that runs the network faster."""
    network, every = Lillicrap(sizes, modules), torch.get_num_threads()
    took: dict[int, float] = {}
    for _ in range(_TRIALS):
        for threads in (1, every):
            torch.set_num_threads(threads)
            start = time.perf_counter()
            network.run(2 * IMAGE_STEPS)
            took[threads] = min(took.get(threads, np.inf), time.perf_counter() - start)
    return min(took, key=lambda threads: took[threads])


def serve(sizes: list[int], modules: tuple[Any, Any]) -> None:
    """Answer requests that come as lines of JSON, until there are no more."""
    imports_mb = peak_mb()
    torch.set_num_threads(faster_threads(sizes, modules))
    about = {"bindsnet": metadata.version("bindsnet"), "torch": torch.__version__,
             "torch threads": torch.get_num_threads()}  # fmt: skip
    say({"imports_mb": imports_mb, "about": about})
    network: Lillicrap | None = None
    for line in sys.stdin:
        steps, used = json.loads(line), time.process_time()
        network = network or Lillicrap(sizes, modules)
        network.run(steps)
        say({"cpu_s": time.process_time() - used, "peak_mb": peak_mb()})


def say(answer: dict[str, Any]) -> None:
    """Print one line of JSON at once."""
    print(json.dumps(answer), flush=True)


def main() -> None:
    """Run for some steps and print how long they took, or serve the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="784-300-300-100")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--serve", action="store_true")
    given = parser.parse_args()
    sizes = [int(size) for size in given.sizes.split("-")]
    modules = bindsnet_modules()
    torch.manual_seed(0)
    if given.serve:
        serve(sizes, modules)
        return
    start = time.perf_counter()
    network = Lillicrap(sizes, modules)
    built = time.perf_counter()
    network.run(given.steps)
    ran = time.perf_counter()
    say({"build s": built - start, "ms per step": 1e3 * (ran - built) / given.steps,
         "spiking in the last step": network.activity()})  # fmt: skip


if __name__ == "__main__":
    main()
