"""Checks of lesson 06: Manhattan decay, attention under it, attention an axis at a time, and the path that it takes."""
