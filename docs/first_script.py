"""A network of spiking neurons learns to read digits by feedback alignment."""

from snn_credit.analysis import raster
from snn_credit.data import load
from snn_credit.models.lillicrap_spiking import network
from snn_credit.recording import open_run
from snn_credit.spiking import train

data = load("digits")  # 8 x 8 images
circuit = network((64, 100, 100, 100), rule="FA", b_scale=1.0, rates={"eta": 0.1})
print(circuit)  # the equations, and the order of what happens within a time step
outcome = train(circuit, data, "run.h5", images=600, evaluations=1, device="runtime", force=True)
print(f"test error: {outcome.test_error:.1f} %")
raster(open_run("run.h5")).savefig("raster.png")
