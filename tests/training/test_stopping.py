"""Rules to stop by, each against a descent whose course is known; and many descents in one program."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.training import loop
from lab.training.descent import Descent, Evaluations, Move, from_optax
from lab.training.optimizers import build
from lab.training.problem import Problem
from lab.training.step import frozen, training
from lab.training.stopping import GOING, rules

KEY = jax.random.key(0)
HALVING = Problem(
    loss=lambda params, batch: jnp.sum(params**2),
    gradient=lambda params, batch: 2 * params,
    start=jnp.array([1.0]),
)
SGD = from_optax(build({"name": "sgd", "learning_rate": 0.25}))


def train(stop, problem=HALVING, descent=SGD):
    return training(problem, descent, gradient="hand", key=KEY, rules=rules(stop))


def whole(made, **settings):
    chunks = list(loop.chunks(made, **settings))
    return np.concatenate([chunk.columns["step"] for chunk in chunks]), chunks[-1]


@pytest.mark.parametrize(
    ("stop", "step", "says"),
    [
        # at step k the point is 2^-k, the loss 4^-k, the gradient 2^(1-k)
        ({"loss": 4.0**-5}, 5, "loss at most 0.000976562"),
        ({"gradient_norm": 2.0**-7}, 8, "gradient norm at most 0.0078125"),
        ({"gradient_norm": 1e-9, "loss": 1e-4}, 7, "loss at most 0.0001"),
        ({"gradient_norm": 1.5, "loss": 0.5}, 1, "gradient norm at most 1.5"),
        # step k has spent 2 (k + 1)
        ({"evaluations": 13}, 6, "budget of 13 evaluations spent"),
        # a fifth of the loss is reached in two steps, not in one
        (
            {"plateau": {"steps": 1, "relative": 0.8}},
            1,
            "no loss below the best, by 0.8 of it, in 1 step",
        ),
        ({"plateau": {"steps": 2, "relative": 0.8}}, 40, None),
        ({"loss": None, "gradient_norm": 0.0}, 40, None),
        ({}, 40, None),
    ],
)
@pytest.mark.parametrize("every", [1, 4])
def test_a_rule_stops_at_its_step_recorded_or_not(stop, step, says, every):
    steps, last = whole(train(stop), steps=40, every=every)
    assert last.step == step
    assert last.halted == says
    np.testing.assert_array_equal(steps, sorted({*range(0, step, every), step}))
    np.testing.assert_allclose(last.params, 2.0**-step)


def test_a_loss_that_rests_is_a_plateau():
    still = from_optax(build({"name": "sgd", "learning_rate": 0.0}))
    _, last = whole(train({"plateau": {"steps": 4, "relative": 0.0}}, descent=still), steps=40)
    assert last.step == 4


def test_evaluations_of_the_method_are_counted_with_those_of_the_loop():
    searching = Descent(
        lambda params: (),
        lambda here, state: Move(
            -0.25 * here.gradient, state, Evaluations(jnp.int32(3), 0, 1), {"tried": here.loss}
        ),
    )
    chunks = list(loop.chunks(train({"evaluations": 20}, descent=searching), steps=40))
    counted = np.concatenate([chunk.columns["evaluations"] for chunk in chunks])
    np.testing.assert_array_equal(counted, 2 + 6 * np.arange(4))
    assert chunks[-1].halted == "budget of 20 evaluations spent"
    assert "tried" in chunks[0].columns


@pytest.mark.parametrize(("every", "cut"), [(1, 1), (1, 3), (3, 2)])
def test_a_training_goes_on_from_any_chunk_as_if_never_interrupted(every, cut, monkeypatch):
    monkeypatch.setattr(loop, "_GROWTH", 8)
    noisy = HALVING._replace(
        loss=lambda params, batch: jnp.sum((params - batch) ** 2),
        gradient=lambda params, batch: 2 * (params - batch),
        batch=lambda key, step: jax.random.normal(jax.random.fold_in(key, step), (1,)),
    )
    made = train({}, noisy, from_optax(build({"name": "adam", "learning_rate": 0.1})))
    chunks = list(loop.chunks(made, steps=300, every=every))
    again = list(loop.chunks(made, steps=300, every=every, state=chunks[cut].state))
    first = {name: np.concatenate([c.columns[name] for c in chunks]) for name in chunks[0].columns}
    later = {name: np.concatenate([c.columns[name] for c in again]) for name in first}
    left = first["step"] >= chunks[cut].step
    assert left.sum() == len(later["step"]) > 1
    for name, column in later.items():
        np.testing.assert_array_equal(column, first[name][left])
    jax.tree.map(np.testing.assert_array_equal, chunks[-1].state, again[-1].state)


def test_many_descents_in_one_program_each_stop_when_they_must():
    def descent(start, rate):
        made = train(
            {"loss": 1e-4},
            HALVING._replace(start=start),
            Descent(lambda params: (), lambda here, s: Move(-rate * here.gradient, s)),
        )
        state, _ = jax.lax.scan(
            lambda state, _: frozen(made.step)(state), made.start(), length=2000
        )
        return state

    rates = jnp.array([0.25, 0.1, 3.0, 0.5])
    states = jax.jit(jax.vmap(descent, in_axes=(None, 0)))(jnp.array([1.0]), rates)
    np.testing.assert_array_equal(states.reason, [1, 1, -1, 1])
    np.testing.assert_array_equal(states.step[jnp.array([0, 1, 3])], [7, 21, 1])
    assert np.isfinite(states.params[jnp.array([0, 1, 3])]).all()
    assert train({}).why(GOING) is None
