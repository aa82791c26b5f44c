"""The loop against closed forms, against a plain Python loop, and against itself."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lab.errors import BadInput
from lab.training import devices, leaves, loop
from lab.training.descent import from_optax
from lab.training.optimizers import build
from lab.training.problem import Problem, in_precision
from lab.training.step import training
from lab.training.stopping import rules

KEY = jax.random.key(0)
CURVATURE = jnp.array([1.0, 10.0])
SGD = {"name": "sgd", "learning_rate": 0.05}


def quadratic(params, batch):
    return 0.5 * jnp.sum(CURVATURE.astype(params["w"].dtype) * (params["w"] - batch) ** 2)


def quadratic_gradient(params, batch):
    return {"w": CURVATURE.astype(params["w"].dtype) * (params["w"] - batch)}


def noise(key, step):
    return 0.1 * jax.random.normal(jax.random.fold_in(key, step), (2,))


QUADRATIC = Problem(
    loss=quadratic,
    gradient=quadratic_gradient,
    start={"w": jnp.array([1.0, -1.0])},
    batch=lambda key, step: jnp.zeros(2),
)
NOISY = QUADRATIC._replace(batch=noise)
DIVERGING = Problem(
    loss=lambda params, batch: params**4 / 4,
    gradient=lambda params, batch: params**3,
    start=jnp.array(2.0),
)


def trained(problem, optimizer=SGD, *, gradient="hand", stop=None):
    descent = from_optax(build(optimizer))
    return training(problem, descent, gradient=gradient, key=KEY, rules=rules(stop))


def run(problem, optimizer=SGD, *, gradient="hand", stop=None, **settings):
    """The whole record, and the last chunk."""
    train = trained(problem, optimizer, gradient=gradient, stop=stop)
    chunks = list(loop.chunks(train, **settings))
    columns = {
        name: np.ma.concatenate([chunk.columns[name] for chunk in chunks])
        for name in chunks[0].columns
    }
    return columns, chunks[-1]


def test_sgd_on_a_quadratic_is_the_closed_form():
    columns, last = run(QUADRATIC, steps=20)
    k = np.arange(21)
    w = np.array([1.0, -1.0]) * (1 - 0.05 * np.asarray(CURVATURE)) ** k[:, None]
    np.testing.assert_array_equal(columns["step"], k)
    np.testing.assert_allclose(columns["w[0]"], w[:, 0], rtol=1e-13)
    np.testing.assert_allclose(columns["w[1]"], w[:, 1], rtol=1e-13)
    np.testing.assert_allclose(columns["loss"], 0.5 * w**2 @ CURVATURE, rtol=1e-13)
    np.testing.assert_allclose(
        columns["gradient_norm"], np.linalg.norm(w * CURVATURE, axis=1), rtol=1e-13
    )
    np.testing.assert_allclose(last.params["w"], w[-1], rtol=1e-13)
    assert last.step == 20
    assert last.diverged_at is None


def test_hand_and_jax_walk_the_same_way():
    hand, _ = run(NOISY, steps=30)
    by_jax, _ = run(NOISY, gradient="jax", steps=30)
    assert list(hand) == list(by_jax) == ["step", "loss", "gradient_norm", "w[0]", "w[1]"]
    for name in hand:
        np.testing.assert_allclose(hand[name], by_jax[name], rtol=1e-12)


def test_both_steps_by_hand_and_records_the_gap():
    wrong = NOISY._replace(
        gradient=lambda params, batch: {"w": quadratic_gradient(params, batch)["w"] * 1.01}
    )
    for problem, low, high in [(NOISY, 0, 1e-14), (wrong, 0.0099, 0.0101)]:
        watched, _ = run(problem, gradient="both", steps=30)
        hand, _ = run(problem, steps=30)
        assert list(watched)[3] == "gap"
        assert np.all((low <= watched["gap"]) & (watched["gap"] <= high))
        np.testing.assert_allclose(watched["w[1]"], hand["w[1]"], rtol=1e-12)


@pytest.mark.parametrize(
    "optimizer",
    [
        {"name": "adam", "learning_rate": 0.1},
        {"name": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True},
        {
            "name": "adamw",
            "learning_rate": {
                "name": "warmup_cosine_decay_schedule",
                "init_value": 0.0,
                "peak_value": 0.1,
                "warmup_steps": 5,
                "decay_steps": 20,
            },
        },
        {
            "name": "rmsprop",
            "learning_rate": {
                "name": "piecewise_constant_schedule",
                "init_value": 0.1,
                "boundaries_and_scales": {10: 0.5},
            },
        },
        {"name": "noisy_sgd", "learning_rate": 0.05, "key": 0},
        {"name": "polyak_sgd", "max_learning_rate": 0.1},
        {"name": "contrib.schedule_free_sgd", "learning_rate": 0.02},
        {"name": "lbfgs", "memory_size": 3},
        {
            "name": "lbfgs",
            "linesearch": {"name": "scale_by_backtracking_linesearch", "max_backtracking_steps": 9},
        },
    ],
    ids=lambda optimizer: optimizer["name"],
)
def test_the_scan_is_a_plain_python_loop(optimizer):
    columns, last = run(NOISY, optimizer, steps=12, every=1, evaluate=5)
    rule = optax.with_extra_args_support(build(optimizer))

    @jax.jit
    def plain_step(params, state, batch):
        loss, gradient = jax.value_and_grad(quadratic)(params, batch)
        seen = {"value": loss, "grad": gradient, "value_fn": lambda p: quadratic(p, batch)}
        update, state = rule.update(gradient, state, params, **seen)
        return optax.apply_updates(params, update), state, loss

    with jax.numpy_dtype_promotion("standard"):
        params, state = NOISY.start, rule.init(NOISY.start)
        for k in range(12):
            params, state, loss = plain_step(params, state, noise(KEY, jnp.int32(k)))
            np.testing.assert_allclose(columns["loss"][k], loss, rtol=1e-9)
    np.testing.assert_allclose(last.params["w"], params["w"], rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["lbfgs", "polyak_sgd", "contrib.prodigy"])
@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_everything_keeps_the_precision(optimizer, precision):
    settings = {"name": optimizer}
    with devices.precision(precision) as dtype:
        problem = in_precision(NOISY, dtype)
        columns, last = run(problem, settings, gradient="both", steps=5)
    assert last.params["w"].dtype == dtype
    counts = {"step", "evaluations"}
    assert {str(columns[name].dtype) for name in columns if name not in counts} == {precision}
    assert columns["step"].dtype == np.int64


def test_float32_params_stay_so_though_float64_is_on():
    problem = QUADRATIC._replace(
        start=leaves.cast(QUADRATIC.start, jnp.float32),
        batch=lambda key, step: jnp.zeros(2, jnp.float32),
    )
    columns, last = run(problem, {"name": "adam", "learning_rate": 0.1}, steps=5)
    assert last.params["w"].dtype == jnp.float32
    assert columns["loss"].dtype == np.float32


@pytest.mark.parametrize(
    ("steps", "every", "evaluate"),
    [(20, 1, None), (20, 3, None), (20, 5, 5), (21, 5, 10), (7, 10, None), (0, 1, None)],
)
def test_a_thinned_record_is_the_full_one_thinned(steps, every, evaluate):
    problem = NOISY._replace(metrics=lambda p, g, u, b: {"update_norm": leaves.norm(u)})
    full, last = run(problem, steps=steps)
    thin, thin_last = run(problem, steps=steps, every=every, evaluate=evaluate)
    chosen = [*range(0, steps, every), steps]
    np.testing.assert_array_equal(thin["step"], chosen)
    for name in full:
        np.testing.assert_allclose(thin[name], full[name][chosen], rtol=1e-12)
    np.testing.assert_allclose(thin_last.params["w"], last.params["w"], rtol=1e-12)


def test_evaluation_is_nulls_but_for_the_first_row_of_a_chunk_and_the_last():
    problem = QUADRATIC._replace(evaluate=lambda params: {"sum": jnp.sum(params["w"])})
    columns, _ = run(problem, steps=12, every=2, evaluate=4)
    np.testing.assert_array_equal(columns["step"], [0, 2, 4, 6, 8, 10, 12])
    seen = ~columns["sum"].mask
    np.testing.assert_array_equal(columns["step"][seen], [0, 4, 8, 12])
    np.testing.assert_allclose(
        columns["sum"][seen], (columns["w[0]"] + columns["w[1]"])[seen], rtol=1e-13
    )


def test_metrics_see_what_the_step_saw():
    problem = NOISY._replace(
        metrics=lambda params, gradient, update, batch: {
            "ratio": update["w"][0] / gradient["w"][0],
            "before": params["w"][1],
            "noise": batch[0],
        }
    )
    columns, _ = run(problem, steps=4)
    np.testing.assert_allclose(columns["ratio"], -0.05, rtol=1e-12)
    np.testing.assert_array_equal(columns["before"], columns["w[1]"])
    np.testing.assert_allclose(columns["noise"], [noise(KEY, k)[0] for k in range(5)], rtol=1e-12)


@pytest.mark.parametrize("every", [1, 4])
def test_the_loop_is_traced_once(every):
    traces = Counter()

    def counted(params, batch):
        traces["loss"] += 1
        return quadratic(params, batch)

    def evaluated(params):
        traces["evaluate"] += 1
        return {"sum": jnp.sum(params["w"])}

    # A weakly typed start would have other types than the params of the second chunk.
    problem = QUADRATIC._replace(loss=counted, evaluate=evaluated, start={"w": jnp.ones(2) * 1.0})
    columns, _ = run(problem, steps=1000 - 1, every=every, evaluate=64)
    assert len(columns["step"]) == -(-999 // every) + 1
    assert traces == {"loss": 1, "evaluate": 1}


@pytest.mark.parametrize(("every", "evaluate"), [(1, None), (1, 2), (2, None), (3, 30)])
def test_divergence_is_found_at_its_step_recorded_or_not(every, evaluate):
    # w -> w - w^3, by hand: where its fourth power overflows, the loss is no number.
    w, finite = 2.0, 0
    while abs(w) < np.finfo(np.float64).max ** 0.25:
        w, finite = w - w**3, finite + 1
    columns, last = run(
        DIVERGING, {"name": "sgd", "learning_rate": 1.0}, steps=60, every=every, evaluate=evaluate
    )
    assert last.diverged_at == finite == columns["step"][-1]
    assert last.halted == "diverged"
    np.testing.assert_array_equal(columns["step"][:-1], range(0, finite, every))
    assert not np.isfinite(columns["loss"][-1])
    assert np.isfinite(columns["loss"][:-1]).all()


def test_a_gradient_that_is_not_a_number_is_divergence_too():
    problem = QUADRATIC._replace(gradient=lambda params, batch: {"w": params["w"] * jnp.nan})
    columns, last = run(problem, steps=5)
    assert last.diverged_at == 0
    assert len(columns["step"]) == 1


def test_large_params_are_recorded_by_their_norms():
    problem = Problem(
        loss=lambda params, batch: jnp.sum(params["a"] ** 2) + jnp.sum(params["layers"][0] ** 2),
        gradient=lambda params, batch: jax.tree.map(lambda p: 2 * p, params),
        start={"layers": [jnp.ones((5, 6))], "a": jnp.ones(3)},
    )
    columns, _ = run(problem, steps=1)
    assert list(columns)[3:] == ["a_norm", "layers.0_norm"]
    np.testing.assert_allclose(columns["layers.0_norm"][0], np.sqrt(30))


def test_the_caller_may_keep_what_it_gave_and_what_it_got():
    problem = QUADRATIC._replace(evaluate=lambda params: {"sum": jnp.sum(params["w"])})
    chunks = list(loop.chunks(trained(problem), steps=8, evaluate=4))
    assert QUADRATIC.start["w"].tolist() == [1.0, -1.0]
    assert [chunk.step for chunk in chunks] == [4, 8, 8]
    np.testing.assert_array_equal(chunks[0].params["w"][0], chunks[1].columns["w[0]"][0])


def repeated(params, batch=None):
    return {"loss": jnp.sum(params["w"])}


@pytest.mark.parametrize(
    ("change", "settings", "says"),
    [
        ({"start": {"w": jnp.array([1, 2])}}, {}, "'w' is int64; params are floating"),
        ({"evaluate": repeated}, {}, "already is a column 'loss'"),
        ({"point": repeated}, {}, "already is a column 'loss'"),
        ({"point": lambda params: {"w": params["w"]}}, {}, r"'w' has shape \(2,\)"),
        ({}, {"steps": -1}, "steps must be at least 0; got -1"),
        ({}, {"every": 0}, "record.every must be at least 1; got 0"),
        ({}, {"every": 4, "evaluate": 10}, "multiple of record.every=4, such as 8"),
    ],
)
def test_bad_input_is_said(change, settings, says):
    with pytest.raises(BadInput, match=says):
        run(QUADRATIC._replace(**change), **{"steps": 3, **settings})
