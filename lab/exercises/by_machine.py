"""Whether an answer has JAX differentiate, which is no mistake, and is said."""

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
    seen: set[int] = set()
    waiting = [answer]
    while waiting:
        function = waiting.pop()
        if id(function) in seen:
            continue
        seen.add(id(function))
        code = getattr(function, "__code__", None)
        if code is None or _is_jax(function):  # jax.grad(f), or perhaps jax.jit(f)
            if code is not None and code.co_name in MADE:
                return True
            cells = getattr(function, "__closure__", None) or ()
            inside = [getattr(function, "__wrapped__", None), *(c.cell_contents for c in cells)]
            waiting += filter(callable, inside)
            continue
        beside = getattr(function, "__globals__", {})
        for name in _names(code):
            known = beside.get(name)
            if name in DIFFERENTIATING and (known is None or _is_jax(known)):
                return True
            if callable(known) and getattr(known, "__module__", "") == function.__module__:
                waiting.append(known)
    return False


def _is_jax(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    home = getattr(code, "co_filename", "") if code else getattr(function, "__module__", "") or ""
    return "/jax/" in home.replace("\\", "/") or home.startswith("jax")


def _names(code: CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
