"""Pictures of images: samples of a data set, and the tokens of one photo."""

from matplotlib.figure import Figure
from torch import Tensor

from gmm_tutorial.data import Images
from gmm_tutorial.figures.base import bare, image, panels, styled
from gmm_tutorial.grid import Grid, coordinates


@styled
def samples(images: Images, each: int = 3) -> Figure:
    """Draw the first images of every class, a column a class, `each` of them."""
    figure, axes = panels(each * len(images.classes), columns=len(images.classes), size=0.9)
    for label, name in enumerate(images.classes):
        chosen = images.images[images.labels == label][:each]
        for row, pixels in enumerate(chosen):
            ax = axes[row * len(images.classes) + label]
            image(ax, pixels)
            if row == 0:
                ax.set_title("\n".join(name.split(" ", 1)), fontsize=7)
    return figure


@styled
def numbered_tokens(pixels: Tensor, grid: Grid) -> Figure:
    """Draw (3, S, S) bytes, cut along a token grid, beside the same grid with the number of each token."""
    figure, (photo, numbers) = panels(2, size=3.2)
    image(photo, pixels, grid)
    photo.set_title(f"an image of {pixels.shape[-2]} x {pixels.shape[-1]} pixels, {grid[0]} x {grid[1]} patches")
    numbers.imshow(pixels.new_ones(grid).cpu(), cmap="Greys", vmin=0, vmax=8)
    for number, (y, x) in enumerate(coordinates(grid).tolist()):
        numbers.text(x, y, str(number), ha="center", va="center", fontsize=8)
    bare(numbers, title="one token a patch, in raster order")
    return figure
