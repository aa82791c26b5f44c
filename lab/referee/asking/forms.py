"""What several derivatives of one function say of the same tangents and cotangents, as numbers."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.derivation import Derivation
from lab.referee.asking.evaluate import Asker, Raised, precision
from lab.referee.asking.numeric import ABSCISSAE, slope
from lab.referee.points.group import Group, stacked

JAX = "JAX"


class Said(NamedTuple):
    """What everybody says at all points: numbers <u, J v> by voice, and the ``size`` of the terms
    that were added up; ``curved`` the numbers <w, H v> and the measured slopes of <gradient, w>
    along v, ``turned`` the same with v and w exchanged.
    """

    flat: dict[str, np.ndarray]
    size: np.ndarray
    curved: dict[str, np.ndarray]
    turned: dict[str, np.ndarray]


def said_at(voices: dict[str, Derivation], group: Group, rng: np.random.Generator) -> Said | str:
    """The numbers at the points of a group, or what went wrong."""
    claim = next(iter(voices.values()))
    args = group.point(0)
    slots = _slots(claim, args)
    likes = _output(voices, args, slots)
    if isinstance(likes, str):
        return likes
    at, _ = jax.tree.flatten(slots)
    draw = lambda like: rng.standard_normal((group.size, *np.shape(like)))
    tangents = [[draw(x) for x in at] for _ in range(2)]
    cotangents = [draw(like) for like in jax.tree.leaves(likes)]
    flat = {name: c for name, c in voices.items() if c.kind != "hessian"}
    hessians = {name: c for name, c in voices.items() if c.kind == "hessian"}
    n, count = len(group.leaves), len(at)

    def jaxs(*leaves: Any) -> Any:
        point, v, u = leaves[:n], leaves[n : n + count], leaves[n + count :]
        return _by_jax(claim, group.rebuild(point), v, u)

    rows = (*group.leaves, *tangents[0], *cotangents)
    numbers: dict[str, Any] = {}
    sizes = np.zeros(group.size)
    for name, c in flat.items():
        alone = lambda *leaves, c=c: _number(
            c, group.rebuild(leaves[:n]), leaves[n : n + count], leaves[n + count :], likes
        )
        answer = Asker(alone, group, 64, group.size)(rows)
        if isinstance(answer, Raised):
            return f"{c.name} raised {answer}"
        numbers[name], size = answer
        sizes = np.maximum(sizes, np.where(np.isfinite(size), size, 0.0))
    told = Asker(jaxs, group, 64, group.size)(rows)
    if not isinstance(told, Raised) and np.isfinite(told).any():
        numbers[JAX] = told
    if not hessians:
        return Said(numbers, sizes, {}, {})
    sides = []
    for v, w in (tangents, tangents[::-1]):
        side = {}
        for name, c in hessians.items():
            second = lambda *leaves, c=c: _curved(
                c, group.rebuild(leaves[:n]), leaves[n : n + count], leaves[n + count :]
            )
            answer = Asker(second, group, 64, group.size)((*group.leaves, *v, *w))
            if isinstance(answer, Raised):
                return f"{c.name} raised {answer}"
            side[name] = answer
        for name in numbers:
            ask = _first_order(flat.get(name), claim, group, likes)
            side[name] = _slopes(ask, claim, group, v, w)
        sides.append(side)
    return Said(numbers, sizes, *sides)


_ONE = (1.0,)


def _first_order(
    voice: Derivation | None, claim: Derivation, group: Group, likes: Any
) -> Callable[..., Any]:
    """<gradient, w> at a point, of a hand derivation or of JAX."""
    n = len(group.leaves)

    def ask(*leaves: Any) -> Any:
        args, w = group.rebuild(leaves[:n]), leaves[n:]
        return _number(voice, args, w, _ONE, likes)[0] if voice else _by_jax(claim, args, w, _ONE)

    return ask


def _slots(claim: Derivation, args: tuple[Any, ...]) -> Any:
    return tuple(args[position] for position in claim.wrt)


def _extra(claim: Derivation, args: tuple[Any, ...], leaves: Sequence[Any]) -> Any:
    """A tangent in the structure of the differentiated arguments."""
    made = jax.tree.unflatten(jax.tree.structure(_slots(claim, args)), leaves)
    return made[0] if claim.single else made


def _output(voices: dict[str, Derivation], args: tuple[Any, ...], slots: Any) -> Any:
    """What the function returns, from itself or from a hand derivative that tells."""
    claim = next(iter(voices.values()))
    asks: list[Callable[[], Any]] = [lambda: claim.of(*args)]
    for c in voices.values():
        if c.kind == "jvp":
            tangent = _extra(c, args, jax.tree.leaves(slots))
            asks.append(partial(c.hand, *args, tangent))
        if c.kind in ("gradient", "hessian"):
            asks.append(lambda: np.zeros(()))
        if c.kind == "jacobian" and len(jax.tree.leaves(slots)) == 1:
            rank = np.ndim(jax.tree.leaves(slots)[0])
            asks.append(partial(_rows_of, c, args, rank))
    with precision(64):
        for ask in asks:
            for how in (jax.eval_shape, lambda ask: ask()):
                try:
                    return jax.tree.map(lambda leaf: np.zeros(np.shape(leaf)), how(ask))
                except Exception:
                    continue
    return f"nobody says what {claim.of_name} returns: it raised, and so did the jvp"


def _rows_of(claim: Derivation, args: tuple[Any, ...], rank: int) -> Any:
    """As many as a Jacobian has rows."""
    return np.zeros(np.shape(claim.hand(*args))[: -rank or None])


def _number(
    claim: Derivation, args: tuple[Any, ...], v: Sequence[Any], u: Sequence[Any], likes: Any
) -> tuple[Any, Any]:
    """<u, J v> as this derivative has it, and the sum of the absolute terms."""
    if claim.kind == "jvp":
        terms = zip(jax.tree.leaves(claim.hand(*args, _extra(claim, args, v))), u, strict=True)
    elif claim.kind == "vjp":
        cotangent = jax.tree.unflatten(jax.tree.structure(likes), list(u))
        terms = zip(jax.tree.leaves(claim.hand(*args, cotangent)), v, strict=True)
    elif claim.kind == "gradient":
        terms = zip(jax.tree.leaves(claim.hand(*args)), [u[0] * x for x in v], strict=True)
    elif claim.kind == "derivative":
        slopes = jax.tree.leaves(claim.hand(*args))
        terms = zip(slopes, [u[0] * x for x in v], strict=True)
    else:
        outer = [jnp.multiply.outer(c, x) for c in u for x in v]
        terms = zip(jax.tree.leaves(claim.hand(*args)), outer, strict=True)
    products = [jnp.asarray(a) * b for a, b in terms]
    return sum(jnp.sum(p) for p in products), sum(jnp.sum(jnp.abs(p)) for p in products)


def _curved(claim: Derivation, args: tuple[Any, ...], v: Sequence[Any], w: Sequence[Any]) -> Any:
    """<w, H v>."""
    outer = [jnp.multiply.outer(a, b) for a in w for b in v]
    leaves = jax.tree.leaves(claim.hand(*args))
    return sum(jnp.sum(jnp.asarray(h) * o) for h, o in zip(leaves, outer, strict=True))


def _by_jax(claim: Derivation, args: tuple[Any, ...], v: Sequence[Any], u: Sequence[Any]) -> Any:
    """<u, J v> as JAX has it."""

    def function(*slots: Any) -> Any:
        full = list(args)
        for position, slot in zip(claim.wrt, slots, strict=True):
            full[position] = slot
        return claim.of(*full)

    slots = _slots(claim, args)
    tangents = jax.tree.unflatten(jax.tree.structure(slots), list(v))
    try:
        out = jax.jvp(function, slots, tangents)[1]
    except TypeError:  # a custom_vjp has no forward mode
        value, pullback = jax.vjp(function, *slots)
        cotangent = jax.tree.unflatten(jax.tree.structure(value), list(u))
        pairs = zip(jax.tree.leaves(pullback(cotangent)), v, strict=True)
        return sum(jnp.sum(a * b) for a, b in pairs)
    return sum(jnp.sum(y * c) for y, c in zip(jax.tree.leaves(out), u, strict=True))


def _slopes(
    ask: Callable[..., Any],
    claim: Derivation,
    group: Group,
    along: Sequence[np.ndarray],
    weights: Sequence[np.ndarray],
) -> np.ndarray:
    """The slope of <gradient, w> along v, by differences."""
    places = _places(claim, group)
    leaves = [list(leaf) for leaf in group.leaves]
    rows = []
    for p in range(group.size):
        for t in ABSCISSAE:
            row = [leaf[p] for leaf in leaves]
            for i, v in zip(places, along, strict=True):
                row[i] = row[i] + t * v[p]
            rows.append([*row, *(w[p] for w in weights)])
    answers = Asker(ask, group, 64, len(rows))(tuple(map(stacked, zip(*rows, strict=True))))
    if isinstance(answers, Raised):
        return np.full(group.size, np.nan)
    return np.array([slope(one).value for one in answers.reshape(group.size, -1)])


def _places(claim: Derivation, group: Group) -> list[int]:
    """The leaves of the differentiated arguments, by number."""
    numbered = group.rebuild(range(len(group.leaves)))
    return list(jax.tree.leaves(_slots(claim, numbered)))
