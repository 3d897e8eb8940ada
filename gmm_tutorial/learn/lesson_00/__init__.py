"""Checks of lesson 00: one small exercise, to see how exercises feel."""
