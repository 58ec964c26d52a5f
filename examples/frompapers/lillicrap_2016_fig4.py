"""A deep network of spiking neurons learns digits through neurons that carry feedback.

Lillicrap, Cownden, Tweed & Akerman (2016). Random synaptic feedback weights support error
backpropagation for deep learning. Nature Communications 7, 13276. doi:10.1038/ncomms13276

Figure 4: forward neurons integrate and spike at random; beside each hidden neuron a separate
feedback neuron integrates the error that comes down through fixed random synapses B. Both run at
the same time, all the time. Early, in the middle and late in learning: the stimuli with label and
guess, spikes of both hidden layers and of the outputs by class, the postsynaptic potential of one
hidden neuron and its modulator.

    V(t) = (1 - tau) V(t-1) + tau (W S + bias)     P(spike) = 1/(1 + exp(-V))         eq 5
    U(t) = (1 - tau) U(t-1) + tau (B E)            delta = 2/(1 + exp(-U)) - 1        eq 6
    E    = spikes of the outputs - target                                             eq 7
    dW   = -eta delta Psi_h S'                                                        eq 8

Erratum: eq (7) is output minus target, so eq (8) takes a minus sign. Departures: the paper's
network is 784-1500-1500-1500-1000 and learns MNIST; this one is 64-100-100-100 and learns 8 x 8
digits, with ten output neurons a class, eta 0.1 and B in +-0.5. The paper leaves eta open, and says
of phi_delta no more than that it is a sigmoid centred on 0. The experiment `lillicrap-spiking` has
the larger networks.
"""

from pathlib import Path

import numpy as np

from snn_credit.analysis import figure4
from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.recording import open_run
from snn_credit.spiking import train


def main(
    images: int = 20_000,
    hidden: int = 100,
    seed: int = 0,
    device: str = "auto",
    out: Path = Path(),
) -> float:
    """Learn, draw the figure, and return the error on the test images, in %."""
    data = load("digits")
    circuit = network(
        (data.features, hidden, hidden, 100), "FA", classes=data.classes, tau=0.9, w_scale=0.05,
        b_scale=0.5, rates={"eta": 0.1}, seed=seed,
    )  # fmt: skip
    print(circuit)
    path = out / "lillicrap_2016_fig4.h5"
    outcome = train(
        circuit, data, path, images=images, evaluations=4, device=device, seed=seed, force=True
    )
    run = open_run(path)
    figure4(run, seed=seed, modulator="delta").savefig(out / "lillicrap_2016_fig4.png", dpi=110)
    learning = run.metrics("learning")
    for seen, error in zip(learning["images_seen"], learning["validation_error"], strict=True):
        if not np.isnan(error):  # the last row is that of the test images
            print(f"{int(seen):6d} images: {error:5.1f} % wrong of the validation images")
    assert outcome.test_error is not None  # train shows the test images at the end
    print(f"test error {outcome.test_error:.1f} %; chance is {100 - 100 / data.classes:.0f} %")
    return outcome.test_error


if __name__ == "__main__":
    main()
