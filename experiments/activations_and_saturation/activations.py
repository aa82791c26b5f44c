"""The activations on trial: value and slope, where they are flat, and where they have a corner."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp

from lab.calculus.networks import activations as plain
from lab.calculus.networks import piecewise_activations as piecewise
from lab.calculus.networks import smooth_activations as smooth

Function = Callable[[Any], Any]
FLAT = 0.1
"""Below this slope a unit counts as saturated."""


class Activation(NamedTuple):
    """A function with its slope, and its bend where there is one, by hand."""

    f: Function
    slope: Function
    bend: Function | None = None


ACTIVATIONS = {
    "sigmoid": Activation(
        plain.sigmoid, plain.sigmoid_derivative, smooth.sigmoid_second_derivative
    ),
    "tanh": Activation(plain.tanh, plain.tanh_derivative, smooth.tanh_second_derivative),
    "relu": Activation(plain.relu, plain.relu_derivative),
    "gelu": Activation(plain.gelu, plain.gelu_derivative, smooth.gelu_second_derivative),
    "silu": Activation(plain.silu, plain.silu_derivative, smooth.silu_second_derivative),
    "softplus": Activation(
        plain.softplus, plain.softplus_derivative, smooth.softplus_second_derivative
    ),
    "elu": Activation(plain.elu, plain.elu_derivative),
    "softsign": Activation(
        plain.softsign, plain.softsign_derivative, smooth.softsign_second_derivative
    ),
    "mish": Activation(smooth.mish, smooth.mish_derivative),
}

KINKS: dict[str, tuple[Function, Function, float]] = {
    "relu at 0": (plain.relu, plain.relu_derivative, 0.0),
    "max(x, 0) at 0": (lambda x: jnp.maximum(x, 0.0), plain.relu_derivative, 0.0),
    "relu6 at 6": (piecewise.relu6, piecewise.relu6_derivative, 6.0),
    "hard tanh at 1": (piecewise.hard_tanh, piecewise.hard_tanh_derivative, 1.0),
    "hard swish at 3": (piecewise.hard_swish, piecewise.hard_swish_derivative, 3.0),
    "hard swish at -3": (piecewise.hard_swish, piecewise.hard_swish_derivative, -3.0),
    "selu at 0": (piecewise.selu, piecewise.selu_derivative, 0.0),
}
