"""Checks of lesson 07: RMT's feed-forward layer, its rotation along the raster, its block, and its parameters."""
