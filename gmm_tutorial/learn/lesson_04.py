"""Checks of lesson 04: a mask as a convolution, how much of a matrix is one, a torus, separability, fields of view."""

from typing import Any

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor

from gmm_tutorial.analysis.maps import by_distance, by_offset
from gmm_tutorial.grid import Grid, distances, unfold_kernel
from gmm_tutorial.learn.exercise import Exercise

# ---- 04.convolve: mask @ v without the mask


def convolve(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """kernel (2h-1, 2w-1), v (N, D) -> (N, D): what the unfolded kernel times v gives."""
    return unfold_kernel(kernel[None], grid)[0] @ v


def convolve_cases() -> list[dict[str, Any]]:
    """A row of tokens with whole numbers, then channels, then rectangles."""
    row = {
        "kernel": torch.tensor([[1.0, 2.0, 3.0, 4.0, 5.0]]),
        "v": torch.tensor([[1.0], [0.0], [2.0]]),
        "grid": (1, 3),
    }
    sizes: list[tuple[Grid, int]] = [((2, 2), 2), ((2, 3), 1), ((4, 3), 3), ((5, 5), 2)]
    return [row] + [
        {"kernel": torch.randn(2 * h - 1, 2 * w - 1), "v": torch.randn(h * w, d), "grid": (h, w)} for (h, w), d in sizes
    ]


def slide(kernel: Tensor, maps: Tensor, padding: tuple[int, int]) -> Tensor:
    """kernel (a, b), maps (D, h, w) -> (D, ...): each map by itself."""
    return F.conv2d(maps[:, None], kernel[None, None], padding=padding)[:, 0]


as_convolution = Exercise(
    "04.convolve",
    convolve,
    convolve_cases,
    unit="grids",
    hints=(
        "conv2d wants pictures: fold the N tokens of v back onto the grid, one picture a channel, (D, 1, h, w).",
        "The kernel becomes (1, 1, 2h-1, 2w-1). Its middle has to reach every token, so h-1 rows of zeros are needed "
        "above and below, and w-1 columns left and right. That is what padding is for.",
        "Transpose v before you fold it, or channels and places get mixed; after conv2d go the same way back.",
    ),
)


@as_convolution.mistake
def flipped(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is turned by 180 degrees: conv2d, like our mask, takes the offset key - query as it is."""
    return convolve(kernel.flip(0, 1), v, grid)


@as_convolution.mistake
def channels_scrambled(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold (N, D) as if it were (D, N): transpose v first, then fold, and the same on the way back."""
    maps = v.reshape(v.shape[1], *grid)
    return slide(kernel, maps, (grid[0] - 1, grid[1] - 1)).reshape(v.shape)


@as_convolution.mistake
def not_transposed_before(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You come out right, but go in wrong: v is (N, D), tokens first, so transpose it before you fold it."""
    maps = v.reshape(v.shape[1], *grid)
    return slide(kernel, maps, (grid[0] - 1, grid[1] - 1)).flatten(1).T


@as_convolution.mistake
def not_transposed_back(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You go in right, but come out wrong: conv2d gives (D, 1, h, w), which flattens to (D, N). Transpose it."""
    return convolve(kernel, v, grid).T.reshape(v.shape)


@as_convolution.mistake
def shape_not_undone(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You return (D, N), channels first: tokens come first, (N, D)."""
    return convolve(kernel, v, grid).T


@as_convolution.mistake
def by_columns(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold the tokens column by column: raster order fills the rows of the grid first."""
    h, w = grid
    maps = slide(kernel, rearrange(v, "(w h) D -> D h w", h=h), (h - 1, w - 1))
    return rearrange(maps, "D h w -> (w h) D")


@as_convolution.mistake
def around_the_border(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You pad in circles: outside of the picture there are zeros, not the other end of it."""
    h, w = grid
    maps = rearrange(v, "(h w) D -> D 1 h w", h=h)
    return slide(kernel, F.pad(maps, (w - 1, w - 1, h - 1, h - 1), mode="circular")[:, 0], (0, 0)).flatten(1).T


@as_convolution.mistake
def channels_added(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You add up the channels: each column of v is convolved by itself, as a picture of its own in the batch."""
    return convolve(kernel, v.sum(1, keepdim=True), grid)


@as_convolution.mistake
def too_few_zeros(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Too few zeros: the kernel's middle is its entry (h-1, w-1), so it needs h-1 rows and w-1 columns on each side."""
    h, w = grid
    return slide(kernel, rearrange(v, "(h w) D -> D h w", h=h), (h // 2, w // 2)).flatten(1).T


# ---- 04.offset_share: how much of a matrix is a convolution


def offset_share(matrix: Tensor, grid: Grid) -> Tensor:
    """(H, N, N) -> (H,): the share of each matrix's variance that a function of the offset explains."""
    return explained(matrix, unfold_kernel(by_offset(matrix, grid), grid))


def explained(matrix: Tensor, fit: Tensor) -> Tensor:
    """(H, N, N) each -> (H,): R squared, a matrix at a time."""
    spread = (matrix - matrix.mean((-2, -1), keepdim=True)).square().sum((-2, -1))
    return 1 - (matrix - fit).square().sum((-2, -1)) / spread


def offset_share_cases() -> list[dict[str, Any]]:
    """Three tokens in a row, one entry off; then matrices that are partly a convolution, several at a time."""
    small = torch.tensor([[[2.0, 1.0, 0.0], [5.0, 2.0, 1.0], [9.0, 5.0, 8.0]]])
    made = [{"matrix": small, "grid": (1, 3)}]
    for heads, (h, w) in ((1, (2, 2)), (2, (2, 3)), (3, (4, 3))):
        mask = unfold_kernel(torch.randn(heads, 2 * h - 1, 2 * w - 1) + 1, (h, w))
        made.append({"matrix": mask + 0.5 * torch.randn(mask.shape), "grid": (h, w)})
    return made


share_of_offset = Exercise(
    "04.offset_share",
    offset_share,
    offset_share_cases,
    unit="stacks of matrices",
    hints=(
        "It is the R squared of lesson 03. What is the fit?",
        "The nearest matrix that depends on the offset alone has, at each offset, the mean over all pairs with this "
        "offset. analysis.by_offset gives those means as a kernel, and unfold_kernel makes a matrix of it.",
        "One minus the squared error of that fit over the squared spread around the mean, each summed over the last "
        "two axes only, so that every head keeps its own number.",
    ),
)


@share_of_offset.mistake
def unexplained(matrix: Tensor, grid: Grid) -> Tensor:
    """That is the share that the offset does *not* explain: a true convolution would get 0."""
    return 1 - offset_share(matrix, grid)


@share_of_offset.mistake
def not_centred(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide by the sum of all squares: take the mean off first, or a flat matrix counts as explained."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().sum((-2, -1)) / matrix.square().sum((-2, -1))


@share_of_offset.mistake
def one_less_below(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide a mean over all pairs by torch's var, which divides by one less: set correction=0, or use sums."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().mean((-2, -1)) / matrix.var((-2, -1))


@share_of_offset.mistake
def correlation(matrix: Tensor, grid: Grid) -> Tensor:
    """That is the correlation of the matrix with its fit. The share of the variance is its square."""
    return offset_share(matrix, grid).sqrt()


@share_of_offset.mistake
def by_distance_instead(matrix: Tensor, grid: Grid) -> Tensor:
    """You fit a function of the distance: a convolution may tell left from right, so take the offset."""
    radii, means = by_distance(matrix, grid)
    return explained(matrix, means[:, torch.searchsorted(radii, distances(grid))])


@share_of_offset.mistake
def as_a_row(matrix: Tensor, grid: Grid) -> Tensor:
    """You average along the whole diagonals, as if all tokens stood in one row: tokens have an offset in y and in x."""
    row = (1, grid[0] * grid[1])
    return explained(matrix, unfold_kernel(by_offset(matrix, row), row))


@share_of_offset.mistake
def kernel_unweighted(matrix: Tensor, grid: Grid) -> Tensor:
    """You compare the spread of the kernel with that of the matrix: unfold it first, offsets have unlike many pairs."""
    return by_offset(matrix, grid).var((-2, -1), correction=0) / matrix.var((-2, -1), correction=0)


@share_of_offset.mistake
def kernel_unweighted_one_less(matrix: Tensor, grid: Grid) -> Tensor:
    """You divide the kernel's var by the matrix's: unfold the kernel first, so that every pair counts once."""
    return by_offset(matrix, grid).var((-2, -1)) / matrix.var((-2, -1))


@share_of_offset.mistake
def one_mean_for_all(matrix: Tensor, grid: Grid) -> Tensor:
    """You take off one mean for all matrices: each has a mean of its own, over its last two axes."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return 1 - rest.square().sum((-2, -1)) / (matrix - matrix.mean()).square().sum((-2, -1))


@share_of_offset.mistake
def heads_together(matrix: Tensor, grid: Grid) -> Tensor:
    """You sum over the heads as well: each has a share of its own, (H,)."""
    rest = matrix - unfold_kernel(by_offset(matrix, grid), grid)
    return (1 - rest.square().sum() / (matrix - matrix.mean()).square().sum()).expand(len(matrix))


# ---- 04.by_fft: on a torus a convolution is a product of spectra


def by_fft(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """kernel (h, w), v (N, D) -> (N, D): out[a] is the sum over b of kernel[(b - a) mod (h, w)] v[b]."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(maps)
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


def by_fft_cases() -> list[dict[str, Any]]:
    """A ring of three tokens with whole numbers, then rectangles."""
    ring = {"kernel": torch.tensor([[1.0, 2.0, 0.0]]), "v": torch.tensor([[1.0], [0.0], [5.0]]), "grid": (1, 3)}
    sizes: list[tuple[Grid, int]] = [((2, 3), 1), ((3, 4), 2), ((5, 3), 3)]
    return [ring] + [{"kernel": torch.randn(g), "v": torch.randn(g[0] * g[1], d), "grid": g} for g, d in sizes]


on_a_torus = Exercise(
    "04.by_fft",
    by_fft,
    by_fft_cases,
    unit="tori",
    hints=(
        "Fold v onto the grid, one picture a channel. Then: transform both, multiply, transform back. torch.fft.fft2 "
        "works on the last two axes.",
        "The plain product of two spectra adds up kernel[a - b] v[b]. We want kernel[b - a]: one of the two spectra "
        "is conjugated. Which one? Move v by one step: the result has to move the same way.",
        "It is the kernel's spectrum. After the way back, ifft2, nothing imaginary is left but rounding: keep .real.",
    ),
)


@on_a_torus.mistake
def not_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your kernel is mirrored: the plain product of spectra is the offset query - key. Conjugate the kernel's."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps)).real, "D h w -> (h w) D")


@on_a_torus.mistake
def wrong_one_conjugated(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your picture is mirrored: you conjugate the spectrum of v. It is the kernel's that is conjugated."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft2(torch.fft.fft2(kernel) * torch.fft.fft2(maps).conj()).real, "D h w -> (h w) D")


@on_a_torus.mistake
def flipped_instead(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """Your result is one step off: a flip turns the kernel around, but moves offset 0 to the end. Conjugate instead."""
    return not_conjugated(kernel.flip(0, 1), v, grid)


@on_a_torus.mistake
def forward_twice(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You never come back: the last transform is the inverse one, ifft2."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(maps)
    return rearrange(torch.fft.fft2(spectrum).real, "D h w -> (h w) D")


@on_a_torus.mistake
def absolute_value(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You take the absolute value at the end, and lose the sign: take the real part."""
    return by_fft(kernel, v, grid).abs()


@on_a_torus.mistake
def one_axis_only(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform along x only, so rows of the picture never meet: use both axes."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    return rearrange(torch.fft.ifft(torch.fft.fft(kernel).conj() * torch.fft.fft(maps)).real, "D h w -> (h w) D")


@on_a_torus.mistake
def channels_transformed(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You transform the axis of the channels as well: only the two axes of the grid are places."""
    maps = rearrange(v, "(h w) D -> D h w", h=grid[0])
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fftn(maps)
    return rearrange(torch.fft.ifft2(spectrum).real, "D h w -> (h w) D")


@on_a_torus.mistake
def torus_by_columns(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold the tokens column by column: raster order fills the rows of the grid first."""
    h, w = grid
    rows = by_fft(kernel, rearrange(v, "(w h) D -> (h w) D", h=h), grid)
    return rearrange(rows, "(h w) D -> (w h) D", h=h)


@on_a_torus.mistake
def channels_last(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """fft2 takes the last two axes, columns and channels of (h, w, D): put channels in front, or say dim=(0, 1)."""
    maps = v.view(*grid, -1)
    spectrum = torch.fft.fft2(kernel).conj()[..., None] * torch.fft.fft2(maps)
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@on_a_torus.mistake
def torus_scrambled(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You fold (N, D) as if it were (D, N): transpose v first, then fold, and the same on the way back."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.reshape(v.shape)


@on_a_torus.mistake
def torus_not_transposed_before(kernel: Tensor, v: Tensor, grid: Grid) -> Tensor:
    """You come out right, but go in wrong: v is (N, D), tokens first, so transpose it before you fold it."""
    spectrum = torch.fft.fft2(kernel).conj() * torch.fft.fft2(v.view(-1, *grid))
    return torch.fft.ifft2(spectrum).real.flatten(1).T


# ---- 04.rearranged: a Kronecker product becomes an outer product


def rearranged(mask: Tensor, grid: Grid) -> Tensor:
    """(N, N) -> (h h, w w): row (y, y'), column (x, x') holds mask[(y, x), (y', x')]."""
    return rearrange(mask, "(y x) (v u) -> (y v) (x u)", y=grid[0], v=grid[0])


def rearranged_cases() -> list[dict[str, Any]]:
    """Each entry once, as a whole number, so that one sees where it went; most grids are not square."""
    numbered = [{"mask": torch.arange((h * w) ** 2.0).view(h * w, h * w), "grid": (h, w)} for h, w in ((2, 1), (2, 2))]
    return numbered + [{"mask": torch.randn(h * w, h * w), "grid": (h, w)} for h, w in ((2, 3), (4, 3))]


van_loan = Exercise(
    "04.rearranged",
    rearranged,
    rearranged_cases,
    unit="masks",
    hints=(
        "Give the mask four axes first: the query's row and column, the key's row and column.",
        "Both rows shall come first, then both columns: which of the four axes has to move?",
        "The two in the middle change places. Then join the first two axes, and the last two.",
    ),
)


@van_loan.mistake
def only_reshaped(mask: Tensor, grid: Grid) -> Tensor:
    """You only reshape, which moves nothing: the axes have to change places before they are joined."""
    return mask.reshape(grid[0] ** 2, grid[1] ** 2)


@van_loan.mistake
def columns_first(mask: Tensor, grid: Grid) -> Tensor:
    """Yours is transposed: the pair of rows (y, y') belongs in front, the pair of columns behind."""
    return rearranged(mask, grid).T


@van_loan.mistake
def row_with_column(mask: Tensor, grid: Grid) -> Tensor:
    """You pair the query's row with the key's column: row belongs to row, and column to column."""
    return rearrange(mask, "(y x) (v u) -> (y u) (x v)", y=grid[0], v=grid[0])


@van_loan.mistake
def pair_turned(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs of columns the key comes first, in your pairs of rows the query: query first in both."""
    return rearrange(mask, "(y x) (v u) -> (y v) (u x)", y=grid[0], v=grid[0])


@van_loan.mistake
def key_first(mask: Tensor, grid: Grid) -> Tensor:
    """In your pairs the key comes before the query: (y, y') is the query's row, then the key's."""
    return rearranged(mask.T, grid)


@van_loan.mistake
def tokens_by_columns(mask: Tensor, grid: Grid) -> Tensor:
    """You split a token's number as x h + y: in raster order it is y w + x."""
    return rearrange(mask, "(x y) (u v) -> (y v) (x u)", y=grid[0], v=grid[0])


# ---- 04.field_size: how far a stack of convolutions can see


def field_size(layers: list[tuple[int, int]]) -> int:
    """layers: (size, stride) of each, the first one first -> the side of what one output sees, in pixels."""
    side, jump = 1, 1
    for size, stride in layers:
        side += (size - 1) * jump
        jump *= stride
    return side


def field_size_cases() -> list[dict[str, Any]]:
    """One layer, two, then strides, then sizes that differ."""
    stacks = (
        [(3, 1)],
        [(3, 1), (3, 1)],
        [(3, 2), (3, 1)],
        [(3, 2), (3, 2), (3, 1), (3, 1)],
        [(7, 2), (3, 2), (1, 1), (5, 1)],
        [(4, 4), (3, 1), (2, 2)],
    )
    return [{"layers": stack} for stack in stacks]


theoretical_field = Exercise(
    "04.field_size",
    field_size,
    field_size_cases,
    unit="networks",
    hints=(
        "Without strides: each layer adds its size minus 1. Two layers of size 3 see 5 pixels.",
        "After a stride of 2, neighbours in the map lie 2 pixels apart, so each further step of a kernel adds 2.",
        "Keep two numbers: the side so far, and how many pixels apart neighbours are. A layer adds its size minus 1, "
        "times that distance; only then does its own stride multiply the distance.",
    ),
)


@theoretical_field.mistake
def strides_ignored(layers: list[tuple[int, int]]) -> int:
    """You leave out the strides: after a stride of 2, a step in the map is 2 pixels."""
    return 1 + sum(size - 1 for size, _ in layers)


@theoretical_field.mistake
def sizes_added(layers: list[tuple[int, int]]) -> int:
    """You add the sizes: the middle of each kernel is already counted, so a layer adds its size minus 1."""
    side, jump = 0, 1
    for size, stride in layers:
        side, jump = side + size * jump, jump * stride
    return side


@theoretical_field.mistake
def own_stride_counted(layers: list[tuple[int, int]]) -> int:
    """You count a layer's own stride for itself: only the strides *before* it move its inputs apart."""
    side, jump = 1, 1
    for size, stride in layers:
        jump *= stride
        side += (size - 1) * jump
    return side


@theoretical_field.mistake
def last_layer_first(layers: list[tuple[int, int]]) -> int:
    """You stretch what is seen so far by a layer's stride. That is a way, but one that starts at the last layer."""
    side = 1
    for size, stride in layers:
        side = (side - 1) * stride + size
    return side


@theoretical_field.mistake
def side_multiplied(layers: list[tuple[int, int]]) -> int:
    """You multiply the side by the stride. What is seen already stays; a stride moves neighbours apart for later."""
    side = 1
    for size, stride in layers:
        side = side * stride + size - 1
    return side


@theoretical_field.mistake
def strides_added(layers: list[tuple[int, int]]) -> int:
    """Your strides add up: two layers of stride 2 leave neighbours 2 x 2 = 4 pixels apart."""
    side, jump = 1, 1
    for size, stride in layers:
        side, jump = side + (size - 1) * jump, jump + stride - 1
    return side


EXERCISES = (as_convolution, share_of_offset, on_a_torus, van_loan, theoretical_field)
