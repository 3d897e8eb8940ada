"""Values that are checked when they are made and when they are read: pydantic models whose errors are one line."""

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError


class Schema(BaseModel):
    """A record of typed values. Raises ValueError, naming the field, its value and what it must be."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        protected_namespaces=(),  # older versions of pydantic want names that begin with model_ for themselves
    )

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise ValueError(one_line(error, type(self).__name__)) from None


def one_line(error: ValidationError, name: str) -> str:
    """The first thing that is wrong, in one line."""
    first = error.errors()[0]
    field, value, message = ".".join(map(str, first["loc"])), first.get("input"), first["msg"]
    if first["type"] == "missing":
        return f"{field} is missing: {name} must have it"
    if first["type"] == "extra_forbidden":
        return f"{field} is not a field of {name}"
    if first["type"] == "value_error":  # raised by one of our own checks
        inside = f"{field}." if field else ""  # of a record within this one
        return inside + message.removeprefix("Value error, ")
    return f"{field} is {shown(value)}, but it must {re.sub(r'^[A-Z][a-z]+ should ', '', message)}"


def shown(value: Any) -> str:
    """A value as it was given, cut short when it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
