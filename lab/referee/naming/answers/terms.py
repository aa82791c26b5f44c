"""A term that should not be there: a multiple of an argument, of its sign, of two, of one."""

from collections.abc import Callable, Iterator
from itertools import combinations

import numpy as np

from lab.referee.naming.stage.scene import Answers, Scene, error, leading, number
from lab.referee.naming.stage.sizes import argument_leaves
from lab.referee.verdict import Mistake

PAIRED = 6  # arguments whose products are tried

Term = Callable[[int, int], np.ndarray | None]  # of group and leaf: points first, as the answer


def extra_terms(scene: Scene) -> Iterator[Mistake]:
    """The error is the same simple multiple of a simple term at all points."""
    if scene.equations < 4:
        return
    for text, term in _terms(scene):
        fitted = [_fit(scene, g, term) for g in range(len(scene.evidences))]
        k = fitted[scene.main]
        if k is None or abs(k) < 1e-12:
            continue
        if not _explains(scene, term, [k] * len(fitted)):
            by_size = [k if c is None else c for c in fitted]
            word = scene.size_word(by_size)
            if word is None or not _explains(scene, term, by_size):
                continue
            factor = word
        else:
            factor = number(k)
        # a term of the formula itself that is too much has been told before
        lacks = scene.kind != "identity" and scene.draft(scene.main) is not None
        if lacks:
            factor = factor.removeprefix("-") if factor.startswith("-") else f"-{factor}"
        times = factor if text == "1" else f"{factor} {text}"
        product = {"1": text, "-1": f"-{text}"}.get(factor, times)
        says = f"a term {product} too much"
        if scene.kind == "identity":  # no paths to tell which: the larger side has the term
            missing = _size(scene.hands(), scene) < _size(scene.truths(), scene)
            says = f"the two differ by a term {product}"
            yield Mistake("missing_term" if missing else "extra_term", says, scene.where)
        elif lacks:
            yield Mistake("missing_term", f"a term {product} is left out", scene.where)
        else:
            yield Mistake("extra_term", says, scene.where)


def _size(answers: Answers, scene: Scene) -> float:
    return float(
        sum(
            np.square(answers[g][i][mask]).sum()
            for g, _, mask in scene.groups()
            for i in scene.leaves
        )
    )


def _terms(scene: Scene) -> Iterator[tuple[str, Term]]:
    yield "1", lambda g, i: np.ones_like(scene.evidences[g].truth[i])
    if scene.kind in ("jacobian", "hessian"):
        yield "I", _identity(scene)
    for position, name in enumerate(argument_leaves(scene.evidences[0])):
        for text, function in (
            (name, lambda x: x),
            (f"sign({name})", np.sign),
            (f"{name}^2", np.square),
            (f"{name}^T", lambda x: np.swapaxes(x, 1, 2) if x.ndim == 3 else None),
        ):
            yield text, _argument(scene, position, function)
    names = argument_leaves(scene.evidences[0])
    for one, other in combinations(range(min(len(names), PAIRED)), 2):
        yield f"{names[one]} {names[other]}", _product(scene, one, other)


def _product(scene: Scene, one: int, other: int) -> Term:
    first, second = (_argument(scene, position, lambda x: x) for position in (one, other))

    def term(g: int, i: int) -> np.ndarray | None:
        a, b = first(g, i), second(g, i)
        return None if a is None or b is None else a * b

    return term


def _identity(scene: Scene) -> Term:
    def term(g: int, i: int) -> np.ndarray | None:
        truth = scene.evidences[g].truth[i]
        if truth.ndim != 3 or truth.shape[1] != truth.shape[2]:
            return None
        return np.broadcast_to(np.eye(truth.shape[1]), truth.shape)

    return term


def _argument(scene: Scene, position: int, function: Callable[..., np.ndarray | None]) -> Term:
    def term(g: int, i: int) -> np.ndarray | None:
        evidence = scene.evidences[g]
        leaf = evidence.group.leaves[position]
        if not isinstance(leaf, np.ndarray) or leaf.dtype.kind != "f":
            return None
        value = function(leaf)
        return value if value is not None and value.shape == evidence.truth[i].shape else None

    return term


def _fit(scene: Scene, g: int, term: Term) -> float | None:
    mask = scene.wrong[g]
    pieces = [term(g, i) for i in scene.leaves]
    if not mask.any() or any(piece is None for piece in pieces):
        return None
    a = np.concatenate([leading(p[mask]) for p in pieces if p is not None], axis=1).ravel()
    b = error(scene, g).ravel()
    if not np.all(np.isfinite(a)) or not np.all(np.isfinite(b)) or not a.any():
        return None
    k = float(a @ b / (a @ a))
    return k if np.abs(k * a - b).max() < 1e-4 * np.abs(b).max() else None


def _explains(scene: Scene, term: Term, factors: list[float]) -> bool:
    answers = scene.truths()
    for g, leaves in enumerate(answers):
        for i in scene.leaves:
            piece = term(g, i)
            if piece is None:
                return False
            leaves[i] = leaves[i] + factors[g] * piece
    return scene.explains(answers)
