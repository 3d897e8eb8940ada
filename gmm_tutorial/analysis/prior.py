"""What can be told about a prior without training it: `inspect_prior` looks, and says in sentences what to do."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import functional_call
from torch.utils.flop_counter import FlopCounterMode

from gmm_tutorial.analysis.building import Finding, Problem, built
from gmm_tutorial.analysis.cost import seconds
from gmm_tutorial.analysis.findings import anywhere, gradients, near, position, reach, signs, symmetry, tidiness
from gmm_tutorial.analysis.maps import by_offset
from gmm_tutorial.grid import Grid, check_grid, unfold_kernel
from gmm_tutorial.priors import GaussianMixtureMask, Prior, PriorFactory
from gmm_tutorial.priors.named import check_factory

OTHERS: tuple[Grid, ...] = ((3, 5), (5, 3), (1, 1))  # further grids that a prior must fit: two rectangles, one token


@dataclass
class PriorReport:
    """What `inspect_prior` has found; print it. What could not be looked at is None.

    Attributes:
        name: Of the prior's class.
        findings: In the order in which they were made.
        parameters: How many numbers it learns, per layer.
        macs: Multiply-accumulates of the matrix products that build it, once per batch.
        time: How long building it takes, in multiples of a GMM of five Gaussians, forward only.
        distance: How far a query looks when all scores are 1, in patches, per head, shape (heads,).
        within: The share of its weight within 1 and within 2 patches, the mean over heads.
        symmetric: Whether a pair has the same weight both ways.
        offset_alone: Whether it is a function of the offset.
    """

    name: str
    findings: list[Finding]
    parameters: int | None = None
    macs: int | None = None
    time: float | None = None
    distance: Tensor | None = None
    within: tuple[float, float] | None = None
    symmetric: bool | None = None
    offset_alone: bool | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing keeps the prior from being trained."""
        return not any(finding.mark == "problem" for finding in self.findings)

    def about(self, *subjects: str) -> str:
        """The findings about some subjects, a line each."""
        return "\n".join(str(finding) for finding in self.findings if finding.about in subjects)

    def __str__(self) -> str:
        end = "It can be trained." if self.ok else "Fix the problem first."
        return "\n".join([f"{self.name}:", *map(str, self.findings), end])


def inspect_prior(prior: PriorFactory, grid: Grid = (8, 8), heads: int = 4, **options: Any) -> PriorReport:
    """Look at a prior without training it.

    It is built on several grids, square and not, with one head and with several, and run forward and backward through
    attention with random queries and keys. Nothing that the prior's code raises gets out: it becomes a finding.

    Args:
        prior: The class of a `Prior`, or another callable (grid, heads) -> `Prior`; not a finished module.
        grid: The token grid on which it is measured.
        heads: Number of heads.
        **options: Further arguments of the class.

    Returns:
        What was found: shape, finite values, gradients, sign, symmetry, reach and cost.

    Raises:
        TypeError: If `prior` cannot be called with a grid and heads.
        ValueError: If `grid` is not two positive integers.

    Example:
        >>> from gmm_tutorial.priors import ManhattanDecay
        >>> report = inspect_prior(ManhattanDecay)
        >>> report.ok, report.parameters, report.symmetric
        (True, 0, True)
        >>> print(report.about("gradients"))
        note     gradients  It has no parameters: it is fixed, and training cannot change it.
    """
    check_factory("prior", prior)
    report = PriorReport(getattr(prior, "__name__", type(prior).__name__), [])
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        try:
            made = built(prior, check_grid(grid), heads, options)
            for other in OTHERS:
                built(prior, other, 2, options)
            built(prior, grid, 1, options)
            report.findings.append(Finding("ok", "shape", f"It fits square and other grids, {made.heads} heads and 1."))
            report.findings += [*signs(made), *gradients(made), *tidiness(made)]
            measure(report, made)
        except Problem as problem:
            report.findings.append(problem.finding)
    return report


@torch.no_grad()
def measure(report: PriorReport, prior: Prior) -> None:
    """Add to a report what the prior looks like, how far a query looks under it, and what it costs."""
    mask, grid = anywhere(prior), prior.grid
    report.symmetric = near(mask, mask.mT)
    report.offset_alone = near(unfold_kernel(by_offset(mask, grid), grid), mask)
    found, report.distance, report.within = reach(prior)
    report.findings += [symmetry(mask), position(prior, mask, report.offset_alone), found]
    report.parameters = sum(each.numel() for each in prior.parameters() if each.requires_grad)
    fixed = {name: each.detach() for name, each in prior.named_parameters()}  # the counter looks for gradients
    with FlopCounterMode(display=False) as counter:
        functional_call(prior, fixed, ())
    report.macs = counter.get_total_flops() // 2
    report.time = seconds(prior) / seconds(GaussianMixtureMask(grid, prior.heads))
    text = f"{report.parameters:,} parameters per layer (GMM: {10 * prior.heads}), {report.macs:,} multiplications in "
    text += f"matrix products to build it, and {report.time:.1f} times the time of GMM."
    report.findings.append(Finding("ok", "cost", text))
