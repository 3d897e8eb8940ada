"""Reports as a table, as JSON and as JUnit's XML."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from xml.etree import ElementTree

from rich.markup import escape
from rich.table import Table
from rich.text import Text

from gmm_tutorial.course.grading.report import Graded, Report, clean

STYLES = {"right": "green", "wrong": "red", "reference": "magenta", "blank": "yellow", "missing": "yellow"}
OUTCOMES = {"wrong": "failure", "reference": "failure", "missing": "failure", "blank": "skipped"}


def title(report: Report) -> str:
    """Which notebook it is, and how many of its exercises are right, or why it cannot be graded."""
    right = f"lesson {report.lesson}: {report.counts['right']} of {len(report.exercises)} right"
    return f"{clean(str(report.path))}: {report.problem or right}"


def escaped(name: str) -> str:
    """The name of a file for a line of rich's."""
    return escape(clean(name))


def unexpected(error: Exception) -> str:
    """The problem of a notebook that grading could not cope with."""
    said = clean(str(error)).strip().splitlines()
    return f"could not be graded: {type(error).__name__}" + (f": {said[0][:200]}" if said else "")


def table(report: Report) -> Table:
    """The exercises of one notebook, one row each."""
    made = Table(show_lines=True)
    for name in ("exercise", "verdict", "what the check says", "hints"):
        made.add_column(name, justify="right" if name == "hints" else "left", overflow="fold")
    for each in report.exercises:
        said = "\n".join([each.message, *(f"note: {note}" for note in each.notes)])
        # Text, because brackets in a learner's words are no markup
        made.add_row(each.exercise, Text(each.state, STYLES[each.state]), Text(said), str(each.hints or ""))
    return made


def lines(report: Report) -> Iterator[str]:
    """What else there is to say of a notebook, below its table."""
    yield from report.notes
    for number, what in report.failed:
        yield f"cell [{number}] failed: {what}"
    for number in dict.fromkeys(number for number, _ in report.odd):
        yield f"look at cell [{number}]: it {', '.join(what for each, what in report.odd if each == number)}"


def summary(reports: Sequence[Report], pass_mark: float) -> Table:
    """One row for each notebook."""
    made = Table("notebook", "lesson", "right", "wrong", "blank", "share", "pass", "look at")
    for report in reports:
        counts = report.counts
        wrong = counts["wrong"] + counts["reference"]
        numbers = (str(counts["right"]), str(wrong), str(counts["blank"] + counts["missing"]), f"{report.share:.0f} %")
        look = ", ".join(f"[{number}]" for number in dict.fromkeys(number for number, _ in report.odd))
        graded = ("-",) * 4 if report.problem else numbers
        made.add_row(
            Text(clean(str(report.path))), report.lesson, *graded, "yes" if passes(report, pass_mark) else "no", look
        )
    return made


def passes(report: Report, pass_mark: float) -> bool:
    """Whether a notebook can be graded, and reaches the pass mark in percent."""
    return not report.problem and report.share >= pass_mark


def as_json(reports: Iterable[Report], pass_mark: float) -> str:
    """All reports as JSON, each with its share in percent and whether it passes."""
    found = []
    for report in reports:
        values = {**asdict(report), "path": str(report.path), "share": round(report.share, 1)}
        found.append({**values, "counts": dict(report.counts), "passes": passes(report, pass_mark)})
    return json.dumps({"pass_mark": pass_mark, "notebooks": found}, indent=1) + "\n"


def as_junit(reports: Iterable[Report]) -> str:
    """All reports as JUnit's XML: a suite for each notebook, a case for each exercise, blank ones as skipped."""
    root = ElementTree.Element("testsuites", name="gmm-tutorial grade")
    for report in reports:
        suite = ElementTree.SubElement(root, "testsuite", name=clean(str(report.path)), time=f"{report.seconds:.1f}")
        cases = list(report.exercises)
        states = [OUTCOMES.get(each.state, "") for each in cases]
        for name, count in (("tests", len(cases) + bool(report.problem)), ("errors", int(bool(report.problem)))):
            suite.set(name, str(count))
        suite.set("failures", str(states.count("failure")))
        suite.set("skipped", str(states.count("skipped")))
        for each in cases:
            junit_case(suite, each, report)
        if report.problem:
            case = ElementTree.SubElement(suite, "testcase", classname=clean(str(report.path)), name="notebook")
            ElementTree.SubElement(case, "error", message=report.problem)
        ElementTree.SubElement(suite, "system-out").text = "\n".join(lines(report))
    ElementTree.indent(root)
    return ElementTree.tostring(root, "unicode", xml_declaration=True) + "\n"


def junit_case(suite: ElementTree.Element, graded: Graded, report: Report) -> None:
    """One exercise as a case of a suite."""
    case = ElementTree.SubElement(suite, "testcase", classname=f"lesson {report.lesson}", name=graded.exercise)
    if outcome := OUTCOMES.get(graded.state):
        first = graded.message.splitlines()[0] if graded.message else graded.state
        ElementTree.SubElement(case, outcome, message=first).text = "\n".join([graded.message, *graded.notes])
