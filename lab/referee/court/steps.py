"""The steps of a longer derivation: every `adjoint` judged by itself, given right inputs.

The true cotangent of a tapped intermediate is the gradient with respect to a zero added to it (the
perturbation of flax's ``perturb``). During the check each `adjoint` hands on the true value in
place of the hand's, so that a wrong step is blamed once and the right steps behind it are not."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import listening
from lab.errors import BadInput, suggestion
from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.question import Question, split
from lab.referee.points.stacks import everywhere
from lab.referee.witnesses.evidence import Evidence

BLOCK = 16
CLOSE = 1e-8


class Steps(NamedTuple):
    """``taps`` are the names of the tapped intermediates; ``said`` and ``true``, by the names of
    the adjoints in the order in which the derivation takes them, are cotangents (pytrees of stacks
    of points); ``end`` is what the derivation makes of true ones.
    """

    taps: tuple[str, ...]
    said: dict[str, Any]
    true: dict[str, Any]
    end: Any


def judge_steps(steps: Steps | None, evidence: Evidence) -> dict[str, str]:
    """``{name: "correct" | "wrong"}`` in the order in which the derivation takes its steps; empty
    without any.
    """
    if steps is None:
        return {}
    return {name: _same(steps.true[name], said, evidence.fine) for name, said in steps.said.items()}


def ends_right(steps: Steps, evidence: Evidence) -> bool:
    """Whether nothing is wrong behind the steps."""
    return _same(evidence.truth, steps.end, evidence.usable) == "correct"


def taken(evidence: Evidence) -> Steps | None:
    """Every step of the hand at every point, each given right inputs, beside what is right; `None`
    without any.

    Raises `BadInput` when an `adjoint` names what is neither a tap nor an argument, or has another
    structure."""
    asked, group = evidence.question, evidence.group
    claim = asked.claim
    if claim.kind not in ("gradient", "vjp"):
        return None
    taps, adjoints = _names(asked, group.point(0))
    if not adjoints:
        return None
    known = [*taps, *claim.arguments]
    for name in adjoints:
        if name not in known:
            raise BadInput(
                f"{claim.name}: adjoint({name!r}) names neither a tap of {claim.of_name} nor an "
                f"argument{suggestion(name, known)}"
            )

    def both(*leaves: Any) -> Any:
        args, extra = split(asked, group.rebuild(leaves))
        truth = _true_cotangents(asked, args, extra, taps)
        said: dict[str, Any] = {}

        def note(name: str, value: Any) -> Any:
            said[name] = value
            return as_like(truth[name], value)

        with listening(adjoints=note):
            end = asked.hand(args, extra)
        return {name: (truth[name], said[name]) for name in adjoints}, end

    answers = Asker(both, group, 64, BLOCK)(group.leaves)
    if isinstance(answers, Raised):
        if isinstance(answers.error, BadInput):
            raise answers.error
        return None
    by_name, end = answers
    true, said = ({name: by_name[name][k] for name in adjoints} for k in (0, 1))
    return Steps(tuple(taps), said, true, end)


def _names(asked: Question, args: tuple[Any, ...]) -> tuple[list[str], list[str]]:
    """The names of the taps and of the adjoints, in the order in which they are passed."""
    args, extra = split(asked, args)
    taps: list[str] = []
    adjoints: list[str] = []
    with precision(64):
        try:
            with listening(adjoints=_recorder(adjoints)):
                jax.eval_shape(lambda: asked.hand(args, extra))
            if not adjoints:
                return [], []
            with listening(taps=_recorder(taps)):
                jax.eval_shape(lambda: asked.value(args, extra))
        except Exception:
            return [], []
    return taps, adjoints


def _recorder(names: list[str]) -> Callable[[str, Any], Any]:
    def record(name: str, value: Any) -> Any:
        if name not in names:
            names.append(name)
        return value

    return record


def _true_cotangents(
    asked: Question, args: tuple[Any, ...], extra: Any, taps: list[str]
) -> dict[str, Any]:
    """The cotangent of every tap and of every argument made of floating arrays."""
    claim = asked.claim
    positions = [p for p, arg in enumerate(args) if _floating(arg)]
    shapes: dict[str, Any] = {}

    def shape(name: str, value: Any) -> Any:
        shapes[name] = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), value)
        return value

    with listening(taps=shape):
        jax.eval_shape(lambda: asked.value(args, extra))
    zeros = jax.tree.map(lambda s: jnp.zeros(s.shape, s.dtype), shapes)

    def shifted(shift: dict[str, Any], slots: tuple[Any, ...]) -> Any:
        full = list(args)
        for position, slot in zip(positions, slots, strict=True):
            full[position] = slot
        add = lambda name, value: jax.tree.map(jnp.add, value, shift[name])
        with listening(taps=add):
            out = claim.of(*full)
        if claim.kind == "gradient":
            return out
        paired = jax.tree.map(lambda y, c: jnp.sum(y * c), out, extra)
        return sum(jax.tree.leaves(paired))

    slots = tuple(args[p] for p in positions)
    by_tap, by_slot = jax.grad(shifted, argnums=(0, 1))(zeros, slots)
    named = {claim.arguments[p]: g for p, g in zip(positions, by_slot, strict=True)}
    return {**named, **by_tap}


def _floating(arg: Any) -> bool:
    leaves = jax.tree.leaves(arg)
    return bool(leaves) and all(
        hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating) for leaf in leaves
    )


def as_like(truth: Any, said: Any) -> Any:
    """The true cotangent, handed on in place of what was said, when it has the same shapes."""
    shapes = lambda tree: [np.shape(leaf) for leaf in jax.tree.leaves(tree)]
    return truth if shapes(truth) == shapes(said) else said


def _same(truth: Any, said: Any, fine: np.ndarray) -> str:
    pairs = list(zip(jax.tree.leaves(truth), jax.tree.leaves(said), strict=False))
    if len(jax.tree.leaves(truth)) != len(jax.tree.leaves(said)):
        return "wrong"
    for right, seen in pairs:
        if right.shape != seen.shape:
            return "wrong"
        use = fine & everywhere(np.isfinite(right))
        usual = (
            np.median(np.abs(right[use]).reshape(use.sum(), -1).max(axis=1, initial=0.0))
            if use.any()
            else 0.0
        )
        gap = np.abs(seen[use] - right[use]).reshape(use.sum(), -1).max(axis=1, initial=0.0)
        size = np.abs(right[use]).reshape(use.sum(), -1).max(axis=1, initial=0.0)
        if not np.all(gap <= CLOSE * np.maximum(size, usual)):
            return "wrong"
    return "correct"
