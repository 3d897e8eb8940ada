"""Which receipts a store finds: by today's code as far as that can be said, and on the images of today."""

import pytest
import torch
from made_up_receipts import configured, receipt, same_code

from gmm_tutorial import results
from gmm_tutorial.runs import Store
from gmm_tutorial.runs.store import by_other_code

__all__ = ["same_code"]
pytestmark = pytest.mark.usefixtures("same_code")

RELEASE = torch.__version__.partition("+")[0]


@pytest.mark.parametrize(
    ("versions", "known"),
    [
        ({"torch": torch.__version__}, True),
        ({"torch": RELEASE}, True),
        ({"torch": f"{RELEASE}+cu999"}, True),  # another build of the same release
        ({"torch": "1.13.1"}, False),
        ({"torch": f"{RELEASE}1"}, False),
        ({}, False),
    ],
)
def test_between_releases_of_pytorch_a_probe_says_nothing(versions, known):
    assert by_other_code(receipt(versions=versions, probe=[2.5, 2.25, 2.0, 0.6])) == known
    assert not by_other_code(receipt(versions=versions))


@pytest.mark.parametrize("field", ["train", "test"])
def test_both_sets_of_images_must_be_those_of_today(tmp_path, field):
    made, store = receipt(), Store(tmp_path)
    results.save(made, store.receipt_path(made.config))
    assert store.find(made.config, made.data) == store.find(made.config) == made
    other = results.Source(**{**dict(made.data), field: "c" * 64})
    with pytest.raises(ValueError, match="was trained on other images"):
        store.find(made.config, other)


def test_a_receipt_under_another_name_is_found_by_what_is_in_it(tmp_path):
    made, store = receipt(), Store(tmp_path)
    results.save(receipt(configured(seed=1)), tmp_path / f"a{results.SUFFIX}")
    results.save(made, tmp_path / f"b{results.SUFFIX}")
    assert store.find(made.config) == made and store.find(configured(seed=2)) is None
    assert Store(tmp_path, cache=True).find(made.config) is None, "a cache looks for names alone"
