"""Training: configurations and recipes, the loop, checkpoints, several processes."""

from gmm_tutorial.train.checkpoint import unwrapped, weights
from gmm_tutorial.train.config import RECIPES, TrainConfig, learning_rate
from gmm_tutorial.train.epoch import evaluate
from gmm_tutorial.train.loop import History, build, fit

__all__ = [
    "RECIPES",
    "History",
    "TrainConfig",
    "build",
    "evaluate",
    "fit",
    "learning_rate",
    "unwrapped",
    "weights",
]
