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
from snn_credit.analysis.over_learning import (
    alignment_over_learning,
    trace_over_learning,
    weights_over_learning,
)
from snn_credit.analysis.overview import overview
from snn_credit.analysis.plateau import Plateau, plateau
from snn_credit.analysis.predictivity import (
    Predictivity,
    neural_predictivity,
    predictivity_bars,
)
from snn_credit.analysis.raster import raster
from snn_credit.analysis.result import Result
from snn_credit.analysis.scale import Net, learning_ms, scale_curves
from snn_credit.analysis.scatter import weight_scatter
from snn_credit.analysis.signs import SignChanges, SignTracker, sign_changes
from snn_credit.analysis.spikes import (
    Spikes,
    Stimuli,
    binned_rate,
    count_correlations,
    cross_correlogram,
    cv,
    cv2,
    decoding,
    dimensionality,
    fano_factor,
    interval_histogram,
    lv,
    mean_rate,
    peri_stimulus,
    smooth_rate,
    spike_time_tiling,
    spikes_of,
    tuning,
)
from snn_credit.analysis.traces import TINTS, Panel, Span, Trace, shades, trace_grid

__all__ = [
    "TINTS",
    "Net",
    "Panel",
    "Plane",
    "Plateau",
    "Predictivity",
    "Result",
    "SignChanges",
    "SignTracker",
    "Span",
    "Spikes",
    "Stimuli",
    "Trace",
    "WeightFit",
    "alignment_over_learning",
    "angle",
    "angle_over_run",
    "angles_per_neuron",
    "binned_rate",
    "correlation",
    "count_correlations",
    "cross_correlogram",
    "cv",
    "cv2",
    "decoding",
    "dimensionality",
    "embed",
    "embeddings",
    "error_bars",
    "fano_factor",
    "figure4",
    "fit_weights",
    "flow_field",
    "flow_fields",
    "image_rows",
    "interval_histogram",
    "learning_curve",
    "learning_ms",
    "lv",
    "mean_rate",
    "modulator_angle",
    "neighbourhood_score",
    "neural_predictivity",
    "norm_ratio",
    "nse",
    "overview",
    "peri_stimulus",
    "plateau",
    "predictivity_bars",
    "raster",
    "receptive_fields",
    "relative_error",
    "scale_curves",
    "shades",
    "sign_changes",
    "sign_congruence",
    "smooth_rate",
    "spike_time_tiling",
    "spikes_of",
    "trace_grid",
    "trace_over_learning",
    "tuning",
    "weight_distributions",
    "weight_scatter",
    "weights_over_learning",
]
