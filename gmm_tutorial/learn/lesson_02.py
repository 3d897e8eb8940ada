"""Checks of lesson 02."""

from gmm_tutorial.learn.exercise import Exercise

EXERCISES: tuple[Exercise, ...] = ()
