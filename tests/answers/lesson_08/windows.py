"""Answers to 08.windows."""

import torch
from einops import rearrange
from verdicts import right, wrong


@right
def by_views(x, side, inside):
    b, h, w, c = x.shape
    cut = x.view(b, h // side, side, w // side, side, c).permute(0, 1, 3, 2, 4, 5)
    out = inside(cut.reshape(-1, side * side, c))
    out = out.view(b, h // side, w // side, side, side, c).permute(0, 1, 3, 2, 4, 5)
    return out.reshape(b, h, w, c)


@right
def by_slices(x, side, inside):
    b, h, w, c = x.shape
    places = [(i, j) for i in range(0, h, side) for j in range(0, w, side)]
    cut = torch.stack([x[:, i : i + side, j : j + side].reshape(b, -1, c) for i, j in places], dim=1)
    out = inside(cut.flatten(0, 1)).unflatten(0, (b, len(places)))
    rows = []
    for i in range(h // side):
        row = [out[:, i * (w // side) + j].unflatten(1, (side, side)) for j in range(w // side)]
        rows.append(torch.cat(row, dim=2))
    return torch.cat(rows, dim=1)


@right
def in_double(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", **sizes)
    return rearrange(inside(cut), "(B i j) (p q) C -> B (i p) (j q) C", **sizes).double()


@wrong("You cut the tokens in raster order into pieces, so a piece is part of a row")
def plain_reshape(x, side, inside):
    return inside(x.reshape(-1, side * side, x.shape[-1])).reshape(x.shape)


@wrong("Your windows collect tokens that lie far apart")
def strided_windows(x, side, inside):
    cut = rearrange(x, "B (p i) (q j) C -> (B i j) (p q) C", p=side, q=side)
    return rearrange(
        inside(cut), "(B i j) (p q) C -> B (p i) (q j) C", p=side, q=side, i=x.shape[1] // side, j=x.shape[2] // side
    )


@wrong("You cut the windows but do not put them back")
def not_put_back(x, side, inside):
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", p=side, q=side)
    return inside(cut).reshape(x.shape)


@wrong("Your windows are counted column by column; count them row by row, as the tokens are")
def windows_by_columns(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B j i) (p q) C", **sizes)
    return rearrange(inside(cut), "(B j i) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("The tokens inside your windows are read column by column; raster order reads row by row")
def tokens_by_columns(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (q p) C", **sizes)
    return rearrange(inside(cut), "(B i j) (q p) C -> B (i p) (j q) C", **sizes)


@wrong("Your first axis counts the images inside of the windows")
def image_inside(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (i j B) (p q) C", **sizes)
    return rearrange(inside(cut), "(i j B) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("You put the windows back as they were")
def inside_forgotten(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", **sizes)
    return rearrange(cut, "(B i j) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("Each value is too large by the value of `x` at its place")
def residual_added(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", **sizes)
    return x + rearrange(inside(cut), "(B i j) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("raised RuntimeError")
def whole_image(x, side, inside):
    return inside(x.flatten(1, 2)).view(x.shape)


@wrong("raised RuntimeError")
def windows_not_flattened(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> B (i j) (p q) C", **sizes)
    return rearrange(inside(cut), "B (i j) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("raised EinopsError")
def grid_from_one_axis(x, side, inside):
    n = x.shape[1] // side
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", p=side, q=side)
    return rearrange(inside(cut), "(B i j) (p q) C -> B (i p) (j q) C", i=n, j=n, p=side, q=side)


@wrong("raised RuntimeError")
def number_of_windows_for_side(x, side, inside):
    sizes = {"i": side, "j": side, "p": x.shape[1] // side, "q": x.shape[2] // side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", **sizes)
    return rearrange(inside(cut), "(B i j) (p q) C -> B (i p) (j q) C", **sizes)


@wrong("You return the windows, (B n, side * side, C): put them back together to (B, h, w, C)")
def not_cut_back(x, side, inside):
    return inside(rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", p=side, q=side))


@wrong("You cut the windows correctly, but when you put them back, rows and columns inside each window are e")
def put_back_transposed(x, side, inside):
    sizes = {"i": x.shape[1] // side, "j": x.shape[2] // side, "p": side, "q": side}
    cut = rearrange(x, "B (i p) (j q) C -> (B i j) (p q) C", **sizes)
    return rearrange(inside(cut), "(B i j) (q p) C -> B (i p) (j q) C", **sizes)
