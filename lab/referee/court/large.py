"""The short way for large arguments: one point, judged entry by entry on the device, and only the
verdict comes home.

In double precision the hand's answer stands beside JAX's reverse mode, every entry compared; along
one random direction both stand beside forward mode and a difference; in single precision the hand
answers again, beside the truth of before. That is four evaluations of the gradient or its like, one
of them single, and two of the function. Where all agree, the derivation is correct; where JAX
contradicts itself or the difference, the witnesses are odd; anything else goes the long way, which
finds out what it is."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.asking import tolerance
from lab.referee.asking.evaluate import cast, precision
from lab.referee.asking.question import Question
from lab.referee.asking.structure import Form, Misshapen, fit
from lab.referee.asking.traces import Traced, traced
from lab.referee.court.weighing import Found
from lab.referee.points.group import Group
from lab.referee.verdict import Witness
from lab.referee.witnesses.evidence import varied_leaves

STEP = 1e-5  # of the central difference, relative to each entry
LOOSE = 1e-3  # how well a difference with such a step is expected to agree
CLOSE = 1e-9  # forward against reverse
KEPT = 6  # programs remembered


class Compared(NamedTuple):
    """Of one leaf, numbers: the largest gap between hand and truth, the largest entry of the truth,
    and whether both are finite throughout.
    """

    gap: Any
    scale: Any
    finite: Any


class Line(NamedTuple):
    """Slopes along one direction: by contraction of the truth and of the hand, and forward mode;
    the function's ``height`` there, and ``size``, what such a contraction usually comes to.
    """

    truth: Any
    hand: Any
    forward: Any
    height: Any
    size: Any
    difference: Any = 0.0

    @property
    def rounding(self) -> Any:
        """Of the difference."""
        return tolerance.EPS64 * abs(self.height) / STEP


def hear_large(
    asked: Question, group: Group, wanted: Form, rng: np.random.Generator
) -> Found | None:
    """The verdict at the group's first point, or `None` where it takes the long way."""
    kind = asked.claim.kind
    if kind not in ("gradient", "vjp", "jvp", "derivative"):
        return None
    mode = asked.forward if kind == "jvp" else asked.reverse
    assert mode is not None
    varied = varied_leaves(asked, group)
    signs = [_signs(rng, np.shape(group.leaves[i])[1:]) for i in varied]
    try:
        voices = Voices(
            traced(asked, asked.value, group),
            traced(asked, mode, group),
            traced(asked, asked.hand, group),
            traced(asked, asked.hand, group, 32),
        )
        if any(isinstance(fit(hand.shape, wanted), Misshapen) for hand in voices[2:]):
            return None
        double, single, line, fine = _heard(voices, kind, varied, group, signs)
    except Exception:
        return None
    if not fine or not all(np.all(one.finite) for one in (*double, *single)):
        return None
    odd = _odd(asked, line)
    if odd is not None:
        return odd
    allowed = [
        tolerance.FORMULA * one.scale + 16 * tolerance.EPS64 * _usual(double) for one in double
    ]
    if any(one.gap > most for one, most in zip(double, allowed, strict=True)):
        return None
    if any(one.gap > LOOSE * max(one.scale, LOOSE * _usual(single)) for one in single):
        return None
    return Found(
        "correct",
        "agrees with every witness, every entry at one point",
        None,
        {},
        _witnesses(asked, double, single, line),
        _power(double, allowed),
    )


class Voices(NamedTuple):
    """The function, the truth and the hand at one point, as they were traced; the hand in single
    precision, too.
    """

    value: Traced
    truth: Traced
    hand: Traced
    hand_single: Traced


def _heard(
    voices: Voices, kind: str, varied: list[int], group: Group, signs: list[np.ndarray]
) -> tuple[list[Compared], list[Compared], Line | None, bool]:
    """Hand and truth compared in double and in single precision, the slopes along a line in the
    differentiated leaves where it has such, and whether the function is finite.
    """
    pairs = kind in ("gradient", "vjp")

    def in_double(leaves: Any, signs: Any) -> Any:
        value, truth, said = (jax.tree.leaves(voice(*leaves)) for voice in voices[:3])
        line = _line(height, varied, leaves, signs, truth, said) if pairs else None
        return _compare(truth, said), line, _finite(value), [_narrow(leaf) for leaf in truth]

    def height(*leaves: Any) -> Any:
        """A number of which gradient and pullback are the slopes."""
        out = jax.tree.leaves(voices.value(*leaves))
        cotangents = [1.0] if kind == "gradient" else leaves[len(leaves) - len(out) :]
        return sum(jnp.sum(jnp.real(y * c)) for y, c in zip(out, cotangents, strict=True))

    def in_single(leaves: Any, truth: Any) -> Any:
        return _compare(truth, jax.tree.leaves(voices.hand_single(*leaves)))

    with precision(64):
        leaves = jax.device_put(cast(tuple(leaf[0] for leaf in group.leaves), 64))
        program = _compiled(in_double, (voices[:3], kind, varied), leaves, signs)
        *found, truth = program(leaves, signs)
        double, line, fine = jax.device_get(found)
        if pairs:  # a program of its own: as part of the other it can be ten times as dear
            heights = _compiled(height, (voices[:1], kind), *leaves)
            up, down = (
                heights(*_put(leaves, varied, _moved([leaves[i] for i in varied], signs, step)))
                for step in (STEP, -STEP)
            )
            line = line._replace(difference=float(up - down) / (2 * STEP))
        leaves = _narrowed(leaves)
    with precision(32):
        single = _compiled(in_single, (voices[3:],), leaves, truth)(leaves, truth)
        return double, jax.device_get(single), line, bool(fine)


def _line(
    height: Callable[..., Any], varied: list[int], leaves: Any, signs: Any, truth: Any, said: Any
) -> Line:
    slots = [leaves[i] for i in varied]
    away = [slot * sign for slot, sign in zip(slots, signs, strict=True)]
    along = lambda *moved: height(*_put(leaves, varied, moved))
    here, forward = jax.jvp(along, slots, away)
    terms = [jnp.real(x * v) for x, v in zip(truth, away, strict=True)]
    said = [jnp.real(x * v) for x, v in zip(said, away, strict=True)]
    total = lambda parts: sum(map(jnp.sum, parts))
    return Line(total(terms), total(said), forward, here, jnp.sqrt(total(x * x for x in terms)))


def _put(leaves: Any, varied: list[int], slots: Any) -> list[Any]:
    """The leaves, with others in place of those that are varied."""
    moved = dict(zip(varied, slots, strict=True))
    return [moved.get(i, leaf) for i, leaf in enumerate(leaves)]


@jax.jit
def _moved(slots: Any, signs: Any, step: float) -> Any:
    """A step along the direction whose entries are those of the slots but for the signs."""
    return [slot + step * (slot * sign) for slot, sign in zip(slots, signs, strict=True)]


_NARROW = {"float64": "float32", "complex128": "complex64", "int64": "int32", "uint64": "uint32"}


def _narrow(leaf: Any) -> Any:
    return leaf.astype(_NARROW.get(str(leaf.dtype), leaf.dtype))


@jax.jit
def _narrowed(leaves: Any) -> Any:
    """As they are where there is no double precision."""
    return [_narrow(leaf) for leaf in leaves]


def _compare(truth: list[Any], said: list[Any]) -> list[Compared]:
    """Leaf by leaf; a slope may be given as one number for all entries. A sum tells whether all is
    finite: the largest of many entries may pass over one that is no number.
    """
    apart = [h - t for t, h in zip(truth, said, strict=True)]
    return [
        Compared(
            jnp.max(jnp.abs(gap), initial=0.0),
            jnp.max(jnp.abs(t), initial=0.0),
            jnp.isfinite(jnp.sum(gap)),
        )
        for t, gap in zip(truth, apart, strict=True)
    ]


def _finite(leaves: list[Any]) -> Any:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


_programs: dict[str, Any] = {}


def _compiled(function: Callable[..., Any], made_of: tuple[Any, ...], *given: Any) -> Any:
    """The function compiled: the program of before, where it is ``made_of`` the same, the voices
    told by their fingerprints.
    """
    (voices, *told) = made_of
    prints = [voice.fingerprint for voice in voices]
    known = str((function.__name__, prints, told))
    if None in prints or known not in _programs:
        while len(_programs) >= KEPT:
            _programs.pop(next(iter(_programs)))
        _programs[known] = jax.jit(function).lower(*given).compile()
    return _programs[known]


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    count = int(np.prod(shape))
    bits = np.unpackbits(np.frombuffer(rng.bytes(count // 8 + 1), np.uint8), count=count)
    return (1 - 2 * bits.astype(np.int8)).reshape(shape)


def _odd(asked: Question, line: Line | None) -> Found | None:
    """JAX against itself, and against the difference."""
    if line is None:
        return None
    of = asked.claim.of_name
    if not abs(line.forward - line.truth) <= CLOSE * (abs(line.truth) + line.size) * 1e2:
        says = f"forward and reverse mode of {of} contradict each other"
        return Found("inconclusive", says)
    allowed = LOOSE * (line.size + abs(line.truth)) + 100 * line.rounding
    if not abs(line.difference - line.truth) <= 10 * allowed:
        sides = abs(line.difference - line.hand) <= allowed
        with_hand = "; the hand derivation agrees with the differences" if sides else ""
        return Found(
            "inconclusive",
            f"automatic differentiation of {of} contradicts its differences "
            f"(stop_gradient or a custom rule?){with_hand}",
        )
    return None


def _witnesses(
    asked: Question, double: list[Compared], single: list[Compared], line: Line | None
) -> tuple[Witness, ...]:
    worst = lambda found: float(
        max((one.gap / max(one.scale, 1e-3 * _usual(found), 1e-300) for one in found), default=0.0)
    )
    main, other = ("forward", "reverse") if asked.claim.kind == "jvp" else ("reverse", "forward")
    made = [Witness(f"jax {main}", "agrees", worst(double))]
    if line is not None:
        usual = max(line.size, abs(line.truth), 1e-300)
        along = "along one direction"
        made += [
            Witness(f"jax {other}", "agrees", float(abs(line.forward - line.hand) / usual), along),
            Witness(
                "differences", "agrees", float(abs(line.difference - line.hand) / usual), along
            ),
        ]
    return (*made, Witness("float32", "agrees", worst(single)))


def _usual(found: list[Compared]) -> float:
    return float(max((one.scale for one in found), default=0.0))


def _power(double: list[Compared], allowed: list[Any]) -> float | None:
    """An error planted in the largest entry of each leaf, just large enough to be seen there."""
    seen = 0.0
    for one, most in zip(double, allowed, strict=True):
        if one.scale > 0:
            planted = 2 * float(most / one.scale)
            if planted * one.scale - one.gap <= most:
                planted *= 2
            seen = max(seen, planted)
    return seen or None
