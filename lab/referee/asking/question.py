"""What is asked: the true derivative as JAX computes it in each mode, and the hand's, as functions
of one point.

A `Question` turns every kind of claim into functions of ``(args, extra)``, where ``extra`` is the
tangent of a `jvp`, the cotangent of a `vjp`, and ``()`` otherwise."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

from lab.derivation import Derivation
from lab.errors import BadInput
from lab.referee.asking.evaluate import precision
from lab.referee.asking.tolerance import EPS64
from lab.referee.points.drawn import ARRAY, Group, at_one
from lab.referee.programs.loops import loops, to_its_limit
from lab.referee.programs.traced import program_of
from lab.referee.programs.widened import grain, widened

Answer = Callable[[tuple[Any, ...], Any], Any]


class Question(NamedTuple):
    """``forward`` and ``reverse`` answer by automatic differentiation in the two modes, ``hand`` as
    claimed.

    ``value`` is the function itself. ``varied(args)`` is the function whose slope along a line in
    the differentiated arguments the numerical witness measures: the function itself, or, for a
    Hessian, its gradient. ``implementation`` is the hand as it is run, in the types it chose itself
    and with their rounding unit ``grain`` (of the function's, ``own_grain``): where these are
    narrow, ``hand`` is its formula.
    ``symmetric`` are those of the differentiated leaves that are asked about along symmetric
    directions only. ``known`` is what was `traced`."""

    claim: Derivation
    value: Answer
    forward: Answer | None
    reverse: Answer | None
    hand: Answer
    varied: Callable[..., Any]
    implementation: Answer
    grain: float = EPS64
    own_grain: float = EPS64
    symmetric: tuple[int, ...] = ()
    known: dict[Any, Any] = {}  # noqa: RUF012 - of each question its own: what was `traced`

    def slots(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The differentiated arguments."""
        return tuple(args[position] for position in self.claim.wrt)


def question(claim: Derivation) -> Question:
    of, kind = claim.of, claim.kind

    def bound(args: tuple[Any, ...]) -> Callable[..., Any]:
        """``of`` as a function of the differentiated arguments alone."""

        def function(*slots: Any) -> Any:
            full = list(args)
            for position, slot in zip(claim.wrt, slots, strict=True):
                full[position] = slot
            return of(*full)

        return function

    def slots(args: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(args[position] for position in claim.wrt)

    argnums = tuple(range(len(claim.wrt)))

    def unwrap(tree: Any) -> Any:
        """A tuple over the differentiated arguments, or its one entry when one argument was
        named.
        """
        return tree[0] if claim.single else tree

    def each(transform: Callable[..., Any]) -> Answer:
        def answer(args: tuple[Any, ...], extra: Any) -> Any:
            wanted = argnums[0] if claim.single else argnums
            at = slots(args)
            if kind != "gradient" and any(map(jnp.iscomplexobj, jax.tree.leaves(at))):
                return transform(bound(args), wanted, holomorphic=True)(*at)
            return transform(bound(args), wanted)(*at)

        return answer

    def hand(args: tuple[Any, ...], extra: Any) -> Any:
        return claim.hand(*args, *((extra,) if kind in ("jvp", "vjp") else ()))

    def value(args: tuple[Any, ...], extra: Any) -> Any:
        return of(*args)

    tangents = lambda extra: (extra,) if claim.single else tuple(extra)

    def jvp_forward(args: tuple[Any, ...], extra: Any) -> Any:
        return jax.jvp(bound(args), slots(args), tangents(extra))[1]

    def jvp_reverse(args: tuple[Any, ...], extra: Any) -> Any:
        out, pullback = jax.vjp(bound(args), *slots(args))
        return jax.vjp(pullback, jax.tree.map(jnp.zeros_like, out))[1](tangents(extra))[0]

    def vjp_reverse(args: tuple[Any, ...], extra: Any) -> Any:
        return unwrap(jax.vjp(bound(args), *slots(args))[1](extra))

    def vjp_forward(args: tuple[Any, ...], extra: Any) -> Any:
        def paired(*at: Any) -> Any:
            terms = jax.tree.map(lambda y, c: jnp.sum(y * c), bound(args)(*at), extra)
            return sum(jax.tree.leaves(terms))

        wanted = argnums[0] if claim.single else argnums
        return jax.jacfwd(paired, wanted)(*slots(args))

    def elementwise(args: tuple[Any, ...], mode: Callable[..., Any]) -> Any:
        """Each differentiated argument spread to the shape of the output, then all slopes at
        once.
        """
        function, at = bound(args), slots(args)
        shape = jax.eval_shape(function, *at).shape
        wide = tuple(jnp.broadcast_to(x, shape) for x in at)
        return unwrap(tuple(mode(function, wide, i) for i in argnums))

    def along_ones(function: Any, at: Any, i: int) -> Any:
        def one(x: Any) -> Any:
            return function(*at[:i], x, *at[i + 1 :])

        return jax.jvp(one, (at[i],), (jnp.ones_like(at[i]),))[1]

    def pulled_ones(function: Any, at: Any, i: int) -> Any:
        out, pullback = jax.vjp(function, *at)
        return pullback(jnp.ones_like(out))[i]

    gradient_of = lambda args: lambda *at: jax.grad(bound(args), argnums)(*at)
    modes: dict[str, tuple[Answer | None, Answer | None]] = {
        "gradient": (each(jax.jacfwd), each(jax.grad)),
        "jacobian": (each(jax.jacfwd), each(jax.jacrev)),
        "hessian": (
            each(lambda f, i: jax.jacfwd(jax.grad(f, i), i)),
            each(lambda f, i: jax.jacrev(jax.grad(f, i), i)),
        ),
        "jvp": (jvp_forward, jvp_reverse),
        "vjp": (vjp_forward, vjp_reverse),
        "derivative": (
            lambda args, extra: elementwise(args, along_ones),
            lambda args, extra: elementwise(args, pulled_ones),
        ),
        "identity": (None, value),
    }
    forward, reverse = modes[kind]
    varied = gradient_of if kind == "hessian" else bound
    return Question(claim, value, forward, reverse, hand, varied, hand, known={})


class Traced(NamedTuple):
    """A program in one precision, and the pytree of shapes of what it returns."""

    closed: Any
    shape: Any

    def __call__(self, *leaves: Any) -> Any:
        answer = core.jaxpr_as_fun(self.closed)(*leaves)
        return jax.tree.unflatten(jax.tree.structure(self.shape), answer)


def traced(asked: Question, voice: Answer, group: Group, bits: int = 64) -> Traced:
    """What JAX traces of a voice at points of this shape, which it does once. Raises what the voice
    raises.
    """
    kinds = tuple((np.shape(leaf)[1:], leaf.dtype) for leaf in group.leaves)
    key = (voice, bits, group.treedef, id(group.static), kinds)
    if key not in asked.known:
        ask = lambda *leaves: voice(*split(asked, group.rebuild(leaves)))
        with precision(bits):
            found = jax.make_jaxpr(ask, return_shape=True)(*at_one(group.leaves, bits))
        asked.known[key] = Traced(*found), group.static  # kept, so that no other has its id
    made: Traced = asked.known[key][0]
    return made


def as_traced(asked: Question, voice: Answer, group: Group) -> Callable[..., Any]:
    """The voice as a function of a point's leaves, which is not traced again where they are those
    of a trace in double precision themselves.
    """
    plain = lambda *leaves: voice(*split(asked, group.rebuild(leaves)))
    try:
        program = traced(asked, voice, group)
    except Exception:
        return plain
    kinds = [(aval.shape, aval.dtype) for aval in program.closed.in_avals]

    def answer(*leaves: Any) -> Any:
        inside = any(isinstance(leaf, jax.core.Tracer) for leaf in leaves)
        alike = [(np.shape(leaf), leaf.dtype) for leaf in leaves] == kinds
        in_double = jnp.result_type(float) == np.float64
        return (program if inside and alike and in_double else plain)(*leaves)

    return answer


def as_formula(asked: Question, group: Group) -> Question:
    """The question put to the formulas, where function or hand compute in narrow types."""
    claim = asked.claim
    try:
        voices = [traced(asked, voice, group) for voice in (asked.value, asked.hand)]
        of_value, of_hand = (grain(program_of(closed, ())) for closed, _ in voices)
        coarsest = max(of_value, of_hand)
        if coarsest <= EPS64:
            return asked
    except Exception:
        return asked
    wide = question(replace(claim, of=widened(claim.of), hand=widened(claim.hand)))
    wide = wide._replace(implementation=asked.hand, grain=coarsest, own_grain=of_value)
    slim = lambda *leaves: split(asked, group.rebuild(leaves))
    first = group.leaves_at(0)
    try:
        jax.eval_shape(lambda *x: (wide.hand(*slim(*x)), wide.value(slim(*x)[0], ())), *first)
    except Exception:
        return asked._replace(grain=coarsest, own_grain=of_value)
    return wide


def in_the_limit(asked: Question, group: Group) -> Question | None:
    """The question put to functions whose loops are taken to their limit; `None` without loops."""
    claim = asked.claim
    slim = lambda *leaves: split(asked, group.rebuild(leaves))
    first = group.leaves_at(0)
    try:
        programs = [
            jax.make_jaxpr(lambda *x, voice=voice: voice(*slim(*x)))(*first)
            for voice in (asked.hand, lambda args, extra: asked.value(args, ()))
        ]
    except Exception:
        return None
    if not any(map(loops, programs)):
        return None
    of, hand = to_its_limit(claim.of), to_its_limit(claim.hand)
    return question(replace(claim, of=of, hand=hand))


def split(asked: Question, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """The arguments of a point, and its tangent or cotangent, which rides along as the last one."""
    return (args[:-1], args[-1]) if asked.claim.kind in ("jvp", "vjp") else (args, ())


def with_extra(asked: Question, group: Group, out: Any, rng: np.random.Generator) -> Group:
    """The group with a tangent or cotangent drawn for every point, as one more argument."""
    claim = asked.claim
    if claim.kind not in ("jvp", "vjp"):
        return group
    args = group.point(0)
    if claim.kind == "vjp":
        if out is None:
            out = asked.value(args, ())
        like = out
    else:
        slots = asked.slots(args)
        like = slots[0] if claim.single else slots
    extra = jax.tree.map(lambda leaf: _normal(rng, group.size, leaf), like)
    leaves, _ = jax.tree.flatten(extra)
    treedef = jax.tree.structure((*args, like))
    return group._replace(
        treedef=treedef,
        static=(*group.static, *[ARRAY] * len(leaves)),
        leaves=(*group.leaves, *map(np.asarray, leaves)),
    )


def _normal(rng: np.random.Generator, count: int, like: Any) -> np.ndarray:
    drawn = np.asarray(rng.standard_normal((count, *np.shape(like))))
    return drawn + 1j * rng.standard_normal(drawn.shape) if jnp.iscomplexobj(like) else drawn


def shape_of(asked: Question, voice: Answer, group: Group) -> Any:
    """The pytree of shapes that a voice answers with. Raises what it raises."""
    try:
        return traced(asked, voice, group).shape
    except Exception:  # it may be one for which the arguments have to be numbers
        args, extra = split(asked, group.point(0))
        with precision(64):
            return jax.eval_shape(lambda: voice(args, extra))


def with_complaints(asked: Question, group: Group) -> Any:
    """The shape of ``of(*args)``; `BadInput` when this kind of derivative makes no sense for it.
    The group is without tangents and cotangents.
    """
    claim = asked.claim
    args = group.point(0)
    if claim.kind in ("jvp", "vjp"):
        out = jax.eval_shape(lambda: asked.value(args, ()))
    else:
        out = shape_of(asked, asked.value, group)
    leaves = jax.tree.leaves(out)
    if claim.kind == "identity":
        return out
    for position in claim.wrt:
        for leaf in jax.tree.leaves(args[position]):
            if not jnp.issubdtype(np.asarray(leaf).dtype, jnp.inexact):
                name = claim.arguments[position] if claim.arguments else str(position)
                raise BadInput(
                    f"{claim.name}: argument {name!r} holds {np.asarray(leaf).dtype} values, "
                    "which cannot be differentiated; draw it from reals(...) or name another wrt"
                )
    if claim.kind in ("gradient", "hessian") and [leaf.shape for leaf in leaves] != [()]:
        shapes = ", ".join(str(leaf.shape) for leaf in leaves)
        raise BadInput(
            f"{claim.name}: a {claim.kind} needs a scalar function, but {claim.of_name} returns "
            f"shape {shapes}; use jacobian, or jvp or vjp"
        )
    if claim.kind == "derivative" and len(leaves) != 1:
        raise BadInput(
            f"{claim.name}: a derivative needs a function of one array, but {claim.of_name} "
            f"returns {len(leaves)}; use jacobian"
        )
    return out
