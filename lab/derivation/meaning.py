"""Rules that are definitions: what a custom rule is meant to be instead of a derivative."""

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

from lab.errors import BadInput

Rule = TypeVar("Rule", bound=Callable[..., Any])

_NOT_THE_DERIVATIVE = re.compile(r"^Not the derivative:\s*(.+?)(?:\n\s*\n|\Z)", re.M | re.S)


def meant(reason: str) -> Callable[[Rule], Rule]:
    """Say of a ``jax.custom_vjp`` or ``jax.custom_jvp`` that it is deliberately not the derivative
    of its body, and what it is instead: ``@meant("straight through")`` above it. A paragraph
    "Not the derivative: straight through." in its docstring says the same.

    The referee then tells what the rule does, and checks what is left to check."""
    if not isinstance(reason, str) or not reason.strip():
        raise BadInput(f'meant({reason!r}): say what the rule is, e.g. meant("straight through")')

    def mark(rule: Rule) -> Rule:
        rule.__meant__ = reason  # type: ignore[attr-defined]
        return rule

    return mark


def meant_of(*functions: Any) -> str | None:
    """What the first of the functions that says so is meant to be, instead of a derivative."""
    for function in functions:
        said = getattr(function, "__meant__", None)
        found = _NOT_THE_DERIVATIVE.search(inspect.getdoc(function) or "")
        if said or found:
            return said or " ".join(found.group(1).split()).rstrip(".")  # type: ignore[union-attr]
    return None
