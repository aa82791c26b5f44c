"""Points are steered where a sampler does not go, and never where its points could not be."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, interval
from lab.referee.points.properties import PROPERTIES, shared


def normal(*shape, scale=1.0):
    return lambda key: scale * jax.random.normal(key, shape)


def box(low, high, *shape):
    return lambda key: jax.random.uniform(key, shape, minval=low, maxval=high)


def grid(step, *shape):
    return lambda key: step * jax.random.randint(key, shape, -4, 5).astype(float)


def ordered(key):
    low, gap = jax.random.normal(key, (2, 5))
    return low + jnp.exp(gap), low


def huber(r):
    size = jnp.abs(r)
    return jnp.sum(jnp.where(size <= 1.0, r * r / 2, size - 0.5))


def clipped_norm(x):
    norm = jnp.linalg.norm(x)
    return jnp.where(norm > 10.0, 10 * jnp.sum(x) / norm, jnp.sum(x))


def hard_sigmoid(x):
    return jnp.sum(jnp.clip(x / 6 + 0.5, 0.0, 1.0))


def inside(low, high):
    return lambda x: jnp.where((x > low) & (x < high), 1 / 6, 0.0)


def heavy(x):
    return jax.lax.cond(jnp.sum(x) > 20.0, lambda x: jnp.sum(x**2), jnp.sum, x)


ones = jnp.ones_like
CUBE_WRONG_FAR = lambda x: jnp.where(x > 3.5, 3 * x, 3 * x**2)

# A mistake where no draw goes, and a word of what is said about it.
HIDDEN = {
    "beyond delta": (huber, lambda r: r, normal(4, scale=0.1), "|r| > 1"),
    "one side of a where": (
        lambda x: jnp.sum(jnp.where(x > 4.0, 2 * x - 4, x)),
        ones,
        normal(5),
        "x > 4",
    ),
    "a branch of the hand's own": (lambda x: jnp.sum(x**3), CUBE_WRONG_FAR, normal(5), "x > 3.5"),
    "a norm": (clipped_norm, ones, normal(5), "norm > 10.0"),
    "a cond": (heavy, ones, normal(5), "jnp.sum(x) > 20.0"),
    "inside the simplex": (
        lambda p: jnp.sum(jnp.where(p > 0.9, p * p, -p * jnp.log(p))),
        lambda p: -jnp.log(p) - 1,
        lambda key: jax.nn.softmax(jax.random.normal(key, (5,))),
        "p > 0.9",
    ),
    "between two borders of a grid": (
        hard_sigmoid,
        inside(-2.5, 2.5),
        grid(0.75, 6),
        "2.5 < |x| < 3",
    ),
    "between whole numbers": (hard_sigmoid, inside(-3.0, 2.5), grid(1.0, 6), "2.5 < x < 3"),
    "between borders that are close": (hard_sigmoid, inside(-3.0, 3.01), normal(6), "3 < x < 3.01"),
}


def toll(x):
    return jnp.where(x < 2, 0.0, jnp.where(x < 5, 0.5 * (x - 2), 1.5 + 0.3 * (x - 5)))


def test_one_draw_in_a_cell_condemns_and_points_beside_it_tell_why():
    at = box(0.0, 12.0)
    hand = lambda border: lambda x: jnp.where(x < 2, 0.0, jnp.where(x < border, 0.5, 0.3))
    for seed in range(3):
        verdict = check(toll, hand(5.4), kind="derivative", at=at, seed=seed)
        assert verdict.verdict == "wrong"
        assert "the number 5.4 should be 5" in verdict.mistake.says, verdict
    assert check(toll, hand(5), kind="derivative", at=at).verdict == "correct"


# Right on what the sampler draws: what lies beyond is not its business.
RIGHT = {
    "both sides right": (huber, lambda r: jnp.clip(r, -1, 1), normal(4, scale=0.1)),
    "never outside a box": (huber, lambda r: r, box(-0.5, 0.5, 4)),
    "positive": (lambda x: jnp.sum(jnp.abs(x)), ones, lambda key: jnp.exp(normal(5)(key))),
    "ordered": (lambda x, y: jnp.sum(jnp.abs(x - y)), lambda x, y: ones(x), ordered),
    "one class of two": (
        lambda y, z: jnp.sum(jnp.where(y > 0.4, -y * z, 0.0) + jnp.where(y > 0.6, 0.0, y)),
        lambda y, z: jnp.where(y > 0.5, -z, 1.0),
        lambda key: (jnp.round(jax.random.uniform(key, (6,))), normal(6)(key)),
    ),
    "a guard": (
        lambda p: -jnp.sum(jnp.log(jnp.clip(p, 1e-7, 1 - 1e-7))),
        lambda p: -1 / p,
        lambda key: jax.nn.sigmoid(jax.random.normal(key, (5,))),
    ),
    "unit rows": (
        lambda x: jnp.sum(jnp.where(jnp.linalg.norm(x, axis=-1) > 1.5, 0.0, x[:, 0])),
        lambda x: ones(x) * jnp.eye(3)[0],
        lambda key: (lambda x: x / jnp.linalg.norm(x, axis=-1, keepdims=True))(normal(4, 3)(key)),
    ),
}


@pytest.mark.parametrize("case", HIDDEN)
def test_a_mistake_where_no_draw_goes_is_found(case):
    f, hand, at, word = HIDDEN[case]
    verdict = check(f, hand, at=at)
    assert (verdict.verdict, verdict.mistake and verdict.mistake.name) == ("wrong", "region")
    assert word in verdict.mistake.says, verdict


@pytest.mark.parametrize("case", RIGHT)
def test_a_derivation_right_on_its_domain_is_not_condemned_beyond_it(case):
    f, hand, at = RIGHT[case]
    verdict = check(f, hand, at=at)
    assert verdict.verdict == "correct", verdict


@pytest.mark.parametrize("case", RIGHT)
def test_and_would_be_with_a_mistake_in_it(case):
    f, hand, at = RIGHT[case]
    assert check(f, lambda *args: 1.001 * hand(*args), at=at).verdict == "wrong"


def test_a_branch_never_reached_is_reported():
    verdict = check(huber, lambda r: r, at=box(-0.5, 0.5, 4))
    assert "never reached: `size <= 1.0` is false" in verdict.reason


def test_a_branch_within_a_library_is_nobodys():
    f = lambda x: jnp.sum(jax.nn.softplus(x))
    verdict = check(f, jax.nn.sigmoid, at=box(1.0, 2.0, 4))
    assert (verdict.verdict, "never reached" in verdict.reason) == ("correct", False)


def test_a_branch_reached_by_equality_alone_is_reached():
    at = lambda key: normal(3)(key) * jnp.round(jax.random.uniform(key))
    for of, planted in ((0.0, 0.0), (0.0, 1.0)):
        f = lambda x, of=of: jnp.where(jnp.sum(x**2) > 0, jnp.sum(x**3), of)
        hand = lambda x, planted=planted: jnp.where(jnp.sum(x**2) > 0, 3 * x**2, planted)
        verdict = check(f, hand, at=at)
        assert verdict.verdict == ("wrong" if planted else "correct")
        assert "never reached" not in verdict.reason


SAMPLES = {
    "symmetric": lambda x: x + x.T,
    "antisymmetric": lambda x: x - x.T,
    "definite": lambda x: x @ x.T + 0.1 * np.eye(3),
    "orthogonal": lambda x: np.linalg.qr(x)[0],
    "positive_determinant": lambda x: x @ x.T + 0.1 * np.eye(3),
    "dominant_diagonal": lambda x: x + 50 * np.eye(3),
    "contracting": lambda x: 0.9 * x / np.abs(np.linalg.eigvals(x)).max(),
    "increasing": lambda x: np.sort(x),
    "decreasing": lambda x: -np.sort(x),
    "rows_sum_to_one": lambda x: np.exp(x) / np.exp(x).sum(-1, keepdims=True),
    "rows_sum_to_zero": lambda x: x - x.mean(-1, keepdims=True),
    "columns_sum_to_one": lambda x: np.exp(x) / np.exp(x).sum(0),
    "columns_sum_to_zero": lambda x: x - x.mean(0),
    "exponentials_sum_to_one": lambda x: x - np.log(np.exp(x).sum(-1, keepdims=True)),
    "unit_rows": lambda x: x / np.linalg.norm(x, axis=-1, keepdims=True),
    "unit_columns": lambda x: x / np.linalg.norm(x, axis=0),
    "unit_whole": lambda x: x / np.linalg.norm(x),
    "rows_in_unit_ball": lambda x: 0.99 * x / np.linalg.norm(x, axis=-1, keepdims=True),
}


@pytest.mark.parametrize("one", PROPERTIES, ids=lambda one: one.__name__)
def test_a_shared_property_is_kept(one):
    rng = np.random.default_rng(0)
    plain = 5 * rng.standard_normal((12, 3, 3))
    having = np.stack([SAMPLES[one.__name__](x) for x in plain])
    assert one(having).all()
    common = shared([having], [0])
    assert common.admits([having]).all()
    assert not common.admits([5 * rng.standard_normal((12, 3, 3))]).all()


@pytest.mark.parametrize(("border", "verdict"), [(1.0, "correct"), (0.9999, "wrong")])
def test_nobody_is_steered_over_a_stated_bound(border, verdict):
    """A branch beyond the end of the interval is nobody's; one before it is found."""
    of = lambda w: jnp.where(w > border, w * w, w)
    assert check(of, ones, kind="derivative", at=dict(w=interval(0, 1))).verdict == verdict
