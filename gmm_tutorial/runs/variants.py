"""The rows that studies share: models and priors by name, and what makes another row of one."""

from dataclasses import replace
from typing import Any

from gmm_tutorial.runs.rows import Row

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
POSITIVE = Row("GMM-ViT, positive heights", prior="gmm", prior_options={"kernels": 5, "init": "positive"})
NARROW = Row("GMM-ViT, local widths", prior="gmm", prior_options={"kernels": 5, "init": "narrow"})
ELM_FROM_1 = Row("ELM-ViT, from 1", prior="elm", prior_options=FROM_1)
ALIBI = Row("ALiBi-ViT", prior="alibi")
FREE = Row("ViT, free kernel", prior="free", prior_options=FROM_1)
FROZEN = Row("GMM-ViT, frozen", prior="frozen", prior_options={"shuffled": False})
SHUFFLED = Row("GMM-ViT, frozen and shuffled", prior="frozen", prior_options={"shuffled": True})


BACKBONES = {"Swin": "swin", "CaiT": "cait", "PiT": "pit", "T2T": "t2t"}


def plain_and_gmm(label: str) -> tuple[Row, Row]:
    """One of the other published backbones, without and with the published mask."""
    model = BACKBONES[label]
    masked = Row(f"GMM-{label}", model, prior="gmm", prior_options=PAPER, published=f"GMM-{label}")
    return Row(label, model, published=label), masked


def kernels(row: Row, count: int) -> Row:
    """The same with so many Gaussians per head."""
    return replace(row, prior_options={**row.prior_options, "kernels": count})


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
PAIRS = tuple(map(plain_and_gmm, BACKBONES))
