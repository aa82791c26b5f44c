"""A case: a function, its right derivative, and mistakes that people make with it.

A mistake is written in one of three ways:

- ``("missing_term", lambda x, A: A @ x)``: the wrong derivative itself;
- ``("constant", Alt(gelu_with(0.7979)))``: the right derivative of another function, the one that
  the person had in mind;
- a word in ``auto``, such as ``"sign factor region"``: the right derivative, spoilt (`spoilt`).

The name in front is the class of the mistake. Where a mistake may as well be called something else
(``2 A x`` for ``(A + A') x`` lacks a term, and symmetrizes what is not symmetric), the other names
follow: ``"symmetrize|missing_term|factor"``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from lab.bench.referee.draws import Sampler
from lab.bench.referee.spoilt import SPOILERS

Group = Literal["plain", "ill-conditioned", "kinked"]
Part = Literal["tuned", "held_out"]
HELD_OUT = 3  # one case in three


class Alt(NamedTuple):
    """Stands for the right derivative of another function than the one in question."""

    of: Callable[..., Any]


class Mistake(NamedTuple):
    """A wrong derivative: its class, and every name that is as true."""

    label: str
    name: str
    names: frozenset[str]
    hand: Callable[..., Any]


@dataclass(frozen=True, eq=False)
class Case:
    """``hand`` is the right ``kind`` of ``of`` with respect to ``wrt`` at arguments from ``at``.

    ``group`` says what makes it hard to call right; ``others`` are as right as ``hand`` (at a kink:
    other members of the subdifferential). ``domains``, if given, are named domains of the arguments
    with which the case is judged once more."""

    name: str
    of: Callable[..., Any]
    hand: Callable[..., Any]
    at: Sampler
    slips: Sequence[tuple[str, Any]] = ()
    auto: str = ""
    kind: str = "gradient"
    wrt: Any = 0
    group: Group = "plain"
    others: Sequence[Callable[..., Any]] = ()
    domains: Mapping[str, Any] | None = None
    mistakes: tuple[Mistake, ...] = field(init=False)

    def __post_init__(self) -> None:
        made: list[Mistake] = []
        for spec, wrong in self.slips:
            hand = derived(wrong.of, self.kind, self.wrt) if isinstance(wrong, Alt) else wrong
            made.append(_mistake(self.name, len(made), spec, hand))
        for number, word in enumerate(self.auto.split()):
            spec, hand = SPOILERS[word](self.hand, self.wrt, _hash(f"{self.name} {number}"))
            if self.group == "kinked":  # where the derivative is zero it stays right
                spec += "|region"
            made.append(_mistake(self.name, len(made), spec, hand))
        object.__setattr__(self, "mistakes", tuple(made))

    @property
    def part(self) -> Part:
        """A third of the cases is held out. By the name alone: a new case moves no other."""
        return part_of(self.name)


def part_of(name: str) -> Part:
    """The part that a name falls into."""
    return "held_out" if _hash(name) % HELD_OUT == 0 else "tuned"


def _mistake(case: str, number: int, spec: str, hand: Callable[..., Any]) -> Mistake:
    name, *others = spec.split("|")
    return Mistake(f"{case}/{number} {name}", name, frozenset({name, *others}), hand)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=4).digest(), "big")


def derived(of: Callable[..., Any], kind: str, wrt: Any) -> Callable[..., Any]:
    """The right derivative of a function, in the form in which a hand derivation gives it."""
    if kind == "identity":
        return of
    if kind == "gradient":
        return jax.grad(of, wrt)
    if kind == "jacobian":
        return jax.jacrev(of, wrt)
    if kind == "hessian":
        return jax.hessian(of, wrt)
    if kind == "derivative":
        return lambda *args: jax.grad(lambda *inner: jnp.sum(of(*inner)), wrt)(*args)
    many = isinstance(wrt, tuple)
    slots = wrt if many else (wrt,)

    def along(*given: Any) -> Any:
        *args, extra = given
        moved = lambda *x: of(*[x[slots.index(i)] if i in slots else a for i, a in enumerate(args)])
        point = tuple(args[i] for i in slots)
        if kind == "jvp":
            return jax.jvp(moved, point, extra if many else (extra,))[1]
        pulled = jax.vjp(moved, *point)[1](extra)
        return pulled if many else pulled[0]

    return along
