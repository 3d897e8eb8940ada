"""Checks of lesson 01."""

from gmm_tutorial.learn.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
