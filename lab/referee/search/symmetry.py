"""Matrices that are symmetric wherever they are drawn: how a function goes on where they are not is
no part of the question, if only it does not matter to it.

A Cholesky factorisation reads one triangle, or the mean of both; solvers are written for either.
JAX derives the program, a person the function of symmetric matrices, and both are right along every
direction that stays among them. Where the function is blind to the others, or the hand's answer is
itself symmetric, the directions within are all that is asked for. A function that does tell a
matrix from its transpose has one gradient more, and a transposed one is still wrong."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.domains import Domain
from lab.referee.asking.evaluate import Asker, Raised
from lab.referee.asking.question import Answer, Question, split
from lab.referee.points.drawn import places
from lab.referee.points.group import Group, joined
from lab.referee.points.properties import symmetric
from lab.referee.witnesses.evidence import varied_leaves

FEWEST = 8  # draws of a sampler from which the symmetry may be read off
TRIED = 6  # points at which the function is asked off the symmetric matrices
SAME = 1e-9

AMONG = "; of symmetric matrices, along the directions that stay so"


def among_symmetric(asked: Question, group: Group, extras: int) -> Question:
    """The question put along symmetric directions only, where that is all there is to it."""
    positions = varied_leaves(asked, group)
    found = _symmetric(asked, group, positions, extras)
    if not found or asked.claim.kind in ("identity", "derivative"):
        return asked
    slots = tuple(k for k, i in enumerate(positions) if i in found)
    narrow = asked._replace(symmetric=slots)
    count = len(positions)
    if not _apart(asked, narrow, group, count) or not (
        _is_symmetric(asked, narrow, group, count) or _blind(asked, group, found)
    ):
        return asked
    if asked.claim.kind == "jvp":
        return narrow
    within = lambda voice: _projected(voice, narrow, count)
    return narrow._replace(
        forward=asked.forward and within(asked.forward),
        reverse=asked.reverse and within(asked.reverse),
        hand=within(asked.hand),
        implementation=within(asked.implementation),
    )


def with_symmetric_tangents(asked: Question, group: Group) -> Group:
    """The group with tangents that stay among the symmetric matrices."""
    if asked.claim.kind != "jvp" or not asked.symmetric:
        return group
    leaves = list(group.leaves)
    first = len(leaves) - len(varied_leaves(asked, group))
    for k in asked.symmetric:
        leaves[first + k] = mean(leaves[first + k])
    return group._replace(leaves=tuple(leaves))


def mean(matrices: Any) -> Any:
    """Of a matrix and its transpose."""
    return (matrices + matrices.swapaxes(-1, -2)) / 2


def _symmetric(
    asked: Question, group: Group, positions: Sequence[int], extras: int
) -> dict[int, np.ndarray]:
    """The differentiated leaves that are symmetric at every point, and not by chance."""
    stated = places(asked.claim, group, extras)
    enough = callable(asked.claim.at) and group.size >= FEWEST
    return {
        i: group.leaves[i]
        for i in positions
        if (enough or isinstance(stated[i], Domain)) and bool(np.all(symmetric(group.leaves[i])))
    }


@np.errstate(all="ignore")
def _blind(asked: Question, group: Group, found: dict[int, np.ndarray]) -> bool:
    """Whether the function is the same whatever stands in one of the triangles, or whatever a
    matrix and its transpose differ by.
    """
    value = lambda *x: tuple(jax.tree.leaves(asked.value(split(asked, group.rebuild(x))[0], ())))
    chosen = np.flatnonzero(group.typical)[:TRIED]
    here = [leaf[chosen] for leaf in group.leaves]
    rng = np.random.default_rng(0)
    variants = [here]
    for triangle in (_upper, lambda junk: _upper(junk).swapaxes(-1, -2), _askew):
        off = list(here)
        for i, leaf in found.items():
            junk = rng.uniform(-0.1, 0.1, here[i].shape) * np.abs(leaf).max()
            off[i] = here[i] + triangle(junk)
        variants.append(off)
    rows = tuple(joined(column) for column in zip(*variants, strict=True))
    answers = Asker(value, group, 64, len(chosen))(rows)
    if isinstance(answers, Raised):
        return False
    parts = [np.split(leaf, 4) for leaf in answers]
    return any(all(_alike(leaf[0], leaf[k]) for leaf in parts) for k in (1, 2, 3))


def _upper(matrices: np.ndarray) -> np.ndarray:
    return np.triu(matrices, 1)


def _askew(matrices: np.ndarray) -> np.ndarray:
    return matrices - matrices.swapaxes(-1, -2)


def _apart(asked: Question, narrow: Question, group: Group, count: int) -> bool:
    """Whether truth and hand differ in other directions than the symmetric ones."""
    truth = asked.reverse or asked.forward
    assert truth is not None
    if asked.claim.kind == "jvp":
        said = _said((truth, asked.hand), group, asked)
        return said is not None and not all(map(_alike, *said))
    within = lambda voice: _projected(voice, narrow, count)
    said = _said((truth, within(truth), asked.hand, within(asked.hand)), group, asked)
    if said is None:
        return False
    return not all(_alike(t, m + h - w) for t, m, h, w in zip(*said, strict=False))


def _is_symmetric(asked: Question, narrow: Question, group: Group, count: int) -> bool:
    """Whether the hand gives nothing but symmetric matrices there."""
    if asked.claim.kind == "jvp":
        return False
    said = _said((asked.hand, _projected(asked.hand, narrow, count)), group, asked)
    return said is not None and all(map(_alike, *said))


def _said(voices: Sequence[Answer], group: Group, asked: Question) -> Any:
    """What they answer at a few typical points, leaf by leaf; `None` where one does not."""
    chosen = np.flatnonzero(group.typical)[:TRIED]

    def all_of_them(*leaves: Any) -> Any:
        at = split(asked, group.rebuild(leaves))
        return [jax.tree.leaves(voice(*at)) for voice in voices]

    ask = Asker(all_of_them, group, 64, len(chosen))
    said = ask(tuple(leaf[chosen] for leaf in group.leaves))
    fits = not isinstance(said, Raised) and all(
        [leaf.shape for leaf in one] == [leaf.shape for leaf in said[0]] for one in said
    )
    return said if fits else None


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    known = np.isfinite(a)
    size = np.maximum(np.abs(a[known]).max(initial=0.0), np.abs(b[known]).max(initial=0.0))
    return bool(known.any() and np.all(np.abs(a - b)[known] <= SAME * size))


def _projected(voice: Answer, narrow: Question, count: int) -> Answer:
    """The voice without what its answers do along other directions."""

    def answer(args: tuple[Any, ...], extra: Any) -> Any:
        said = voice(args, extra)
        leaves, tree = jax.tree.flatten(said)
        shapes = [np.shape(leaf) for leaf in jax.tree.leaves(narrow.slots(args))]
        if len(leaves) % count:
            return said
        made = []
        for j, leaf in enumerate(leaves):
            if narrow.claim.kind == "hessian":
                first, second = j // count % count, j % count
                if first in narrow.symmetric:
                    leaf = _within(leaf, shapes[first], len(shapes[second]))
            else:
                second = j % count
            made.append(_within(leaf, shapes[second], 0) if second in narrow.symmetric else leaf)
        return jax.tree.unflatten(tree, made)

    return answer


def _within(leaf: Any, shape: tuple[int, ...], behind: int) -> Any:
    """Symmetric in the last two of the axes that belong to a matrix; ``behind`` come after them."""
    found = np.shape(leaf)
    end = len(found) - behind
    if found[max(0, end - len(shape)) : end] != shape:
        return leaf  # what does not fit is said elsewhere
    return (jnp.asarray(leaf) + jnp.swapaxes(leaf, end - 1, end - 2)) / 2
