"""The lessons' pictures. One look: here; a file for each theme."""

from gmm_tutorial.figures.base import curves, image, matrices

__all__ = ["curves", "image", "matrices"]
