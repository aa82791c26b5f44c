"""The short way for large arguments: one point, judged entry by entry on the device, and only the
verdict comes home.

In double precision the hand's answer stands beside JAX's reverse mode, every entry compared; along
one random direction both stand beside forward mode and a difference; in single precision the hand's
answer stands beside JAX's again. That is six evaluations of the gradient, two of them single. Where
all agree, the derivation is correct; where JAX contradicts itself or the difference, the witnesses
are odd; anything else goes the long way, which finds out what it is."""

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
from lab.referee.points.drawn import Group
from lab.referee.programs.fingerprint import fingerprint
from lab.referee.verdict import Witness
from lab.referee.witnesses.evidence import varied_leaves

STEP = 1e-5  # of the central difference, relative to each entry
LOOSE = 1e-3  # how well a difference with such a step is expected to agree
CLOSE = 1e-9  # forward against reverse
KEPT = 4  # programs remembered


class Compared(NamedTuple):
    """Leaf by leaf, numbers: the largest gap between hand and truth, the largest entry of each, and
    whether both are finite throughout.
    """

    gap: Any
    scale: Any
    hand: Any
    finite: Any


class Line(NamedTuple):
    """Slopes along one direction: by contraction of the truth and of the hand, forward mode, and a
    central difference; ``size`` is what such a contraction usually comes to.
    """

    truth: Any
    hand: Any
    forward: Any
    difference: Any
    rounding: Any
    size: Any


def hear_large(
    asked: Question, group: Group, wanted: Form, rng: np.random.Generator
) -> Found | None:
    """The verdict at the group's first point, or `None` where it takes the long way."""
    kind = asked.claim.kind
    if kind not in ("gradient", "vjp", "jvp", "derivative"):
        return None
    mode = asked.forward if kind == "jvp" else asked.reverse
    assert mode is not None
    leaves = tuple(leaf[0] for leaf in group.leaves)
    varied = varied_leaves(asked, group)
    signs = [_signs(rng, np.shape(leaves[i])) for i in varied]
    try:
        voices = [
            _Voices(*(traced(asked, one, group, bits) for one in (asked.value, mode, asked.hand)))
            for bits in (64, 32)
        ]
        if any(isinstance(fit(each.hand.shape, wanted), Misshapen) for each in voices):
            return None
        in_double = lambda *x: voices[0].in_double(asked, varied, *x)
        with precision(64):
            double, line, fine = jax.device_get(
                _compiled(in_double, voices[0], (kind, varied), cast(leaves, 64), signs)
            )
        with precision(32):
            single, fine_single = jax.device_get(
                _compiled(voices[1].in_single, voices[1], (), cast(leaves, 32))
            )
    except Exception:
        return None
    if not fine or not fine_single:
        return None
    if not all(np.all(one.finite) for one in (*double, *single)):
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


class _Voices(NamedTuple):
    """The function, the truth and the hand at one point, as they were traced in one precision; and
    the programs that are compiled of them, one in each.
    """

    value: Traced
    truth: Traced
    hand: Traced

    def in_double(self, asked: Question, varied: list[int], leaves: Any, signs: Any) -> Any:
        value, truth, said = (jax.tree.leaves(voice(*leaves)) for voice in self)
        line = None
        if asked.claim.kind in ("gradient", "vjp"):
            line = self.line(asked, varied, leaves, signs, truth, said)
        return _compare(truth, said), line, _finite(value)

    def in_single(self, leaves: Any) -> Any:
        value, truth, said = (jax.tree.leaves(voice(*leaves)) for voice in self)
        return _compare(truth, said), _finite(value)

    def line(
        self, asked: Question, varied: list[int], leaves: Any, signs: Any, truth: Any, said: Any
    ) -> Line:
        """A gradient and a pullback come down to one number along a direction."""
        away = [leaves[i] * sign for i, sign in zip(varied, signs, strict=True)]

        def along(t: Any) -> Any:
            moved = list(leaves)
            for i, v in zip(varied, away, strict=True):
                moved[i] = leaves[i] + t * v
            out = jax.tree.leaves(self.value(*moved))
            if asked.claim.kind == "gradient":
                return out[0]
            cotangents = leaves[len(leaves) - len(out) :]
            return sum(jnp.sum(y * c) for y, c in zip(out, cotangents, strict=True))

        middle, forward = jax.jvp(along, (0.0,), (1.0,))
        difference = (along(STEP) - along(-STEP)) / (2 * STEP)
        total = lambda parts: sum(jnp.sum(x * v) for x, v in zip(parts, away, strict=True))
        square = sum(jnp.sum((x * v) ** 2) for x, v in zip(truth, away, strict=True))
        return Line(
            total(truth),
            total(said),
            forward,
            difference,
            tolerance.EPS64 * jnp.abs(middle) / STEP,
            jnp.sqrt(square),
        )


def _compare(truth: list[Any], said: list[Any]) -> list[Compared]:
    """Leaf by leaf; a slope may be given as one number for all entries."""
    said = [jnp.broadcast_to(h, jnp.shape(t)) for t, h in zip(truth, said, strict=True)]
    return [
        Compared(
            jnp.max(jnp.abs(s - t), initial=0.0),
            jnp.max(jnp.abs(t), initial=0.0),
            jnp.max(jnp.abs(s), initial=0.0),
            _finite([s, t]),
        )
        for t, s in zip(truth, said, strict=True)
    ]


def _finite(leaves: list[Any]) -> Any:
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


_programs: dict[str, Any] = {}


def _compiled(
    function: Callable[..., Any], voices: _Voices, told: tuple[Any, ...], *given: Any
) -> Any:
    """What the function answers, compiled: by the program of before, where what it is made of is
    the same, the voices by their `fingerprint`.
    """
    prints = [fingerprint(voice.closed) for voice in voices]
    if None in prints:
        return jax.jit(function).lower(*given).compile()(*given)
    known = str((prints, told))
    if known not in _programs:
        while len(_programs) >= KEPT:
            _programs.pop(next(iter(_programs)))
        _programs[known] = jax.jit(function).lower(*given).compile()
    return _programs[known](*given)


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
