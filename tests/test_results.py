"""Receipts: what they hold, that they survive the disk, and the numbers in the tables made of them."""

import json
import math

import pytest
from scipy import stats

from gmm_tutorial import results
from gmm_tutorial.results import Receipt, interval, load, load_all, save, table


def receipt(accuracy=0.5, prior=None, seed=0, name="cifar10", exact=False, **options):
    return Receipt(
        config={
            "model": "vit",
            "model_options": options,
            "prior": prior,
            "seed": seed,
            "epochs": 2,
            "train_images": 10,
            "test_images": 2_000,
        },
        profile="learn",
        data={"name": name, "source": "npz", "exact": exact, "note": ""},
        parameters=1234,
        accuracy=[(1, 0.9), (2, accuracy)],
        loss=[2.0, 1.0],
        seconds=3.21,
        device="cpu",
        versions={"torch": "2"},
        commit="abc",
    )


def test_receipt_survives_the_disk(tmp_path):
    path = tmp_path / "study" / "run.json"
    save(receipt(), path)
    assert load(path) == receipt() and load_all("study", tmp_path) == [receipt()]
    assert list(path.parent.iterdir()) == [path], "nothing half-written is left"


def test_the_last_epoch_counts_not_the_best():
    assert receipt(0.4).last_accuracy == 0.4


def test_summary_says_what_the_data_is_not():
    assert "cifar10 (not exact), seed 0" in receipt().summary()
    assert "shapes (not CIFAR)" in receipt(name="shapes", exact=True).summary()
    assert "cifar10, seed 0" in receipt(exact=True).summary()
    assert "50.0% of 2,000 test images after 2 epochs of 10" in receipt().summary()


def test_summary_says_which_model_it_was():
    assert receipt().summary().startswith("vit, 1,234 parameters: ")
    assert receipt(prior="gmm", dim=96).summary().startswith("vit with gmm, 1,234 parameters: ")
    assert receipt(mixer="retention", lepe=False).summary().startswith("vit (mixer=retention, lepe=False), 1,234 ")


def test_interval_is_students():
    values = [48.9, 47.9, 49.1]
    mean, half = interval(values)
    low, high = stats.t.interval(0.95, 2, loc=mean, scale=stats.sem(values))
    assert math.isclose(mean - half, low) and math.isclose(mean + half, high)
    assert interval([3.0])[0] == 3 and math.isnan(interval([3.0])[1])
    with pytest.raises(ValueError, match="values is empty"):
        interval([])


def test_table_groups_seeds():
    receipts = [receipt(0.5, seed=0), receipt(0.52, seed=1), receipt(0.48, seed=2), receipt(0.6, prior="gmm")]
    lines = table(receipts, lambda r: r.config["prior"] or "none").splitlines()
    assert lines[2:] == ["| none | 1,234 | 50.0 ± 5.0 | 3 |", "| gmm | 1,234 | 60.0 (one seed) | 1 |"]


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"config": {}}'])
def test_what_is_not_a_receipt_is_named(tmp_path, text):
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"broken\.json is not a receipt"):
        load(path)


def test_unknown_study_is_named(tmp_path):
    save(receipt(), tmp_path / "small" / "a.json")
    with pytest.raises(ValueError, match="study is 'large', but it must be one of 'small'"):
        load_all("large", tmp_path)


def test_committed_receipts_are_whole():
    paths = sorted(results.RESULTS.glob("*/*.json"))
    assert paths
    for path in paths:
        found = load(path)
        assert found.commit and not found.commit.endswith("+"), f"{path.name}: measured with uncommitted code"
        assert f"seed{found.config['seed']}" in path.name
        assert found.accuracy[-1][0] == found.config["epochs"]
        assert "path" not in json.dumps(found.data)


def test_one_line_of_a_table_is_one_training():
    with pytest.raises(ValueError, match="all holds different trainings"):
        table([receipt(), receipt(prior="gmm", seed=1)], lambda r: "all")
    with pytest.raises(ValueError, match="may differ in the seed alone"):
        table([receipt(), receipt()], lambda r: "the same seed twice")


def test_an_older_receipt_has_the_defaults_of_what_came_later():
    new = receipt(0.5, seed=1)
    new.config.update(erase=0.0, decay_masks=True)
    assert "| 2 |" in table([receipt(0.5), new], lambda r: "all")
    new.config["erase"] = 0.25
    with pytest.raises(ValueError, match="all holds different trainings"):
        table([receipt(0.5), new], lambda r: "all")


def test_paired_difference_is_by_seed():
    ours = [receipt(0.52, seed=1), receipt(0.50, seed=0), receipt(0.54, seed=2)]
    base = [receipt(0.49, seed=0), receipt(0.51, seed=1), receipt(0.53, seed=2)]
    mean, half = results.paired_difference(ours, base)
    assert math.isclose(mean, 1.0) and math.isclose(half, 0, abs_tol=1e-9)
    with pytest.raises(
        ValueError, match=r"receipts have the seeds \[0, 1, 2\], but they must be the baseline's, \[0\]"
    ):
        results.paired_difference(ours, base[:1])
    with pytest.raises(ValueError, match="baseline holds different trainings, but they may differ in the seed alone"):
        results.paired_difference(ours, [*base, receipt(0.9, prior="gmm", seed=2)])
