"""Spatial priors in attention, built from nothing: the small reference module behind the lessons."""

__version__ = "0.1.0"
