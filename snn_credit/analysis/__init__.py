"""Looking at runs and at weights: spikes, angles, errors, distributions, figures. Knows no rule."""

from snn_credit.analysis.agreement import (
    correlation,
    norm_ratio,
    relative_error,
    sign_congruence,
)
from snn_credit.analysis.alignment import (
    angle,
    angle_over_run,
    angles_per_neuron,
    modulator_angle,
)
from snn_credit.analysis.bars import error_bars
from snn_credit.analysis.distributions import WeightFit, fit_weights, weight_distributions
from snn_credit.analysis.embedding import embed, embeddings, neighbourhood_score
from snn_credit.analysis.errors import nse
from snn_credit.analysis.fields import receptive_fields
from snn_credit.analysis.fig4 import figure4
from snn_credit.analysis.flow import Plane, flow_field, flow_fields
from snn_credit.analysis.images import image_rows
from snn_credit.analysis.learning import learning_curve
from snn_credit.analysis.plateau import Plateau, plateau
from snn_credit.analysis.predictivity import (
    Predictivity,
    neural_predictivity,
    predictivity_bars,
)
from snn_credit.analysis.raster import raster
from snn_credit.analysis.scale import Net, learning_ms, scale_curves
from snn_credit.analysis.scatter import weight_scatter
from snn_credit.analysis.signs import SignChanges, SignTracker, sign_changes
from snn_credit.analysis.spikes import binned_rates, mean_rate, spike_trains
from snn_credit.analysis.traces import TINTS, Panel, Span, Trace, shades, trace_grid

__all__ = [
    "TINTS",
    "Net",
    "Panel",
    "Plane",
    "Plateau",
    "Predictivity",
    "SignChanges",
    "SignTracker",
    "Span",
    "Trace",
    "WeightFit",
    "angle",
    "angle_over_run",
    "angles_per_neuron",
    "binned_rates",
    "correlation",
    "embed",
    "embeddings",
    "error_bars",
    "figure4",
    "fit_weights",
    "flow_field",
    "flow_fields",
    "image_rows",
    "learning_curve",
    "learning_ms",
    "mean_rate",
    "modulator_angle",
    "neighbourhood_score",
    "neural_predictivity",
    "norm_ratio",
    "nse",
    "plateau",
    "predictivity_bars",
    "raster",
    "receptive_fields",
    "relative_error",
    "scale_curves",
    "shades",
    "sign_changes",
    "sign_congruence",
    "spike_trains",
    "trace_grid",
    "weight_distributions",
    "weight_scatter",
]
