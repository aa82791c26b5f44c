"""The master table: every row of it, measured four ways."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from lab.calculus.elementary import (
    exponentials_and_logarithms,
    hyperbolic,
    powers,
    special_functions,
    steps_and_corners,
    trigonometric,
)
from lab.calculus.elementary.exponentials_and_logarithms import (
    coin_log_likelihood,
    coin_log_likelihood_derivative,
)
from lab.calculus.elementary.limits_and_first_principles import (
    absolute_value_derivative,
    cosine_tangent_slope,
    exponential_of_any_base_tangent_slope,
    exponential_tangent_slope,
    logarithm_tangent_slope,
    power_tangent_slope,
    reciprocal_tangent_slope,
    sine_ratio_derivative,
    sine_tangent_slope,
    square_root_tangent_slope,
)
from lab.calculus.networks.activations import tanh_derivative
from lab.derivation import Derivation, derivation_of
from lab.experiment import Outcome
from lab.referee.asking.evaluate import quick_options
from lab.tables import Table, table
from lab.training import data

FROM_FIRST_PRINCIPLES: dict[Callable[..., Any], tuple[str, str]] = {
    power_tangent_slope: ("powers", "xⁿ"),
    reciprocal_tangent_slope: ("powers", "1/x"),
    square_root_tangent_slope: ("powers", "√x"),
    exponential_tangent_slope: ("exponentials_and_logarithms", "eˣ"),
    exponential_of_any_base_tangent_slope: ("exponentials_and_logarithms", "aˣ"),
    logarithm_tangent_slope: ("exponentials_and_logarithms", "ln x"),
    sine_tangent_slope: ("trigonometric", "sin x"),
    cosine_tangent_slope: ("trigonometric", "cos x"),
    sine_ratio_derivative: ("trigonometric", "sin x / x"),
    tanh_derivative: ("hyperbolic", "tanh x"),
    absolute_value_derivative: ("steps_and_corners", "|x|"),
}
"""Rows that are derived elsewhere, with the topic they belong to and their formula."""

TOPICS = (
    powers,
    exponentials_and_logarithms,
    trigonometric,
    hyperbolic,
    special_functions,
    steps_and_corners,
)


class Row(NamedTuple):
    """One function of one number: a derivation, and which of its arguments moves."""

    topic: str
    formula: str
    claim: Derivation
    moves: int

    @property
    def places(self) -> tuple[Any, ...]:
        """The domains of all arguments."""
        assert isinstance(self.claim.at, tuple)
        return self.claim.at

    @property
    def name(self) -> str:
        """The name of the derivation, and of the argument where several may move."""
        suffix = "" if self.claim.single else f", {self.claim.arguments[self.moves]}"
        return self.claim.name + suffix

    @property
    def hence(self) -> str:
        """What the derivation ends in."""
        last = " ".join(self.claim.doc.split()).rpartition("hence ")[2]
        return last.partition(":")[0].rstrip(".")


def the_rows() -> Iterator[Row]:
    """Every derivative or partial derivative in a number that the topics hold, and those above."""
    for hand, (topic, formula) in FROM_FIRST_PRINCIPLES.items():
        claim = derivation_of(hand)
        assert claim is not None
        yield Row(topic, formula, claim, 0)
    for module in TOPICS:
        topic = module.__name__.rpartition(".")[2]
        for member in vars(module).values():
            claim = derivation_of(member)
            if claim is None or member.__module__ != module.__name__:
                continue
            formula = (claim.of.__doc__ or claim.of_name).partition("\n")[0]
            if claim.kind in ("derivative", "gradient"):
                found = (Row(topic, formula, claim, i) for i in claim.wrt)
                yield from (row for row in found if not row.places[row.moves].shape)


def master_table(rng: np.random.Generator, points: int) -> Iterator[Table]:
    """A table a row, all rows of a topic in one compiled program."""
    every = list(the_rows())
    for topic in dict.fromkeys(row.topic for row in every):
        mine = [row for row in every if row.topic == topic]
        x = [jnp.asarray(np.sort(draws(row, rng, points)), float) for row in mine]
        pairs = [sliced(row, rng) for row in mine]
        run = lambda x, pairs=pairs: [
            four_ways(f, hand, one) for (f, hand), one in zip(pairs, x, strict=True)
        ]
        answers = jax.jit(run, compiler_options=quick_options())(x)
        for row, one, columns in zip(mine, x, answers, strict=True):
            yield labelled((topic, row.name, row.formula, row.hence), one, *columns)


def draws(row: Row, rng: np.random.Generator, points: int) -> np.ndarray:
    domain = row.places[row.moves]
    if domain.shape:
        return np.asarray(domain.sample(rng, {"n": points}))
    return np.array([domain.sample(rng, {}) for _ in range(points)])


def sliced(row: Row, rng: np.random.Generator) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
    """The function and its slope by hand, of the argument that moves; the others are drawn."""
    claim, i = row.claim, row.moves
    fixed = [domain.sample(rng, {"n": 4}) for domain in row.places]
    fixed = [one if isinstance(one, int) else jnp.asarray(one, float) for one in fixed]
    full = lambda x: (*fixed[:i], x, *fixed[i + 1 :])
    part = lambda hand: hand if claim.single else hand[claim.wrt.index(i)]
    return lambda x: claim.of(*full(x)), lambda x: part(claim.hand(*full(x)))


def four_ways(
    f: Callable[[Any], Any], hand: Callable[[Any], Any], x: Float[Array, " n"]
) -> tuple[Array, Array, Array, Array]:
    """The value, and the slope by hand, by JAX and by a central difference."""
    step = jnp.finfo(x.dtype).eps ** (1 / 3) * jnp.minimum(jnp.abs(x), 1.0)
    around = jnp.stack([x, x + step, x - step])
    (value, after, before), slope = jax.jvp(f, (around,), (jnp.ones_like(around),))
    difference = (after - before) / (around[1] - around[2])
    return value, jnp.broadcast_to(hand(x), x.shape), slope[0], difference


def labelled(labels: tuple[str, ...], *numbers: Any) -> Table:
    """Rows of the trajectory."""
    x, f, hand, by_jax, difference = (np.asarray(column, float) for column in numbers)
    # a number rounds to eps of itself: no slope is known better than eps |f / x|
    scale = np.maximum(abs(by_jax), abs(f / x))
    scale = np.where(scale > 0, scale, 1.0)
    words = zip(("topic", "row", "formula", "derivative"), labels, strict=True)
    return table(
        dict(words),
        {
            "x": x,
            "f": f,
            "hand": hand,
            "jax": by_jax,
            "difference": difference,
            "error": abs(hand - by_jax) / scale,
            "difference_error": abs(hand - difference) / scale,
        },
    )


def growth(bases: int) -> Table:
    """For each base a (x), aˣ at 1 (f) and its slope there: the ratio is ln a."""
    a = jnp.geomspace(0.25, 8.0, bases).astype(float)
    hand = lambda t: exponential_of_any_base_tangent_slope(t, a)
    columns = four_ways(lambda t: a**t, hand, jnp.ones_like(a))
    return labelled(("growth", "aˣ at 1", "aˣ", "aˣ ln a"), a, *columns)


def likelihood(points: int) -> Table:
    """The log likelihood (f) that a digit is even with probability p (x), and its slope."""
    p = jnp.linspace(0.3, 0.7, points).astype(float)
    k, m = (jnp.asarray(count, float) for count in counted())
    f, hand = (
        lambda p, of=of: of(p, k, m) for of in (coin_log_likelihood, coin_log_likelihood_derivative)
    )
    labels = ("likelihood", "even", "k ln p + m ln(1 - p)", "k/p - m/(1 - p)")
    return labelled(labels, p, *four_ways(f, hand, p))


def counted() -> tuple[int, int]:
    """How many of the handwritten digits are even, and odd."""
    digits = data.load("digits").targets
    even = int(np.sum(digits % 2 == 0))
    return even, digits.size - even


def master(outcome: Outcome) -> Table:
    """All but what stands beside the master table."""
    keep = ~np.isin(outcome.trajectory["topic"].astype(str), ("growth", "likelihood"))
    return {column: values[keep] for column, values in outcome.trajectory.items()}
