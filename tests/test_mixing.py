"""CutMix and MixUp: labels are mixed as the pixels are."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torchvision.transforms.v2 import CutMix, MixUp

from gmm_tutorial.train.augmentation import BatchDraws, draw_epoch, mix

PLAIN = BatchDraws(images=slice(0, 6), size=6, joined=6)
MIXUP = BatchDraws(images=slice(0, 6), size=6, joined=6, kind="mixup", lam=0.3)
CUTMIX = BatchDraws(images=slice(0, 6), size=6, joined=6, kind="cutmix", lam=1 - 3 * 4 / 64, box=(2, 1, 5, 5))


def batch():
    return torch.randn(6, 3, 8, 8), torch.tensor([0, 1, 2, 0, 4, 1]), torch.tensor([3, 0, 2, 5, 1, 4])


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**40), images=st.integers(2, 9), size=st.integers(2, 12), world=st.integers(1, 3))
def test_shares_of_pixels_are_shares_of_classes(seed, images, size, world):
    """Each image is all of the color of its class: the mean of a channel is then the share of that class."""
    usual = {"padding": 0, "mirror": False, "policies": 0, "erase": 0.0, "mix": 0.9, "seed": seed, "epoch": 0}
    draws = draw_epoch(images=4 * images, size=size, batch_size=images, **usual)
    labels = torch.randint(3, (4 * images,))
    colors = F.one_hot(labels, 3).double()[:, :, None, None].expand(-1, -1, size, size)
    for rank in range(world):
        shard = draws.shard(rank, world)
        for part in shard.batches:
            rows = shard.order[part.images]
            x, shares = mix(colors[rows], labels[rows], 3, part, shard.partner[part.images])
            assert x.shape == (part.size, 3, size, size) and shares.shape == (part.size, 3)
            torch.testing.assert_close(x.mean((2, 3)), shares, rtol=0, atol=1e-12)
            assert torch.all((shares.sum(1) - 1).abs() < 1e-12)


def test_mixup_is_a_loop():
    x, labels, partner = batch()
    mixed, shares = mix(x, labels, 5, MIXUP, partner)
    for n in range(6):
        torch.testing.assert_close(mixed[n], 0.3 * x[n] + 0.7 * x[partner[n]])
        expected = torch.zeros(5)
        expected[labels[n]] += 0.3
        expected[labels[partner[n]]] += 0.7
        torch.testing.assert_close(shares[n], expected)


def test_cutmix_is_a_loop_over_pixels():
    x, labels, partner = batch()
    before = x.clone()
    mixed, shares = mix(x, labels, 5, CUTMIX, partner)
    assert torch.equal(x, before)
    for n in range(6):
        expected = torch.zeros(5)
        for row in range(8):
            for column in range(8):
                source = int(partner[n]) if 2 <= row < 5 and 1 <= column < 5 else n
                assert torch.equal(mixed[n, :, row, column], x[source, :, row, column])
                expected[labels[source]] += 1 / 64
        torch.testing.assert_close(shares[n], expected)


@pytest.mark.parametrize(
    ("draw", "library", "names"),
    [(MIXUP, MixUp, {"lam": 0.3}), (CUTMIX, CutMix, {"box": (1, 2, 5, 5), "lam_adjusted": CUTMIX.lam})],
    ids=["mixup", "cutmix"],
)
def test_mixing_is_torchvisions(draw, library, names):
    """Which mixes each image with the one before it, and writes boxes as left, top, right, bottom."""
    x, labels, _ = batch()
    params = {"labels": labels, "batch_size": 6, **names}
    theirs = library(num_classes=5)
    mixed, shares = mix(x, labels, 5, draw, torch.arange(6).roll(1))
    torch.testing.assert_close(mixed, theirs.transform(x, params))
    torch.testing.assert_close(shares, theirs.transform(labels, params))


def test_a_batch_may_stay_as_it_is():
    x, labels, partner = batch()
    same, shares = mix(x, labels, 5, PLAIN, partner)
    assert torch.equal(same, x) and torch.equal(shares.argmax(1), labels) and (shares.sum(1) == 1).all()


@pytest.mark.parametrize("draw", [PLAIN, MIXUP, CUTMIX], ids=["plain", "mixup", "cutmix"])
def test_smoothed_loss_is_the_published_one(draw):
    """There, two smoothed losses are mixed; here, one is taken of mixed labels."""
    x, labels, partner = batch()
    logits = torch.randn(6, 5)
    own, other = (F.cross_entropy(logits, y, label_smoothing=0.1) for y in (labels, labels[partner]))
    _, shares = mix(x, labels, 5, draw, partner)
    ours = F.cross_entropy(logits, shares, label_smoothing=0.1)
    torch.testing.assert_close(ours, draw.lam * own + (1 - draw.lam) * other)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("draw", [PLAIN, MIXUP, CUTMIX], ids=["plain", "mixup", "cutmix"])
def test_dtype_is_kept(dtype, draw):
    x, labels, partner = batch()
    mixed, shares = mix(x.to(dtype), labels, 5, draw, partner)
    assert mixed.dtype == shares.dtype == dtype
