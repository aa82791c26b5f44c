"""Coefficients from equations are the derivatives JAX finds, over factorials."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.calculus.taylor import recurrences
from lab.calculus.taylor.series import taylor_coefficients

FUNCTIONS = [
    (recurrences.exponential, jnp.exp),
    (recurrences.sine, jnp.sin),
    (recurrences.logarithm, jnp.log1p),
    (recurrences.bell, lambda x: 1 / (1 + x**2)),
    (recurrences.square_root, lambda x: jnp.sqrt(1 + x)),
    (recurrences.hyperbolic_tangent, jnp.tanh),
    (recurrences.sigmoid, jax.nn.sigmoid),
    (recurrences.softplus, jax.nn.softplus),
    (recurrences.error_function, jax.scipy.special.erf),
]


@pytest.mark.parametrize(("by_equation", "f"), FUNCTIONS, ids=lambda f: f.__name__)
def test_they_are_derivatives_over_factorials(by_equation, f):
    truth = np.array(taylor_coefficients(f, jnp.zeros(()), 5))
    np.testing.assert_allclose(by_equation(5), truth, atol=1e-14)
    with pytest.raises(AssertionError):  # a sign planted in the last but one or the last
        np.testing.assert_allclose(by_equation(5) * [1, 1, 1, 1, -1, -1], truth, atol=1e-14)
