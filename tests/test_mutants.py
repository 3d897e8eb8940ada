"""The table of slips fits the code: each has one place, and gives Python that differs. Trying them: `make mutants`."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

spec = importlib.util.spec_from_file_location("mutants", ROOT / "benchmarks" / "mutants.py")
mutants = importlib.util.module_from_spec(spec)
spec.loader.exec_module(mutants)


@pytest.mark.parametrize("slip", mutants.slips(), ids=lambda slip: f"{slip.file}: {slip.what}")
def test_slip_has_one_place(slip):
    assert slip.old != slip.new
    compile(mutants.slipped(slip), slip.file, "exec")
    assert slip.tests and all((ROOT / test).is_file() for test in slip.tests)


def test_slips_are_many_and_each_is_another():
    table = mutants.slips()
    assert len(table) >= 60
    assert len({(slip.file, slip.old, slip.new) for slip in table}) == len({slip[:2] for slip in table}) == len(table)


def test_a_slip_without_a_place_is_named():
    slip = mutants.Slip("a rate that is not there", "gmm_tutorial/decay.py", "no such text", "", ())
    with pytest.raises(
        ValueError, match="'no such text' must be in gmm_tutorial/decay.py once, but it is there 0 times"
    ):
        mutants.slipped(slip)
