"""The random numbers of an epoch: how they are distributed, what they depend on, and how processes share them."""

import itertools
import math
import random

import pytest
import torch
from scipy import stats
from torchvision.transforms.v2 import CutMix

from gmm_tutorial.train.augmentation import batch_slices, draw_epoch
from gmm_tutorial.train.augmentation.draws import cut_box

PER_IMAGE = ("order", "flip", "top", "left", "policy", "applied", "sign", "boxes", "partner")


def draw(**choices):
    usual = {"images": 1000, "size": 32, "batch_size": 128, "padding": 4, "mirror": True, "policies": 25}
    return draw_epoch(**{**usual, "erase": 0.25, "mix": 0.5, "seed": 0, "epoch": 1, **choices})


def uniform(values, cells):
    """The p-value of integers being uniform on 0 to cells - 1."""
    assert values.min() >= 0 and values.max() < cells
    return stats.chisquare(torch.bincount(values.flatten(), minlength=cells)).pvalue


def test_an_epoch_takes_each_image_once():
    draws = draw()
    assert torch.equal(draws.order.sort().values, torch.arange(1000))
    assert [batch.size for batch in draws.batches] == [128] * 7 + [104]
    assert all(batch.joined == batch.size == batch.images.stop - batch.images.start for batch in draws.batches)


def test_a_last_batch_of_one_image_is_left_out():
    assert [part.stop for part in batch_slices(257, 128)] == [128, 256]
    assert [part.stop for part in batch_slices(258, 128)] == [128, 256, 258]
    draws = draw(images=257)
    assert len(draws.batches) == 2 and all(len(getattr(draws, name)) == 256 for name in PER_IMAGE)
    assert len(draw(images=1).batches) == 1, "there is nothing else"
    assert len(draw(images=3, batch_size=1).batches) == 3, "as was asked for"


def test_offsets_flips_and_policies_are_uniform():
    draws = draw(images=40_000)
    assert uniform(draws.top, 9) > 0.01 and uniform(draws.left, 9) > 0.01
    assert uniform(draws.top * 9 + draws.left, 81) > 0.01, "each by itself"
    assert uniform(draws.policy, 25) > 0.01
    code = draws.flip * 4 + draws.sign[:, 0] * 2 + draws.sign[:, 1]
    assert uniform(code, 8) > 0.01
    assert stats.kstest(draws.applied.flatten(), "uniform").pvalue > 0.01
    assert uniform(draws.order[:20_000] // 20_000, 2) > 0.01


def test_nothing_is_drawn_that_is_switched_off():
    draws = draw(padding=0, mirror=False, erase=0.0, mix=0.0, policies=0)
    assert not any(getattr(draws, name).any() for name in ("top", "left", "flip", "boxes", "policy"))
    assert {batch.kind for batch in draws.batches} == {None} and {batch.lam for batch in draws.batches} == {1.0}


@pytest.mark.parametrize("choice", [{"padding": 0}, {"mirror": False}, {"policies": 0}, {"erase": 1.0}, {"mix": 0.0}])
def test_switching_one_leaves_the_others(choice):
    (switched,) = choice
    usual, other = draw(), draw(**choice)
    changes = {"padding": ("top", "left"), "mirror": ("flip",), "policies": ("policy",), "erase": ("boxes",)}
    for name in PER_IMAGE:
        assert torch.equal(getattr(usual, name), getattr(other, name)) == (name not in changes.get(switched, ()))
    assert (usual.batches == other.batches) == (switched != "mix")


def published_box(size, rng):
    """As in the published code: drawn again until the box is smaller than the image."""
    while True:
        area, aspect = rng.uniform(0.02, 0.4) * size * size, rng.uniform(0.3, 1 / 0.3)
        height, width = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if height < size and width < size:
            return rng.randint(0, size - height), rng.randint(0, size - width), height, width


def test_a_quarter_of_the_images_lose_a_box():
    boxes = draw(images=20_000).boxes
    erased = boxes[boxes.any(1)]
    assert stats.binomtest(len(erased), 20_000, 0.25).pvalue > 0.01
    top, left, height, width = erased.T
    assert ((top >= 0) & (left >= 0) & (top + height <= 32) & (left + width <= 32)).all()
    # sides are rounded to pixels, hence the margins
    assert 0.015 * 1024 < (height * width).min() < 0.03 * 1024
    assert 0.38 * 1024 < (height * width).max() < 0.42 * 1024
    assert ((height / width).min() < 0.35) and ((height / width).max() > 2.9)
    rng = random.Random(0)
    published = torch.tensor([published_box(32, rng) for _ in range(5000)])
    for ours, theirs in zip(erased.T, published.T, strict=True):
        assert stats.ks_2samp(ours, theirs).pvalue > 0.01
    assert stats.ks_2samp(height * width, published[:, 2] * published[:, 3]).pvalue > 0.01


def test_all_or_no_images_lose_a_box():
    assert (draw(erase=1.0).boxes[:, 2:] > 0).all()
    assert not draw(erase=0.0).boxes.any()
    assert not draw(erase=1.0, size=1).boxes[:, 2:].any(), "no box is smaller than one pixel"


def test_half_of_the_batches_are_mixed_and_half_of_these_are_cut():
    draws = draw(images=40_000, batch_size=2)
    kinds = [batch.kind for batch in draws.batches]
    counts = [kinds.count(kind) for kind in ("cutmix", "mixup", None)]
    assert stats.chisquare(counts, [5000, 5000, 10_000]).pvalue > 0.01
    lam = {kind: [batch.lam for batch in draws.batches if batch.kind == kind] for kind in ("cutmix", "mixup")}
    assert stats.kstest(lam["mixup"], stats.beta(1, 1).cdf).pvalue > 0.01
    library = CutMix(num_classes=2)
    theirs = [library.make_params([torch.zeros(2, 3, 32, 32)])["lam_adjusted"] for _ in range(1000)]
    assert stats.ks_2samp(lam["cutmix"], theirs).pvalue > 0.01


def test_lam_is_what_the_box_leaves():
    for batch in draw(images=4000, batch_size=4, mix=1.0).batches:
        top, left, bottom, right = batch.box
        assert 0 <= top <= bottom <= 32 and 0 <= left <= right <= 32
        if batch.kind == "cutmix":
            assert batch.lam == 1 - (bottom - top) * (right - left) / 1024


def test_cut_box_at_the_border_and_in_the_middle():
    assert cut_box(0.75, 16, 16, 32) == (8, 8, 24, 24), "a quarter of the image, around its center"
    assert cut_box(0.75, 0, 31, 32) == (0, 23, 8, 32), "what lies outside is lost"
    assert cut_box(1.0, 5, 5, 32) == (5, 5, 5, 5)


def test_partners_are_the_batch_in_another_order():
    draws = draw()
    for batch in draws.batches:
        partner = draws.partner[batch.images]
        assert torch.equal(partner.sort().values, torch.arange(batch.size))
    assert not torch.equal(draws.partner[:128], draws.partner[128:256])


def test_every_seed_and_epoch_draws_its_own():
    # a number of 32 bits, or a sum, would take some of these for the same
    pairs = [(0, 1), (1, 0), (1, 1), (0, 2), (2**32, 1), (2**32 + 1, 0), (0, 2**32 + 1), (2**40, 1)]
    orders = [draw(seed=seed, epoch=epoch).order for seed, epoch in pairs]
    assert not any(torch.equal(a, b) for a, b in itertools.combinations(orders, 2))
    assert all(torch.equal(getattr(draw(), name), getattr(draw(), name)) for name in PER_IMAGE)
    assert draw().batches == draw().batches


def test_only_what_the_device_needs_is_moved():
    moved = draw().to(torch.device("meta"))
    on_cpu = {name for name in PER_IMAGE if getattr(moved, name).device.type == "cpu"}
    assert on_cpu == {"policy", "applied", "sign"}
    assert moved.batches == draw().batches


@pytest.mark.parametrize("world", [1, 2, 3, 8])
def test_shards_are_disjoint_and_join_to_the_batch(world):
    joined = draw(images=134, batch_size=32, mix=0.7)
    shards = [joined.shard(rank, world) for rank in range(world)]
    for number, batch in enumerate(joined.batches):
        parts = [(shard, shard.batches[number]) for shard in shards]
        own = torch.cat([shard.order[part.images][: part.size] for shard, part in parts])
        assert sorted(own.tolist()) == sorted(joined.order[batch.images].tolist())
        assert sum(part.size for _, part in parts) == batch.size
        for shard, part in parts:
            assert (part.joined, part.kind, part.lam, part.box) == (batch.size, batch.kind, batch.lam, batch.box)
            if batch.kind:
                mate = joined.order[batch.images][joined.partner[batch.images]]
                expected = dict(zip(joined.order[batch.images].tolist(), mate.tolist(), strict=True))
                ids = shard.order[part.images]
                mates = ids[shard.partner[part.images]]
                for image, other in zip(ids[: part.size].tolist(), mates[: part.size].tolist(), strict=True):
                    assert expected[image] == other
    for shard in shards:
        where = joined.order.argsort()[shard.order]
        for name in set(PER_IMAGE) - {"partner"}:
            assert torch.equal(getattr(shard, name), getattr(joined, name)[where])
        assert sum(part.images.stop - part.images.start for part in shard.batches) == len(shard.order)


def test_a_shard_holds_no_more_than_it_needs():
    joined = draw(images=1280, mix=0.0)
    assert len(joined.shard(0, 4).order) == 320
    assert 320 < len(draw(images=1280, mix=0.5).shard(0, 4).order) < 640


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"images": 0}, "images is 0, but it must be at least 1"),
        ({"batch_size": 0}, "batch_size is 0, but it must be at least 1"),
        ({"padding": -1}, "padding is -1, but it must be at least 0"),
        ({"seed": -1}, "seed is -1, but it must be at least 0"),
        ({"erase": 1.5}, "erase is 1.5, but it must be 0 to 1"),
        ({"mix": -0.1}, "mix is -0.1, but it must be 0 to 1"),
    ],
)
def test_wrong_arguments_are_named(choice, message):
    with pytest.raises(ValueError, match=message):
        draw(**choice)


def test_wrong_rank_is_named():
    with pytest.raises(ValueError, match="rank is 2, but it must be 0 to 1"):
        draw().shard(2, 2)
