"""Checks of lesson 01: scores, softmax, heads, attention, and how far a token looks."""
