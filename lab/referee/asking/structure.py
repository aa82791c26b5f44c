"""Does the answer have the structure and the shapes of the derivative? Said before any number is
compared.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

from lab.derivation import Derivation
from lab.referee.verdict import Mistake


class Misshapen(NamedTuple):
    """The answer does not fit; ``mistake`` says how."""

    mistake: Mistake


class Form(NamedTuple):
    """What a derivative looks like: the names and shapes of its leaves, in the order of
    `jax.tree.leaves`.
    """

    tree: Any
    names: tuple[str, ...]
    shapes: tuple[tuple[int, ...], ...]
    loose: bool  # elementwise: a constant slope may be given as one number


def form(claim: Derivation, expected: Any) -> Form:
    """The form of a derivative from its shape as JAX works it out (a pytree of things with a
    ``shape``).
    """
    paths, _ = jax.tree_util.tree_flatten_with_path(_sequences_alike(expected))
    names = tuple(_name(claim, path) for path, _ in paths)
    shapes = tuple(tuple(leaf.shape) for _, leaf in paths)
    return Form(_sequences_alike(expected), names, shapes, claim.kind == "derivative")


def fit(answer: Any, wanted: Form) -> list[Any] | Misshapen:
    """The leaves of the answer in order, or what is wrong with its form."""
    answer = _sequences_alike(answer)
    alike = bool(jax.tree.structure(answer) == jax.tree.structure(wanted.tree))  # type: ignore[operator]
    leaves = jax.tree.leaves(answer)
    if not alike:
        return Misshapen(Mistake("shape", _structures(answer, wanted), "the whole answer"))
    for name, leaf, shape in zip(wanted.names, leaves, wanted.shapes, strict=True):
        try:
            seen = np.shape(leaf)
        except Exception:
            return Misshapen(
                Mistake("shape", f"{name} is a {type(leaf).__name__}, not an array", name)
            )
        if seen != shape and not (wanted.loose and seen == ()):
            of = f" for {name}" if len(wanted.names) > 1 else ""
            says = f"the answer{of} has shape {seen}, the derivative has shape {shape}"
            return Misshapen(Mistake("shape", says + _hint(seen, shape), name))
    return leaves


def _hint(seen: tuple[int, ...], shape: tuple[int, ...]) -> str:
    if len(seen) > 1 and seen == shape[::-1]:
        return ": it is transposed"
    if len(seen) > len(shape) and shape == seen[len(seen) - len(shape) :]:
        extra = range(len(seen) - len(shape))
        axes = "axis 0" if len(extra) == 1 else f"axes {', '.join(map(str, extra))}"
        return f": sum over {axes}, along which the argument was broadcast"
    if np.prod(seen, dtype=int) == np.prod(shape, dtype=int):
        return ": the same numbers in another arrangement"
    if seen == ():
        return ": one number where an array is asked for"
    return ""


def _structures(answer: Any, wanted: Form) -> str:
    if isinstance(wanted.tree, dict) and isinstance(answer, dict):
        missing = sorted(set(map(str, wanted.tree)) - set(map(str, answer)))
        extra = sorted(set(map(str, answer)) - set(map(str, wanted.tree)))
        parts = [f"lacks {', '.join(missing)}"] if missing else []
        parts += [f"has {', '.join(extra)} that should not be there"] if extra else []
        if parts:
            return f"the answer {' and '.join(parts)}"
    tuples = isinstance(wanted.tree, tuple) and isinstance(answer, tuple)
    if tuples and len(answer) != len(wanted.tree):
        return f"the answer has {len(answer)} parts, the derivative has {len(wanted.tree)}"
    return f"the answer is {_shown(answer)}, the derivative is {_shown(wanted.tree)}"


def _shown(tree: Any) -> str:
    if tree is None:
        return "None"
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in tree.items()) + "}"
    if isinstance(tree, (tuple, list)):
        return "(" + ", ".join(map(_shown, tree)) + ")"
    try:
        return f"an array of shape {np.shape(tree)}" if np.shape(tree) else "a number"
    except Exception:
        return f"a {type(tree).__name__}"


def _sequences_alike(tree: Any) -> Any:
    """Lists as tuples: which of the two was used is no question of calculus."""
    if type(tree) in (list, tuple):
        return tuple(map(_sequences_alike, tree))
    if type(tree) is dict:
        return {key: _sequences_alike(value) for key, value in tree.items()}
    return tree


def _name(claim: Derivation, path: tuple[Any, ...]) -> str:
    """A leaf by the name of its argument where the derivative is laid out by arguments."""
    rest = path
    if claim.kind in ("gradient", "vjp"):
        if claim.single:
            head = claim.wrt[0]
        else:
            head, rest = claim.wrt[path[0].idx], path[1:]
        argument = claim.arguments[head] if head < len(claim.arguments) else f"argument {head}"
        return argument + jax.tree_util.keystr(rest)
    word = {"identity": "value", "jvp": "tangent"}.get(claim.kind, claim.kind)
    return word + jax.tree_util.keystr(path)
