"""One declaration, two networks: the same rules with spikes and with rates."""

import matplotlib.pyplot as plt

from snn_credit.analysis import angle
from snn_credit.data import load
from snn_credit.models import neurons
from snn_credit.models.lillicrap_spiking import network
from snn_credit.models.perceptron import perceptron
from snn_credit.rate import convert, feedback_pairs, fit
from snn_credit.recording import open_run
from snn_credit.spiking import train

SIZES, IMAGES, SCALE = (64, 50, 50, 10), 6000, 0.8
ETA = {"BP": 0.1, "FA": 0.03, "uSF Init": 0.1, "Shallow": 0.1}  # of hidden layers that spike
digits = load("digits")


def with_spikes(rule):
    """Return images seen, validation errors and test error in %, angles of W to B' in degrees."""
    circuit = network(
        SIZES,
        rule,
        error=neurons.graded_error(),
        w_scale=SCALE,
        b_scale=1.0,
        rates={"eta": (ETA[rule], ETA[rule], 0.01)},
    )

    def measure(simulation):
        w, b = (simulation.matrix("hidden2_to_output", name) for name in "wb")
        return {"angle": angle(w, b)}

    outcome = train(
        circuit,
        digits,
        f"{rule}.h5",
        images=IMAGES,
        steps=20,
        evaluations=6,
        windows={},
        measure=measure if rule == "FA" else None,
        device="dense",
        chunk_steps=1000,
        force=True,
    )
    run = open_run(f"{rule}.h5")
    table = run.metrics("learning")
    angles = run.metrics("measured")["angle"] if rule == "FA" else None
    return table["images_seen"][:6], table["validation_error"][:6], outcome.test_error, angles


def with_rates(rule):
    """Return the same of logistic units, with first weights of the same range."""

    def watch(module):
        (w, b) = list(feedback_pairs(module).values())[-1]
        return {"angle": angle(w, b)}

    history = fit(
        convert(perceptron(SIZES, w_scale=SCALE), rule, b_scale=1.0),
        digits,
        images=IMAGES,
        batch=10,
        lr=1.0,
        loss="squared error",
        evaluate_every=500,
        watch=watch if rule == "FA" else None,
    )
    return history.images_seen, history.validation_error, history.test_error, history.watched


figure, (curves, bars, alignment) = plt.subplots(1, 3, figsize=(10, 2.9), layout="constrained")
print("rule        spikes, %  rates, %")
for number, rule in enumerate(ETA):
    spikes, rates = with_spikes(rule), with_rates(rule)
    print(f"{rule:10s} {spikes[2]:10.1f} {rates[2]:9.1f}")
    curves.plot(spikes[0], spikes[1], f"C{number}-", label=rule)
    curves.plot(rates[0], rates[1], f"C{number}--")
    bars.bar([number - 0.2, number + 0.2], [spikes[2], rates[2]], 0.35, color=f"C{number}")
    if rule == "FA":
        alignment.plot(spikes[0], spikes[3], "C1-", label="spikes")
        alignment.plot(rates[0], rates[3]["angle"], "C1--", label="rates")
curves.set(xlabel="images seen", ylabel="validation error, %", ylim=(0, 100))
bars.set(ylabel="test error, %", xticks=range(len(ETA)), title="left: spikes, right: rates")
bars.set_xticklabels(ETA, fontsize="small")
alignment.set(xlabel="images seen", ylabel="FA: W to B', degrees", ylim=(0, 95))
curves.legend(frameon=False, fontsize="small")
alignment.legend(frameon=False)
figure.savefig("spikes_and_rates.png", dpi=100)
