"""What a check costs: a small derivation cold and warm, and large gradients beside JAX's own.

Each row is a process by itself, so that its peak of memory is its own."""

import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from statistics import median
from typing import Annotated, Any, NamedTuple

from typer import Option

from lab.bench import Report, Table
from lab.report.progress import Unwatched

INPUTS, CLASSES = 784, 10


class Cost(NamedTuple):
    """CPU seconds: of the first time, imports left out and compiling in, and again; the peak of
    memory in MiB, and what the process had before; and the verdict.
    """

    first: float
    again: float
    peak: float
    before: float
    verdict: str


def measure(
    watch: Unwatched,
    *,
    hidden: Annotated[int, Option(min=1, help="The width of the network with 784 inputs.")] = 1150,
    batch: Annotated[int, Option(min=1, help="Its rows.")] = 1024,
    repeats: Annotated[int, Option(min=1, help="Medians are over so many.")] = 3,
) -> Report:
    """Seconds of all processors, system calls included. `again` is in the same process, nothing
    left to compile: medians. Memory is what came on top of the imports.
    """
    small = _apart(watch, 0, _small, repeats)
    names = ("jax.grad", "lab.check, right", "lab.check, a sign wrong", "lab.check, an entry wrong")
    rows = [_apart(watch, k + 1, _large, k, hidden, batch, repeats) for k in range(len(names))]
    params = hidden * (INPUTS + CLASSES) + hidden + CLASSES
    base = rows[0]
    columns = ("", "first, s", "again, s", "times jax.grad", "MiB", "times its", "verdict")
    table = [
        (
            name,
            round(one.first, 3),
            round(one.again, 3),
            round(one.again / base.again, 1),
            round(one.peak - one.before),
            round((one.peak - one.before) / (base.peak - base.before), 1),
            one.verdict,
        )
        for name, one in zip(names, rows, strict=True)
    ]
    tiny = [("lab.check of a mean squared error", round(small.first, 2), round(small.again, 3))]
    return Report(
        [
            Table("Small", ("", "first, s", "again, s"), tiny),
            Table(f"{params:,} parameters, batch {batch}", columns, table),
        ],
        {"small": small._asdict(), "large": [one._asdict() for one in rows], "params": params},
        ["Nothing was compiled before."],
    )


def _apart(watch: Unwatched, place: int, task: Callable[..., Cost], *given: Any) -> Cost:
    if not place:
        watch.phase("processes", 5)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        found = pool.submit(task, *given).result()
    watch.at(place + 1, found.verdict)
    return found


def _small(repeats: int) -> Cost:
    import jax.numpy as jnp

    from lab.domains import reals
    from lab.referee.court.judge import check

    loss = lambda w, X, y: jnp.mean((X @ w - y) ** 2)
    hand = lambda w, X, y: 2 / y.size * X.T @ (X @ w - y)
    at = {"w": reals("d"), "X": reals("n d"), "y": reals("n")}
    return _timed(lambda: check(loss, hand, wrt="w", at=at).verdict, repeats)


def _large(way: int, hidden: int, batch: int, repeats: int) -> Cost:
    import jax
    import jax.numpy as jnp
    import numpy as np

    from lab.referee.court.judge import check

    rng = np.random.default_rng(0)
    draw = lambda *shape: rng.standard_normal(shape, np.float32) / np.float32(shape[0] ** 0.5)
    p = {
        "W": draw(INPUTS, hidden),
        "b": draw(hidden),
        "V": draw(hidden, CLASSES),
        "c": draw(CLASSES),
    }
    X, y = draw(batch, INPUTS), rng.integers(CLASSES, size=batch)

    def loss(p: Any, X: Any, y: Any) -> Any:
        z = jnp.tanh(X @ p["W"] + p["b"]) @ p["V"] + p["c"]
        return -jnp.mean(jax.nn.log_softmax(z)[jnp.arange(y.size), y])

    def hand(p: Any, X: Any, y: Any) -> Any:
        a = jnp.tanh(X @ p["W"] + p["b"])
        z = a @ p["V"] + p["c"]
        dz = (jax.nn.softmax(z) - jax.nn.one_hot(y, CLASSES, dtype=z.dtype)) / y.size
        da = dz @ p["V"].T * (1 - a**2)
        return {"W": X.T @ da, "b": da.sum(0), "V": a.T @ dz, "c": dz.sum(0)}

    def sign(p: Any, X: Any, y: Any) -> Any:
        return hand(p, X, y) | {"b": -hand(p, X, y)["b"]}

    def entry(p: Any, X: Any, y: Any) -> Any:
        g = hand(p, X, y)
        return g | {"W": g["W"].at[3, 5].multiply(1.001)}

    if way == 0:
        gradient = jax.jit(jax.grad(loss))
        given = jax.device_put((p, X, y))
        return _timed(lambda: jax.block_until_ready(gradient(*given)) and "", repeats)
    claimed = (hand, sign, entry)[way - 1]
    return _timed(lambda: check(loss, claimed, wrt="p", at=(p, X, y)).verdict, repeats)


def _timed(task: Callable[[], str], repeats: int) -> Cost:
    from lab import compiled

    with tempfile.TemporaryDirectory() as folder:
        os.environ["JAX_COMPILATION_CACHE_DIR"] = folder  # nothing compiled before
        compiled.keep()
        before = _peak()
        seconds, said = [], ""
        for _ in range(repeats + 1):
            start = time.process_time()
            said = task()
            seconds.append(time.process_time() - start)
    return Cost(seconds[0], median(seconds[1:]), _peak(), before, said)


def _peak() -> float:
    """The most memory this process has had, in MiB."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
