"""A jvp or vjp through a wrong Jacobian: turned over, or with its diagonal alone."""

from collections.abc import Callable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.referee.evaluate import Asker, Raised
from lab.referee.evidence import Evidence
from lab.referee.naming.scene import Scene
from lab.referee.question import split
from lab.referee.verdict import Mistake

MOST = 2**12  # entries of the Jacobian at one point

WRONG: tuple[tuple[str, str, Callable[[np.ndarray], np.ndarray]], ...] = (
    (
        "missing_term",
        "only the diagonal of the Jacobian is there: each entry as if it depended on its own alone",
        lambda J: J * np.eye(J.shape[-1]),
    ),
    (
        "missing_term",
        "the diagonal of the Jacobian is left out",
        lambda J: J * (1 - np.eye(J.shape[-1])),
    ),
    ("transpose", "the Jacobian is transposed", lambda J: np.swapaxes(J, 1, 2)),
)


def wrong_jacobians(scene: Scene) -> Iterator[Mistake]:
    """Of a function of one array onto one of its size."""
    if scene.kind not in ("jvp", "vjp") or len(scene.names) != 1:
        return
    parts = [_jacobian(evidence) for evidence in scene.evidences]
    known = [part for part in parts if part is not None]
    if len(known) != len(parts):
        return
    for name, says, altered in WRONG:
        answers = []
        for evidence, (jacobian, direction) in zip(scene.evidences, known, strict=True):
            made = altered(jacobian)
            made = made if scene.kind == "jvp" else np.swapaxes(made, 1, 2)
            flat = (made @ direction.reshape(len(direction), -1, 1))[..., 0]
            answers.append([flat.reshape(evidence.truth[0].shape)])
        if scene.explains(answers):
            yield Mistake(name, says, scene.where)


def _jacobian(evidence: Evidence) -> tuple[np.ndarray, np.ndarray] | None:
    """At every point the Jacobian ``(points, n, n)``, and what it is applied to."""
    asked, group = evidence.question, evidence.group
    if not all(isinstance(leaf, np.ndarray) for leaf in group.leaves):
        return None
    direction = group.leaves[-1]
    entries = int(np.prod(np.shape(direction)[1:]))
    if entries**2 > MOST or evidence.truth[0].size != direction.size:
        return None

    def jacobian(*leaves: Any) -> Any:
        args, _ = split(asked, group.rebuild(leaves))
        slots = asked.slots(args)
        flat = lambda *at: jnp.concatenate(
            [jnp.ravel(y) for y in jax.tree.leaves(asked.varied(args)(*at))]
        )
        pieces = jax.tree.leaves(jax.jacrev(flat, tuple(range(len(slots))))(*slots))
        return jnp.concatenate([piece.reshape(len(piece), -1) for piece in pieces], axis=1)

    told = Asker(jacobian, group, 64, len(direction), traced=True)(group.leaves)
    if isinstance(told, Raised) or told.shape[1:] != (entries, entries):
        return None
    return told, direction
