"""Spatial priors: small modules that return one weight for every pair of tokens on a grid.

Each is called without arguments and returns (heads, N, N), or (1, N, N) where all heads share it. Each says in
`.combine` how its authors apply it to attention (see `attention.attention`).
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial.checks import check_count, check_gamma
from gmm_tutorial.decay import alibi_slopes, axis_distances, manhattan_gamma
from gmm_tutorial.grid import Grid, check_grid, distances, kernel_offsets, unfold_kernel


class ElementwiseMask(nn.Module):
    """ELM: a free weight for every pair of tokens, multiplied onto the scaled logits.

    grid: (h, w); heads: how many masks, 1 (as published) for one that all heads share; init: the value that every
    entry starts with. 0 is the published start, at which attention is uniform; 1 starts at vanilla attention.
    `mask`: (heads, N, N), learned. Source: the code beside arXiv 2309.05375.
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int = 1, init: float = 0.0) -> None:
        super().__init__()
        h, w = self.grid = check_grid(grid)
        self.mask = nn.Parameter(torch.full((check_count("heads", heads), h * w, h * w), float(init)))

    def forward(self) -> Tensor:
        """The mask: (heads, N, N)."""
        return self.mask


class GaussianMixtureMask(nn.Module):
    """GMM: a sum of K isotropic Gaussians of the offset between two tokens, multiplied onto the scaled logits.

        kernel_h(dy, dx) = sum_k alpha_kh exp(-(dy^2 + dx^2) / (2 (sigma_kh^2 + 1e-5)))

    grid: (h, w); heads: H; kernels: K. `alpha`, `sigma`: (K, H), learned; sigma in patches, only its square matters.
    init="paper": alpha ~ N(0, 2^2), sigma ~ N(10, 10^2), as published, which is nearly flat on an 8 x 8 grid and
    negative in about half of the heads; init="local": positive and falling with distance from the first step.
    Source: arXiv 2309.05375 and the code beside it. Raises ValueError for an unknown init or a count below 1.
    """

    combine = "scale"
    squared_distance: Tensor  # (2h-1, 2w-1)

    def __init__(self, grid: Grid, heads: int, kernels: int = 5, init: str = "paper") -> None:
        super().__init__()
        self.grid = check_grid(grid)
        shape = check_count("kernels", kernels), check_count("heads", heads)
        if init == "paper":
            alpha, sigma = 2.0 * torch.randn(shape), 10.0 + 10.0 * torch.randn(shape)
        elif init == "local":
            # the K H widths go geometrically from one patch to half the grid, and every mask is 1 at distance 0
            alpha = torch.full(shape, 1.0 / kernels)
            sigma = torch.logspace(0, 1, kernels * heads, base=max(1.0, max(self.grid) / 2)).view(shape)
        else:
            raise ValueError(f"init is {init!r}, but it must be 'paper' or 'local'")
        self.alpha, self.sigma = nn.Parameter(alpha), nn.Parameter(sigma)
        squared_distance = kernel_offsets(self.grid).square().sum(-1).to(sigma.dtype)
        self.register_buffer("squared_distance", squared_distance, persistent=False)

    def kernel(self) -> Tensor:
        """The mixture at every offset key - query: (heads, 2h-1, 2w-1)."""
        # The exponent is formed before exp is taken. The published code takes exp(-d^2) first and a root of it
        # after, which is 0 in float32 from a distance of about 10 patches on, however wide the Gaussian is.
        precision = 1 / (2 * (self.sigma.square() + 1e-5))
        gaussians = torch.exp(-precision[..., None, None] * self.squared_distance)
        return torch.einsum("kh,khyx->hyx", self.alpha, gaussians)

    def forward(self) -> Tensor:
        """The mask: (heads, N, N)."""
        return unfold_kernel(self.kernel(), self.grid)


class ManhattanDecay(nn.Module):
    """Manhattan decay: gamma_h^(|dy| + |dx|), fixed, its logarithm added to the logits, as in the published code.

    grid: (h, w); heads: H; start, span: of the rates, see `decay.manhattan_gamma`. `gamma`: (H,), a buffer.
    Source: RMT, arXiv 2309.11523, Eq. 4 and 8; its Eq. 5 multiplies it onto the weights after softmax ("gate").
    """

    combine = "bias"
    gamma: Tensor
    steps: Tensor  # (2h-1, 2w-1), |dy| + |dx|

    def __init__(self, grid: Grid, heads: int, start: float = 2.0, span: float = 4.0) -> None:
        super().__init__()
        self.grid = check_grid(grid)
        gamma = check_gamma(manhattan_gamma(check_count("heads", heads), start, span), heads)
        self.register_buffer("gamma", gamma, persistent=False)
        self.register_buffer("steps", kernel_offsets(self.grid).abs().sum(-1), persistent=False)

    def kernel(self) -> Tensor:
        """The decay at every offset key - query: (heads, 2h-1, 2w-1)."""
        return self.gamma[:, None, None] ** self.steps

    def axes(self) -> tuple[Tensor, Tensor]:
        """The decay along columns and along rows, (heads, h, h) and (heads, w, w): D2d is their Kronecker product."""
        along_h, along_w = (axis_distances(n, self.gamma.device) for n in self.grid)
        return self.gamma[:, None, None] ** along_h, self.gamma[:, None, None] ** along_w

    def log(self) -> Tensor:
        """The logarithm of the decay, formed without it: (heads, N, N)."""
        return unfold_kernel(self.gamma.log()[:, None, None] * self.steps, self.grid)

    def forward(self) -> Tensor:
        """The decay: (heads, N, N)."""
        return unfold_kernel(self.kernel(), self.grid)


class ALiBi2d(nn.Module):
    """ALiBi on a grid: -m_h times the Euclidean distance is added to the logits; here as the prior exp(-m_h d).

    grid: (h, w); heads: H. `slopes`: (H,), m_h = 2^(-8h/H), a buffer; for any H, where the source treats powers of two.
    Source: ALiBi, arXiv 2108.12409, for sequences; the distance on a grid is our choice.
    """

    combine = "bias"
    slopes: Tensor
    distances: Tensor  # (N, N)

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__()
        self.grid = check_grid(grid)
        self.register_buffer("slopes", alibi_slopes(check_count("heads", heads)), persistent=False)
        self.register_buffer("distances", distances(self.grid), persistent=False)

    def log(self) -> Tensor:
        """What is added to the logits: (heads, N, N)."""
        return -self.slopes[:, None, None] * self.distances

    def forward(self) -> Tensor:
        """The prior: (heads, N, N)."""
        return self.log().exp()


class Temperature(nn.Module):
    """A control for the others: one learned factor a head on all logits, which knows no place.

    grid: (h, w); heads: H. `scale`: (H, 1, 1), learned, 1 at the start, where it changes nothing.
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__()
        self.grid = check_grid(grid)
        self.scale = nn.Parameter(torch.ones(check_count("heads", heads), 1, 1))

    def forward(self) -> Tensor:
        """The same factor for every pair: (heads, N, N)."""
        tokens = self.grid[0] * self.grid[1]
        return self.scale.expand(-1, tokens, tokens)


PriorFactory = Callable[[Grid, int], nn.Module]
PRIORS: dict[str, type[nn.Module]] = {
    "elm": ElementwiseMask,
    "gmm": GaussianMixtureMask,
    "manhattan": ManhattanDecay,
    "alibi": ALiBi2d,
    "temperature": Temperature,
}


def prior_factory(prior: str | PriorFactory | None, kernels: int = 5, **options: Any) -> PriorFactory | None:
    """What makes a fresh prior for each attention layer, from its grid and heads, or None for none.

    prior: None, a name, or a callable (grid, heads) -> module, which is returned as it is. names: those of PRIORS.
    kernels: of the mixture, where there is one; options: what else the named class takes, such as init.
    Raises ValueError for an unknown name, and for options where no class is named.
    """
    if isinstance(prior, str):
        if prior not in PRIORS:
            raise ValueError(f"prior is {prior!r}, but it must be None, {', '.join(map(repr, PRIORS))}, or a callable")
        kind = PRIORS[prior]
        if prior == "gmm":
            options["kernels"] = kernels
        if prior == "elm":  # one mask, which all heads share
            return lambda grid, heads: kind(grid, **options)
        return lambda grid, heads: kind(grid, heads, **options)
    if options:
        raise ValueError(f"prior is {prior!r}, but options, {', '.join(options)}, need a prior by name")
    return prior
