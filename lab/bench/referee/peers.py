"""What others say about the same derivatives: each peer as its manual has it, at five points.

A peer checks a function that carries a derivative rule, or a function beside its derivative; it
condemns by raising, or by an error beyond its tolerance. `Claim` puts a case into both forms, with
the arrays that are differentiated as the only arguments. What a peer cannot do (a jvp for one that
works backwards only) is not asked of it."""

import importlib.util
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lab.bench.referee.case import Case, derived

POINTS = 5
SCIPY_TOLERANCE = 1e-5  # of the gradient's size plus one
BACKWARD = frozenset({"gradient", "derivative", "jacobian", "vjp"})
DIFFERENTIABLE = BACKWARD | {"hessian"}


class PeerTrial(NamedTuple):
    """What a peer said about one derivative."""

    peer: str
    case: str
    label: str
    part: str
    group: str
    planted: str
    condemns: bool
    seconds: float


class Claim(NamedTuple):
    """A case at one point: ``value`` and ``pull`` (or ``push``) take the differentiated leaves."""

    case: Case
    hand: Callable[..., Any]
    args: tuple[Any, ...]
    leaves: list[Any]
    rebuild: Callable[[Sequence[Any]], tuple[Any, ...]]

    def value(self, *leaves: Any) -> Any:
        """The function; for a Hessian, its gradient."""
        args = self.rebuild(leaves)
        if self.case.kind == "hessian":
            return jax.grad(self.case.of, self.case.wrt)(*args)
        return self.case.of(*args)

    def said(self, leaves: Sequence[Any], *extra: Any) -> list[Any]:
        """What the hand derivation answers, leaf by leaf."""
        answer = self.hand(*self.rebuild(leaves), *extra)
        if self.case.kind in BACKWARD:  # which a rule has to return in the argument's structure
            jax.tree.map(lambda *_: None, self._slots(self.args), answer)
        return jax.tree.leaves(answer)

    def pull(self, leaves: Sequence[Any], cotangent: Any) -> tuple[Any, ...]:
        """The cotangent pulled back by the hand derivation."""
        if self.case.kind == "vjp":
            return tuple(self.said(leaves, cotangent))
        answer = self.said(leaves)
        if self.case.kind in ("gradient", "derivative"):
            return tuple(cotangent * one for one in answer)
        return tuple(jnp.tensordot(cotangent, one, jnp.ndim(cotangent)) for one in answer)

    def push(self, leaves: Sequence[Any], tangents: Sequence[Any]) -> Any:
        """The tangent pushed forward by the hand derivation."""
        slots = jax.tree.structure(self._slots(self.args))
        return self.hand(*self.rebuild(leaves), jax.tree.unflatten(slots, tangents))

    def _slots(self, args: Sequence[Any]) -> Any:
        wrt = self.case.wrt
        return tuple(args[i] for i in wrt) if isinstance(wrt, tuple) else args[wrt]

    def ruled(self) -> Callable[..., Any]:
        """The function with the hand derivation as its rule."""
        if self.case.kind == "jvp":
            pushed = jax.custom_jvp(self.value)
            pushed.defjvp(lambda leaves, dots: (self.value(*leaves), self.push(leaves, dots)))
            return pushed
        pulled = jax.custom_vjp(self.value)
        pulled.defvjp(lambda *leaves: (self.value(*leaves), leaves), self.pull)
        return pulled


def claim(case: Case, hand: Callable[..., Any], key: Any, bits: int) -> Claim:
    """The case at the point that the sampler draws for the key, in that precision."""
    drawn = case.at(key)
    args = jax.tree.map(
        lambda leaf: _array(leaf, bits), drawn if isinstance(drawn, tuple) else (drawn,)
    )
    places = case.wrt if isinstance(case.wrt, tuple) else (case.wrt,)
    leaves, structure = jax.tree.flatten(tuple(args[i] for i in places))

    def rebuild(given: Sequence[Any]) -> tuple[Any, ...]:
        slots = dict(zip(places, jax.tree.unflatten(structure, given), strict=True))
        return tuple(slots.get(i, arg) for i, arg in enumerate(args))

    return Claim(case, hand, args, leaves, rebuild)


def _array(leaf: Any, bits: int) -> Any:
    if isinstance(leaf, (bool, int, str)):
        return leaf
    array = jnp.asarray(leaf)
    floating = jnp.issubdtype(array.dtype, jnp.floating)
    return array.astype(f"float{bits}") if floating else array


# ----- the peers -----


def check_grads(one: Claim, **options: Any) -> None:
    from jax.test_util import check_grads

    modes = ["fwd"] if one.case.kind == "jvp" else ["rev"]
    check_grads(one.ruled(), tuple(one.leaves), order=1, modes=modes, **options)


def numerical_grads(one: Claim) -> None:
    import chex

    modes = ["fwd"] if one.case.kind == "jvp" else ["rev"]
    chex.assert_numerical_grads(one.ruled(), tuple(one.leaves), order=1, modes=modes)


def allclose(one: Claim) -> None:
    """``assert jax.tree.all(jax.tree.map(jnp.allclose, hand(x), jax.grad(f)(x)))``"""
    case = one.case
    extra: tuple[Any, ...] = ()
    rng = np.random.default_rng(0)
    if case.kind in ("jvp", "vjp"):
        like = one._slots(one.args) if case.kind == "jvp" else one.value(*one.leaves)
        extra = (jax.tree.map(lambda x: jnp.asarray(rng.standard_normal(x.shape)), like),)
    said = one.hand(*one.args, *extra)
    truth = derived(case.of, case.kind, case.wrt)(*one.args, *extra)
    assert jax.tree.all(jax.tree.map(jnp.allclose, said, truth))


def check_grad(one: Claim) -> None:
    from scipy.optimize import check_grad as scipys

    sizes = np.cumsum([np.size(leaf) for leaf in one.leaves])[:-1]
    rng = np.random.default_rng(0)
    cotangent = jax.tree.map(
        lambda y: jnp.asarray(rng.standard_normal(y.shape)), one.value(*one.leaves)
    )

    def leaves(flat: Any) -> list[Any]:
        parts = zip(np.split(flat, sizes), one.leaves, strict=True)
        return [jnp.asarray(part).reshape(leaf.shape) for part, leaf in parts]

    def value(flat: Any) -> Any:
        out = one.value(*leaves(flat))
        if one.case.kind == "vjp":
            out = sum(jax.tree.leaves(jax.tree.map(lambda y, c: jnp.sum(y * c), out, cotangent)))
        elif one.case.kind == "derivative":
            out = jnp.sum(out)
        return np.asarray(out, float).ravel() if np.ndim(out) else float(out)

    def slope(flat: Any) -> Any:
        extra = (cotangent,) if one.case.kind == "vjp" else ()
        answer = [np.asarray(leaf, float) for leaf in one.said(leaves(flat), *extra)]
        if one.case.kind in ("jacobian", "hessian"):
            rows = np.size(one.value(*leaves(flat)))
            return np.concatenate([leaf.reshape(rows, -1) for leaf in answer], axis=1)
        return np.concatenate([leaf.ravel() for leaf in answer])

    point = np.concatenate([np.asarray(leaf, float).ravel() for leaf in one.leaves])
    error = scipys(value, slope, point)
    assert error <= SCIPY_TOLERANCE * (1 + np.linalg.norm(slope(point)))


def gradcheck(one: Claim) -> None:
    import torch

    structure = jax.tree.structure(one.value(*one.leaves))

    class Ruled(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, *tensors: Any) -> Any:
            context.save_for_backward(*tensors)
            outs = jax.tree.leaves(one.value(*map(_from_torch, tensors)))
            return tuple(torch.from_numpy(np.array(out)) for out in outs)

        @staticmethod
        def backward(context: Any, *cotangents: Any) -> Any:
            given = jax.tree.unflatten(structure, [*map(_from_torch, cotangents)])
            back = one.pull([*map(_from_torch, context.saved_tensors)], given)
            return tuple(torch.from_numpy(np.array(leaf)) for leaf in back)

    inputs = tuple(torch.from_numpy(np.array(leaf)).requires_grad_() for leaf in one.leaves)
    torch.autograd.gradcheck(Ruled.apply, inputs)


def _from_torch(tensor: Any) -> Any:
    return jnp.asarray(tensor.detach().numpy())


class Peer(NamedTuple):
    """A peer: the package it comes with, the precision it works in, and the kinds it can do."""

    name: str
    package: str
    bits: int
    kinds: frozenset[str]
    ask: Callable[[Claim], None]


PEERS = (
    Peer("jax.test_util.check_grads, float32", "jax", 32, DIFFERENTIABLE | {"jvp"}, check_grads),
    Peer("jax.test_util.check_grads, float64", "jax", 64, DIFFERENTIABLE | {"jvp"}, check_grads),
    Peer("chex.assert_numerical_grads", "chex", 32, DIFFERENTIABLE | {"jvp"}, numerical_grads),
    Peer("scipy.optimize.check_grad", "scipy", 64, DIFFERENTIABLE, check_grad),
    Peer("torch.autograd.gradcheck", "torch", 64, DIFFERENTIABLE, gradcheck),
    Peer(
        "allclose to jax.grad, float64", "jax", 64, DIFFERENTIABLE | {"jvp", "identity"}, allclose
    ),
)


def present() -> list[Peer]:
    """The peers that are installed."""
    return [peer for peer in PEERS if importlib.util.find_spec(peer.package)]


def heard(case: Case) -> Iterator[PeerTrial]:
    """All peers on the right derivatives and every mistake of a case."""
    rights = [
        (f"{case.name}/right {k}", "", hand) for k, hand in enumerate((case.hand, *case.others))
    ]
    wrongs = [(one.label, one.name, one.hand) for one in case.mistakes]
    for peer in present():
        if case.kind not in peer.kinds:
            continue
        for label, planted, hand in [*rights, *wrongs]:
            start = time.process_time()
            condemns = _condemns(peer, case, hand)
            spent = time.process_time() - start
            yield PeerTrial(
                peer.name, case.name, label, case.part, case.group, planted, condemns, spent
            )


def _condemns(peer: Peer, case: Case, hand: Callable[..., Any]) -> bool:
    with jax.enable_x64(peer.bits == 64), warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for key in jax.random.split(jax.random.key(1), POINTS):
            try:
                peer.ask(claim(case, hand, key, peer.bits))
            except Exception:
                return True
    return False
