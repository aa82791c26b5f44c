"""What rounding does to a function on the way, measured where a verdict hangs on it."""

from typing import Any

import jax.numpy as jnp
import numpy as np

from lab.referee.evaluate import Asker, Raised
from lab.referee.evidence import BLOCK, Evidence
from lab.referee.programs.traced import trace
from lab.referee.question import split

EXPONENTIAL = frozenset(("exp", "exp2", "expm1", "sin", "cos", "tan", "logistic", "tanh", "erfc"))


@np.errstate(all="ignore")
def exponents(evidence: Evidence, points: np.ndarray) -> np.ndarray:
    """The largest number at each of these points of which the function takes an exponential, or a
    sine: one of size M is known to M roundings, and what is made of it to as many, relatively.
    """
    asked, group = evidence.question, evidence.group

    value = lambda *x: asked.value(split(asked, group.rebuild(x))[0], ())

    def largest(*leaves: Any) -> Any:
        program = trace(value, leaves, ())
        values = program.run(leaves)
        taken = [values[step.inputs[0]] for step in program.steps if step.name in EXPONENTIAL]
        sizes = [jnp.max(jnp.where(jnp.isfinite(x), jnp.abs(x), 0), initial=0) for x in taken]
        return jnp.max(jnp.stack([jnp.zeros(()), *sizes]))

    found = Asker(largest, group, 64, BLOCK, traced=True)(tuple(x[points] for x in group.leaves))
    return np.zeros(len(points)) if isinstance(found, Raised) else np.asarray(found)
