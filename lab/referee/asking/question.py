"""What is asked: the true derivative as JAX computes it in each mode, and the hand's, as functions
of one point.

A `Question` turns every kind of claim into functions of ``(args, extra)``, where ``extra`` is the
tangent of a `jvp`, the cotangent of a `vjp`, and ``()`` otherwise."""

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from lab.derivation import Derivation
from lab.errors import BadInput
from lab.referee.asking.tolerance import EPS64

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
    """What a claim asks; a Hessian times a vector is the gradient's derivative along it."""
    if claim.kind == "hvp":
        claim = replace(claim, kind="jvp", of=_gradient(claim))
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
        return claim.hand(*args, *((extra,) if claim.carries else ()))

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


def _gradient(claim: Derivation) -> Callable[..., Any]:
    """The gradient in what the claim differentiates; `BadInput` where there is none."""

    @wraps(claim.of)
    def gradient(*args: Any) -> Any:
        shapes = [leaf.shape for leaf in jax.tree.leaves(jax.eval_shape(lambda: claim.of(*args)))]
        if shapes != [()]:
            raise BadInput(
                f"{claim.name}: an hvp needs a scalar function, but {claim.of_name} returns shape "
                f"{', '.join(map(str, shapes))}; use jvp or vjp"
            )
        return jax.grad(claim.of, claim.wrt[0] if claim.single else claim.wrt)(*args)

    gradient.__name__ = f"the gradient of {claim.of_name}"
    return gradient


def split(asked: Question, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any]:
    """The arguments of a point, and its tangent or cotangent, which rides along as the last one."""
    return (args[:-1], args[-1]) if asked.claim.carries else (args, ())
