"""Checks of lesson 11: tilted Gaussians, a learned rate, widths that queries choose, a measure of locality."""
