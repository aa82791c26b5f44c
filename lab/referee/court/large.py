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
from lab.referee.asking.question import Question, split
from lab.referee.asking.structure import Form, Misshapen, fit
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
    leaves = tuple(leaf[0] for leaf in group.leaves)
    signs = [_signs(rng, np.shape(leaves[i])) for i in varied_leaves(asked, group)]
    ask = _Asked(asked, group, wanted)
    try:
        with precision(64):
            double, line, fine = jax.device_get(
                _compiled(ask.in_double, (cast(leaves, 64), signs))(cast(leaves, 64), signs)
            )
        with precision(32):
            single, fine_single = jax.device_get(
                _compiled(ask.in_single, (cast(leaves, 32),))(cast(leaves, 32))
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


class _Asked(NamedTuple):
    """The programs that are compiled, one in each precision."""

    asked: Question
    group: Group
    wanted: Form

    def voices(self, leaves: Any) -> tuple[Any, list[Any], list[Any]]:
        """The function, the truth and the hand at one point."""
        args, extra = split(self.asked, self.group.rebuild(leaves))
        mode = self.asked.forward if self.asked.claim.kind == "jvp" else self.asked.reverse
        assert mode is not None
        said = fit(self.asked.hand(args, extra), self.wanted)
        if isinstance(said, Misshapen):
            raise TypeError(said.mistake.says)
        truth = jax.tree.leaves(mode(args, extra))
        said = [
            jnp.broadcast_to(jnp.asarray(x), np.shape(t)) for x, t in zip(said, truth, strict=True)
        ]
        return self.asked.value(args, extra), truth, said

    def in_double(self, leaves: Any, signs: Any) -> Any:
        value, truth, said = self.voices(leaves)
        line = self.line(leaves, signs, truth, said)
        return _compare(truth, said), line, _finite(jax.tree.leaves(value))

    def in_single(self, leaves: Any) -> Any:
        value, truth, said = self.voices(leaves)
        return _compare(truth, said), _finite(jax.tree.leaves(value))

    def line(self, leaves: Any, signs: Any, truth: Any, said: Any) -> Line | None:
        """A gradient and a pullback come down to one number along a direction."""
        kind = self.asked.claim.kind
        if kind not in ("gradient", "vjp"):
            return None
        args, extra = split(self.asked, self.group.rebuild(leaves))
        slots = self.asked.slots(args)
        at, tree = jax.tree.flatten(slots)
        away = [x * sign for x, sign in zip(at, signs, strict=True)]

        def along(t: Any) -> Any:
            moved = [x + t * v for x, v in zip(at, away, strict=True)]
            out = self.asked.varied(args)(*jax.tree.unflatten(tree, moved))
            if kind == "gradient":
                return out
            return sum(jax.tree.leaves(jax.tree.map(lambda y, c: jnp.sum(y * c), out, extra)))

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


def _compiled(function: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    """The compiled program; the same as before, where there is one of this `fingerprint`."""
    traced = jax.jit(lambda *x: function(*x)).trace(*given)
    known = fingerprint(traced.jaxpr)
    if known is None:
        return traced.lower().compile()
    name = f"{known}{jax.tree.structure(given)}"
    if name not in _programs:
        while len(_programs) >= KEPT:
            _programs.pop(next(iter(_programs)))
        _programs[name] = traced.lower().compile()
    return _programs[name]


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
