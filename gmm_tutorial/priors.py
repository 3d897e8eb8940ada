"""Spatial priors: small modules that return one weight for every pair of tokens on a grid.

Each is called without arguments and returns (heads, N, N), with heads = 1 where all heads share it. Each says in
`.combine` how its authors apply it to attention (see `attention.attention`).
"""

import inspect
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from gmm_tutorial._checks import check_count, check_gamma, check_positive
from gmm_tutorial.decay import alibi_slopes, axis_distances, manhattan_gamma
from gmm_tutorial.grid import Grid, check_grid, distances, kernel_offsets, unfold_kernel


class Prior(nn.Module):
    """What every spatial prior is: made for a grid and a number of heads, called without arguments.

    A prior that depends on the offset between two tokens alone defines `kernel`, and its mask follows; any other one
    defines `forward`. One that is positive by construction also defines `log`, without going through exp and back.
    """

    combine = "scale"  # the way its authors apply it, one of attention.COMBINE
    grid: Grid
    heads: int

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__()
        self.grid, self.heads = check_grid(grid), check_count("heads", heads)

    def kernel(self) -> Tensor:
        """The prior at every offset key - query: (heads, 2h-1, 2w-1). Not every prior has one."""
        raise NotImplementedError(f"{type(self).__name__} is not a function of the offset alone: it has no kernel")

    def log(self) -> Tensor:
        """The logarithm of the prior: (heads, N, N). Raises ValueError when an entry is not positive."""
        return check_positive(self(), "bias").log()

    def forward(self) -> Tensor:
        """The prior of every pair of tokens: (heads, N, N)."""
        return unfold_kernel(self.kernel(), self.grid)


class ElementwiseMask(Prior):
    """ELM: a free weight for every pair of tokens, multiplied onto the scaled logits.

    grid: (h, w); heads: how many masks, 1 (as published) for one that all heads share; init: the value that every
    entry starts with. 0 is the published start, at which attention is uniform; 1 starts at vanilla attention.
    `mask`: (heads, N, N), learned. Source: the code beside arXiv 2309.05375.
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int = 1, init: float = 0.0) -> None:
        super().__init__(grid, heads)
        tokens = self.grid[0] * self.grid[1]
        self.mask = nn.Parameter(torch.full((heads, tokens, tokens), float(init)))

    def forward(self) -> Tensor:
        """The mask: (heads, N, N)."""
        return self.mask


class GaussianMixtureMask(Prior):
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
        super().__init__(grid, heads)
        shape = check_count("kernels", kernels), heads
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


class ManhattanDecay(Prior):
    """Manhattan decay: gamma_h^(|dy| + |dx|), fixed, its logarithm added to the logits, as in the published code.

    grid: (h, w); heads: H; start, span: of the rates, see `decay.manhattan_gamma`. `gamma`: (H,), a buffer.
    Source: RMT, arXiv 2309.11523, Eq. 4 and 8; its Eq. 5 multiplies it onto the weights after softmax ("gate").
    """

    combine = "bias"
    gamma: Tensor
    steps: Tensor  # (2h-1, 2w-1), |dy| + |dx|

    def __init__(self, grid: Grid, heads: int, start: float = 2.0, span: float = 4.0) -> None:
        super().__init__(grid, heads)
        gamma = check_gamma(manhattan_gamma(heads, start, span), heads)
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


class ALiBi2d(Prior):
    """ALiBi on a grid: -m_h times the Euclidean distance is added to the logits; here as the prior exp(-m_h d).

    grid: (h, w); heads: H. `slopes`: (H,), m_h = 2^(-8h/H), a buffer; for any H, where the source treats powers of two.
    Source: ALiBi, arXiv 2108.12409, for sequences; the distance on a grid is our choice.
    """

    combine = "bias"
    slopes: Tensor
    distances: Tensor  # (N, N)

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__(grid, heads)
        self.register_buffer("slopes", alibi_slopes(heads), persistent=False)
        self.register_buffer("distances", distances(self.grid), persistent=False)

    def log(self) -> Tensor:
        """What is added to the logits: (heads, N, N)."""
        return -self.slopes[:, None, None] * self.distances

    def forward(self) -> Tensor:
        """The prior: (heads, N, N)."""
        return self.log().exp()


class Temperature(Prior):
    """A control for the others: one learned factor a head on all logits, which knows no place.

    grid: (h, w); heads: H. `scale`: (H, 1, 1), learned, 1 at the start, where it changes nothing.
    """

    combine = "scale"

    def __init__(self, grid: Grid, heads: int) -> None:
        super().__init__(grid, heads)
        self.scale = nn.Parameter(torch.ones(heads, 1, 1))

    def forward(self) -> Tensor:
        """The same factor for every pair: (heads, N, N)."""
        tokens = self.grid[0] * self.grid[1]
        return self.scale.expand(-1, tokens, tokens)


PriorFactory = Callable[[Grid, int], nn.Module]
PRIORS: dict[str, type[Prior]] = {
    "elm": ElementwiseMask,
    "gmm": GaussianMixtureMask,
    "manhattan": ManhattanDecay,
    "alibi": ALiBi2d,
    "temperature": Temperature,
}


def list_priors() -> list[str]:
    """The names that `create_model` and `prior_factory` know."""
    return list(PRIORS)


def prior_parameters(model: nn.Module) -> list[nn.Parameter]:
    """The parameters of all priors in a model, whatever they are called: a module with `.combine` is a prior."""
    return [p for module in model.modules() if hasattr(module, "combine") for p in module.parameters()]


def prior_factory(prior: str | PriorFactory | None, **options: Any) -> PriorFactory | None:
    """What makes a fresh prior for each attention layer, from its grid and heads, or None for none.

    prior: None, a name of PRIORS, or a callable (grid, heads) -> module, which is returned as it is.
    options: what the named class takes beside grid and heads, such as init or, for gmm, kernels.
    Raises ValueError for an unknown name, for an option that the class does not have, and for options without a name.
    """
    if not isinstance(prior, str):
        if options:
            raise ValueError(f"prior is {prior!r}, but options, {', '.join(options)}, need a prior by name")
        return prior
    if prior not in PRIORS:
        raise ValueError(f"prior is {prior!r}, but it must be None, {', '.join(map(repr, PRIORS))}, or a callable")
    kind, known = PRIORS[prior], prior_defaults(prior)
    for name in options:
        if name not in known:
            raise ValueError(f"{name} is given, but the prior {prior!r} takes {', '.join(known) or 'no options'}")
    if prior == "elm":  # one mask, which all heads share, as published
        return lambda grid, heads: kind(grid, **{"heads": 1, **options})
    return lambda grid, heads: kind(grid, heads, **options)


def prior_defaults(prior: str) -> dict[str, Any]:
    """The options that a prior of this name takes, with their defaults."""
    parameters = inspect.signature(PRIORS[prior]).parameters
    return {name: each.default for name, each in parameters.items() if name not in ("grid", "heads")}
