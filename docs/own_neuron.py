"""A neuron of one's own: the forward neuron of Fig 4, with an adaptation that spikes add to."""

from brian2 import ms

from snn_credit.spiking import Neuron

ADAPTING = Neuron(
    """
    dV/dt = (I + bias - V)/tau_m : 1        # the postsynaptic potential
    da/dt = -a/tau_a : 1                    # adaptation
    I : 1                                   # sum of w over the spikes of this step
    bias : 1
    p = 1/(1 + exp(a - V)) : 1              # probability of a spike
    df = p*(1 - p) : 1                      # its slope, which the rule reads
    """,
    threshold="rand() < p",
    reset="a = a + 0.5",
    constants={"tau_a": 10 * ms},
    exact=("bias",),
)
