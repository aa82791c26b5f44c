"""Two ways to the same rows: step by step, and walked first and looked at together."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.training import loop, rows
from lab.training.problem import Problem
from tests.training.test_loop import NOISY, QUADRATIC, run, trained

STEPS = 1301  # two blocks and some
ADAM = {"name": "adam", "learning_rate": 0.01}
SGD = {"name": "sgd", "learning_rate": 0.01}
NOISE = {"name": "noisy_sgd", "learning_rate": 0.01, "key": 0}


@pytest.fixture
def step_by_step(monkeypatch):
    """Whatever is run within is run step by step."""

    def within(*arguments, **settings):
        with monkeypatch.context() as patched:
            patched.setattr(rows, "_sizes", lambda made, like: [])
            return run(*arguments, **settings)

    return within


@pytest.mark.parametrize("optimizer", [ADAM, NOISE], ids=lambda optimizer: optimizer["name"])
@pytest.mark.parametrize(
    "stop", [None, {"plateau": {"steps": 200, "relative": 0.5}}, {"gradient_norm": 0.02}]
)
def test_both_ways_record_and_stop_alike(optimizer, stop, step_by_step):
    settings = {"stop": stop, "steps": STEPS}
    ours, last = run(NOISY, optimizer, **settings)
    theirs, their_last = step_by_step(NOISY, optimizer, **settings)
    assert last.halted == their_last.halted
    assert (last.step < STEPS) == (stop is not None)
    for name in ours:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-9, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(last.params["w"], their_last.params["w"], rtol=1e-9)


@pytest.mark.parametrize("optimizer", [ADAM, SGD], ids=lambda optimizer: optimizer["name"])
def test_a_run_is_the_same_to_the_bit_however_it_is_cut(optimizer, monkeypatch):
    whole, last = run(NOISY, optimizer, steps=STEPS)
    monkeypatch.setattr(loop, "_FIRST_ROWS", 8)
    monkeypatch.setattr(loop, "_GROWTH", 3)
    chunks = list(loop.chunks(trained(NOISY, optimizer), steps=STEPS))
    for number in (0, 2, len(chunks) - 2):
        rest = list(loop.chunks(trained(NOISY, optimizer), steps=STEPS, state=chunks[number].state))
        found = np.concatenate([chunk.columns["loss"] for chunk in rest])
        np.testing.assert_array_equal(found, whole["loss"][chunks[number].step :])
        np.testing.assert_array_equal(rest[-1].params["w"], last.params["w"])


def small(problem):
    train = trained(problem)
    like = train.start()
    sizes = rows._sizes(list(rows._made(jax.jit(train.step, inline=True), like)), like)
    return bool(sizes) and max(sizes) <= rows._SMALL


def test_only_arithmetic_on_a_few_numbers_is_small():
    many = Problem(
        loss=lambda w, batch: jnp.sum(w**2), gradient=lambda w, batch: 2 * w, start=jnp.ones(65)
    )
    looped = QUADRATIC._replace(
        batch=lambda key, step: jax.lax.fori_loop(0, step, lambda _, b: b + 1, jnp.zeros(2))
    )
    solved = QUADRATIC._replace(batch=lambda key, step: jnp.linalg.solve(jnp.eye(2), jnp.ones(2)))
    told = QUADRATIC._replace(batch=lambda key, step: jax.debug.print("{}", step) or jnp.zeros(2))
    assert small(QUADRATIC)
    assert small(NOISY)
    assert not any(small(problem) for problem in (many, looped, solved, told))


@pytest.mark.parametrize(("size", "alone"), [(100, True), (rows.ALONE, True), (10**5, False)])
def test_what_makes_few_numbers_stays_on_one_thread(size, alone, monkeypatch):
    """Also within a loop of the step; and what makes many may be cut into pieces."""
    asked = []
    usual = rows._step_by_step
    take = lambda *arguments: asked.append(arguments[3]) or usual(*arguments)
    monkeypatch.setattr(rows, "_step_by_step", take)
    spread = lambda w: jnp.mean(w) + jax.lax.fori_loop(0, 2, lambda _, b: b, jnp.zeros(size))
    problem = QUADRATIC._replace(
        loss=lambda p, batch: jnp.sum(p["w"] ** 2) + jnp.sum(batch),
        gradient=lambda p, batch: jax.tree.map(lambda w: 2 * w, p),
        batch=lambda key, step: spread(jnp.zeros(2)),
    )
    run(problem, SGD, steps=3)
    assert [bool(options) for options in asked] == [alone]


def test_a_step_writes_its_row_down_at_one_stroke():
    """However many columns, a step that makes its own row updates one array for each type."""

    def updates(problem, **settings):
        train = trained(problem)
        step = jax.jit(train.step, inline=True)
        run = rows._step_by_step(step, 1, 8)
        jaxpr = jax.make_jaxpr(run)(train.start(), np.int32(8), np.int32(8)).jaxpr
        return sum(one.primitive.name == "dynamic_update_slice" for one in within(jaxpr))

    def within(jaxpr):
        for one in jaxpr.eqns:
            yield one
            for inner in jax.tree.leaves(list(one.params.values())):
                if hasattr(inner, "jaxpr") or hasattr(inner, "eqns"):
                    yield from within(getattr(inner, "jaxpr", inner))

    many = QUADRATIC._replace(
        metrics=lambda p, g, u, b: {f"m{n}": jnp.sum(p["w"]) * n for n in range(20)}
    )
    mixed = QUADRATIC._replace(metrics=lambda p, g, u, b: {"flag": jnp.sum(p["w"]) > 0})
    assert updates(QUADRATIC) == updates(many) == 1
    assert updates(mixed) == 2
