"""The drawn data set: always the same, fair in every count, and a matter of near and far alone."""

import hashlib
import time

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import avg_pool2d, cross_entropy, one_hot, pad

from gmm_tutorial import data
from gmm_tutorial.data import catalog, shapes

N = 3_000


@pytest.fixture(scope="module")
def layouts():
    """(N, 5, 4, 2), in cells: the first two kinds keep together."""
    return shapes._layouts(N, np.random.default_rng(5))


def gaps(a, b):
    """Offsets along each axis, on the torus."""
    gap = abs(a - b)
    return np.minimum(gap, shapes.CELLS - gap)


def test_load_gives_both_splits_once(monkeypatch):
    train, test = data.load("shapes", "train"), data.load("shapes", "test")
    assert train.images.shape == (10_000, 3, 32, 32) and test.images.shape == (2_000, 3, 32, 32)
    for images in (train, test):
        assert images.images.dtype == torch.uint8 and images.labels.dtype == torch.int64
        assert images.images.is_contiguous() and images.exact and "not CIFAR" in images.note
        assert images.labels.bincount().tolist() == [len(images) // 10] * 10
    assert data.load("shapes", "train") is train  # drawn once in a process
    seen = {image.tobytes() for image in train.images.numpy()}
    assert len(seen) == 10_000 and not seen & {image.tobytes() for image in test.images.numpy()}


def test_the_pictures_are_the_same_on_every_machine():
    images, labels = shapes.draw(100, seed=0)
    sums = [hashlib.sha256(tensor.numpy().tobytes()).hexdigest()[:16] for tensor in (images, labels)]
    assert sums == ["364d46587d719625", "1ec76e0c1a4ca30e"]


def test_drawing_takes_seconds():
    start = time.process_time()
    shapes.draw(2_000, seed=3)
    assert time.process_time() - start < 3  # about .3 s; 10,000 are to take less than 3 s


def test_the_table_says_what_is_drawn():
    row, train = catalog.entry("shapes"), data.load("shapes", "train")
    assert row.classes == tuple(f"{shapes.KINDS[a]} and {shapes.KINDS[b]}" for a, b in shapes.PAIRS)
    assert row.classes[0] == "crosses and rings" and train.classes == row.classes
    pixels = train.normalize(train.images)
    assert pixels.mean((0, 2, 3)).abs().max() < 0.01 and (pixels.std((0, 2, 3)) - 1).abs().max() < 0.01


def test_two_kinds_keep_together_and_three_are_scattered(layouts):
    distance = np.sqrt((gaps(layouts[:, :, :, None], layouts[:, :, None]) ** 2).sum(-1))  # (N, 5, 4, 4)
    distance[:, :, range(4), range(4)] = np.inf
    nearest = distance.min(-1)  # to the nearest of its own kind
    assert (nearest[:, :2] == 1).all() and (nearest[:, 2:] >= shapes.APART).all()


def test_no_cell_holds_two_figures(layouts):
    number = layouts[..., 0] * shapes.CELLS + layouts[..., 1]
    assert (np.diff(np.sort(number.reshape(N, -1), axis=1), axis=1) > 0).all()


def test_a_figure_lies_within_one_patch(monkeypatch):
    # without clutter, a pixel is the background's or exactly a figure's; each patch has pixels of one kind at most
    for clutter in ("TEXTURE", "NOISE", "COLOR", "SPECKS"):
        monkeypatch.setattr(shapes, clutter, 0)
    images, _ = shapes.draw(50, seed=2)
    colors = torch.tensor([color for _, color in shapes.FIGURES.values()]).view(1, 5, 3, 1, 1)
    here = (images[:, None] == colors).all(2).unfold(2, 4, 4).unfold(3, 4, 4).flatten(4)  # (50, 5, 8, 8, 16)
    sizes = torch.tensor([rows.count("#") for rows, _ in shapes.FIGURES.values()])
    assert (here.any(-1).sum(1) <= 1).all()
    for kind, size in enumerate(sizes):
        assert set(here[:, kind].sum(-1).unique().tolist()) == {0, int(size)}, "whole or not at all"


@pytest.mark.parametrize("kind", range(5))
def test_a_figure_is_equally_likely_everywhere(kind, layouts):
    # the torus promises it exactly; this would see a bias of a tenth along either axis
    expected, spread = N * 4 / shapes.CELLS, np.sqrt(N * 4 / shapes.CELLS)
    for axis in (0, 1):
        counts = np.bincount(layouts[:, kind, :, axis].ravel(), minlength=shapes.CELLS)
        assert abs(counts - expected).max() < 4.5 * 2 * spread  # a flock's figures come in twos along an axis


def test_every_picture_holds_every_figure_whatever_its_class():
    images, labels = (tensor.numpy() for tensor in shapes.draw(1_000, seed=4))
    colors = np.array([color for _, color in shapes.FIGURES.values()])
    pixels = images.transpose(0, 2, 3, 1).astype(int)
    jitter = shapes.COLOR + shapes.NOISE
    counts = np.stack([(abs(pixels - color).max(-1) <= jitter).sum((1, 2)) for color in colors], 1)  # (1000, 5)
    sizes = np.array([4 * rows.count("#") for rows, _ in shapes.FIGURES.values()])
    assert (counts >= sizes).all()
    by_class = np.stack([counts[labels == label].mean(0) for label in range(10)])
    assert (by_class / sizes < 1.3).all()  # clutter of a figure's color is rare


@pytest.mark.parametrize(
    "change", [lambda x: x.flip(3), lambda x: x.rot90(1, (2, 3)), lambda x: x.roll((5, 9), (2, 3))]
)
def test_mirrors_turns_and_shifts_keep_the_rule(change):
    # read the class off the pixels, by rule and without learning: the two colors with most of their likes within reach
    images, labels = shapes.draw(300, seed=6)
    assert (read_off(images) == labels).float().mean() > 0.9
    assert (read_off(change(images)) == labels).float().mean() > 0.9


def read_off(images, reach=7):
    """The two kinds of which most pixels of the same color lie within reach of each other, on the torus."""
    colors = torch.tensor([color for _, color in shapes.FIGURES.values()]).view(1, 5, 3, 1, 1)
    like = ((images[:, None].int() - colors).abs().amax(2) <= shapes.COLOR + shapes.NOISE).float()  # (N, 5, 32, 32)
    around = avg_pool2d(pad(like, (reach,) * 4, mode="circular"), 2 * reach + 1, stride=1)
    two = ((like * around).sum((2, 3)) / like.sum((2, 3)) ** 2).topk(2).indices.sort(1).values.tolist()
    return torch.tensor([shapes.PAIRS.index(tuple(pair)) for pair in two])


def accuracy(model, epochs, lr, features=lambda x: x, count=10_000):
    """Train on `shapes`, return the accuracy on its test split, 0..1."""
    torch.manual_seed(0)
    train, test = data.load("shapes", "train").subset(count, 0), data.load("shapes", "test")
    x, y = features(train.normalize(train.images)), train.labels
    optimizer = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=epochs * (len(y) // 64), pct_start=0.15)
    for _ in range(epochs):
        for batch in torch.randperm(len(y))[: len(y) // 64 * 64].split(64):
            loss = cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    model.eval()
    with torch.no_grad():
        x = features(test.normalize(test.images))
        return (torch.cat([model(part) for part in x.split(500)]).argmax(1) == test.labels).float().mean().item()


def test_a_linear_classifier_is_no_better_than_chance():
    assert accuracy(nn.Sequential(nn.Flatten(), nn.Linear(3072, 10)), epochs=3, lr=1e-3) < 0.15


def test_counting_patches_is_not_enough():
    # 256 typical patches; an image is how often each of them is the most similar one, in whatever order
    words = patches(data.load("shapes", "train").normalize(data.load("shapes", "train").images[:400])).flatten(0, 1)
    words = words[torch.randperm(len(words), generator=torch.Generator().manual_seed(0))[:256]]

    def histogram(x):
        nearest = [torch.cdist(patches(part), words).argmin(2) for part in x.split(500)]
        return torch.cat([one_hot(part, 256).float().sum(1) for part in nearest])

    bag = nn.Sequential(nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    assert accuracy(bag, epochs=3, lr=2e-3, features=histogram) < 0.25


def patches(x):
    """(B, 3, 32, 32) -> (B, 64, 48): its 4 x 4 patches."""
    return x.unfold(2, 4, 4).unfold(3, 4, 4).permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def test_a_small_convnet_finds_the_rule():
    model = nn.Sequential(
        *(nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(16, 64, 5, padding=2, bias=False), nn.BatchNorm2d(64), nn.ReLU()),
        *(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(64, 10)),
    )
    assert accuracy(model, epochs=1, lr=5e-3) > 0.9
