"""What a clever learner would try: nothing makes a wrong answer right, and what was tried is named."""

import io
import pickle

import pytest
import torch
from made_up_notebooks import BLANK, MIRRORED, QUICK, UNFOLD, WINDOW, message, notes, states

from gmm_tutorial.course import grading
from gmm_tutorial.course.grading import cells, odd, wire
from gmm_tutorial.learn import EXERCISES
from gmm_tutorial.learn.compare import outcome

RIGHT_BY_HAND = "print('unfold: right (5 grids, forward and backward)')"
CHANGES = {
    "torch.allclose = lambda *a, **k: True": "changes torch.allclose",
    "import torch as t\nt.isclose = t.Tensor.all = lambda *a, **k: t.ones(1)": "changes torch.isclose",
    "setattr(torch, 'isclose', lambda *a, **k: torch.tensor(True))": "changes torch",
    "from unittest.mock import patch\npatch('gmm_tutorial.learn.compare.close', lambda *a: True).start()": (
        "changes gmm_tutorial.learn.compare.close"
    ),
    "from gmm_tutorial.learn import EXERCISES\nEXERCISES['03.unfold'] = EXERCISES['03.window']": (
        "changes gmm_tutorial.learn.EXERCISES"
    ),
    "import gmm_tutorial.learn as checks\nchecks.EXERCISES['03.unfold'].cases = lambda: []": (
        "changes gmm_tutorial.learn.EXERCISES.cases"
    ),
    "from gmm_tutorial.learn.exercise import Exercise\nExercise.judge = Exercise.check = lambda *a: (True, 'right')": (
        "changes gmm_tutorial.learn.exercise.Exercise.judge"
    ),
    "from gmm_tutorial.learn.compare import Outcome\nOutcome.agrees = lambda *a: True": (
        "looks into the checks: gmm_tutorial.learn.compare.Outcome"
    ),
    "import sys, types\nsys.modules['gmm_tutorial.learn'] = types.ModuleType('learn')": "changes gmm_tutorial.learn",
    "exercise.__globals__['find'] = None": "looks into the checks: gmm_tutorial.learn.exercise.__globals__",
    "def exercise(name):\n    return lambda function: print('right') or function": "replaces exercise()",
    "exercise = lambda name: lambda function: function": "replaces exercise()",
    "import builtins\nbuiltins.all = lambda *a: True": "changes builtins.all",
    "exec('import gmm_tutorial.learn as l; l.EXERCISES.clear()')": "runs code that is in no cell: exec",
    "import importlib\nimportlib.import_module('gmm_tutorial.learn.compare').close = lambda *a: True": (
        "names gmm_tutorial.learn in a string"
    ),
    "import gmm_tutorial.course.grading.wire as w\nw.plain = None": "changes gmm_tutorial.course.grading.wire.plain",
    "import os\nos.kill(os.getppid(), 0)": "ends processes: os.kill",
}


@pytest.mark.parametrize("source", CHANGES)
def test_a_cell_that_changes_the_checks_is_named_and_changes_no_verdict(graded, source):
    report = graded(source, WINDOW, MIRRORED, RIGHT_BY_HAND)
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert "Your mask is mirrored" in message(report)
    assert (2, CHANGES[source]) in report.odd, report.odd
    assert {number for number, _ in report.odd} == {2}


@pytest.mark.parametrize("source", CHANGES)
def test_neither_does_one_that_does_so_inside_of_the_answer(graded, source):
    """Where it does run in the process of the answer."""
    inside = "\n".join(f"    {line}" for line in source.splitlines())
    report = graded(WINDOW, MIRRORED.replace("    rows", f"{inside}\n    rows", 1))
    assert states(report) == {"03.window": "right", "03.unfold": "wrong"}
    assert report.odd and {number for number, _ in report.odd} == {3}


def test_what_lessons_and_learners_do_is_not_odd():
    for source in (
        "model.head = torch.nn.Linear(3, 4)\nmodel.eval()\nx[0] = 1\ndel x[0]",
        "import os\nos.environ['GMM_TUTORIAL_PROFILE'] = 'ci'\ntorch.backends.cudnn.deterministic = True",
        "from gmm_tutorial import data\ndata = data.load('shapes', 'train')\ndata.images = data.images[:10]",
        "import matplotlib.pyplot as plt\nplt.rcParams['figure.dpi'] = 100",
        "import torch\ntorch.manual_seed(0)\ntorch.set_default_dtype(torch.float32)\nfast = torch.compile(f)",
        "from gmm_tutorial.learn import exercise, hint\nhint('03.unfold')\nprint('exercise')",
        "evaluate(3), executor.map(f), model.eval(), gcd(1, 2)",
    ):
        assert odd.findings([cells.parse(1, f"import torch\n{source}", "")]) == {}, source


# ---- the reference as an answer

BY = '@exercise("03.unfold")\ndef unfold(kernel, grid):\n    return {}'


@pytest.mark.parametrize(
    ("before", "call"),
    [
        ("from gmm_tutorial.learn import EXERCISES", "EXERCISES['03.unfold'].reference(kernel, grid)"),
        ("from gmm_tutorial.learn import find", "find('03.unfold').reference(kernel, grid) * 1.0"),
        ("from gmm_tutorial.grid import unfold_kernel", "unfold_kernel(kernel, grid)"),
        ("from gmm_tutorial import unfold_kernel as u", "torch.stack([u(k[None], grid)[0] for k in kernel])"),
        ("import gmm_tutorial.grid as g\nfrom functools import partial", "partial(g.unfold_kernel, kernel)(grid)"),
        (
            "from gmm_tutorial.grid import unfold_kernel\ndef mine(k, g):\n    return unfold_kernel(k, g)",
            "mine(kernel, grid)",
        ),
    ],
)
def test_a_wrapped_reference_is_no_answer(graded, before, call):
    report = graded(before, WINDOW, BY.format(call))
    assert states(report) == {"03.window": "right", "03.unfold": "reference"}
    assert message(report) == "unfold: calls the reference, or what it is made of. An answer does the work itself"
    assert report.share == 20


def test_nor_is_the_reference_under_the_name_of_a_blank_answer(graded):
    """In the notebook itself, `given` is the reference, and the second answer right."""
    report = graded(WINDOW, BLANK.replace("def unfold", "def given"), BY.format("given(kernel, grid)"))
    assert states(report)["03.unfold"] == "wrong" and "returned None" in message(report)


def test_nor_is_what_the_reference_is_made_of(graded):
    answer = """@exercise("01.attention")
def attention(q, k, v, heads):
    split = [x.unflatten(-1, (heads, -1)).transpose(1, 2) for x in (q, k, v)]
    return reference(*split).transpose(1, 2).flatten(2)"""
    report = graded("from gmm_tutorial import attention as reference", answer)
    assert states(report) == {"01.attention": "reference"}
    assert notes(report, "01.attention") == ("uses gmm_tutorial.attention",)


def test_what_else_of_the_package_an_answer_uses_is_a_note(graded):
    answer = """@exercise("03.mixture")
def mixture(alpha, sigma, grid):
    prior = GaussianMixtureMask(grid, alpha.shape[1], alpha.shape[0])
    return torch.func.functional_call(Kernel(prior), {"prior.alpha": alpha, "prior.sigma": sigma}, ())"""
    kernel = """class Kernel(torch.nn.Module):
    def __init__(self, prior):
        super().__init__()
        self.prior = prior
    def forward(self):
        return self.prior.kernel()"""
    report = graded("from gmm_tutorial.priors import GaussianMixtureMask", kernel, answer)
    assert states(report) == {"03.mixture": "right"}
    assert notes(report, "03.mixture") == ("uses gmm_tutorial.priors.GaussianMixtureMask",)


def test_a_copy_of_the_source_is_named(graded):
    copied = "import inspect\nexec(inspect.getsource(unfold_kernel))"
    report = graded("from gmm_tutorial.grid import unfold_kernel", copied, WINDOW, MIRRORED)
    said = {what for number, what in report.odd if number == 3}
    assert said == {"runs code that is in no cell: exec", "reads the source of code: inspect.getsource"}


@pytest.mark.parametrize("name", EXERCISES)
def test_no_answer_of_a_lesson_is_taken_for_its_reference(name):
    """The functions that an answer must not call exist, and each can be made to refuse."""
    from gmm_tutorial.course.grading.worker import forbidden, refuse

    functions = list(forbidden(EXERCISES[name]))
    assert functions and all(function.__closure__ is None for function in functions)
    assert refuse.__closure__ is None


# ---- what comes back from the process of an answer

CASE = {"x": torch.ones(2), "y": torch.zeros(2)}


def sent(**changes):
    reply = {"outcome": {**wire.plain(outcome(lambda x, y: (x + y, x), CASE)), **changes}}
    return wire.outcome(wire.unpacked(wire.packed(reply)), CASE)


def test_an_outcome_arrives_as_it_was():
    there, here = outcome(lambda x, y: (x + y, x), CASE), sent()
    assert here.agrees(there) and (here.kinds, here.container) == (there.kinds, "tuple")
    assert here.gradients.keys() == there.gradients.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"values": []},  # all of no values agree with the expected ones
        {"values": [torch.ones(2).double()]},
        {"values": [torch.ones(2), torch.ones(2)]},  # of another precision
        {"values": [torch.ones(2).to(torch.complex128)] * 2},
        {"values": [{"shape": [10**6, 10**6], "dtype": "float64", "bytes": ""}] * 2},
        {"values": [{"shape": [-1], "dtype": "float64", "bytes": "AAAAAAAAAAA="}] * 2},
        {"values": [{"shape": [2], "dtype": "float64", "bytes": "?"}] * 2},
        {"values": [1.0, 2.0]},
        {"values": None},
        {"container": "set"},
        {"container": ""},
        {"container": []},
        {"kinds": []},
        {"kinds": [[["words"], "real", "float32", ""]] * 2},
        {"kinds": [["a float32 tensor", "real", "load", ""]] * 2},
        {"kinds": [["a float32 tensor", "unreal", "float32", ""]] * 2},
        {"changed": ["z"]},
        {"changed": ["x"]},
        {"changed": 3},
        {"gradients": [[0, "x"]]},
        {"gradients": [[float("inf"), "x", torch.ones(2).double()]]},
        {"gradients": [[0, "x", torch.ones(2).to(torch.complex128)]]},
        {"gradients": [["a", "x", torch.ones(2).double()]]},
    ],
)
def test_what_has_not_the_form_of_an_outcome_is_refused(changes):
    with pytest.raises(wire.Nonsense):
        sent(**changes)


class Evil:
    """Runs code when it is read as a pickle."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('code was run')",))


@pytest.mark.parametrize(
    "said", [b"", b"x", pickle.dumps(Evil()), pickle.dumps({"is": ["", False, False]}), b"[" * 10**6]
)
def test_bytes_of_all_kinds_are_refused_and_run_no_code(said):
    with pytest.raises(wire.Nonsense):
        wire.form(wire.unpacked(said))


def test_a_saved_object_is_refused_and_runs_no_code():
    torch.save({"outcome": Evil()}, file := io.BytesIO())
    with pytest.raises(wire.Nonsense):
        wire.unpacked(file.getvalue())


@pytest.mark.parametrize("reply", [{"late": []}, {"late": 3}, {"raised": ["a", "b"]}, {"is": 3}, {"is": []}, {}])
def test_replies_of_another_form_are_refused(reply):
    with pytest.raises(wire.Nonsense):
        wire.error(reply) or wire.form(reply)


def test_an_answer_that_writes_into_the_pipe_is_wrong(graded):
    forged = """    import gc
    from multiprocessing.connection import Connection
    for each in gc.get_objects():
        if isinstance(each, Connection) and each.writable:
            each.send_bytes(b'right')
    rows"""
    report = graded(WINDOW, UNFOLD.replace("    rows", forged, 1))
    assert states(report)["03.unfold"] == "wrong"
    assert message(report) == "unfold sent something else than values to the process that compares them"
    assert report.odd == ((3, "looks into other code: gc.get_objects"),)


def test_an_answer_that_changes_what_is_sent_is_wrong(graded):
    """In its own process it can change everything; but what it does not know, it cannot send."""
    forged = """    import gmm_tutorial.course.grading.wire as wire
    plain = wire.plain
    wire.plain = lambda outcome: {**plain(outcome), "values": [], "gradients": []}
    rows"""
    report = graded(WINDOW, MIRRORED.replace("    rows", forged, 1))
    assert states(report)["03.unfold"] == "wrong" and "sent something else" in message(report)


def test_limits_are_those_of_grading():
    assert QUICK.memory == grading.Limits().memory == 4 * 2**30
