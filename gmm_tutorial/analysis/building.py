"""A fresh prior on a grid, built and called once: what `inspect_prior` begins with, and all that can go wrong in it."""

from dataclasses import dataclass
from difflib import get_close_matches
from textwrap import fill
from typing import Any, Literal

from torch import Tensor

from gmm_tutorial.attention import COMBINE
from gmm_tutorial.grid import Grid
from gmm_tutorial.priors import Prior, PriorFactory

Mark = Literal["ok", "note", "problem"]
NO_SUPER = "Its __init__ must call super().__init__(grid, heads) first."


@dataclass(frozen=True)
class Finding:
    """One thing that was found: whether it is fine, what it is about, and a sentence with what to do."""

    mark: Mark
    about: str
    text: str

    def __str__(self) -> str:
        return fill(f"{self.mark:8}{self.about:10} {self.text}", 84, subsequent_indent=" " * 19)


class Problem(Exception):
    """Something without which nothing else can be looked at."""

    def __init__(self, about: str, text: str) -> None:
        super().__init__(text)
        self.finding = Finding("problem", about, text)


def built(factory: PriorFactory, grid: Grid, heads: int, options: dict[str, Any]) -> Prior:
    """A fresh prior whose values have the right shape and are finite. Raises Problem otherwise."""
    where = f"on a grid of {grid[0]} x {grid[1]} with {heads} {'head' if heads == 1 else 'heads'}"
    try:
        made = factory(grid, heads, **options)
    except Exception as error:
        early = isinstance(error, AttributeError) and "before Module.__init__" in str(error)
        text = f"Building it {where} raised {said(error)}"
        raise Problem("building", NO_SUPER if early else text) from error
    if not isinstance(made, Prior):
        raise Problem("building", f"It is a {type(made).__name__}. Derive your class from `Prior`.")
    if made.combine not in COMBINE:
        raise Problem("combine", f"combine is {made.combine!r}, but it must be one of {', '.join(COMBINE)}.")
    for name in ("forward", *(["log"] if made.combine == "bias" else [])):
        try:
            values = made() if name == "forward" else made.log()
        except Exception as error:
            raise Problem(name, advice(made) or f"Calling {name}() {where} raised {said(error)}") from error
        check_values(name, values, grid, heads, where)
    return made


def slip(own: type[Prior], *meant: str) -> str | None:
    """A question about a name that a class defines and that is almost what was meant."""
    for name in vars(own):
        if not hasattr(Prior, name) and (close := get_close_matches(name, meant, n=1, cutoff=0.8)):
            return f"It defines `{name}`: did you mean `{close[0]}`?"
    return None


def advice(prior: Prior) -> str | None:
    """What to do about a prior that cannot be called, where that is known."""
    own = type(prior)
    if "_parameters" not in vars(prior):
        return NO_SUPER
    if own.forward is Prior.forward and own.kernel is Prior.kernel:
        if own.log_kernel is not Prior.log_kernel:
            return "It has log_kernel() only. Define kernel() too, which returns self.log_kernel().exp()."
        if own.log is not Prior.log:
            return "It has log() only. Define forward() too, which returns self.log().exp()."
        nothing = "It says nothing yet: define kernel(), or forward() if it is not a function of the offset."
        return slip(own, "kernel", "forward") or nothing
    return None


def check_values(name: str, values: Any, grid: Grid, heads: int, where: str) -> None:
    """Raise Problem unless these are finite floating-point numbers, one per head and pair."""
    tokens = grid[0] * grid[1]
    if not isinstance(values, Tensor) or not values.is_floating_point():
        kind = values.dtype if isinstance(values, Tensor) else type(values).__name__
        raise Problem("shape", f"{name}() returns {kind}, but it must be a tensor of floating-point numbers.")
    if values.ndim != 3 or values.shape[0] not in (1, heads) or values.shape[1:] != (tokens, tokens):
        wanted = f"({heads}, {tokens}, {tokens}) or (1, {tokens}, {tokens})"
        raise Problem("shape", f"{name}() returns {tuple(values.shape)} {where}, but it must be {wanted}.")
    if not bool(values.isfinite().all()):
        bad = values[~values.isfinite()]
        cause = "is there a division by 0, or a logarithm of a number that is not positive?"
        raise Problem("finite", f"{len(bad)} entries of {name}() are {bad[0].item()} {where}: {cause}")


def said(error: Exception) -> str:
    """An error in one line."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:240]}"
