"""Checks of lesson 04: a mask as a convolution, how much of a matrix is one, a torus, separability, fields of view."""
