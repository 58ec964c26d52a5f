"""Rasters and statistics of spikes: a network that learned digits, and arrays of one's own."""

import numpy as np
from matplotlib.figure import Figure

from snn_credit.analysis import binned_rate, count_correlations, decoding, lv, raster, tuning
from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.spiking import train

circuit = network((64, 100, 100, 100), rule="FA", b_scale=1.0, rates={"eta": 0.1})
shown = {"images": 20_000, "evaluations": 1, "window_images": 150}
train(circuit, load("digits"), "run.h5", **shown, force=True)

raster("run.h5", sort="class").savefig("raster.png")
hidden = {"source": "run.h5", "population": "hidden2"}
for window in ("early", "late"):
    tuned = tuning(**hidden, window=window)
    read = decoding(**hidden, window=window, bin_ms=10.0)
    shared = count_correlations(**hidden, window=window, kind="noise")
    print(f"{window}: selectivity {np.nanmean(tuned.selectivity):.2f}, class read from spikes in "
          f"{read.cumulative_percent[-1]:.0f} %, noise correlation {shared.mean:.3f}")  # fmt: skip

figure = Figure(figsize=(7.0, 2.2), layout="constrained")
left, middle, right = figure.subplots(1, 3)
tuning(**hidden, window="late", ax=left)
decoding(**hidden, window="late", bin_ms=10.0, ax=middle)
count_correlations(**hidden, window="late", kind="noise", ax=right)
figure.savefig("statistics.png")

rng = np.random.default_rng(0)  # 2,000 spikes of 20 neurons in a second, from anywhere
mine = (rng.uniform(0.0, 1000.0, 2000), rng.integers(0, 20, 2000))
rates = binned_rate(mine, bin_ms=250.0, stop_ms=1000.0)
print(f"rates in Hz: {rates.rate_hz.round(1)}, LV {lv(mine).mean:.2f}")
