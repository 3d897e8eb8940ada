"""Checks of lesson 06: decay, attention under it, attention one axis at a time, its paths and its matrix."""
