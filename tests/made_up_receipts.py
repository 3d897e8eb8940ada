"""Receipts of trainings that never were."""

import sys

import pytest
import torch

from gmm_tutorial.results import Receipt, Source
from gmm_tutorial.train import configure

PROBE = [2.5, 2.25, 2.0, 0.5]


def configured(dataset="cifar10", **choices):
    """A configuration of the smallest scale."""
    return configure(dataset, **{"recipe": "lesson", "profile": "ci", "epochs": 2, **choices})


def receipt(config=None, accuracy=0.5, exact=True, **others):
    """A receipt whose probe is that of the code that `same_code` makes."""
    config = configured() if config is None else config
    found = {
        "config": config,
        "data": Source(name=config.dataset, source="npz", exact=exact, note="", train="a" * 64, test="b" * 64),
        "probe": PROBE,
        "parameters": 2_693_122,
        "macs": 184_600_000,
        "accuracy": [(config.epochs, accuracy)],
        "loss": [1.5] * config.epochs,
        "train_accuracy": 0.625,
        "seconds": 3.25,
        "epoch_seconds": [1.0] * config.epochs,
        "images_per_second": 320.0,
        "device": "cpu",
        "versions": {"torch": torch.__version__},
        "commit": "abc",
    }
    return Receipt(**{**found, **others})


@pytest.fixture
def same_code(monkeypatch):
    """The code of today does what made-up receipts say, so that no model is built."""
    monkeypatch.setattr(sys.modules["gmm_tutorial.runs.store"], "probe", lambda config: PROBE)
