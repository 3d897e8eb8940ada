"""Checks of lesson 09: a mask's mean and its rest, an interval, differences by seed, and how often one is seen."""
