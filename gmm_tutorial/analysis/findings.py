"""The single things that `inspect_prior` looks at: each is a function that returns sentences about a prior."""

from collections.abc import Iterator
from copy import deepcopy

import torch
from torch import Tensor

from gmm_tutorial.analysis.building import Finding, Problem, said, slip
from gmm_tutorial.analysis.maps import by_distance, mean_distance
from gmm_tutorial.attention import attention, attention_weights
from gmm_tutorial.grid import distances, unfold_kernel
from gmm_tutorial.priors import Prior

ROUNDING = 1e-6  # of the largest gradient: what the softmax takes out again is not exactly 0


def gradients(prior: Prior) -> Iterator[Finding]:
    """Whether the loss of attention reaches every parameter, in two steps of training."""
    named = {name: each for name, each in prior.named_parameters() if each.requires_grad}
    if not named:
        yield Finding("note", "gradients", "It has no parameters: it is fixed, and training cannot change it.")
        return
    q, k, v, mix = torch.randn(4, 2, prior.heads, prior.grid[0] * prior.grid[1], 8)
    for step in (1, 2):
        try:
            loss = (attention(q, k, v, prior, backend="dense") * mix).sum()
            found = torch.autograd.grad(loss, list(named.values()), allow_unused=True) if loss.requires_grad else ()
        except RuntimeError as error:
            text = f"The backward pass raised {said(error)}"
            if step == 2:  # the graph of the first step is gone
                text = (
                    "The second backward pass fails: compute with parameters in kernel() or forward(), not in __init__."
                )
            raise Problem("gradients", text) from error
    reached = dict(zip(named, found or [None] * len(named), strict=True))
    largest = max((float(each.abs().max()) for each in reached.values() if each is not None), default=0.0)
    for name, gradient in reached.items():
        if gradient is None:
            cause = "is it used, without .item(), .data or detach()?"
            yield Finding("problem", "gradients", f"No gradient reaches `{name}`: {cause}")
        elif not bool(gradient.isfinite().all()):
            yield Finding("problem", "gradients", f"The gradient of `{name}` is not finite: does a root meet a 0?")
        elif float(gradient.abs().max()) <= ROUNDING * largest:
            yield Finding("note", "gradients", f"The gradient of `{name}` is 0 at the start: can it ever move?")
    moves = [
        name for name, each in reached.items() if each is not None and float(each.abs().max()) > ROUNDING * largest
    ]
    if moves == list(named):
        yield Finding("ok", "gradients", f"They reach {', '.join(f'`{name}`' for name in named)}.")


def tidiness(prior: Prior) -> Iterator[Finding]:
    """What fails later: tensors that stay behind on a GPU, values that change, forms that disagree."""
    loose = [name for module in prior.modules() for name, each in vars(module).items() if isinstance(each, Tensor)]
    if loose:
        text = f"`{loose[0]}` is a plain tensor: make it an nn.Parameter if it is to be learned, else use "
        text += "self.register_buffer, so that it moves with the model."
        yield Finding("problem", "device", text)
    own = type(prior)
    if prior.combine is Prior.combine and (question := slip(own, "combine")):
        yield Finding("note", "combine", f"{question} Now combine is {prior.combine!r}.")
    if not torch.equal(prior(), prior()):
        yield Finding("problem", "constant", "Two calls give different values: draw random numbers in __init__ only.")
    elif own.kernel is not Prior.kernel and not near(unfold_kernel(prior.kernel(), prior.grid), prior()):
        yield Finding("problem", "forms", "kernel() and forward() disagree: define one of them only.")
    elif prior.combine == "bias" and not near(prior.log().exp(), prior()):
        yield Finding("problem", "forms", "The exponential of log() is not forward(): check the sign, and exp and log.")


def signs(prior: Prior) -> Iterator[Finding]:
    """Whether entries are positive, and what follows for the way in which the prior is applied."""
    low, high = prior().aminmax()
    span = f"Its entries go from {low.item():.4g} to {high.item():.4g}"
    if low <= 0 and prior.combine == "gate_normalized":
        raise Problem("sign", f"{span}, and combine='gate_normalized' needs positive ones.")
    if low <= 0 and prior.combine == "gate":
        yield Finding("note", "sign", f"{span}: under combine='gate', a negative one turns a value around.")
    elif low < 0:
        yield Finding("note", "sign", f"{span}: where one is negative, a query prefers the keys that match it least.")
    else:
        yield Finding("ok", "sign", f"{span}, as combine={prior.combine!r} allows.")


def anywhere(prior: Prior) -> Tensor:
    """The values of a prior as training might leave them: a structure that it has at the start alone does not count."""
    moved = deepcopy(prior)
    with torch.no_grad():
        for each in moved.parameters():
            each.add_(0.3 * torch.randn_like(each))
        values = moved()
        return values if bool(values.isfinite().all()) else prior()


def symmetry(mask: Tensor) -> Finding:
    """Whether the weight of a pair depends on which of the two is the query."""
    if near(mask, mask.mT):
        return Finding("ok", "symmetry", "A pair of tokens has the same weight in both directions.")
    return Finding("ok", "symmetry", "The weight of a pair depends on which of the two is the query.")


def position(prior: Prior, mask: Tensor, offset_alone: bool) -> Finding:
    """What the weight of a pair depends on."""
    if not offset_alone:
        text = "It depends on where the query is, so it can act as a position embedding: shuffle it as a control."
        return Finding("note", "position", text)
    radii, means = by_distance(mask, prior.grid)
    if near(mask, mask.mean((-2, -1), keepdim=True)):
        return Finding("note", "position", "It is the same for all pairs: a temperature, which knows no places.")
    round_ = near(means[:, torch.searchsorted(radii, distances(prior.grid))], mask)
    kind = "the distance alone" if round_ else "the offset, and not of the distance alone"
    text = f"It is a function of {kind}."
    if type(prior).kernel is Prior.kernel:
        text += " Define kernel() instead of forward(): then attention can do without the table of all pairs."
    return Finding("ok", "position", text)


def equal_score_weights(prior: Prior, score: float = 1.0) -> Tensor:
    """Compute the attention weights that are left to a prior alone: all keys match every query equally.

    Args:
        prior: The prior, applied as its own `.combine` says.
        score: The score of every pair. A prior that multiplies scores does nothing at 0, and turns around below.

    Returns:
        The weights, divided by the sum of their row, shape (H, N, N).

    Example:
        >>> from gmm_tutorial.priors import ManhattanDecay
        >>> equal_score_weights(ManhattanDecay((1, 2), heads=1, start=1.0))
        tensor([[[0.6667, 0.3333],
                 [0.3333, 0.6667]]])
    """
    ones = torch.ones(1, prior.heads, prior.grid[0] * prior.grid[1], 1)
    weights = attention_weights(score * ones, ones, ones, prior)[0]
    return weights / weights.sum(-1, keepdim=True)


def reach(prior: Prior) -> tuple[Finding, Tensor | None, tuple[float, float] | None]:
    """How far a query looks when all keys match it equally: in words, by head, and shares within 1 and 2 patches."""
    apart, weights = distances(prior.grid), equal_score_weights(prior)
    if not bool(((weights >= 0) & weights.isfinite()).all()):
        return Finding("note", "reach", "The weights of a query are not shares: some are negative."), None, None
    distance, plain = mean_distance(weights, prior.grid), apart.mean().item()
    one, two = ((weights * (apart <= radius)).sum(-1).mean().item() for radius in (1, 2))
    mean, (low, high) = distance.mean().item(), (each.item() for each in distance.aminmax())
    text = f"With all scores at 1, a query looks {mean:.2f} patches far ({low:.2f} to {high:.2f} by head; without a "
    text += f"prior {plain:.2f}), with {one:.0%} of its weight within 1 patch, {two:.0%} within 2."
    if flat := abs(mean - plain) < 0.05 * plain:
        text += " So it starts with hardly any preference for near or far."
    if prior.combine == "scale":
        back = mean_distance(equal_score_weights(prior, -1.0), prior.grid).mean().item()
        text += f" With all scores at -1, it looks {back:.2f} patches far: a multiplied prior turns with their sign."
    return Finding("note" if flat else "ok", "reach", text), distance, (one, two)


def near(a: Tensor, b: Tensor) -> bool:
    """Whether two tensors are equal up to rounding."""
    return torch.allclose(a, b.expand_as(a), rtol=1e-3, atol=1e-5 * float(b.detach().abs().max()))
