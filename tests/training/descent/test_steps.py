"""Steps: how far along a direction."""

import jax
import jax.numpy as jnp
import numpy as np

from lab.training.descent.named import build
from lab.training.descent.parts import Step, flat
from lab.training.descent.steps import backtracking, fixed, wolfe
from tests.training.descent.problems import BOWL, KEY, ROSENBROCK, START, bowl, here, walked


def accepted(step: Step, points):
    """How much the loss and the slope at the length taken are of what they may be, at each point."""
    shares = []
    for params in points:
        point = flat(here(ROSENBROCK, params))
        d = -point.gradient
        length = step.along(point, d, step.init(point.x)).length
        after = flat(here(ROSENBROCK, params + length * d))
        slope = point.gradient @ d
        shares.append(
            ((after.loss - point.loss) / (length * slope), abs(after.gradient @ d / slope))
        )
    return np.array(shares).T


POINTS = jax.random.normal(KEY, (6, 2))


def test_wolfes_conditions_hold():
    for curvature in (0.9, 0.1):
        fallen, flat_ = accepted(wolfe(slope=1e-4, curvature=curvature), POINTS)
        assert fallen.min() >= 1e-4
        assert flat_.max() <= curvature
    fallen, flat_ = accepted(backtracking(slope=0.3), POINTS)
    assert fallen.min() >= 0.3
    assert flat_.max() > 0.1  # about which it promises nothing
    fallen, _ = accepted(fixed(length=0.1), POINTS)
    assert fallen.min() < 0


def test_a_search_up_the_hill_stays_where_it_is():
    point = flat(here(ROSENBROCK))
    for step in (wolfe(), backtracking()):
        assert step.along(point, point.gradient, step.init(point.x)).length == 0


def test_backtracking_begins_where_it_is_told_to():
    point = flat(here(BOWL))
    d = -0.01 * point.gradient
    lengths = []
    step = backtracking(longest=8.0, grow=2.0)
    state = step.init(point.x)
    for _ in range(3):
        along = step.along(point, d, state)
        state = along.state._replace(learning_rate=along.length / 4)
        lengths.append(float(along.length))
    assert lengths == [8.0, 4.0, 2.0]
    assert (
        step.along(point, d, step.init(point.x)).length
        == backtracking(longest=8.0).along(point, d, step.init(point.x)).length
    )


def test_an_optimizer_of_optax_goes_as_far_as_any_step_says():
    settings = {"name": "adam", "learning_rate": 1.0}
    state, rows = walked(BOWL, build(settings | {"step": {"name": "parabolic"}}), 1)
    d = -jnp.sign(jax.grad(bowl)(START))
    np.testing.assert_allclose((state.params - START) / rows["step_size"][0], d, rtol=1e-6)
    np.testing.assert_allclose(jax.grad(bowl)(state.params) @ d, 0, atol=1e-6)
