"""The lessons' pictures. One look: here; a file for each theme."""

from gmm_tutorial.figures.base import curves, image, matrices
from gmm_tutorial.figures.images import numbered_tokens, samples

__all__ = ["curves", "image", "matrices", "numbered_tokens", "samples"]
