"""The family of priors in pictures: the weights of all patches as one patch sees them, for landing page and README."""

from pathlib import Path
from tempfile import TemporaryDirectory

import matplotlib
import torch
from matplotlib.figure import Figure
from PIL import Image, ImageDraw
from torch import Tensor

from gmm_tutorial.decay import causal_decay
from gmm_tutorial.figures.base import POSITIVE, SIGNED
from gmm_tutorial.priors import ALiBi2d, GaussianMixtureMask, ManhattanDecay
from gmm_tutorial.runs import read_kept

README_PICTURE = Path(__file__).parent / "pages" / "static" / "priors.png"
GRID, QUERY = (16, 16), (6, 9)
SIDE = 384  # pixels of an image, which is shown at about half of that


def family() -> dict[str, tuple[Tensor, tuple[int, int], bool]]:
    """What the query's row of each prior holds, as a map (h, w); where the query is; whether it has two signs."""
    place = QUERY[0] * GRID[1] + QUERY[1]
    mixture = GaussianMixtureMask(GRID, heads=1, kernels=2)
    # the example of its authors, and twice as wide: dark at home, bright nearby, fading
    mixture.load_state_dict({"alpha": torch.tensor([[0.6], [-0.8]]), "sigma": torch.tensor([[4.0], [0.6]])})
    rows = {
        "none": torch.ones(GRID),
        "gmm": mixture()[0, place].detach().view(GRID),
        "alibi": ALiBi2d(GRID, heads=4)()[0, place].view(GRID),
        "retention": causal_decay(torch.tensor([0.97]), GRID[0] * GRID[1])[0, place].view(GRID),
        "manhattan": ManhattanDecay(GRID, heads=4)()[1, place].view(GRID),
    }
    masks = next(iter(read_kept("lessons", "ELM-ViT, from 0").values()))  # those that lesson 02 looks at: 8 x 8 patches
    learned = masks["blocks.0.attn.prior.mask"][0, 3 * 8 + 4].view(8, 8)
    made = {name: (row, QUERY, name == "gmm") for name, row in rows.items()}
    return {**made, "elm": (learned - learned.mean(), (3, 4), True)}


def write_family(folder: Path) -> None:
    """Draw the family: one PNG of SIDE x SIDE pixels per prior, the query in a frame."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, (row, query, signed) in family().items():
        limit = float(row.abs().max())
        scaled = (row / limit + 1) / 2 if signed else row / limit
        colors = matplotlib.colormaps[SIGNED if signed else POSITIVE](scaled.numpy(), bytes=True)[..., :3]
        cell = SIDE // row.shape[0]
        picture = Image.fromarray(colors).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        top, left = query[0] * cell, query[1] * cell
        pen = ImageDraw.Draw(picture)
        pen.rectangle((left - 3, top - 3, left + cell + 2, top + cell + 2), outline="black", width=3)
        pen.rectangle((left, top, left + cell - 1, top + cell - 1), outline="white", width=3)
        picture.save(folder / f"{name}.png", optimize=True)


def draw_row(path: Path, folder: Path) -> None:
    """Draw the family as one row with names, from the pictures in a folder."""
    names = {
        "none": "no prior",
        "elm": "ELM",
        "gmm": "GMM",
        "alibi": "ALiBi",
        "retention": "retention",
        "manhattan": "Manhattan",
    }
    figure = Figure(figsize=(9, 1.8), layout="constrained")
    for ax, (name, title) in zip(figure.subplots(1, len(names)), names.items(), strict=True):
        ax.imshow(Image.open(folder / f"{name}.png"))
        ax.set_title(title, fontsize=11)
        ax.set_axis_off()
    figure.savefig(path, dpi=220)


if __name__ == "__main__":
    with TemporaryDirectory() as folder:
        write_family(Path(folder))
        draw_row(README_PICTURE, Path(folder))
    print(f"drawn: {README_PICTURE}")
