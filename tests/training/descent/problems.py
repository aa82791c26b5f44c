"""Problems to descend, and what is asked of them."""

import jax
import jax.numpy as jnp

from lab.calculus.landscapes import mgh_valleys
from lab.training.descent import Here, Objective
from lab.training.descent.parts import flat
from lab.training.problem import Problem
from lab.training.step import training

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


ROSENBROCK = fit(mgh_valleys.PROBLEMS[0])
