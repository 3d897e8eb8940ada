"""Three of the explorers: what each starts with, and the still picture of that start."""

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.patches import Rectangle
from torch import Tensor

from gmm_tutorial import data
from gmm_tutorial._checks import check_count, check_one_of
from gmm_tutorial.decay import manhattan_gamma
from gmm_tutorial.explorers.explorer import FOLDER, Explorer, data_address
from gmm_tutorial.explorers.trained import checksums, layer_weights, png, read
from gmm_tutorial.figures.base import COLORS, POSITIVE, Picture, styled, subplots
from gmm_tutorial.figures.parts import frame, heat, outline
from gmm_tutorial.grid import Grid, check_grid, unfold_kernel
from gmm_tutorial.manhattan import decomposed_manhattan_attention, manhattan_attention
from gmm_tutorial.priors import GaussianMixtureMask, ManhattanDecay

Place = tuple[int, int]
KERNELS, SPARE = 5, (0.5, 1.5)  # how many Gaussians have sliders; the height and width of one that nobody has set


@styled
def panel_row(count: int) -> tuple[Picture, list[Axes]]:
    """A row of empty panels."""
    figure, axes = subplots(1, count, figsize=(1.95 * count, 2.15))
    for ax in axes:
        ax.spines[:].set_visible(False)
    return figure, list(axes)


def mixture(
    pixels: Tensor | None = None,
    alpha: Sequence[float] = (0.6, -0.8),
    sigma: Sequence[float] = (2.0, 0.2),
    grid: Grid = (8, 8),
) -> Explorer:
    """Sliders for the Gaussians of a mixture: its kernel, the window of a query, the mask.

    pixels: (3, S, S) bytes, the photo behind the grid, one of `shapes` unless given; alpha, sigma: 1 to 5 numbers each,
    sigma in patches; grid: (h, w). Starts with the paper's example. Raises ValueError for another number of Gaussians.
    """
    h, w = check_grid(grid)
    if len(alpha) != len(sigma) or not 1 <= len(alpha) <= KERNELS:
        raise ValueError(f"alpha has {len(alpha)} and sigma {len(sigma)}, but each must have the same 1 to {KERNELS}")
    alpha, sigma = [float(height) for height in alpha], [float(width) for width in sigma]  # also of a tensor
    pixels = data.load("shapes", "train").images[7] if pixels is None else pixels
    query, unset = (h // 2, w // 4), KERNELS - len(alpha)
    state = {
        "grid": [h, w],
        "kernels": len(alpha),
        "alpha": [*alpha, *[SPARE[0]] * unset],
        "sigma": [*sigma, *[SPARE[1]] * unset],
        "query": list(query),
        "photo": data_address(png(pixels)),
    }
    prior = GaussianMixtureMask((h, w), heads=1, kernels=len(alpha))
    prior.load_state_dict({"alpha": torch.tensor(alpha)[:, None], "sigma": torch.tensor(sigma)[:, None]})
    alt = (
        f"Four panels: a picture with one patch framed, the query; the kernel of {len(alpha)} Gaussians with the "
        "query's window framed; the window cut out; the mask of all pairs with the query's row framed."
    )
    return Explorer("mixture", state, mixture_picture(pixels, prior, query), alt)


@styled
def mixture_picture(pixels: Tensor, prior: GaussianMixtureMask, query: Place) -> Picture:
    """The photo, the kernel with the query's window, the window, and the mask with the query's row."""
    h, w = prior.grid
    kernel, mask = prior.kernel()[0].detach(), prior()[0].detach()
    figure, (first, whole, cut, rows) = panel_row(4)
    row, limit = query[0] * w + query[1], float(kernel.abs().max()) or 1.0
    # one unit per token, also where the grid is not square
    first.imshow(pixels.permute(1, 2, 0).numpy(), extent=(-0.5, w - 0.5, h - 0.5, -0.5))
    first.set(title="the query", xticks=[], yticks=[])
    frame(first, query)
    heat(whole, kernel, limit, "the kernel and its window")
    outline(whole, h - 1 - query[0], w - 1 - query[1], h, w, "black")
    heat(cut, mask[row].view(h, w), limit, "cut out")
    frame(cut, query)
    heat(rows, mask, limit, "the mask and its row")
    outline(rows, row, 0, 1, h * w, "black", 1)
    return figure


def decay(grid: Grid = (8, 8), heads: int = 4, score: float = 6.0) -> Explorer:
    """Sliders for a decay with distance: the remaining weight, and full next to decomposed attention.

    grid: (h, w), at least 2 x 2; heads: H, whose rates are RMT's or ALiBi's; score: of the query with the key, where
    all other scores are 0.
    """
    h, w = check_grid(grid)
    check_count("heads", heads)
    if min(h, w) < 2:
        raise ValueError(f"grid is {grid!r}, but a path around a corner needs at least two rows and two columns")
    query, key = (h // 5, w // 5), (3 * h // 4, 3 * w // 4)
    state = {
        "grid": [h, w],
        "kind": "manhattan",
        "heads": heads,
        "head": 0,
        "gamma": round(float(manhattan_gamma(heads)[0]), 6),
        "score": score,
        "query": list(query),
        "key": list(key),
    }
    alt = (
        "Four panels: a grid with a path from the key along its row to the corner, and along the column to the query; "
        "the decay around the query; full attention, where the key is bright; decomposed, where it is not."
    )
    return Explorer("decay", state, decay_picture(decay_rows((h, w), heads, score, query, key), query, key), alt)


def decay_rows(grid: Grid, heads: int, score: float, query: Place, key: Place) -> dict[str, Tensor]:
    """What the first head's decay leaves of each key for the query, and the query's weights: (h, w) each."""
    h, w = grid
    at, to = (y * w + x for y, x in (query, key))
    gamma = manhattan_gamma(heads)[:1]
    q, k = torch.zeros(2, 1, 1, h * w, 1)
    q[..., at, 0], k[..., to, 0] = score, 1.0
    every = torch.eye(h * w)[None, None]  # as values: what comes out is the matrix itself
    rows = {
        "what the decay leaves": unfold_kernel(ManhattanDecay(grid, heads).kernel()[:1], grid)[0],
        "full attention": manhattan_attention(q, k, every, gamma, grid)[0, 0],
        "decomposed": decomposed_manhattan_attention(q, k, every, gamma, grid)[0, 0],
    }
    return {name: matrix[at].view(h, w) for name, matrix in rows.items()}


@styled
def decay_picture(rows: dict[str, Tensor], query: Place, key: Place) -> Picture:
    """The way round the corner, and the maps of `decay_rows`; both kinds of attention are on one scale."""
    figure, (path, *maps) = panel_row(4)
    draw_path(path, query, key, next(iter(rows.values())).shape)
    top = max(float(rows[name].max()) for name in ("full attention", "decomposed"))
    for ax, (name, values) in zip(maps, rows.items(), strict=True):
        scale = PowerNorm(1, 0, 1) if name.startswith("what") else PowerNorm(0.5, 0, top)
        ax.imshow(values.numpy(), cmap=POSITIVE, norm=scale)
        ax.set(title=name, xticks=[], yticks=[])
        for place in (query, key):
            frame(ax, place)
    return figure


def draw_path(ax: Axes, query: Place, key: Place, shape: Sequence[int]) -> None:
    """Two arrows, from the key along its row to the corner, and from there along the column to the query."""
    corner = (key[0], query[1])
    cells = torch.ones(*shape, 3)
    cells[key[0]], cells[:, query[1]] = 0.85, 0.85
    ax.imshow(cells.numpy())
    ax.set(title="from the key to the query", xticks=[], yticks=[])
    for (y, x), color in ((query, COLORS[0]), (corner, "gray"), (key, COLORS[1])):
        ax.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=color))
    for tail, head in ((key, corner), (corner, query)):
        ax.annotate("", head[::-1], tail[::-1], arrowprops={"arrowstyle": "-|>", "lw": 1.5})


def photo(model: str = "vit", layer: int = 3, head: int = 0) -> Explorer:
    """What a patch of a photo looks at in small models that were trained beforehand, by model, layer and head.

    model: "vit", "elm", "gmm" or "manhattan". The file beside this module says how they were trained, and on what.
    Raises ValueError for a model, layer or head that is not in the files, and for a file that is missing or damaged.
    """
    recorded = checksums(FOLDER)
    photos = [read(FOLDER / name) for name in recorded]
    about, tensors = photos[0]
    chosen = {"model": (model, about["models"]), "layer": (layer, range(about["layers"]))}
    for name, (value, known) in {**chosen, "head": (head, range(about["heads"]))}.items():
        check_one_of(name, value, known)
    query = (3, 4)
    state = {
        "model": model,
        "photo": 0,
        "photos": [each["label"] for each, _ in photos],
        "sha256": list(recorded.values()),
        "layer": layer,
        "layers": about["layers"],
        "head": head,
        "heads": about["heads"],
        "query": list(query),
    }
    h, w = about["grid"]
    weights = layer_weights(about, tensors, model, layer)[head, query[0] * w + query[1]].view(h, w)
    alt = (
        f"Three panels: a photo of a {about['label']} with one patch framed, the query; the same photo, each patch as "
        "bright as the weight that the query gives it in one head of a small trained model; these weights as a map."
    )
    return Explorer("photo", state, photo_picture(about["pixels"] / 255, weights, query), alt, tuple(recorded))


@styled
def photo_picture(pixels: Tensor, weights: Tensor, query: Place) -> Picture:
    """A photo, (S, S, 3) from 0 to 1, the same photo lit by the weights (h, w) of the query, and the weights."""
    figure, (first, lit, map_) = panel_row(3)
    patch = len(pixels) // len(weights)
    first.imshow(pixels.numpy())
    lit.imshow(lit_by(weights, pixels).numpy())
    map_.imshow(weights.numpy(), cmap=POSITIVE, norm=PowerNorm(0.5, 0, float(weights.max())))
    titles = ("the query", "what it looks at", "its weights")
    for ax, title, size in zip((first, lit, map_), titles, (patch, patch, 1), strict=True):
        ax.set(title=title, xticks=[], yticks=[])
        frame(ax, query, size)
    return figure


def lit_by(weights: Tensor, pixels: Tensor) -> Tensor:
    """A photo, (S, S, 3) from 0 to 1, with each patch as bright as its weight (h, w)."""
    patch = len(pixels) // len(weights)
    light = 0.1 + 0.9 * (weights / weights.max()).sqrt()
    return pixels * light.repeat_interleave(patch, 0).repeat_interleave(patch, 1)[..., None]
