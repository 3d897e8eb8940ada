"""Checks of lesson 05: the matrix of a decay, retention by tokens and chunks, rotation, both sides, half-distance."""
