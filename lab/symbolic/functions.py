"""The functions a formula may use: by name, for JAX and for SymPy."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp


class Named(NamedTuple):
    """A function of formulas: for numbers of JAX, for expressions of SymPy, and its arity."""

    jax: Callable[..., Any]
    sympy: Callable[..., Any]
    arguments: int = 1


def _in_sympy(name: str) -> Callable[..., Any]:
    """The function of that name in SymPy, which is imported when it is called."""

    def call(*args: Any) -> Any:
        import sympy

        return getattr(sympy, name)(*args)

    return call


def _sigmoid(x: Any) -> Any:
    import sympy

    return 1 / (1 + sympy.exp(-x))


def _softplus(x: Any) -> Any:
    import sympy

    return sympy.log(1 + sympy.exp(x))


def _digamma(x: Any) -> Any:
    import sympy

    return sympy.polygamma(0, x)


FUNCTIONS = {
    "exp": Named(jnp.exp, _in_sympy("exp")),
    "log": Named(jnp.log, _in_sympy("log")),
    "sqrt": Named(jnp.sqrt, _in_sympy("sqrt")),
    "cbrt": Named(jnp.cbrt, _in_sympy("cbrt")),
    "abs": Named(jnp.abs, _in_sympy("Abs")),
    "sign": Named(jnp.sign, _in_sympy("sign")),
    "sin": Named(jnp.sin, _in_sympy("sin")),
    "cos": Named(jnp.cos, _in_sympy("cos")),
    "tan": Named(jnp.tan, _in_sympy("tan")),
    "sec": Named(lambda x: 1 / jnp.cos(x), _in_sympy("sec")),
    "csc": Named(lambda x: 1 / jnp.sin(x), _in_sympy("csc")),
    "cot": Named(lambda x: 1 / jnp.tan(x), _in_sympy("cot")),
    "arcsin": Named(jnp.arcsin, _in_sympy("asin")),
    "arccos": Named(jnp.arccos, _in_sympy("acos")),
    "arctan": Named(jnp.arctan, _in_sympy("atan")),
    "sinh": Named(jnp.sinh, _in_sympy("sinh")),
    "cosh": Named(jnp.cosh, _in_sympy("cosh")),
    "tanh": Named(jnp.tanh, _in_sympy("tanh")),
    "arcsinh": Named(jnp.arcsinh, _in_sympy("asinh")),
    "arccosh": Named(jnp.arccosh, _in_sympy("acosh")),
    "arctanh": Named(jnp.arctanh, _in_sympy("atanh")),
    "erf": Named(jax.scipy.special.erf, _in_sympy("erf")),
    "lgamma": Named(jax.scipy.special.gammaln, _in_sympy("loggamma")),
    "digamma": Named(jax.scipy.special.digamma, _digamma),
    "sigmoid": Named(jax.nn.sigmoid, _sigmoid),
    "softplus": Named(jax.nn.softplus, _softplus),
    "max": Named(jnp.maximum, _in_sympy("Max"), 2),
    "min": Named(jnp.minimum, _in_sympy("Min"), 2),
}
ALIASES = {
    "ln": "log",
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "asinh": "arcsinh",
    "acosh": "arccosh",
    "atanh": "arctanh",
    "sgn": "sign",
    "logistic": "sigmoid",
    "√": "sqrt",
}
