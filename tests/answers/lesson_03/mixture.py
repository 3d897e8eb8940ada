"""Answers to 03.mixture."""

import torch
from einops import einsum
from verdicts import right, wrong

from gmm_tutorial.grid import kernel_offsets


@wrong("Your Gaussians have the wrong width")
def no_square_of_sigma(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] + 1e-5)))).sum(0)


@wrong("You divide by 2 only and multiply by sigma squared")
def brackets_missing(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / 2 * (sigma[:, :, None, None] ** 2 + 1e-5))).sum(0)


@wrong("Your Gaussians are too narrow by a factor of sqrt(2)")
def no_two(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (sigma[:, :, None, None] ** 2 + 1e-5))).sum(0)


@wrong("Your Gaussians grow with distance")
def no_minus(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("Your kernel has a sharp peak instead of a bell")
def distance_not_squared(alpha, sigma, grid):
    d = kernel_offsets(grid).square().sum(-1).sqrt()
    return (alpha[:, :, None, None] * torch.exp(-d / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("You square |dy| + |dx|. The squared Euclidean distance is dy squared")
def city_blocks(alpha, sigma, grid):
    d2 = kernel_offsets(grid).abs().sum(-1) ** 2
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("You add up over the heads")
def sum_over_heads(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(1)


@wrong("You take the mean of the K Gaussians")
def mean_over_gaussians(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).mean(0)


@wrong("You scale each Gaussian so that it adds up to 1")
def normalized_like_a_density(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    gauss = torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))
    return (alpha[:, :, None, None] * gauss / gauss.sum((-2, -1), keepdim=True)).sum(0)


@wrong("You use the first Gaussian only")
def first_gaussian_only(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return alpha[0][:, None, None] * torch.exp(-d2 / (2 * (sigma[0][:, None, None] ** 2 + 1e-5)))


@wrong("Your alpha is inside the exponential")
def alpha_inside_the_exponent(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return torch.exp(-alpha[:, :, None, None] * d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5))).sum(0)


@wrong("Your kernel is NaN where sigma is 0")
def no_epsilon(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * sigma[:, :, None, None] ** 2))).sum(0)


@wrong("Your Gaussians are centered one row and one column too late")
def middle_at_h(alpha, sigma, grid):
    h, w = grid
    y, x = torch.arange(2 * h - 1) - h, torch.arange(2 * w - 1) - w
    d2 = y[:, None] ** 2 + x[None] ** 2
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("centered at the kernel's corner [0, 0]")
def middle_in_the_corner(alpha, sigma, grid):
    h, w = grid
    d2 = torch.arange(2 * h - 1)[:, None] ** 2 + torch.arange(2 * w - 1)[None] ** 2
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("Your kernel has its axes swapped")
def columns_first(alpha, sigma, grid):
    h, w = grid
    d2 = kernel_offsets((w, h)).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("Your Gaussians depend on dy alone")
def rows_only(alpha, sigma, grid):
    d2 = kernel_offsets(grid)[..., 0] ** 2
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("This is what comes out when `alpha` and `sigma` change places")
def alpha_and_sigma_swapped(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (sigma[:, :, None, None] * torch.exp(-d2 / (2 * (alpha[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("no gradient comes back")
def detached_parameters(alpha, sigma, grid):
    alpha, sigma = torch.tensor(alpha.tolist()), torch.tensor(sigma.tolist())
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@wrong("Your result has the expected axes in another order")
def heads_last(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)[:, :, None, None]
    return (alpha * torch.exp(-d2 / (2 * (sigma**2 + 1e-5)))).sum(-2)


@wrong("You multiply the K Gaussians")
def a_product_of_gaussians(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).prod(0)


@wrong("You compute one weight per pair of tokens")
def mask_instead_of_kernel(alpha, sigma, grid):
    h, w = grid
    places = torch.cartesian_prod(torch.arange(h), torch.arange(w))
    d2 = (places[:, None] - places[None]).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@right
def by_loops(alpha, sigma, grid):
    h, w = grid
    heads = []
    for head in range(alpha.shape[1]):
        rows = []
        for dy in range(1 - h, h):
            for dx in range(1 - w, w):
                total = 0
                for k in range(alpha.shape[0]):
                    width = 2 * (sigma[k, head] ** 2 + 1e-5)
                    total = total + alpha[k, head] * torch.exp(-(dy**2 + dx**2) / width)
                rows.append(total)
        heads.append(torch.stack(rows).view(2 * h - 1, 2 * w - 1))
    return torch.stack(heads)


@right
def separable(alpha, sigma, grid):
    h, w = grid
    y, x = torch.arange(1 - h, h) ** 2, torch.arange(1 - w, w) ** 2
    rate = 1 / (2 * (sigma**2 + 1e-5))
    down, across = torch.exp(-y * rate[..., None]), torch.exp(-x * rate[..., None])
    return einsum(alpha, down, across, "k head, k head y, k head x -> head y x")


@right
def in_float64(alpha, sigma, grid):
    d2 = kernel_offsets(grid).double().square().sum(-1)
    return (alpha.double()[:, :, None, None] * torch.exp(-d2 / (2 * (sigma[:, :, None, None] ** 2 + 1e-5)))).sum(0)


@right
def with_linalg_norm(alpha, sigma, grid):
    d = torch.linalg.vector_norm(kernel_offsets(grid).float(), dim=-1)
    return torch.einsum("kh,khyx->hyx", alpha, (-(d**2) / (2 * (sigma**2 + 1e-5)[..., None, None])).exp())


@right  # the two formulas differ by less than float32 shows at any offset of a grid
def epsilon_outside_the_bracket(alpha, sigma, grid):
    d2 = kernel_offsets(grid).square().sum(-1)
    return (alpha[:, :, None, None] * torch.exp(-d2 / (2 * sigma[:, :, None, None] ** 2 + 1e-5))).sum(0)
