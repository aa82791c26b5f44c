"""Descents made of parts: each does what mathematics says of it, and the cost is told honestly."""

from collections import Counter

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lab.calculus.landscapes import mgh_fits, mgh_valleys
from lab.calculus.landscapes.plane_landscapes import scalar_network
from lab.errors import BadInput
from lab.training import stopping
from lab.training.descent import Evaluations, Here, Objective
from lab.training.descent.memory import bfgs, conjugate_gradient, secant
from lab.training.descent.named import build, methods, steps
from lab.training.descent.newton import natural_gradient, newton, newton_cg
from lab.training.descent.parts import Step, composed, flat
from lab.training.descent.squares import gauss_newton, levenberg_marquardt
from lab.training.descent.steps import backtracking, fixed, parabolic, wolfe
from lab.training.problem import Problem, least_squares
from lab.training.step import training
from lab.training.walk import walk

KEY = jax.random.key(0)
A = jnp.array([[4.0, 1.0, 0.0], [1.0, 3.0, -1.0], [0.0, -1.0, 2.0]])
CENTER = jnp.array([1.0, -2.0, 0.5])
START = jnp.array([3.0, 1.0, -4.0])


def of(loss, start, **more):
    """A problem without data, its gradient JAX's unless another is given."""
    gradient = more.pop("gradient", jax.grad(loss))
    more = {name: batched(f) for name, f in more.items()}
    return Problem(batched(loss), batched(gradient), start, **more)


def batched(f):
    return lambda params, batch: f(params)


def bowl(x):
    return (x - CENTER) @ A @ (x - CENTER) / 2 + 7


def fit(problem):
    return of(
        problem.loss,
        jnp.array(problem.start),
        gradient=problem.gradient,
        residuals=problem.residuals,
        jacobian=problem.jacobian,
    )


def here(problem, params=None, choice="hand"):
    params = problem.start if params is None else params
    objective = Objective(problem, (), choice)
    slope = objective.slope(params)
    return Here(params, slope.loss, slope.gradient, objective, jnp.int32(0))


def vector(direction, problem, params=None, choice="hand"):
    point = flat(here(problem, params, choice))
    return direction.toward(point, direction.init(point.x)).vector


def walked(problem, descent, count, choice="hand"):
    """The state after so many steps, and the rows of all of them."""
    train = training(problem, descent, gradient=choice, key=KEY)

    def step(state, _):
        return train.step(state)

    return jax.jit(lambda: jax.lax.scan(step, train.start(), length=count))()


BOWL = of(bowl, START)
WRONG_BOWL = of(bowl, START, gradient=lambda x: 0.9 * jax.grad(bowl)(x), hessian=jax.hessian(bowl))


# ----- what mathematics says of the directions -----


@pytest.mark.parametrize("direction", [newton(), newton(definite=False), newton_cg(forcing=1e-12)])
def test_newton_is_at_the_bottom_of_a_quadratic_in_one_step(direction):
    np.testing.assert_allclose(START + vector(direction, BOWL), CENTER, atol=1e-9)
    bent = of(lambda x: bowl(x) + 0.1 * jnp.sum(x**3), START)
    assert jnp.linalg.norm(START + vector(direction, bent) - CENTER) > 0.1
    if direction.toward.__qualname__.startswith("newton."):
        assert jnp.linalg.norm(START + vector(direction, WRONG_BOWL) - CENTER) > 0.1


def test_damping_shortens_the_step_and_turns_it_to_the_gradient():
    g = jax.grad(bowl)(START)
    for damping in (1.0, 1e6):
        expected = -jnp.linalg.solve(A + damping * jnp.eye(3), g)
        np.testing.assert_allclose(vector(newton(damping=damping), BOWL), expected)
    np.testing.assert_allclose(1e6 * vector(newton(damping=1e6), BOWL), -g, rtol=1e-4)


def test_newton_walks_to_a_saddle_unless_it_is_told_to_go_down():
    saddle = of(scalar_network, jnp.array([0.3, 0.1]))
    g = saddle.gradient(saddle.start, ())
    assert vector(newton(definite=False), saddle) @ g > 0
    for direction in (newton(), newton_cg()):
        assert vector(direction, saddle) @ g < 0


def test_a_hessian_by_hand_is_used_and_jax_does_without():
    with_wrong = of(bowl, START, hessian=lambda x: 2 * A)
    half = (CENTER - START) / 2
    np.testing.assert_allclose(vector(newton(), with_wrong), half)
    np.testing.assert_allclose(vector(newton(), with_wrong, choice="jax"), 2 * half)


def test_params_may_be_trees():
    def loss(p):
        return bowl(jnp.append(p["b"], p["a"]))

    start = {"a": START[2], "b": START[:2]}
    tree = of(loss, start)
    with_hessian = of(loss, start, hessian=jax.hessian(loss))
    for problem in (tree, with_hessian):
        state, _ = walked(problem, composed(newton(), fixed()), 1)
        np.testing.assert_allclose(jnp.append(state.params["b"], state.params["a"]), CENTER)


DATA = jax.random.normal(KEY, (7, 3))
TARGETS = jnp.arange(7.0)


def linear_residuals(w):
    return DATA @ w - TARGETS


def linear(jacobian=lambda w: DATA):
    def loss(w):
        return jnp.sum(linear_residuals(w) ** 2)

    return of(loss, jnp.ones(3), residuals=linear_residuals, jacobian=jacobian)


def test_gauss_newton_is_newton_where_the_residuals_are_linear():
    expected = vector(newton(definite=False), linear())
    for direction in (gauss_newton(), natural_gradient()):
        np.testing.assert_allclose(vector(direction, linear()), expected)
        wrong = linear(jacobian=lambda w: DATA.at[0].multiply(1.1))
        assert not np.allclose(vector(direction, wrong), expected, rtol=1e-3)


def test_gauss_newton_is_not_newton_where_residuals_bend():
    problem = fit(mgh_valleys.PROBLEMS[0])
    assert not np.allclose(vector(gauss_newton(), problem), vector(newton(), problem), rtol=0.1)
    solution = of(mgh_valleys.PROBLEMS[0].loss, jnp.ones(2)).start + 1e-7
    near = vector(gauss_newton(), problem, solution), vector(newton(), problem, solution)
    np.testing.assert_allclose(*near, rtol=1e-3)


def test_a_jacobian_without_full_rank_gives_the_shortest_step():
    flat_ = of(
        lambda w: (w[0] + w[1] - 4) ** 2, jnp.zeros(2), residuals=lambda w: w.sum(keepdims=True) - 4
    )
    for direction in (gauss_newton(), natural_gradient()):
        np.testing.assert_allclose(vector(direction, flat_), [2.0, 2.0])


@pytest.mark.parametrize("scaled", [True, False])
def test_levenberg_marquardt_is_gauss_newton_at_one_end_and_descent_at_the_other(scaled):
    problem = linear()

    def update(damping):
        descent = levenberg_marquardt(damping=damping, scaled=scaled)
        return descent.move(here(problem), descent.init(problem.start)).update

    np.testing.assert_allclose(update(1e-12), vector(gauss_newton(), problem), rtol=1e-6)
    lengths = jnp.linalg.norm(DATA, axis=0) if scaled else jnp.max(jnp.linalg.norm(DATA, axis=0))
    downhill = -problem.gradient(problem.start, ()) / 2 / lengths**2
    np.testing.assert_allclose(1e9 * update(1e9), downhill, rtol=1e-6)
    between = -jnp.linalg.solve(
        DATA.T @ DATA + 0.5 * jnp.diag(lengths**2 * jnp.ones(3)),
        DATA.T @ linear_residuals(jnp.ones(3)),
    )
    np.testing.assert_allclose(update(0.5), between)
    assert not np.allclose(update(0.6), between, rtol=1e-3)


def test_levenberg_marquardt_keeps_its_promise_of_a_lower_loss():
    for problem in (mgh_fits.PROBLEMS[2], mgh_valleys.PROBLEMS[1]):  # Meyer, Freudenstein and Roth
        state, rows = walked(fit(problem), levenberg_marquardt(), 200)
        assert np.all(np.diff(rows["loss"]) <= 0)
        assert (
            min(
                abs(float(rows["loss"][-1]) / best - 1)
                for best in (problem.minimum or np.inf, *problem.local)
            )
            < 1e-6
        )
        assert float(state.descent.damping) > 0


@pytest.mark.parametrize("formula", ["polak_ribiere", "hestenes_stiefel", "fletcher_reeves"])
def test_conjugate_gradients_arrive_in_n_steps(formula):
    descent = composed(conjugate_gradient(formula=formula), parabolic())
    state, rows = walked(BOWL, descent, 3)
    np.testing.assert_allclose(state.params, CENTER, atol=1e-10)
    assert rows["gradient_norm"][2] > 0.1
    # steepest descent, which forgets the direction before, does not
    forgetful = conjugate_gradient(formula=formula)
    forgetful = forgetful._replace(
        toward=lambda point, state, f=forgetful: f.toward(point, f.init(point.x))
    )
    assert (
        jnp.linalg.norm(walked(BOWL, composed(forgetful, parabolic()), 3)[0].params - CENTER) > 1e-3
    )


def test_bfgs_knows_the_hessian_of_a_quadratic_after_n_steps():
    descent = composed(bfgs(), parabolic())
    state, _ = walked(BOWL, descent, 4)
    learnt = state.descent[0].inverse
    np.testing.assert_allclose(learnt, jnp.linalg.inv(A), atol=1e-8)
    np.testing.assert_allclose(state.params, CENTER, atol=1e-8)


def test_the_secant_update_takes_y_to_s_and_stays_positive():
    s, y = jnp.array([1.0, 2.0, -1.0]), jnp.array([0.5, 1.0, 0.3])
    updated = secant(A, s, y)
    np.testing.assert_allclose(updated @ y, s, atol=1e-12)
    np.testing.assert_allclose(updated, updated.T)
    assert jnp.all(jnp.linalg.eigvalsh(updated) > 0)
    assert jnp.any(jnp.linalg.eigvalsh(secant(A, s, -y)) < 0)  # which is why y.s > 0 is asked for


def gaussian(written):
    """Fit N(m, s²) to numbers, in params that ``written`` turns into m and s."""
    sample = jnp.array([0.3, -1.0, 2.5, 0.9])

    def loss(p):
        m, s = written(p)
        return jnp.mean((sample - m) ** 2) / (2 * s**2) + jnp.log(s)

    def fisher(p):
        J, s = jnp.stack(jax.jacobian(written)(p)), written(p)[1]
        return J.T @ jnp.diag(jnp.stack([1 / s**2, 2 / s**2])) @ J

    return loss, fisher


def in_logs(p):
    return p[0], jnp.exp(p[1])


def plain(p):
    return p[0], p[1]


def test_the_natural_gradient_does_not_mind_how_the_model_is_written():
    (loss, fisher), (log_loss, log_fisher) = gaussian(plain), gaussian(in_logs)
    start, log_start = jnp.array([0.0, 2.0]), jnp.array([0.0, jnp.log(2.0)])

    def both(direction):
        one = vector(direction, of(loss, start, fisher=fisher))
        other = vector(direction, of(log_loss, log_start, fisher=log_fisher))
        return one, jnp.stack([other[0], 2 * other[1]])  # ds = s d ln s

    np.testing.assert_allclose(*both(natural_gradient()))
    one, other = both(newton(damping=1e12))  # the plain gradient does
    assert not np.allclose(1e12 * one, 1e12 * other, rtol=0.1)


# ----- steps -----

ROSENBROCK = fit(mgh_valleys.PROBLEMS[0])


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


# ----- the price -----


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


# ----- all of them, by name -----

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
