"""Complex derivatives by another convention than JAX's.

Of a real function, JAX's gradient is df/dx - i df/dy (z = x + iy), and its pullbacks do not
conjugate: Re(g . v) is the derivative along v. Elsewhere the conjugate is used, which points
uphill, or Wirtinger's df/dz = (df/dx - i df/dy)/2 and df/dz* = (df/dx + i df/dy)/2 (W. Wirtinger,
Math. Ann. 97, 1927)."""

from collections.abc import Iterator

import numpy as np

from lab.referee.naming.stage.scene import Scene
from lab.referee.verdict import Mistake

JAXS = "JAX's convention is df/dx - i df/dy"

CONVENTIONS = (
    ("sign", lambda g: np.conj(g), f"the complex conjugate, df/dx + i df/dy: {JAXS}"),
    ("factor", lambda g: g / 2, f"half of it, Wirtinger's df/dz: {JAXS}, twice that"),
    ("factor", lambda g: np.conj(g) / 2, f"Wirtinger's derivative in z*, not in z: {JAXS}"),
)


def complex_leaves(scene: Scene) -> bool:
    return any(np.iscomplexobj(e.truth[i]) for e in scene.evidences for i in scene.leaves)


def conventions(scene: Scene) -> Iterator[Mistake]:
    for name, turned, says in CONVENTIONS:
        answers = [[turned(leaf) for leaf in leaves] for leaves in scene.truths()]
        if scene.explains(answers):
            yield Mistake(name, f"it is {says}", scene.where)
