"""What a descent costs is told honestly."""

from collections import Counter

import jax
import jax.numpy as jnp
import pytest

from lab.calculus.landscapes import mgh_valleys
from lab.training.descent import Evaluations
from lab.training.descent.memory import conjugate_gradient
from lab.training.descent.named import build
from lab.training.descent.newton import newton_cg
from lab.training.descent.parts import composed
from lab.training.descent.steps import fixed, parabolic
from lab.training.step import training
from tests.training.descent.problems import (
    BOWL,
    KEY,
    of,
    walked,
)


def counted(descent, count):
    """What is really computed in so many steps, and what is told."""
    calls = Counter()

    def told(name, f):
        def counting(*args):
            calls[name] += 1
            return f(*args)

        return counting

    problem = of(
        told("loss", ROSENBROCK_LOSS := mgh_valleys.PROBLEMS[0].loss),
        jnp.array([-1.2, 1.0]),
        gradient=told("gradient", mgh_valleys.PROBLEMS[0].gradient),
        hessian=told("hessian", jax.hessian(ROSENBROCK_LOSS)),
        residuals=mgh_valleys.PROBLEMS[0].residuals,
        jacobian=told("jacobian", mgh_valleys.PROBLEMS[0].jacobian),
    )
    train = training(problem, descent, gradient="hand", key=KEY)
    state = train.start()
    with jax.disable_jit():
        for _ in range(count):
            state, _row = train.step(state)
    return calls, Evaluations(*map(int, state.evaluations))


@pytest.mark.parametrize(
    ("settings", "again"),
    [
        ({"name": "sgd", "learning_rate": 1e-3}, (0, 0)),
        ({"name": "newton", "step": {"name": "fixed"}}, (0, 0)),
        # each search ends where the next step begins, and sees there what that one sees again
        ({"name": "newton"}, (1, 0)),
        ({"name": "bfgs"}, (1, 1)),
        ({"name": "levenberg_marquardt"}, (1, 0)),
        ({"name": "gauss_newton"}, (1, 0)),
        ({"name": "sgd", "learning_rate": 1.0, "step": {"name": "backtracking"}}, (1, 0)),
        ({"name": "lbfgs", "step": {"name": "wolfe"}}, (1, 1)),
    ],
    ids=lambda value: value["name"] if isinstance(value, dict) else "",
)
def test_every_evaluation_is_counted_once(settings, again):
    count = 3
    calls, told = counted(build(settings), count)
    assert told.loss == calls["loss"] - again[0] * count
    assert told.gradient == calls["gradient"] - again[1] * count
    assert told.product == 2 * (calls["hessian"] + calls["jacobian"])


def test_products_are_counted():
    state, _ = walked(BOWL, composed(newton_cg(forcing=1e-12), fixed()), 1)
    assert tuple(map(int, state.evaluations)) == (1, 1, 3)
    state, _ = walked(BOWL, composed(conjugate_gradient(), parabolic()), 2)
    assert tuple(map(int, state.evaluations)) == (2, 2, 2)
