"""The studies by name: which trainings each table compares."""

from dataclasses import replace
from typing import Any

from gmm_tutorial.runs.rows import Row, Study

# for a laptop: minutes per training
SMALL = {"recipe": "lesson", "profile": "learn", "epochs": 12, "eval_every": 4, "test_images": 10_000}
WHOLE = {"recipe": "paper", "profile": "full"}

# the first step of results/PLAN.md: a learning rate for each row, chosen by training images that are held out
TUNING = {"recipe": "short", "profile": "learn", "train_images": 45_000, "epochs": 4, "eval_every": 4}
TUNING |= {"test_split": "held_out", "test_images": 5_000, "precision": "float32"}
RATES = (1e-3, 2e-3, 4e-3)

PAPER = {"kernels": 5, "init": "paper"}
LOCAL = {"kernels": 5, "init": "local"}
FROM_0, FROM_1 = {"init": 0.0}, {"init": 1.0}
DECAY = {"start": 2.0, "span": 4.0}
NO_POSITIONS = {"pos_embed": False}
NO_DECAY = {"decay_masks": False}
FAST = {"prior_lr": 0.05, **NO_DECAY}  # a learning rate of their own for what a prior learns

CLASS_TOKEN = Row("ViT, class token", model_options={"pool": "cls"}, published="ViT")
MEAN = Row("ViT, mean pooling")
GMM = Row("GMM-ViT", prior="gmm", prior_options=PAPER, published="GMM-ViT")
ELM = Row("ELM-ViT, from 0", prior="elm", prior_options=FROM_0)
MANHATTAN = Row("Manhattan-ViT", prior="manhattan", prior_options=DECAY)
TEMPERATURE = Row("ViT, one temperature per head", prior="temperature")
GMM_LOCAL = Row("GMM-ViT, local start", prior="gmm", prior_options=LOCAL)
ELM_FROM_1 = Row("ELM-ViT, from 1", prior="elm", prior_options=FROM_1)
ALIBI = Row("ALiBi-ViT", prior="alibi")


BACKBONES = {"Swin": "swin", "CaiT": "cait", "PiT": "pit", "T2T": "t2t"}


def plain_and_gmm(label: str) -> tuple[Row, Row]:
    """One of the other published backbones, without and with the published mask."""
    model = BACKBONES[label]
    masked = Row(f"GMM-{label}", model, prior="gmm", prior_options=PAPER, published=f"GMM-{label}")
    return Row(label, model, published=label), masked


def start(label: str, init: str) -> Row:
    """GMM from another start of its heights and widths."""
    return Row(f"GMM-ViT, {label}", prior="gmm", prior_options={"kernels": 5, "init": init})


def kernels(count: int) -> Row:
    """GMM with so many Gaussians per head."""
    return Row(f"GMM-ViT, K = {count}", prior="gmm", prior_options={"kernels": count, "init": "paper"})


def without(row: Row) -> Row:
    """The same without position embeddings."""
    options = {**row.model_options, **NO_POSITIONS}
    return replace(row, label=f"{row.label}, no positions", model_options=options, published=None)


def on_shapes(row: Row, label: str, **choices: Any) -> Row:
    """The same without position embeddings, and without crops, which would cut the figures of `shapes` in two."""
    return replace(without(row), label=label, choices={"padding": 0, **choices})


def at_rate(row: Row, lr: float) -> Row:
    """The same at a learning rate of its own."""
    return replace(row, label=f"{row.label}, lr {lr:g}", choices={**row.choices, "lr": lr}, published=None)


def tuned(row: Row) -> tuple[Row, ...]:
    """The same at each of the rates among which the plan chooses."""
    if row in (MEAN, TEMPERATURE, GMM):  # trained before the plan changed to float32
        row = replace(row, choices={**row.choices, "precision": "bfloat16"})
    return tuple(at_rate(row, lr) for lr in RATES)


def rmt(label: str, **options: Any) -> Row:
    """RMT for small images, with some of its parts left out."""
    return Row(label, model="rmt-cifar", model_options=options)


RMT_PARTS = (
    rmt("RMT"),
    rmt("RMT, no decay", decay=False),
    rmt("RMT, no local enhancement", lepe=False),
    rmt("RMT, no position convolution", pos_conv=False),
    rmt("RMT, none of the three", decay=False, lepe=False, pos_conv=False),
)
STARTS = (GMM, GMM_LOCAL, start("positive heights", "positive"), start("local widths", "narrow"))
PAIRS = tuple(map(plain_and_gmm, BACKBONES))
PRIMARY: tuple[Row, ...] = (MEAN, TEMPERATURE, GMM, GMM_LOCAL, MANHATTAN)
PRIMARY += tuple(map(without, PRIMARY))

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
    "control": Study(
        "The controlled comparison: all pool by the mean, except for the first row",
        (
            (
                CLASS_TOKEN,
                MEAN,
                TEMPERATURE,
                GMM,
                ELM,
                ELM_FROM_1,
                ALIBI,
                MANHATTAN,
            ),
            (
                GMM_LOCAL,
                Row("GMM-ViT, mask without decay", prior="gmm", prior_options=PAPER, choices=NO_DECAY),
                Row("ELM-ViT, mask without decay", prior="elm", prior_options=FROM_0, choices=NO_DECAY),
                # in the profile `learn`, of 64 tokens and 4 heads, as many parameters as ELM has; with the published
                # start, whose mask grows with the root of their number, it would begin ten times as large as GMM
                Row("GMM-ViT, 512, local start", prior="gmm", prior_options={"kernels": 512, "init": "local"}),
            ),
        ),
        SMALL,
        ((MEAN, TEMPERATURE, GMM, ELM, ELM_FROM_1, ALIBI, MANHATTAN),),
    ),
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
    "tuning": Study(
        "A learning rate for each row of the plan",
        (tuple(each for row in PRIMARY for each in tuned(row)),),
        TUNING,
    ),
    "backbones": Study(
        "The published comparison at a size for a laptop",
        (tuple(row for pair in PAIRS for row in pair), (CLASS_TOKEN, GMM, MEAN)),
        SMALL,
        (*PAIRS, (CLASS_TOKEN, GMM), (MEAN, GMM)),
    ),
    "kernels": Study(
        "How many Gaussians a mixture needs",
        (tuple(map(kernels, (1, 2, 5, 10))), tuple(map(kernels, (3, 4, 8)))),
        SMALL,
    ),
    "starts": Study(
        "Where a mixture starts: its heights and its widths, as published or local",
        ((*STARTS, MEAN),),
        SMALL,
        ((MEAN, *STARTS),),
    ),
}
