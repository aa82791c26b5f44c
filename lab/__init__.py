"""A differentiable-programming lab: hand-derived gradients on trial, then put to work.

    from lab import check, gradient, reals

Names are imported when they are first used, so that `import lab` costs nothing.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.derivation import Derivation as Derivation
    from lab.derivation import adjoint as adjoint
    from lab.derivation import derivative as derivative
    from lab.derivation import gradient as gradient
    from lab.derivation import hessian as hessian
    from lab.derivation import hvp as hvp
    from lab.derivation import identity as identity
    from lab.derivation import jacobian as jacobian
    from lab.derivation import jvp as jvp
    from lab.derivation import meant as meant
    from lab.derivation import tap as tap
    from lab.derivation import vjp as vjp
    from lab.domains import above as above
    from lab.domains import beyond as beyond
    from lab.domains import choice as choice
    from lab.domains import constant as constant
    from lab.domains import distinct as distinct
    from lab.domains import integers as integers
    from lab.domains import interval as interval
    from lab.domains import invertible as invertible
    from lab.domains import labels as labels
    from lab.domains import negative as negative
    from lab.domains import nonnegative as nonnegative
    from lab.domains import nonzero as nonzero
    from lab.domains import one_hot as one_hot
    from lab.domains import orthogonal as orthogonal
    from lab.domains import positive as positive
    from lab.domains import reals as reals
    from lab.domains import simplex as simplex
    from lab.domains import spd as spd
    from lab.domains import symmetric as symmetric
    from lab.domains import tall as tall
    from lab.domains import unit as unit
    from lab.errors import BadInput as BadInput
    from lab.referee import Verdict as Verdict
    from lab.referee import check as check
    from lab.referee import check_together as check_together

__version__ = "0.1.0"

_ROOMS = ("lab.errors", "lab.domains", "lab.derivation", "lab.referee")


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        if find_spec(f"lab.{name}"):
            return import_module(f"lab.{name}")
        for room in _ROOMS:
            module = import_module(room)
            if name in getattr(module, "__all__", vars(module)) and _public(module, name):
                return getattr(module, name)
    raise AttributeError(f"module 'lab' has no attribute {name!r}")


def _public(module: Any, name: str) -> bool:
    """Defined in that room, not merely imported into it (a package's own re-exports count)."""
    home = getattr(getattr(module, name), "__module__", None)
    return home is not None and home.startswith(module.__name__)
