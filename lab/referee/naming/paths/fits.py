"""When a change on some paths of the derivative is what the hand did: fitted in one group of
points, borne out by all of them."""

from collections.abc import Callable, Sequence

import numpy as np

from lab.referee.naming.stage.flow import Flow
from lab.referee.naming.stage.scene import Scene, error, leading, number
from lab.referee.programs.traced import Edge

NICE = (-1.0, -2.0, 1.0, -0.5, 0.5, 2.0)  # how much more of a path people count: -1, none is left


def seen(scene: Scene, flow: Flow, derivative: np.ndarray) -> np.ndarray:
    """The part of a derivative that is to be explained: the wrong leaves at the wrong points."""
    wrong = scene.wrong[group_of(scene, flow)][flow.rows]
    pieces = flow.by_leaf(derivative)
    return np.concatenate([leading(pieces[i][wrong]) for i in scene.leaves], axis=1)


def group_of(scene: Scene, flow: Flow) -> int:
    return next(g for g, e in enumerate(scene.evidences) if e is flow.evidence)


def fitted(scene: Scene, flow: Flow, shares: list[np.ndarray]) -> np.ndarray | None:
    """Least squares coefficients of the shares in the error, if they leave next to nothing."""
    target = error(scene, group_of(scene, flow))
    weight = np.abs(target).max(axis=1, keepdims=True)
    columns = [(seen(scene, flow, share) / weight).ravel() for share in shares]
    matrix, target = np.stack(columns, axis=1), (target / weight).ravel()
    if not np.all(np.isfinite(matrix)) or not np.all(np.isfinite(target)):
        return None
    found, *_ = np.linalg.lstsq(matrix, target, rcond=1e-10)
    rest = np.abs(matrix @ found - target).max(initial=0.0)
    return np.asarray(found) if rest < 1e-4 else None


def rank(a: np.ndarray) -> int:
    """How simple the worst coefficient is."""
    levels = [[k for k, nice in enumerate(NICE) if abs(c - nice) < 1e-6] for c in a]
    return max(level[0] if level else len(NICE) for level in levels)


def alike(scene: Scene, there: Flow, edges: Sequence[Edge]) -> bool:
    """Whether these edges are the same in another group: same steps, other sizes."""
    here = scene.flow(scene.main)
    assert here is not None
    if any(edge.step >= len(there.program.steps) for edge in edges):
        return False
    steps = [(here.program.steps[e.step], there.program.steps[e.step]) for e in edges]
    return all(a.name == b.name and a.place == b.place for a, b in steps)


def borne_out(
    scene: Scene,
    wanted: Sequence[Edge],
    edges: Sequence[Edge],
    added: Callable[[Flow], np.ndarray | None],
) -> bool:
    """Whether the derivative is the hand's answer in every group, the main one first, once that is
    added to it which ``added`` makes of the paths through ``wanted``. Groups in which ``edges`` are
    others may be passed over (`Scene.spared`).
    """
    rest = (g for g in range(len(scene.evidences)) if g != scene.main)
    return all(_bears(scene, g, tuple(wanted), edges, added) for g in (scene.main, *rest))


def _bears(
    scene: Scene,
    g: int,
    wanted: tuple[Edge, ...],
    edges: Sequence[Edge],
    added: Callable[[Flow], np.ndarray | None],
) -> bool:
    flow = scene.flow(g, wanted)
    if flow is None or not alike(scene, flow, edges):
        return scene.spared(g, "function")
    more = added(flow)
    if more is None:
        return False
    answer = flow.answer(more, list(scene.evidences[g].truth))
    return all(scene.fits(g, i, answer[i]) for i in scene.leaves)


def entered(k: float) -> tuple[str, str]:
    """The mistake of a path that enters ``k`` times where it should once, and what to say of it."""
    told = {
        0.0: ("missing_term", "is left out, as if it were constant"),
        -1.0: ("sign", "enters with the wrong sign"),
        2.0: ("factor", "enters twice where it should enter once"),
        0.5: ("factor", "enters by half only"),
    }
    return told.get(round(k, 6)) or ("factor", f"enters {number(k)} times where it should once")
