"""An ordinary Brian script on the device ``dense``: plasticity by spike timing, all to all."""

from brian2 import (
    Hz,
    Network,
    NeuronGroup,
    PoissonGroup,
    SpikeMonitor,
    Synapses,
    ms,
    second,
    seed,
    set_device,
)  # fmt: skip

import snn_credit.dense

set_device("dense")
seed(1)
source = PoissonGroup(500, rates=20 * Hz)
target = NeuronGroup(
    100, "dv/dt = -v/(10*ms) : 1", threshold="v > 1", reset="v = 0", refractory=2 * ms,
    method="exact",
)  # fmt: skip
synapses = Synapses(
    source,
    target,
    """
    w : 1
    dapre/dt = -apre/(20*ms) : 1 (event-driven)
    dapost/dt = -apost/(20*ms) : 1 (event-driven)
    """,
    on_pre="v_post += w\napre += 0.01\nw = clip(w + apost, 0, 0.05)",
    on_post="apost -= 0.0105\nw = clip(w + apre, 0, 0.05)",
)
synapses.connect()
synapses.w = "0.05*rand()"
spikes = SpikeMonitor(target)
network = Network(source, target, synapses, spikes)
network.run(1 * second)
print(f"{spikes.num_spikes} spikes")
program = snn_credit.dense.source(network)  # C++, with the statements above beside their loops
start = program.index("// synapses_post")
print(program[start : program.index("\n}", start) + 2])
