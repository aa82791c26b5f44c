"""Where they race: problems of different sizes as one, and fits to data."""

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from lab.calculus.landscapes import neuron_fits
from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.landscapes.more_garbow_hillstrom import PROBLEMS
from lab.errors import BadInput
from lab.training import data

from .contenders import Vector

ON_DATA = 90
"""The problems on data are numbered from here; Moré, Garbow and Hillstrom's have their own."""


class Course(NamedTuple):
    """Problems of different sizes as one: all x of the greatest size, all r of the greatest length.

    What is beyond a problem's own size does nothing, and is not charged for.
    """

    problems: tuple[LeastSquares, ...]
    width: int
    length: int

    @property
    def sizes(self) -> np.ndarray:
        return np.array([len(problem.start) for problem in self.problems])

    def residuals(self, index: Int[Array, ""], x: Vector) -> Float[Array, " m"]:
        def one(problem: LeastSquares, x: Vector) -> Float[Array, " m"]:
            r = problem.residuals(x[: len(problem.start)])
            return jnp.pad(r, (0, self.length - r.size))

        return jax.lax.switch(index, [partial(one, problem) for problem in self.problems], x)

    def jacobian(self, index: Int[Array, ""], x: Vector) -> Float[Array, "m n"]:
        def one(problem: LeastSquares, x: Vector) -> Float[Array, "m n"]:
            J = problem.jacobian(x[: len(problem.start)])
            return jnp.pad(J, ((0, self.length - J.shape[0]), (0, self.width - J.shape[1])))

        return jax.lax.switch(index, [partial(one, problem) for problem in self.problems], x)

    def starts(self, key: Any, count: int) -> Float[Array, "problems count n"]:
        """The standard start first, then others from around it: each number off by a tenth."""
        starts = jnp.stack(
            [jnp.pad(jnp.array(p.start), (0, self.width - len(p.start))) for p in self.problems]
        )
        off = jax.random.normal(key, (len(self.problems), count, self.width))
        moved = jnp.where(starts == 0, 0.1, 0.1 * starts)[:, None] * off.at[:, 0].set(0.0)
        inside = jnp.arange(self.width) < self.sizes[:, None]
        return starts[:, None] + moved * inside[:, None]


def the_course(numbers: tuple[int, ...], on_data: bool) -> Course:
    """The problems of these numbers, and two on data; ``BadInput`` for one there is not."""
    known = {problem.number: problem for problem in PROBLEMS}
    unknown = [number for number in numbers if number not in known]
    if unknown or not numbers:
        raise BadInput(f"problems={list(numbers)}: name some of 1 to 35, as numbered in the paper")
    chosen = tuple(known[number] for number in numbers) + (fits() if on_data else ())
    length = max(problem.residuals(jnp.array(problem.start)).size for problem in chosen)
    return Course(chosen, max(len(problem.start) for problem in chosen), length)


def fits() -> tuple[LeastSquares, ...]:
    """A neuron on 178 wines (colour from flavanoids and hue), and one on 100 irises (kind)."""
    (wine,), (iris,) = data.standardise(data.load("wine")), data.standardise(data.load("iris"))
    names = wine.feature_names
    colour, features = (
        names.index("color_intensity"),
        [names.index("flavanoids"), names.index("hue")],
    )
    kept = iris.targets > 0
    line = (wine.inputs[:, features], wine.inputs[:, colour])
    chance = (iris.inputs[kept][:, 2:], (iris.targets[kept] == 2).astype(float))
    made = []
    for number, (name, residuals, jacobian, start, arrays) in enumerate(
        [
            ("wine", neuron_fits.bent_line_residuals, neuron_fits.bent_line_jacobian,
             (1.0, 0.0, 0.0, 0.1, 0.1), line),
            ("iris", neuron_fits.chance_residuals, neuron_fits.chance_jacobian,
             (0.0, 0.0, 0.0), chance),
        ],
        ON_DATA,
    ):  # fmt: skip
        X, y = (jnp.asarray(array, float) for array in arrays)
        r, J = partial(residuals, X=X, y=y), partial(jacobian, X=X, y=y)
        made.append(LeastSquares(number, name, r, J, start, -np.inf))
    return tuple(made)
