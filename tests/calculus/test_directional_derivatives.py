"""How the pieces of directional derivatives fit together, and the function that has no gradient."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, nonzero, reals
from lab.calculus.vectors import directional_derivatives as calculus
from lab.calculus.vectors.directional_derivatives import along, blade, circle, quarter_turn

P, V = jnp.array([0.7, -1.3]), jnp.array([-0.4, 0.9])


@pytest.mark.parametrize("name", ["tilted_bowl", "two_wells"])
def test_the_rate_is_the_gradient_dotted_with_the_direction(name):
    rate, gradient = getattr(calculus, f"{name}_rate"), getattr(calculus, f"{name}_gradient")
    np.testing.assert_allclose(rate(P, V), gradient(P) @ V, rtol=1e-14)


@pytest.mark.parametrize("name", ["tilted_bowl", "elliptic_bowl", "saddle", "two_wells"])
def test_the_second_rate_is_the_hessian_on_both_sides(name):
    f, hessian = getattr(calculus, name), getattr(calculus, f"{name}_hessian")
    second = jax.grad(jax.grad(along(f)))(jnp.zeros(()), P, V)
    np.testing.assert_allclose(second, V @ hessian(P) @ V, rtol=1e-13)


def test_four_quarter_turns_are_none():
    turned = V
    for _ in range(4):
        np.testing.assert_allclose(turned @ quarter_turn(turned), 0, atol=1e-15)
        turned = quarter_turn(turned)
    np.testing.assert_array_equal(turned, V)


def test_the_slope_does_not_change_along_the_arrow():
    gradient = calculus.slope_gradient_in_direction(P, V)
    np.testing.assert_allclose(gradient @ V, 0, atol=1e-15)
    np.testing.assert_allclose(calculus.slope_gradient_in_direction(P, 3 * P), 0, atol=1e-15)


def test_the_blade_has_every_rate_at_the_origin_and_no_tangent_plane():
    radius = 0.5 ** jnp.arange(4, 16).astype(float)

    for theta in jnp.linspace(0, 2 * jnp.pi, 25):
        points = radius[:, None] * circle(theta)
        assert abs(jax.vmap(blade)(points)[-1] / radius[-1]) < 1e-2
    steepest = jax.vmap(lambda t: blade(jnp.stack([t, t**2])) / jnp.hypot(t, t**2))(radius)
    np.testing.assert_allclose(steepest[-1], 0.5, rtol=1e-6)


def test_the_blade_is_continuous_at_the_origin_and_its_gradient_is_finite_there():
    origin = jnp.zeros(2)
    assert blade(origin) == 0
    np.testing.assert_array_equal(jax.grad(blade)(origin), 0)


@pytest.mark.parametrize(
    ("of", "wrong", "kind", "at"),
    [
        (calculus.tilted_bowl, lambda p: 2 * p, "gradient", {"p": reals("2")}),
        (calculus.tilted_bowl, lambda p: 2 * jnp.eye(2, dtype=p.dtype), "hessian",
         {"p": reals("2")}),
        (calculus.quadratic, lambda p, A, b, v: v @ A @ p + b @ v, "jvp",
         {"p": reals("d"), "A": reals("d d"), "b": reals("d")}),
        (calculus.two_wells, lambda p: -calculus.two_wells_gradient(p), "gradient",
         {"p": reals("2")}),
        (lambda v: v / jnp.linalg.norm(v), lambda v: jnp.eye(v.size, dtype=v.dtype)
         / jnp.linalg.norm(v), "jacobian", {"v": nonzero("d")}),
        (blade, lambda p: 0 * p, "gradient", {"p": nonzero("2")}),
    ],
)  # fmt: skip
def test_the_usual_slips_are_found(of, wrong, kind, at):
    assert check(of, wrong, kind=kind, at=at).verdict == "wrong"
