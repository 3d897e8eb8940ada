"""The studies by name: which trainings each table compares."""

from gmm_tutorial.runs import exploratory, plan
from gmm_tutorial.runs.rows import Study
from gmm_tutorial.runs.variants import (
    CLASS_TOKEN,
    ELM,
    FAST,
    GMM,
    GMM_LOCAL,
    MEAN,
    PAIRS,
    RMT_PARTS,
    TEMPERATURE,
    on_shapes,
    rmt,
    without,
)

# for a laptop: minutes per training
SMALL = {"recipe": "lesson", "profile": "learn", "epochs": 12, "eval_every": 4, "test_images": 10_000}
WHOLE = {"recipe": "paper", "profile": "full"}

TABLES = {
    "lessons": Study(
        "What the lessons read: masks with and without position embeddings, and RMT with parts left out",
        (
            (MEAN, ELM, GMM, without(MEAN), without(ELM), without(GMM)),
            RMT_PARTS,
        ),
        SMALL,
        ((MEAN, ELM, GMM), (without(MEAN), without(ELM), without(GMM)), RMT_PARTS),
    ),
    "published": Study(
        "The published comparison: the baseline ViT pools by a class token, the masked one by the mean",
        (
            (CLASS_TOKEN, GMM, MEAN),
            tuple(row for pair in PAIRS for row in pair),
            (rmt("RMT, sized for CIFAR"),),
        ),
        WHOLE,
        ((CLASS_TOKEN, GMM), (MEAN, GMM), *PAIRS),
    ),
    "tuning": plan.TUNING,
    "control": plan.CONTROL,
    "confirmation": plan.CONFIRMATION,
    "secondary": exploratory.SECONDARY,
    "cifar100": exploratory.CIFAR100,
    "shapes": Study(
        "What the lessons train on shapes, without position embeddings: only a prior can tell near from far",
        (
            (
                on_shapes(MEAN, "ViT"),
                on_shapes(TEMPERATURE, "ViT, temperature, fast", **FAST),
                on_shapes(GMM, "GMM-ViT, fast", **FAST),
            ),
            (on_shapes(GMM, "GMM-ViT"), on_shapes(GMM_LOCAL, "GMM-ViT, local start")),
        ),
        {"recipe": "lesson", "profile": "learn"},
    ),
    "backbones": Study(
        "The published comparison at a size for a laptop",
        (tuple(row for pair in PAIRS for row in pair), (CLASS_TOKEN, GMM, MEAN)),
        SMALL,
        (*PAIRS, (CLASS_TOKEN, GMM), (MEAN, GMM)),
    ),
    "kernels": exploratory.KERNELS,
    "starts": exploratory.STARTS,
}
