"""Looking at runs: spike trains and rates, alignment angles, figures. Knows no rule by name."""

from snn_credit.analysis.alignment import angle, angle_over_run, angles_per_neuron
from snn_credit.analysis.fig4 import figure4
from snn_credit.analysis.flow import Plane, flow_field
from snn_credit.analysis.learning import learning_curve
from snn_credit.analysis.raster import raster
from snn_credit.analysis.scale import Net, learning_ms, scale_curves
from snn_credit.analysis.spikes import binned_rates, mean_rate, spike_trains
from snn_credit.analysis.traces import TINTS, Panel, Span, Trace, shades, trace_grid

__all__ = [
    "TINTS",
    "Net",
    "Panel",
    "Plane",
    "Span",
    "Trace",
    "angle",
    "angle_over_run",
    "angles_per_neuron",
    "binned_rates",
    "figure4",
    "flow_field",
    "learning_curve",
    "learning_ms",
    "mean_rate",
    "raster",
    "scale_curves",
    "shades",
    "spike_trains",
    "trace_grid",
]
