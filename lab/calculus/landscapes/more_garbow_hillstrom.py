"""The collection of Moré, Garbow and Hillstrom (1981) whole: 35 problems, by number."""

from lab.calculus.landscapes import mgh_any_size, mgh_equations, mgh_fits, mgh_valleys
from lab.calculus.landscapes.least_squares import LeastSquares

PROBLEMS: tuple[LeastSquares, ...] = tuple(
    sorted(
        mgh_valleys.PROBLEMS + mgh_fits.PROBLEMS + mgh_any_size.PROBLEMS + mgh_equations.PROBLEMS,
        key=lambda problem: problem.number,
    )
)
