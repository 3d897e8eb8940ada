"""Answers to 02.diagonal_score."""

import torch
from verdicts import right, wrong


@right
def by_einsum(mask):
    mean = mask.mean((-2, -1))
    spread = mask.var((-2, -1), correction=0).sqrt()
    return (torch.einsum("...aa->...", mask) / mask.shape[-1] - mean) / spread


@right
def standardized_first(mask):
    flat = mask.double().flatten(-2)
    z = (flat - flat.mean(-1, keepdim=True)) / flat.std(-1, correction=0, keepdim=True)
    return z[..., :: mask.shape[-1] + 1].mean(-1)


@right
def one_mask_after_the_other(mask):
    out = []
    for each in mask.reshape(-1, *mask.shape[-2:]):
        spread = ((each - each.mean()) ** 2).mean() ** 0.5
        out.append((each.trace() / len(each) - each.mean()) / spread)
    return torch.stack(out).reshape(mask.shape[:-2])


@right
def with_the_identity(mask):
    eye = torch.eye(mask.shape[-1], dtype=torch.bool)
    on = mask[..., eye]
    return (on.mean(-1) - mask.mean(dim=(-2, -1))) / mask.std(dim=(-2, -1), unbiased=False)


@wrong("Nearly")
def sample_deviation(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / mask.std((-2, -1))


@wrong("The sign is wrong: a diagonal below the mean must give a negative score")
def other_sign(mask):
    return (mask.mean((-2, -1)) - mask.diagonal(dim1=-2, dim2=-1).mean(-1)) / mask.std((-2, -1), correction=0)


@wrong("Each value is the absolute value of the expected one")
def absolute(mask):
    apart = mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))
    return (apart / mask.std((-2, -1), correction=0)).abs()


@wrong("This is the plain difference")
def not_divided(mask):
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))


@wrong("You divide by the variance")
def variance(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / mask.var((-2, -1), correction=0)


@wrong("You do not subtract the mean of the mask, so that even a constant diagonal in a")
def mean_not_subtracted(mask):
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1) / mask.std((-2, -1), correction=0)


@wrong("You divide only the mask's mean by the standard deviation")
def precedence(mask):
    return mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1)) / mask.std((-2, -1), correction=0)


@wrong("You use the sum of the diagonal, but it must be its mean")
def trace_instead_of_mean(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).sum(-1) - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


@wrong("You subtract the mean of the entries off the diagonal")
def mean_off_the_diagonal(mask):
    n = mask.shape[-1]
    off = mask[..., ~torch.eye(n, dtype=torch.bool)]
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - off.mean(-1)) / mask.std((-2, -1), correction=0)


@wrong("You divide by the standard deviation of the entries off the diagonal")
def deviation_off_the_diagonal(mask):
    off = mask[..., ~torch.eye(mask.shape[-1], dtype=torch.bool)]
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / off.std(-1, correction=0)


@wrong("You divide by the standard deviation of the diagonal")
def deviation_of_the_diagonal(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1)
    return (diagonal.mean(-1) - mask.mean((-2, -1))) / diagonal.std(-1, correction=0)


@wrong("You divide by the standard deviation of the row means")
def deviation_of_the_row_means(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1).mean(-1)
    return (diagonal - mask.mean((-2, -1))) / mask.mean(-1).std(-1, correction=0)


@wrong("You use the mean and the spread of each row")
def row_by_row(mask):
    z = (mask.diagonal(dim1=-2, dim2=-1) - mask.mean(-1)) / mask.std(-1, correction=0)
    return z.mean(-1)


@wrong("You use the mean and the spread of each column")
def column_by_column(mask):
    z = (mask.diagonal(dim1=-2, dim2=-1) - mask.mean(-2)) / mask.std(-2, correction=0)
    return z.mean(-1)


@wrong("It has the shape (), but (3,) is expected")
def whole_stack_at_once(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1).mean()
    return (diagonal - mask.mean()) / mask.std(correction=0)


@wrong("You divide by the spread of the whole stack")
def spread_of_the_whole_stack(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / mask.std(correction=0)


@wrong("You subtract the mean of the whole stack")
def mean_of_the_whole_stack(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean()) / mask.std((-2, -1), correction=0)


@wrong("raised RuntimeError")
def diagonal_of_the_first_axes(mask):
    return (mask.diagonal().mean(-1) - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


@wrong("You read the other diagonal")
def other_diagonal(mask):
    flipped = mask.flip(-1).diagonal(dim1=-2, dim2=-1).mean(-1)
    return (flipped - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


@wrong("Take the mean over the last axis of your result")
def entry_by_entry(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1)
    return (diagonal - mask.mean((-2, -1))[..., None]) / mask.std((-2, -1), correction=0)[..., None]


@wrong("You use the median of the diagonal, but it must be its mean")
def median(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1).median(-1).values
    return (diagonal - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


@wrong("It is too large by")
def one_above_the_diagonal(mask):
    near = mask.diagonal(1, -2, -1).mean(-1)
    return (near - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)


@wrong("It is too large by")
def with_an_epsilon(mask):
    return (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / (mask.std((-2, -1), correction=0) + 0.1)


@wrong("It has the shape (), but (3,) is expected")
def a_python_number(mask):
    return float((mask.diagonal(dim1=-2, dim2=-1).mean() - mask.mean()) / mask.std(correction=0))


@wrong("The numbers are right and in the right order, but the shape is not")
def axes_kept(mask):
    diagonal = mask.diagonal(dim1=-2, dim2=-1).mean(-1)[..., None, None]
    return (diagonal - mask.mean((-2, -1), keepdim=True)) / mask.std((-2, -1), correction=0, keepdim=True)


@wrong("You multiply by the square root of N, as for a standard error")
def standard_error(mask):
    n = mask.shape[-1]
    apart = mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))
    return apart / (mask.std((-2, -1), correction=0) / n**0.5)


@wrong("It is too large by")
def mean_of_the_mask(mask):
    return (mask.mean((-2, -1)) - mask.mean()) / mask.std((-2, -1), correction=0)


@wrong("returned None")
def nothing(mask):
    (mask.diagonal(dim1=-2, dim2=-1).mean(-1) - mask.mean((-2, -1))) / mask.std((-2, -1), correction=0)
