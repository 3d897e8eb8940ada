"""Checks of lesson 03: a kernel of Gaussians, the window of one query, all windows, and how much a fit explains."""
