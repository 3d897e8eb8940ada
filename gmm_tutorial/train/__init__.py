"""Training: configurations and recipes, the loop, checkpoints, several processes."""

from gmm_tutorial.train.checkpoint import unwrapped, weights
from gmm_tutorial.train.config import TrainConfig
from gmm_tutorial.train.epoch import evaluate
from gmm_tutorial.train.loop import History, build, fit
from gmm_tutorial.train.probe import probe, same_probe
from gmm_tutorial.train.recipe import RECIPES, configure, learning_rate

__all__ = [
    "RECIPES",
    "History",
    "TrainConfig",
    "build",
    "configure",
    "evaluate",
    "fit",
    "learning_rate",
    "probe",
    "same_probe",
    "unwrapped",
    "weights",
]
