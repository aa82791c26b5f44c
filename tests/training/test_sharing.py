"""A training over four devices: the rows are really dealt out, and the loop is traced once.

JAX has as many host devices as it was told to before it began, so this is a program of its own.
"""

import json
import subprocess
import sys

PROGRAM = """
import json
from collections import Counter

import jax
import jax.numpy as jnp

from lab.training import devices, loop, sharing
from lab.training.problem import Problem
from lab.training.step import training
from lab.training.descent.named import build

over = devices.mesh("cpu", 4)
traces = Counter()
X = jnp.arange(24.0).reshape(8, 3) / 24


def loss(w, batch):
    traces["loss"] += 1
    return jnp.mean(jnp.tanh(batch["X"] @ w) ** 2) + 0 * batch["few"].sum()


def evaluate(w):
    traces["evaluate"] += 1
    return {"size": jnp.sum(w**2)}


problem = Problem(
    loss=loss,
    gradient=jax.grad(loss),
    start=jnp.ones(3),
    batch=lambda key, step: {"X": X, "few": jnp.ones(3)},
    evaluate=evaluate,
)
key = jax.random.key(0)
train = sharing.whole(
    training(
        sharing.dealt(problem, over),
        build({"name": "noisy_sgd", "learning_rate": 0.1, "key": 0}),
        gradient="jax",
        key=key,
    ),
    over,
)
program = jax.jit(train.step).lower(train.start()).compile().as_text()
# a row at a time at first, and more as it is seen to be quick
loop._FIRST_ROWS = 1
last = list(loop.chunks(train, steps=50, evaluate=10))[-1]
print(json.dumps({
    "traces": traces,
    "rows": sharing.rows(problem, key, over),
    "a part of X": "f32[2,3]" in program,
    "summed over devices": "all-reduce" in program,
    "whole": all(leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(last.state)),
    "at home": {len(leaf.devices()) for leaf in jax.tree.leaves(sharing.at_home(last.state))} == {1},
}))
"""


def test_rows_are_dealt_out_the_state_is_whole_and_the_loop_is_traced_once() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True)
    assert done.stderr == ""
    assert json.loads(done.stdout) == {
        # JAX's gradient and the loss are one trace
        "traces": {"loss": 1, "evaluate": 1},
        "rows": {"X": 8},
        "a part of X": True,
        "summed over devices": True,
        "whole": True,
        "at home": True,
    }
