"""A network learns while time goes on, and goes on learning when the world changes."""

import matplotlib.pyplot as plt
import numpy as np

from snn_credit.analysis import angle
from snn_credit.data import load
from snn_credit.models import neurons
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import Simulation, Stream, Watch
from snn_credit.spiking.probe import mean_update

digits = load("digits")
names = digits.train_y, 9 - digits.train_y  # what digits are called before and after the change
shown = np.random.default_rng(0).integers(len(names[0]), size=3000)  # a digit every 20 ms
called = np.where(np.arange(3000) < 1500, names[0][shown], names[1][shown])

moments = {1: "at first", 30: "before the change", 31: "after it", 60: "at last"}  # in seconds
first, last = np.arange(3000) % 50 < 5, np.arange(3000) % 50 >= 45  # 100 ms of each second
second_of = np.arange(3000) // 50 + 1
seen = (np.isin(second_of, (1, 31)) & first) | (np.isin(second_of, (30, 60)) & last)
stream = Stream.of(shown, called, steps=20, seen=seen)


def simulation(rule, stream=stream, **how):
    """Return a network that learns by a rule, at the beginning of a stream."""
    circuit = network(
        (64, 100, 10),
        rule,
        error=neurons.graded_error(),
        w_scale=0.5,
        b_scale=1.0,
        rates={"eta": (0.05, 0.02)},  # of the hidden and of the output layer
    )
    tables = {"stimulus": digits.train_x, "target": np.eye(10)}
    return Simulation(circuit, tables, stream, device="dense", chunk_steps=1000, **how)


def angle_to_gradient(learner, called):
    """Return how far from BP's the change of W is that the network would make now, in degrees."""
    probe = Stream.of(np.arange(100), called[:100], steps=20)
    other = simulation("BP", probe)
    other.state.update({k: v for k, v in learner.state.items() if k in other.state})
    mine, bp = mean_update(learner, probe), mean_update(other, probe)
    return angle(mine["input_to_hidden1"], bp["input_to_hidden1"])


watch = {"hidden1": Watch(traced=np.array([7]), variables=("V", "delta"))}
learner = simulation("FA", watch=watch)
errors, to_b, to_bp, traces = [], [], {}, {}
for second, chunk in enumerate(learner.run(), start=1):
    errors.append(100 * np.mean(chunk.guesses != stream.target[chunk.ended]))
    w, b = (learner.matrix("hidden1_to_output", name) for name in "wb")
    to_b.append(angle(w, b))
    if second in moments:
        traces[second] = chunk.traces("hidden1")
    if second in (1, 5, 10, 30, 31, 35, 40, 60):
        to_bp[second] = angle_to_gradient(learner, names[int(second > 30)])

for second, name in moments.items():
    print(f"{name:17s} {errors[second - 1]:3.0f} % wrong, FA to BP {to_bp[second]:.0f} degrees")

figure = plt.figure(figsize=(8, 4.6), layout="constrained")
above, below = figure.subfigures(2, 1)
left, right = above.subplots(1, 2)
left.plot(np.arange(1, 61), errors)
left.set(xlabel="time, s", ylabel="wrong, %", ylim=(0, 100))
right.plot(np.arange(1, 61), to_b, label="W to B'")
right.plot(list(to_bp), list(to_bp.values()), "o-", label="FA's update to BP's")
right.set(xlabel="time, s", ylabel="angle, degrees", ylim=(0, 95))
right.legend(frameon=False)
for axes in (left, right):
    axes.axvline(30, color="grey", linestyle=":")
for axes, (second, trace) in zip(below.subplots(1, 4, sharey=True), traces.items(), strict=True):
    time = trace["time"] - trace["time"][0]
    axes.plot(time, trace["V"][:, 0], label="potential V")
    axes.plot(time, 5 * trace["delta"][:, 0], label="5 x modulator")
    axes.set(title=moments[second], xlabel="ms")
axes.legend(frameon=False, fontsize="small")
figure.savefig("continuous_time.png", dpi=100)
