"""Derivatives on trial before the referee, as in `lab.check`."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from inspect import getsource, unwrap
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab import referee
from lab.derivation import Derivation
from lab.exercises.answer import NoAnswer, number, shape_words, source_of
from lab.exercises.record import Exercise
from lab.referee.asking.evaluate import precision
from lab.referee.points.drawn import groups
from lab.referee.verdict import Mistake, Verdict


def judge_derivative(
    asked: Exercise, answer: Callable[..., Any], of: Callable[..., Any] | None, seed: int
) -> Verdict:
    """The referee's verdict on the answer.

    ``of`` is the function as it stands in the learner's own sheet: where it reads the same as the
    shipped one, mistakes are located there.
    """
    claim = claimed(asked, _as_array(asked, answer))
    if of is not None and reads_alike(of, claim.of):
        claim = replace(claim, of=of)
    # a counterexample would tell the true value
    verdict = referee.check(claim, seed=seed, shrink=False)
    if verdict.verdict == "error" and "math range error" in verdict.reason:
        return verdict._replace(reason=f"{verdict.reason}: math.exp stops where jnp.exp goes on")
    misfit = verdict.mistake is not None and verdict.mistake.name == "shape"
    said = misshapen(claim, asked.solution) if misfit else ""
    return verdict._replace(mistake=Mistake("shape", said, ""), reason=said) if said else verdict


def _as_array(asked: Exercise, answer: Callable[..., Any]) -> Callable[..., Any]:
    """The answer, with a list of numbers taken for an array where an array is asked for, and an
    array for the tuple of its rows.
    """
    claim = claimed(asked, asked.solution)
    with precision(64):
        right = asked.solution(*points_of(claim, 1)[0])
    return wraps(answer)(lambda *args: _like_arrays(answer(*args), right))


def _like_arrays(given: Any, right: Any) -> Any:
    if isinstance(right, list | tuple) and isinstance(given, jax.Array | np.ndarray):
        ranks = {np.ndim(part) for part in right}  # sizes vary from point to point
        fit = ranks == {given.ndim - 1} and len(right) == len(given)
        return type(right)(given) if fit else given
    if not isinstance(given, list | tuple):
        return given
    if isinstance(right, list | tuple):
        if len(given) != len(right):
            return given
        return type(right)([_like_arrays(*pair) for pair in zip(given, right, strict=True)])
    try:
        return jnp.asarray(given)
    except (TypeError, ValueError):  # no array: the referee has words for its form
        return given


def claimed(asked: Exercise, answer: Callable[..., Any]) -> Derivation:
    """The claim that the answer makes."""
    assert asked.derivation is not None
    file, line = source_of(unwrap(answer))
    return replace(asked.derivation, hand=answer, name=asked.name, file=file, line=line)


def reads_alike(one: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two functions are the same text."""
    try:
        return getsource(one) == getsource(other)
    except (OSError, TypeError):
        return False


def points_of(claim: Derivation, count: int) -> list[tuple[Any, ...]]:
    """Some typical arguments of the hand function, tangents and cotangents included."""
    with precision(64):
        drawn = groups(claim, 0, count)[0]
        return [_with_extra(claim, drawn.point(k)) for k in range(min(count, drawn.size))]


def _with_extra(claim: Derivation, args: tuple[Any, ...]) -> tuple[Any, ...]:
    if claim.kind in ("jvp", "hvp"):
        slots = tuple(args[k] for k in claim.wrt)
        return (*args, _like(slots[0] if claim.single else slots))
    if claim.kind == "vjp":
        return (*args, _like(claim.of(*args)))
    return args


def _like(tree: Any) -> Any:
    """Numbers for every leaf that no two entries share."""
    return jax.tree.map(
        lambda leaf: jnp.linspace(0.3, 1.7, max(1, np.size(leaf))).reshape(np.shape(leaf)), tree
    )


def require_answer(asked: Exercise, answer: Callable[..., Any]) -> None:
    """Raises `NoAnswer` for what no derivative can be, and whatever the answer itself raises."""
    claim, finite = claimed(asked, asked.solution), []
    for args in points_of(claim, 3):
        with precision(64):
            given, right = answer(*args), asked.solution(*args)
            leaves = jax.tree.leaves(given, is_leaf=lambda part: part is None)
            known = "biufc" if any(map(jnp.iscomplexobj, jax.tree.leaves(right))) else "biuf"
            for leaf in leaves:
                if np.asarray(leaf).dtype.kind not in known:
                    number(leaf)
            finite.append(all(np.all(np.isfinite(leaf)) for leaf in leaves))
    if not any(finite):
        raise NoAnswer(
            "it is not finite (NaN, or an infinity) at any point tried: is something divided by 0?"
        )


def misshapen(claim: Derivation, solution: Callable[..., Any]) -> str:
    """What the shape of an answer is and should be, where both are one array; or nothing."""
    args = points_of(claim, 1)[0]
    with precision(64):
        (given, *more), (right, *others) = _leaves(claim.hand, args), _leaves(solution, args)
    if more or others or 1 < np.ndim(given) == np.ndim(right):
        return ""  # the referee knows more: what is transposed, or not summed
    says = f"it returns {shape_words(given)} where {shape_words(right)} is asked for"
    alike = np.ndim(given) and np.ndim(right) and np.size(given) == np.size(right)
    return says + (": the same numbers in another arrangement?" if alike else "")


def _leaves(function: Callable[..., Any], args: tuple[Any, ...]) -> list[Any]:
    return jax.tree.leaves(function(*args)) or [None]


def same(claim: Derivation, answer: Callable[..., Any], other: Callable[..., Any]) -> bool:
    """Whether two answers are one, at a few typical points."""
    try:
        with precision(64):
            for args in points_of(claim, 4):
                one, two = jax.tree.leaves(answer(*args)), jax.tree.leaves(other(*args))
                if not all(np.allclose(a, b, 1e-9, 1e-12) for a, b in zip(one, two, strict=True)):
                    return False
    except Exception:
        return False
    return True
