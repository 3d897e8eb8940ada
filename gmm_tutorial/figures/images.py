"""Pictures of images: samples of a data set, the tokens of one photo, and squares of four patches in it."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from torch import Tensor

from gmm_tutorial.data import Images
from gmm_tutorial.figures.base import bare, image, panels, styled
from gmm_tutorial.figures.parts import outline
from gmm_tutorial.grid import Grid, coordinates


@styled
def samples(images: Images, each: int = 3, columns: int | None = None) -> Figure:
    """Draw the first `each` images of every class, in rows of `columns` classes (by default one row of all classes)."""
    columns = columns or len(images.classes)
    blocks = -(-len(images.classes) // columns)  # rows of classes
    figure, axes = panels(each * columns * blocks, columns=columns, size=9 / columns)
    for label, name in enumerate(images.classes):
        chosen = images.images[images.labels == label][:each]
        block, column = divmod(label, columns)
        for row, pixels in enumerate(chosen):
            ax = axes[(each * block + row) * columns + column]
            image(ax, pixels)
            if row == 0:
                ax.set_title("\n".join(name.split(" ", 1)) if columns > 5 else name, fontsize=7 if columns > 5 else 9)
    return figure


@styled
def numbered_tokens(pixels: Tensor, grid: Grid) -> Figure:
    """Draw (3, S, S) bytes, cut along a token grid, beside the same grid with the number of each token."""
    figure, (photo, numbers) = panels(2, size=3.2)
    image(photo, pixels, grid)
    count = grid[0] * grid[1]
    photo.set_title(f"{pixels.shape[-2]} x {pixels.shape[-1]} pixels, cut into {count} patches")
    numbers.imshow(pixels.new_ones(grid).cpu(), cmap="Greys", vmin=0, vmax=8)
    for number, (y, x) in enumerate(coordinates(grid).tolist()):
        numbers.text(x, y, str(number), ha="center", va="center", fontsize=8)
    bare(numbers, title="one token per patch, in raster order")
    return figure


@styled
def framed_squares(pixels: Tensor, grid: Grid, squares: Mapping[str, tuple[int, int]]) -> Figure:
    """Draw one large image with the lines of its token grid, and frames around named squares of 2 x 2 patches.

    squares: name -> row and column of the square's top left patch.
    """
    figure, (ax,) = panels(1, size=4.2)
    image(ax, pixels, grid)
    height, width = pixels.shape[-2] / grid[0], pixels.shape[-1] / grid[1]
    for name, (y, x) in squares.items():
        outline(ax, y * height, x * width, 2 * height, 2 * width, "white", 3.0)
        beside: dict[str, Any] = {"color": "white", "fontsize": 11, "ha": "right", "va": "center", "weight": "bold"}
        edge = [withStroke(linewidth=2.5, foreground="black")]
        ax.text(x * width - 1, (y + 1) * height, name, path_effects=edge, **beside)
    ax.set_title("the frames mark the two squares of four")
    return figure
