"""Every answer gets the verdict that it must get, and nearly every wrong one is told what is wrong."""

import inspect
import re
from collections import Counter

import pytest
from verdicts import DIFFERS, find_answers

from gmm_tutorial.learn import EXERCISES

ANSWERS = find_answers()
AT_LEAST = {True: 3, False: 10}
NAMED = 0.95  # of all wrong answers, so more than that of those that differ in their values


def one_line(text):
    return re.sub(r"\s+", " ", text)


def column(exercise, answer, right, message):
    """The column of the table in which a verdict is counted."""
    if answer.expected.right:
        return "right accepted" if right else "right rejected"
    first = one_line(message.split("\n  ")[0])
    if right:
        return "wrong accepted"
    if any(one_line(inspect.getdoc(mistake)) in first for mistake in EXERCISES[exercise].mistakes):
        return "a mistake"
    if re.search(r" raised | took | returned None", first):
        return "raised"
    if re.search(r"but .* is expected|gradient|NaN|in place", first):
        return "kind, shape, gradient"
    return "only that it differs" if re.search(DIFFERS, first) else "a relation"


@pytest.mark.parametrize("name", ANSWERS)
def test_verdict(name, record_property):
    exercise, answer = ANSWERS[name]
    right, message = EXERCISES[exercise].judge(answer)
    told = column(exercise, answer, right, message)
    record_property("verdict", (exercise[:2], told))
    assert right == answer.expected.right, message
    assert answer.expected.says in one_line(message), message
    if told == "only that it differs":  # then an answer says that it knows no better
        assert re.search(DIFFERS, answer.expected.says), message


@pytest.mark.parametrize("exercise", EXERCISES)
def test_enough_answers(exercise):
    counted = Counter(answer.expected.right for name, answer in ANSWERS.values() if name == exercise)
    assert all(counted[right] >= least for right, least in AT_LEAST.items()), dict(counted)


def test_nearly_every_wrong_answer_is_told_what_is_wrong():
    """Those that are told no more than that values differ are few."""
    wrong = [answer for _, answer in ANSWERS.values() if not answer.expected.right]
    unnamed = [answer.__name__ for answer in wrong if re.search(DIFFERS, answer.expected.says)]
    assert len(unnamed) <= (1 - NAMED) * len(wrong), unnamed
