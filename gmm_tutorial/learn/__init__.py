"""What a learner's notebook calls: `exercise` checks an answer and never breaks the notebook, `hint` helps."""

from gmm_tutorial.learn import lesson_00, lesson_01, lesson_02, lesson_03
from gmm_tutorial.learn.exercise import Exercise, exercise, hint, register

__all__ = ["EXERCISES", "Exercise", "exercise", "hint"]

EXERCISES = register(*lesson_00.EXERCISES, *lesson_01.EXERCISES, *lesson_02.EXERCISES, *lesson_03.EXERCISES)
