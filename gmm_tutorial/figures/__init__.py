"""The lessons' pictures: a file for each theme, and the look that they share in base.py.

Every function returns its figure, but for `image`, which draws into a panel. A notebook shows a figure once, where it
is the value of a cell; elsewhere in a cell it takes `display(figure)`. matplotlib's own settings stay as they are.
"""

from gmm_tutorial.figures.attention import (
    attention_maps,
    attention_matrices,
    head_measures,
    photos,
    six_patches,
    softmax_entropy,
)
from gmm_tutorial.figures.base import curves, image, matrices
from gmm_tutorial.figures.compared import paired_looks, paired_trainings
from gmm_tutorial.figures.controlled import (
    many_intervals,
    masks_and_attention,
    power_curves,
    temperature_shares,
    variants,
)
from gmm_tutorial.figures.convolutions import (
    layer_shares,
    rearranged_blocks,
    row_and_ring,
    share_curves,
    singular_values,
    toeplitz_blocks,
    token_weights,
    two_roads,
    wrapped_border,
)
from gmm_tutorial.figures.decays import decay_rates, fading_sum, pair_maps, three_forms, token_maps
from gmm_tutorial.figures.families import mask_place, mask_reach, shifted_windows
from gmm_tutorial.figures.images import framed_squares, numbered_tokens, samples
from gmm_tutorial.figures.manhattan import compared_matrices, corner_path, decay_shapes, four_views, row_sums
from gmm_tutorial.figures.masks import mask_means, mask_profiles, mask_scores
from gmm_tutorial.figures.measured import cost_curves, paired_differences, receptive_fields, tuning_curves
from gmm_tutorial.figures.mixtures import (
    kernel_and_mask,
    mixture_overview,
    mixture_profile,
    underflow,
    weight_bars,
    window_steps,
    windows_on_kernel,
)
from gmm_tutorial.figures.own import prior_reach
from gmm_tutorial.figures.rmt import (
    parameter_shares,
    part_accuracies,
    pyramid_reach,
    raster_scores,
    rmt_attention,
    rmt_block,
)
from gmm_tutorial.figures.rotations import turning_pairs
from gmm_tutorial.figures.speed import benchmark_bars, benchmark_curves, mask_by_blocks, roofline
from gmm_tutorial.figures.trained_masks import fit_scores, head_accuracies, kernel_mosaic

__all__ = [
    "attention_maps",
    "attention_matrices",
    "benchmark_bars",
    "benchmark_curves",
    "compared_matrices",
    "corner_path",
    "cost_curves",
    "curves",
    "decay_rates",
    "decay_shapes",
    "fading_sum",
    "fit_scores",
    "four_views",
    "framed_squares",
    "head_accuracies",
    "head_measures",
    "image",
    "kernel_and_mask",
    "kernel_mosaic",
    "layer_shares",
    "many_intervals",
    "mask_by_blocks",
    "mask_means",
    "mask_place",
    "mask_profiles",
    "mask_reach",
    "mask_scores",
    "masks_and_attention",
    "matrices",
    "mixture_overview",
    "mixture_profile",
    "numbered_tokens",
    "pair_maps",
    "paired_differences",
    "paired_looks",
    "paired_trainings",
    "parameter_shares",
    "part_accuracies",
    "photos",
    "power_curves",
    "prior_reach",
    "pyramid_reach",
    "raster_scores",
    "rearranged_blocks",
    "receptive_fields",
    "rmt_attention",
    "rmt_block",
    "roofline",
    "row_and_ring",
    "row_sums",
    "samples",
    "share_curves",
    "shifted_windows",
    "singular_values",
    "six_patches",
    "softmax_entropy",
    "temperature_shares",
    "three_forms",
    "toeplitz_blocks",
    "token_maps",
    "token_weights",
    "tuning_curves",
    "turning_pairs",
    "two_roads",
    "underflow",
    "variants",
    "weight_bars",
    "window_steps",
    "windows_on_kernel",
    "wrapped_border",
]
