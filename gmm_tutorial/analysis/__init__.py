"""Looking at what a model does: what it attends to, which mixture fits a mask, and what it costs."""

from gmm_tutorial.analysis.cost import exponent, macs, peak_bytes, seconds
from gmm_tutorial.analysis.fit import Fit, fit_mixture, r_squared
from gmm_tutorial.analysis.maps import (
    attention_maps,
    by_distance,
    by_offset,
    check_mask,
    diagonal_score,
    effective_receptive_field,
    mean_distance,
    neighbor_means,
)

__all__ = [
    "Fit",
    "attention_maps",
    "by_distance",
    "by_offset",
    "check_mask",
    "diagonal_score",
    "effective_receptive_field",
    "exponent",
    "fit_mixture",
    "macs",
    "mean_distance",
    "neighbor_means",
    "peak_bytes",
    "r_squared",
    "seconds",
]
