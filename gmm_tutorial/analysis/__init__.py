"""Looking at what a model does: what it attends to, which mixture fits a mask, what it costs, what a prior is like."""

from gmm_tutorial.analysis.cost import exponent, macs, peak_bytes, seconds
from gmm_tutorial.analysis.findings import equal_score_weights
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
from gmm_tutorial.analysis.prior import PriorReport, inspect_prior

__all__ = [
    "Fit",
    "PriorReport",
    "attention_maps",
    "by_distance",
    "by_offset",
    "check_mask",
    "diagonal_score",
    "effective_receptive_field",
    "equal_score_weights",
    "exponent",
    "fit_mixture",
    "inspect_prior",
    "macs",
    "mean_distance",
    "neighbor_means",
    "peak_bytes",
    "r_squared",
    "seconds",
]
