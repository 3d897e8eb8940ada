"""The table of all verdicts, printed at the end of `pytest tests/answers`."""

from collections import Counter

COLUMNS = (
    *("right accepted", "right rejected", "wrong accepted"),
    *("a mistake", "a relation", "kind, shape, gradient", "raised", "only that it differs"),
)


def pytest_terminal_summary(terminalreporter):
    """A row for each lesson: how many answers got which kind of message."""
    cells = Counter()
    for report in (*terminalreporter.stats.get("passed", []), *terminalreporter.stats.get("failed", [])):
        for key, value in getattr(report, "user_properties", []):
            if key == "verdict" and report.when == "call":
                cells.update([tuple(value), ("all", value[1])])
    if cells:
        terminalreporter.section("answers: what each was told")
        terminalreporter.line(" | ".join(("lesson", *COLUMNS)))
        for lesson in sorted({lesson for lesson, _ in cells}):
            counts = (f"{cells[lesson, column]:{len(column)}}" for column in COLUMNS)
            terminalreporter.line(" | ".join((f"{lesson:6}", *counts)))
