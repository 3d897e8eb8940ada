"""Values from the command line: name=value, times, lists of seeds. Errors are reported in one sentence."""

import ast
import re
from collections.abc import Iterable
from typing import Any

from gmm_tutorial._checks import check_one_of
from gmm_tutorial.priors import PRIORS
from gmm_tutorial.train import TrainConfig

# fields that have an option of their own, or none
OWN = {"recipe", "profile", "dataset", "model", "model_options", "prior", "prior_options", "seed"}
SETTABLE = [name for name in TrainConfig.model_fields if name not in OWN]
WORDS = {"none": None, "true": True, "false": False}
UNITS = {"h": 3600, "m": 60, "s": 1}


def model_choices(
    prior: str, *, pool: str | None = None, kernels: int | None = None, given: Iterable[str] = ()
) -> dict[str, Any]:
    """The keyword arguments of `train.configure` that --prior, --pool, --kernels and --set name=value stand for.

    name: a field of TrainConfig, or an option of the model or of the prior, as model.drop_path and prior.init.
    Raises ValueError for an unknown prior or field; options and values are checked by TrainConfig.
    """
    check_one_of("prior", prior, ("none", *PRIORS))
    parts = _parts(given)
    parts["model"] |= {} if pool is None else {"pool": pool}
    parts["prior"] |= {} if kernels is None else {"kernels": kernels}
    known = None if prior == "none" else prior
    return {**parts[""], "prior": known, "model_options": parts["model"], "prior_options": parts["prior"]}


def scale_choices(given: Iterable[str]) -> dict[str, Any]:
    """The fields of TrainConfig that --set name=value names, where model and prior are others' choice."""
    parts = _parts(given)
    for kind in ("model", "prior"):
        for name in parts[kind]:
            raise ValueError(f"--set names {kind}.{name}, but the rows of the table fix the {kind} and its options")
    return parts[""]


def _parts(given: Iterable[str]) -> dict[str, dict[str, Any]]:
    parts: dict[str, dict[str, Any]] = {"": {}, "model": {}, "prior": {}}
    for text in given:
        name, equals, value = text.partition("=")
        part, _, rest = name.rpartition(".")
        if not equals or part not in parts:
            raise ValueError(f"--set is {text!r}, but it must be name=value, model.name=value or prior.name=value")
        parts[part][rest] = literal(value)
    for name in parts[""]:
        check_one_of("--set", name, SETTABLE)
    return parts


def literal(text: str) -> Any:
    """A value in Python's notation, or none, true and false in any case. Any other text stays a string."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return text


def seconds(text: str) -> float:
    """A time, as 90s, 20m, 1h30m, in seconds. Raises ValueError."""
    parts = re.findall(r"(\d+(?:\.\d+)?)([hms])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise ValueError(f"--budget is {text!r}, but it must be a time such as 90s, 20m or 1h30m")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def seeds(text: str) -> list[int]:
    """Seeds, as 0,1,2 or "0 1 2". Raises ValueError."""
    found = re.split(r"[,\s]+", text.strip())
    if not all(seed.isdecimal() for seed in found):
        raise ValueError(f"--seeds is {text!r}, but it must be numbers with commas between them, such as 0,1,2")
    return list(dict.fromkeys(map(int, found)))
