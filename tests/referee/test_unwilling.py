"""Functions that lie about their derivative, are random, raise, or cannot be traced, and such candidates."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab import check
from lab.domains import (
    positive,
    reals,
)

# ----- witnesses that contradict each other, and candidates that do not answer -----


@jax.custom_jvp
def lying_square(x):
    return x**2


lying_square.defjvp(lambda x, dx: (x[0] ** 2, 3 * x[0] * dx[0]))


@pytest.mark.parametrize("factor", [2.0, 3.0])
def test_automatic_differentiation_itself_may_be_wrong(factor):
    """Whether the hand sides with the differences (2x) or with the lying rule (3x), the witnesses differ."""
    verdict = check(lying_square, lambda x: factor * x, kind="derivative", at=dict(x=reals()))
    assert verdict.verdict == "inconclusive", verdict
    assert "contradicts its differences" in verdict.reason


def test_a_wrong_derivative_stays_wrong_where_witnesses_differ():
    verdict = check(lying_square, lambda x: 5 * x, kind="derivative", at=dict(x=reals()))
    assert verdict.verdict == "wrong"


def test_a_function_that_is_never_finite():
    verdict = check(
        lambda x: jnp.log(-jnp.abs(x)), lambda x: 1 / x, kind="derivative", at=dict(x=reals())
    )
    assert verdict.verdict == "inconclusive"


def test_a_random_function():
    noise = np.random.default_rng(0)
    f = lambda x: x * noise.normal()
    verdict = check(f, lambda x: 1.0, kind="derivative", at=dict(x=reals()))
    assert verdict.verdict == "inconclusive"
    assert "not deterministic" in verdict.reason


def test_a_random_candidate_and_one_that_raises():
    noise = np.random.default_rng(0)
    random = check(
        jnp.sin, lambda x: jnp.cos(x) + noise.normal(), kind="derivative", at=dict(x=reals())
    )
    assert random.verdict == "error"

    def raises(x):
        raise RuntimeError("no idea")

    crashed = check(jnp.sin, raises, kind="derivative", at=dict(x=reals()))
    assert crashed.verdict == "error"
    assert "no idea" in crashed.reason


# ----- candidates that JAX cannot trace -----


def branching(x):
    return x**2 if x > 0 else -x


RAISING = [
    (lambda x: 2 / (x.size - 1) * x, "wrong"),
    (lambda x: (2 / x.size + 0 / (x.size - 1)) * x, "error"),
]


@pytest.mark.parametrize(("hand", "word"), RAISING)
def test_a_candidate_that_raises_at_some_sizes_is_judged_at_the_others(hand, word):
    """At one entry 1/(n - 1) is no number; what it is at more is said, unless it is right there."""
    verdict = check(lambda x: jnp.mean(x**2), hand, at=dict(x=reals("n")))
    assert verdict.verdict == word, verdict
    assert "raised ZeroDivisionError" in verdict.reason
    assert verdict.mistake is None or verdict.mistake.name == "batch_factor"


def test_plain_python_control_flow_is_asked_point_by_point():
    right = check(
        branching, lambda x: 2 * x if x > 0 else -1.0, kind="derivative", at=dict(x=positive())
    )
    wrong = check(
        branching, lambda x: 2 * x if x > 1 else -1.0, kind="derivative", at=dict(x=positive())
    )
    assert (right.verdict, wrong.verdict) == ("correct", "wrong")


def test_points_at_which_the_function_raises_are_no_secret():
    def matrices_only(X):
        if X.shape[0] == 1:
            raise ValueError("one row is none")
        return jnp.sum(X**2)

    verdict = check(matrices_only, lambda X: 2 * X, at=dict(X=reals("n d")))
    assert verdict.verdict == "correct"
    assert "one row is none" in verdict.reason


def test_numpy_inside_the_candidate():
    assert check(jnp.sin, np.cos, kind="derivative", at=dict(x=reals("n"))).verdict == "correct"
    assert check(jnp.sin, np.sin, kind="derivative", at=dict(x=reals("n"))).verdict == "wrong"


def test_numpy_inside_the_function_leaves_differences_alone_to_judge():
    f = lambda x: np.sum(np.asarray(x) ** 3)
    right = check(f, lambda x: 3 * x**2, at=dict(x=reals("n")))
    assert right.verdict == "correct"
    assert [witness.name for witness in right.witnesses] == ["differences"]
    assert check(f, lambda x: 3 * x**2 + 1e-3, at=dict(x=reals("n"))).verdict == "wrong"
