"""Custom rules in the shapes that libraries give them: any number of arguments, numbers that stay
numbers, pullbacks in closures, bodies that JAX cannot differentiate, outputs that are whole numbers,
solvers that stop at a tolerance. Right ones pass, with a mistake in them they do not."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check, reals
from lab.cli import status
from lab.errors import BadInput


def rule(body, forward, pullback, **options):
    made = partial(jax.custom_vjp, **options)(body)
    made.defvjp(forward, pullback)
    return made


# ----- any number of arguments -----


def products(first, *rest):
    for one in rest:
        first = first * one
    return first


def products_rule(skip=0):
    def back(kept, c):
        return tuple(
            c * products(*(x for j, x in enumerate(kept) if j != i), 1.0 + skip * (i == 2))
            for i in range(len(kept))
        )

    return rule(products, lambda *args: (products(*args), args), back)


def three(key):
    return tuple(jax.random.normal(one, (4,)) for one in jax.random.split(key, 3))


# ----- a pullback in a closure (`jax.custom_gradient`) -----


def cube(slope):
    @jax.custom_gradient
    def cubed(x):
        return x**3, lambda c: c * slope * x**2

    return cubed


# ----- a number that decides in Python, and is never traced -----


def soft(x, width):
    return x * width if width > 1 else jnp.tanh(x / width) * width


def soft_rule(power):
    def back(width, x, c):
        return (c * width if width > 1 else c / jnp.cosh(x / width) ** power,)

    return rule(soft, lambda x, width: (soft(x, width), x), back, nondiff_argnums=(1,))


# ----- a default between two arguments that are given -----


def mean_of(x, axis=-1, weight=None):
    return jnp.mean(x * weight, axis)


def mean_rule(sign):
    def back(axis, kept, c):
        x, weight = kept
        spread = jnp.expand_dims(c, axis) / x.shape[axis]
        return spread * weight, sign * spread * x

    forward = lambda x, axis, weight: (mean_of(x, axis, weight), (x, weight))
    return rule(mean_of, forward, back, nondiff_argnums=(1,))


# ----- whole numbers beside what has a derivative -----


def parts(x):
    low = jnp.floor(x)
    return x - low, low.astype(jnp.int32)


def parts_rule(slope):
    made = jax.custom_jvp(parts)

    @made.defjvp
    def push(primals, tangents):
        out = made(*primals)
        none = np.zeros(out[1].shape, jax.dtypes.float0)
        return out, (slope * tangents[0], none)

    return made


def parts_pulled(slope):
    return rule(parts, lambda x: (parts(x), None), lambda _, c: (slope * c[0],))


CASES = {
    "any number": (products_rule(), products_rule(0.5), three),
    "custom_gradient": (cube(3), cube(2), dict(x=reals("n"))),
    "custom_gradient, jit": (jax.jit(cube(3)), jax.jit(cube(2)), dict(x=reals("n"))),
    "a number": (soft_rule(2), soft_rule(1), dict(x=reals("n"), width=0.5)),
    "a number, drawn": (soft_rule(2), soft_rule(1), lambda key: (jax.random.normal(key, (3,)), 0.5)),
    "a default between": (mean_rule(1), mean_rule(-1), dict(x=reals("n d"), weight=reals("n d"))),
    "a default, drawn": (mean_rule(1), mean_rule(-1),
        lambda key: dict(x=jax.random.normal(key, (4, 3)), weight=jnp.ones((4, 3)))),
    "whole numbers, forward": (parts_rule(1.0), parts_rule(2.0), dict(x=reals("n"))),
    "whole numbers, backward": (parts_pulled(1.0), parts_pulled(-1.0), dict(x=reals("n"))),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_right_one_passes_and_a_wrong_one_does_not(name):
    right, planted, at = CASES[name]
    verdict = check(right, at=at)
    assert verdict.verdict in ("correct", "subgradient"), verdict
    assert check(planted, at=at, shrink=False).verdict == "wrong"


def test_a_sampler_that_names_what_is_not_there_is_told():
    with pytest.raises(BadInput, match="did you mean 'weight'"):
        check(mean_rule(1), at=lambda key: dict(x=jnp.ones((2, 3)), weigth=jnp.ones((2, 3))))


# ----- bodies that JAX cannot differentiate: differences are the only witness -----


def sorted_sums(x, w):
    def outside(x, w):
        return np.cumsum(np.sort(np.asarray(x) * np.asarray(w)))

    return jax.pure_callback(outside, jax.ShapeDtypeStruct(x.shape, x.dtype), x, w)


def sorted_sums_rule(scale=1.0):
    def back(kept, c):
        x, w = kept
        later = jnp.cumsum(c[::-1])[::-1]
        each = jnp.zeros_like(x).at[jnp.argsort(x * w)].set(later)
        return each * w, scale * each * x

    return rule(sorted_sums, lambda x, w: (sorted_sums(x, w), (x, w)), back)


@pytest.mark.parametrize(("scale", "name"), [(-1.0, "sign"), (0.5, "factor")])
def test_a_callback_is_judged_by_differences(scale, name):
    at = lambda key: dict(zip("xw", jax.random.normal(key, (2, 5)), strict=True))
    verdict = check(sorted_sums_rule(), at=at)
    assert verdict.verdict == "correct"
    assert "the only witness" in verdict.reason
    wrong = check(sorted_sums_rule(scale), at=at)
    assert (wrong.verdict, wrong.mistake.name, wrong.mistake.where) == ("wrong", name, "w")


# ----- right but for a guard, and but for where a solver stops -----


def shares(x):
    e = jnp.exp(x - jnp.max(x))
    return e / (jnp.sum(e) + 1e-10)


def shares_rule(off=0.0):
    def back(x, c):
        p = jax.nn.softmax(x)
        return (p * (c - (1 + off) * jnp.sum(p * c)),)

    return rule(shares, lambda x: (shares(x), x), back)


@pytest.mark.parametrize("off", [1e-6, -1e-3])
def test_a_guard_that_float32_cannot_see_is_left_out_with_impunity(off):
    verdict = check(shares_rule(), at=dict(x=reals("n")))
    assert verdict.verdict == "correct"
    assert "less than float32 can tell" in verdict.reason
    assert 1e-12 < verdict.power < 1e-8
    assert check(shares_rule(off), at=dict(x=reals("n")), shrink=False).verdict == "wrong"


def decayed(y, rate):
    """From 0 to 1 by steps that halve where two halves of one would part from the whole."""

    def step(state):
        t, h, y = state
        h = jnp.minimum(h, 1 - t)
        whole = y * (1 - h * rate + (h * rate) ** 2 / 2)
        halves = y * (1 - h * rate / 2 + (h * rate) ** 2 / 8) ** 2
        good = jnp.max(jnp.abs(whole - halves)) < 1e-6
        return (
            t + jnp.where(good, h, 0.0),
            jnp.where(good, 1.5 * h, h / 2),
            jnp.where(good, halves, y),
        )

    return jax.lax.while_loop(lambda state: state[0] < 1, step, (0.0 * rate, 0.0 * rate + 0.1, y))[
        2
    ]


def decayed_rule(scale=1.0):
    def back(kept, c):
        y, rate = kept
        return c * jnp.exp(-rate), -scale * jnp.sum(c * y) * jnp.exp(-rate)

    return rule(decayed, lambda y, rate: (decayed(y, rate), (y, rate)), back)


@pytest.mark.slow
def test_a_solver_is_asked_no_more_than_its_tolerance():
    at = lambda key: (jax.random.normal(key, (3,)), jnp.exp(0.3 * jax.random.normal(key)))
    verdict = check(decayed_rule(), at=at, points=4)
    assert verdict.verdict == "correct"
    assert "ends by a tolerance" in verdict.reason
    assert 1e-8 < verdict.power < 1e-4
    assert check(decayed_rule(1.01), at=at, points=4, shrink=False).verdict == "wrong"


# ----- loops within what JAX vectorizes -----


def halved(x):
    return jax.lax.while_loop(lambda x: jnp.abs(x) > 1, lambda x: x / 2, x)


def by_rows(x):
    """Conditionals of rows, one of whose branches has a loop."""
    return jax.vmap(lambda x: jax.lax.cond(x > 0, halved, lambda x: 2 * x, x))(x)


def scanned(x):
    return jax.lax.scan(lambda total, x: (total + halved(x), None), 0.0 * x[0], x)[0]


def halvings(x):
    return 0.5 ** jnp.ceil(jnp.log2(jnp.maximum(jnp.abs(x), 1.0)))


LOOPS = {
    "by rows": (by_rows, lambda x, c: c * jnp.where(x > 0, halvings(x), 2.0)),
    "in a scan": (scanned, lambda x, c: c * halvings(x)),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_within_rows_and_scans(name):
    body, pullback = LOOPS[name]
    at = lambda key: dict(x=3 * jax.random.normal(key, (5,)))
    made = lambda times: rule(body, lambda x: (body(x), x), lambda x, c: (times * pullback(x, c),))
    assert check(made(1), at=at).verdict == "correct"
    assert check(made(3), at=at, shrink=False).verdict == "wrong"


# ----- named on the command line -----

FILE = """
import jax, jax.numpy as jnp
from jax.nn import relu

class Layer:
    @jax.custom_gradient
    def twice(x):
        return 2 * x, lambda c: {back}

def draw(key):
    return dict(x=jax.random.normal(key, (3,)))
"""


@pytest.mark.parametrize(
    ("back", "name", "expected"),
    [("2 * c", "Layer.twice", 0), ("3 * c", "Layer.twice", 1), ("2 * c", "relu", 0)],
)
def test_a_rule_is_found_by_name_and_its_sampler_too(back, name, expected, tmp_path, capsys):
    (tmp_path / "layer.py").write_text(FILE.replace("{back}", back))
    assert status(["check", f"{tmp_path / 'layer.py'}::{name}", "--at", "draw"]) == expected
    assert name in capsys.readouterr().out
