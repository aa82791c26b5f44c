"""What an answer leaves to others: to JAX a derivative, which is no mistake and is said; to the
function it is asked about all of it, which is no answer."""

from collections.abc import Callable, Iterator
from types import CodeType
from typing import Any

DIFFERENTIATING = frozenset(
    {"grad", "value_and_grad", "jacobian", "jacfwd", "jacrev", "hessian", "jvp", "vjp", "linearize"}
)

# what jax.grad(f) and its like return
MADE = frozenset({"grad_f", "grad_f_aux", "value_and_grad_f", "jacfun"})


def differentiated(answer: Callable[..., Any]) -> bool:
    """Whether a function, or one beside it that it calls, asks JAX for a derivative."""
    for function in reached(answer):
        code = getattr(function, "__code__", None)
        if code is not None and _is_jax(function):
            if code.co_name in MADE:
                return True
        elif code is not None:
            beside = function.__globals__
            asked = DIFFERENTIATING.intersection(_names(code))
            if any(name not in beside or _is_jax(beside[name]) for name in asked):
                return True
    return False


def reached(answer: Callable[..., Any]) -> Iterator[Callable[..., Any]]:
    """The function, those of its module that it calls, and those that jax.grad(f) is made of."""
    seen: set[int] = set()
    waiting = [answer]
    while waiting:
        function = waiting.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        yield function
        code = getattr(function, "__code__", None)
        if code is None or _is_jax(function):
            cells = getattr(function, "__closure__", None) or ()
            inside = [getattr(function, "__wrapped__", None), *(c.cell_contents for c in cells)]
            waiting += filter(callable, inside)
        else:
            known = (function.__globals__.get(name) for name in _names(code))
            here = function.__module__
            waiting += [f for f in known if callable(f) and getattr(f, "__module__", "") == here]


def _is_jax(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    home = getattr(code, "co_filename", "") if code else getattr(function, "__module__", "") or ""
    return "/jax/" in home.replace("\\", "/") or home.startswith("jax")


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
