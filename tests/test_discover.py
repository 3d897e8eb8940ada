"""Exercises are found in their lessons, by the names of their files."""

import sys
import zipfile

import pytest

from gmm_tutorial.learn import EXERCISES, find
from gmm_tutorial.learn.discover import find_exercises

MADE = """
from gmm_tutorial.learn.exercise import Exercise

exercise = Exercise("{name}", len, lambda: [{{"values": [1, 2]}}], hints=("a", "b"))
"""
SHARED = "from gmm_tutorial.learn.exercise import Exercise\n\nhelper = len\n"
FILES = {
    "__init__.py": "",
    "words.py": "raise RuntimeError('not in a lesson')\n",
    "lesson_12/__init__.py": "",
    "lesson_12/zeros.py": MADE.format(name="12.zeros"),
    "lesson_12/counted.py": MADE.format(name="12.counted"),
    "lesson_12/shared.py": SHARED,
    "lesson_02/__init__.py": "",
    "lesson_02/ones.py": MADE.format(name="02.ones"),
}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A function that writes a package of lessons, and returns its name: another one in each test."""

    def write(files, archive=False):
        place = tmp_path / "made.zip" if archive else tmp_path
        if archive:
            with zipfile.ZipFile(place, "w") as target:
                for path, text in files.items():
                    target.writestr(f"{tmp_path.name}/{path}", text)
        else:
            for path, text in files.items():
                (place / tmp_path.name / path).parent.mkdir(parents=True, exist_ok=True)
                (place / tmp_path.name / path).write_text(text, encoding="utf-8")
        monkeypatch.syspath_prepend(place)
        return tmp_path.name

    return write


@pytest.mark.parametrize("archive", [False, True], ids=["folder", "archive"])
def test_exercises_are_found_in_order_and_nothing_else_is(package, archive):
    found = find_exercises(package(FILES, archive))
    assert list(found) == ["02.ones", "12.counted", "12.zeros"]
    assert all(each.name == name for name, each in found.items())


def test_order_is_by_name_also_over_several_folders(package):
    files = {path.replace("lesson_02", "more/lesson_02"): text for path, text in FILES.items()}
    name = package({**files, "__init__.py": "__path__.append(__path__[0] + '/more')\n"})
    assert list(find_exercises(name)) == ["02.ones", "12.counted", "12.zeros"]


def test_a_new_file_is_a_new_exercise(package):
    files = {**FILES, "lesson_02/threes.py": MADE.format(name="02.threes")}
    assert "02.threes" in find_exercises(package(files))


@pytest.mark.parametrize("name", ["12.ones", "02.zeros", "zeros"])
def test_an_exercise_is_named_after_its_file(package, name):
    files = {**FILES, "lesson_12/zeros.py": MADE.format(name=name)}
    with pytest.raises(ValueError, match=rf"lesson_12\.zeros names its exercise '{name}', but it must be '12\.zeros'"):
        find_exercises(package(files))


@pytest.mark.parametrize("second", ["12.zeros", "12.other"])
def test_a_file_holds_one_exercise(package, second):
    both = MADE.format(name="12.zeros") + MADE.format(name=second).replace("exercise =", "other =")
    with pytest.raises(ValueError, match=r"lesson_12\.zeros holds 2 exercises, but it must hold at most one"):
        find_exercises(package({**FILES, "lesson_12/zeros.py": both}))


def test_an_exercise_of_another_file_is_not_taken_over(package):
    name = package({**FILES, "lesson_12/shared.py": "from .zeros import exercise\n"})
    with pytest.raises(ValueError, match=r"lesson_12\.shared names its exercise '12\.zeros', but it must be"):
        find_exercises(name)


@pytest.mark.parametrize("name", EXERCISES)
def test_usual_mistakes_are_in_the_file_of_their_exercise(name):
    lesson, function = name.split(".")
    module = f"gmm_tutorial.learn.lesson_{lesson}.{function}"
    assert {mistake.__module__ for mistake in find(name).mistakes} == {module}
    assert sys.modules[module].exercise is find(name)
