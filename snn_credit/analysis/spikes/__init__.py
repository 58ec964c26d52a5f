"""Statistics of spikes, from arrays, run files and Brian monitors; each can draw itself."""

from snn_credit.analysis.spikes.correlation import Correlations, count_correlations
from snn_credit.analysis.spikes.data import Spikes
from snn_credit.analysis.spikes.decoding import Decoding, decoding
from snn_credit.analysis.spikes.dimensionality import Dimensionality, dimensionality
from snn_credit.analysis.spikes.fano import Fano, fano_factor
from snn_credit.analysis.spikes.intervals import IntervalHistogram, interval_histogram
from snn_credit.analysis.spikes.irregularity import Irregularity, cv, cv2, lv
from snn_credit.analysis.spikes.psth import PeriStimulus, peri_stimulus
from snn_credit.analysis.spikes.rates import MeanRate, Rate, binned_rate, mean_rate, smooth_rate
from snn_credit.analysis.spikes.select import Where
from snn_credit.analysis.spikes.source import Source, spikes_of
from snn_credit.analysis.spikes.stimuli import Stimuli
from snn_credit.analysis.spikes.stretches import Stretch
from snn_credit.analysis.spikes.synchrony import (
    Correlogram,
    Tiling,
    cross_correlogram,
    spike_time_tiling,
)
from snn_credit.analysis.spikes.tuning import Tuning, tuning

__all__ = [
    "Correlations",
    "Correlogram",
    "Decoding",
    "Dimensionality",
    "Fano",
    "IntervalHistogram",
    "Irregularity",
    "MeanRate",
    "PeriStimulus",
    "Rate",
    "Source",
    "Spikes",
    "Stimuli",
    "Stretch",
    "Tiling",
    "Tuning",
    "Where",
    "binned_rate",
    "count_correlations",
    "cross_correlogram",
    "cv",
    "cv2",
    "decoding",
    "dimensionality",
    "fano_factor",
    "interval_histogram",
    "lv",
    "mean_rate",
    "peri_stimulus",
    "smooth_rate",
    "spike_time_tiling",
    "spikes_of",
    "tuning",
]
