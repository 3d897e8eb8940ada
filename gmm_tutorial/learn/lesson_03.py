"""Checks of lesson 03."""

from gmm_tutorial.learn.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
