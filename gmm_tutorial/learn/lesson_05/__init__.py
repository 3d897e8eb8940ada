"""Checks of lesson 05: the matrix of a decay, retention a token and a chunk at a time, both sides, half-distances."""
