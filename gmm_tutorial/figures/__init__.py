"""The lessons' pictures. One look: here; a file for each theme."""

from gmm_tutorial.figures.attention import (
    attention_maps,
    attention_matrices,
    head_measures,
    photos,
    six_patches,
    softmax_entropy,
)
from gmm_tutorial.figures.base import curves, image, matrices
from gmm_tutorial.figures.images import numbered_tokens, samples
from gmm_tutorial.figures.masks import mask_means, mask_profiles, mask_rows, mask_scores
from gmm_tutorial.figures.mixtures import (
    fit_scores,
    kernel_and_mask,
    kernel_mosaic,
    mixture_overview,
    mixture_profile,
    paired_differences,
    underflow,
    weight_bars,
    window_steps,
    windows_on_kernel,
)

__all__ = [
    "attention_maps",
    "attention_matrices",
    "curves",
    "fit_scores",
    "head_measures",
    "image",
    "kernel_and_mask",
    "kernel_mosaic",
    "mask_means",
    "mask_profiles",
    "mask_rows",
    "mask_scores",
    "matrices",
    "mixture_overview",
    "mixture_profile",
    "numbered_tokens",
    "paired_differences",
    "photos",
    "samples",
    "six_patches",
    "softmax_entropy",
    "underflow",
    "weight_bars",
    "window_steps",
    "windows_on_kernel",
]
