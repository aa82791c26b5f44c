"""Tangents and cotangents are no copies of the arguments: a slip that is right only there shows."""

import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, reals
from lab.derivation import derivation
from lab.referee.points import drawn as points


def bowl(p):
    x, y = p
    return x**2 + x * y + y**2


def cube(x):
    return x @ x * x


SLIPS = {
    "the change, not the tangent's": (bowl, lambda p, v: bowl(p + v) - bowl(p), "jvp", "unknown"),
    "the function at the tangent": (bowl, lambda p, v: bowl(v), "jvp", "unknown"),
    "one path for three": (cube, lambda x, v: 3 * (x @ x) * v, "jvp", ""),
    "tangent and argument exchanged": (
        cube,
        lambda x, v: (x @ x) * v + 2 * v * (x @ v),
        "jvp",
        "wrong_variable",
    ),
    "cotangent and argument exchanged": (
        jnp.tanh,
        lambda x, g: x * (1 - jnp.tanh(g) ** 2),
        "vjp",
        "",
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
@pytest.mark.parametrize("seed", [0, 3])
def test_a_slip_that_is_a_factor_where_they_are_equal_is_told_for_what_it_is(slip, seed):
    of, hand, kind, name = SLIPS[slip]
    at = reals("2" if of is bowl else "d")
    verdict = check(of, hand, kind=kind, at=at, seed=seed)
    assert verdict.verdict == "wrong"
    assert verdict.mistake.name not in ("factor", "region", "shape"), verdict.mistake
    assert name in ("", verdict.mistake.name), verdict.mistake


@pytest.mark.parametrize("seed", range(5))
def test_directions_share_no_number_with_the_points(seed):
    claim = derivation(cube, lambda x, v: v, kind="jvp", at=dict(x=reals("d")))
    drawn = points.groups(claim, seed, None)[0]
    (x,) = drawn.leaves
    assert not np.isin(
        np.round(x, 9), np.round(points.directions(seed).normal(size=x.size), 9)
    ).any()
    same = np.random.default_rng(seed).normal(size=x.size)
    assert np.isin(np.round(x, 9), np.round(same, 9)).any(), "they would, by the points' generator"
