"""snn_credit: how a synapse learns what it did to the outcome, in spiking networks."""

__version__ = "0.1.0"
