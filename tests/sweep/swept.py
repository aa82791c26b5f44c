"""An experiment to sweep, and a sweep by its command line."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from lab.cli import status
from lab.runs import trajectory
from lab.sweep.plan import plan
from lab.sweep.table import read

VALLEY = '''"""A valley, some data, and every way to be hard to batch.

Question: Where does it go?
Command:  lab run valley
Time:     no time
Expect:   down
"""

import jax
import jax.numpy as jnp
import numpy as np
from matplotlib.figure import Figure

from lab.experiment import Finding
from lab.training.problem import Problem


def problem(key, *, width: float = 1.0, bend: float = 0.0, size: int = 3, data: str = "traced",
            start: tuple[float, ...] = (1.0, -2.0, 0.5)):
    """width is traced, bend is asked after, size is a shape, data by NumPy depends on the seed."""
    if data == "host":
        rows = np.asarray(jax.random.normal(key, (6, 3)))
    elif data == "fixed":
        rows = jnp.eye(6, 3)
    else:
        rows = jax.random.normal(key, (6, 3))
    curved = 1.0 if bend == 0 else 1 / (1 + bend)
    X = jnp.asarray(rows)[:, :size]

    def loss(p, batch):
        return curved * jnp.sum((batch @ p - 1) ** 2) / 2 + width * jnp.sum(p**2) / 2

    def gradient(p, batch):
        return curved * batch.T @ (batch @ p - 1) + width * p

    def batch(key, step):
        chosen = jax.random.permutation(jax.random.fold_in(key, step), 6)[:4]
        return X[:4] if data == "fixed" else X[chosen]

    return Problem(
        loss, gradient, jnp.array(start[:size]), batch=batch,
        metrics=lambda p, g, u, b: {"update_norm": jnp.linalg.norm(u)},
        evaluate=lambda p: {"whole_loss": loss(p, X)},
    )


def findings(outcome):
    yield Finding("rows", len(outcome.trajectory["loss"]), "any", True)


def figures(outcome):
    yield from ()
'''
CONFIG = """experiment: valley
precision: float64
optimizer: {name: adam, learning_rate: 0.1}
steps: 12
record: {every: 5}
"""


class Swept:
    """A sweep by its command line: exit status, outputs, folder, and what is in it."""

    def __init__(self, capsys: Any, *arguments: str, config: str = "valley") -> None:
        self.exit = status(["sweep", config, *arguments, "--no-checks", "--json"])
        out, self.err = capsys.readouterr()
        assert out, self.err
        self.answer = json.loads(out)
        assert self.answer["status"] == "finished", self.answer["note"]
        self.folder = Path(self.answer["folder"])
        self.table = read(self.folder)
        self.rows = trajectory.read(self.folder)
        self.plan = plan(config, arguments)

    def of(self, run: int) -> dict[str, np.ndarray]:
        mine = self.rows["run"] == run
        return {name: column[mine] for name, column in self.rows.items() if name != "run"}
