"""The usual ways to miss a value: sign, factor, reciprocal, a forgotten constant, order."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from math import pi

import numpy as np

FACTORS = {
    2: "twice",
    3: "3 times",
    4: "4 times",
    10: "10 times",
    100: "100 times",
    1 / 2: "half",
    1 / 3: "a third of",
    1 / 4: "a quarter of",
    1 / 10: "a tenth of",
    1 / 100: "a hundredth of",
    2**0.5: "√2 times",
    0.5**0.5: "1/√2 times",
    pi: "π times",
    1 / pi: "1/π times",
    2 * pi: "2π times",
    1 / (2 * pi): "1/(2π) times",
    180 / pi: "in degrees where radians are asked for: 180/π times",
    pi / 180: "in radians where degrees are asked for: π/180 times",
}
CONSTANTS = {1.0: "1", 2.0: "2", 0.5: "1/2", pi: "π", pi / 2: "π/2", 2 * pi: "2π"}

Slip = tuple[str, str, Callable[[np.ndarray], np.ndarray]]


def slips(
    given: np.ndarray, right: np.ndarray, shapes: Collection[tuple[int, ...]]
) -> Iterator[Slip]:
    """Name, words and effect on the right answer of each; ``right`` has a row for each case.

    ``shapes`` are those the cases have before they are laid out as rows.
    """
    yield "sign", "the sign is flipped: it should be the negative of this", np.negative
    some = np.abs(right) > 1e-3 * np.max(np.abs(right), initial=0.0)
    if some.any():
        alike = bool(np.all(given[some] * right[some] > 0))
        for factor, word in FACTORS.items():
            head, sign = ("a factor:", "") if alike else ("a factor and the sign:", "minus ")
            says = f"{head} it is {sign}{word} what it should be"
            yield "factor", says, partial(np.multiply, factor if alike else -factor)
    yield "reciprocal", "upside down: it is 1 over what it should be", np.reciprocal
    yield "reciprocal", "upside down, and the sign is flipped", lambda x: -1 / x
    if right.size == 1 and np.all(
        right == np.rint(right)
    ):  # a count: every other one is some way off
        yield "index", "off by one", partial(np.add, 1 if np.all(given > right) else -1)
    else:
        for shift, word in CONSTANTS.items():
            forgotten = f"a constant is forgotten: {word} is missing"
            yield "missing_term", forgotten, partial(np.add, -shift)
            yield "extra_term", f"a constant {word} too much", partial(np.add, shift)
    if np.all(right >= 0):
        yield "factor", "the root of what it should be: a square is forgotten", np.sqrt
        yield "factor", "the square of what it should be: a root is forgotten", np.square
    if len(shapes) > 1:
        return
    (shape,) = shapes
    if len(shape) == 2 and shape[0] == shape[1]:
        yield "transpose", "it is transposed", partial(_transposed, shape)
    if right.shape[1] > 1:
        yield "index", "the entries are in the reverse order", lambda x: x[:, ::-1]
        if np.allclose(np.sort(given), np.sort(right), rtol=1e-9, atol=1e-12):
            yield "index", "the right numbers in another order", lambda x: given


def _transposed(shape: tuple[int, ...], rows: np.ndarray) -> np.ndarray:
    return rows.reshape(-1, *shape).swapaxes(1, 2).reshape(rows.shape)
