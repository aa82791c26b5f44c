"""All methods of descent by name: what they find, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.calculus.landscapes import mgh_valleys
from lab.errors import BadInput
from lab.training import stopping
from lab.training.descent.named import build, methods, steps
from lab.training.problem import least_squares
from lab.training.step import training
from lab.training.walk import walk
from tests.training.descent.problems import KEY, START, A, bowl, fit, of, walked

METHODS = [
    {"name": "newton"},
    {"name": "newton", "damping": 1e-3, "step": {"name": "wolfe"}},
    {"name": "newton_cg", "forcing": 0.1},
    {"name": "gauss_newton"},
    {"name": "levenberg_marquardt"},
    {"name": "natural_gradient", "step": {"name": "backtracking"}},
    {"name": "conjugate_gradient"},
    {"name": "bfgs"},
    {"name": "lbfgs"},
    {"name": "lbfgs", "step": {"name": "wolfe"}},
]


@pytest.mark.parametrize(
    "settings", METHODS, ids=lambda s: "-".join([s["name"], s.get("step", {}).get("name", "")])
)
def test_a_method_finds_the_end_of_the_valley_in_either_precision(settings):
    problem = mgh_valleys.PROBLEMS[0]
    for dtype in (jnp.float64, jnp.float32):
        start = jnp.array(problem.start, dtype)
        state, rows = walked(fit(problem)._replace(start=start), build(settings), 80)
        np.testing.assert_allclose(
            state.params, jnp.ones(2, dtype), atol=1e-6 if dtype == jnp.float64 else 2e-2
        )
        assert rows["loss"].dtype == dtype


def test_methods_and_steps_are_found():
    assert {s["name"] for s in METHODS} - {"lbfgs"} == set(methods())
    assert set(steps()) == {"fixed", "backtracking", "wolfe", "parabolic"}


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"name": "newton", "step": {"name": "wolf"}}, "step.name: no step 'wolf'; did you mean 'wolfe'"),
        ({"name": "newton", "damp": 1}, "optimizer: newton: got an unexpected keyword argument 'damp'"),
        ({"name": "levenberg_marquardt", "step": {"name": "wolfe"}}, "finds its own step"),
        ({"name": "newton", "step": {"name": "backtracking", "shrink": 2.0}}, "step.shrink=2"),
        ({"name": "newton", "step": {"name": "backtracking", "grow": 0.5}}, "step.grow=0.5"),
        ({"name": "newton", "step": {"name": "wolfe", "curvature": 1e-5}}, "slope < curvature < 1"),
        ({"name": "newtn"}, "no 'newtn'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(settings, says):
    with pytest.raises(BadInput, match=r"^[^\n]*$") as refused:
        build(settings)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("gauss_newton", {}, "gives no residuals"),
        ("natural_gradient", {}, "neither fisher nor residuals"),
        ("newton", {"hessian": lambda x: A[:2]}, "hessian: blocks of shapes [[(2, 3)]]"),
        ("newton", {"hessian": lambda x: {"w": A}}, "hessian: a tree"),
        ("gauss_newton", {"residuals": lambda x: x, "jacobian": lambda x: A[:, :2]}, "jacobian: the derivative by hand has shape (3, 2)"),
    ],
)  # fmt: skip
def test_a_problem_that_lacks_what_a_method_asks_for_is_told(name, more, says):
    with pytest.raises(BadInput) as refused:
        walked(of(bowl, START, **more), build({"name": name}), 1)
    assert says in str(refused.value)


def test_a_walk_is_the_loop_step_by_step_and_stays_where_it_stopped():
    problem = least_squares(
        mgh_valleys.PROBLEMS[0].residuals, mgh_valleys.PROBLEMS[0].jacobian, jnp.array([-1.2, 1.0])
    )
    np.testing.assert_allclose(
        problem.gradient(problem.start, ()), mgh_valleys.PROBLEMS[0].gradient(problem.start)
    )
    rule = stopping.rules({"loss": 1.0})
    train = training(
        problem, build({"name": "levenberg_marquardt"}), gradient="hand", key=KEY, rules=rule
    )
    last, rows = jax.jit(lambda: walk(train, 15))()
    _, plain = walked(problem, build({"name": "levenberg_marquardt"}), 15)
    stopped = int(np.argmax(plain["loss"] <= 1.0))
    np.testing.assert_array_equal(rows["loss"][: stopped + 1], plain["loss"][: stopped + 1])
    np.testing.assert_array_equal(rows["loss"][stopped:], plain["loss"][stopped])
    assert int(last.step) == stopped
