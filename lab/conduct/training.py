"""A training and its record: rows written as they come, the state put aside now and then."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import Mesh

from lab.conduct.ending import Ending
from lab.config import Config
from lab.interrupts import heed
from lab.report.progress import Unwatched
from lab.runs import checkpoint, trajectory
from lab.training import devices, processes, sharing
from lab.training.configured import posed, trained
from lab.training.loop import Chunk, chunks
from lab.training.problem import Problem
from lab.training.step import State, Training

# A training is put aside after so many seconds, and for no more than this share of the time.
_PATIENCE, _SHARE = 5.0, 0.01


@contextmanager
def placed(config: Config) -> Iterator[tuple[Any, Mesh]]:
    """Device, devices and precision of a run; yields the dtype and the mesh."""
    over = devices.mesh(config["device"], config["devices"])
    with devices.device(config["device"]), devices.precision(config["precision"]) as dtype:
        yield dtype, over


def pose(module: ModuleType, config: Config, dtype: Any) -> tuple[Problem, Any]:
    """What is trained, and the key of its batches."""
    return posed(module, config.settings, jax.random.key(config["seed"]), dtype)


def prepare(problem: Problem, config: Config, key: Any, over: Mesh) -> Training:
    """The training of a config, over the devices of the mesh."""
    training = trained(sharing.dealt(problem, over) if over.size > 1 else problem, config, key)
    return sharing.whole(training, over) if over.size > 1 else training


def kept_state(training: Training, run: Path | None, over: Mesh) -> State | None:
    """Where the training was put aside, if it was."""
    kept = run is not None and checkpoint.exists(run)
    processes.same("the checkpoint", checkpoint.content(run) if run and kept else b"")
    if run is None or not kept:
        return None
    state = jax.tree.map(jnp.asarray, checkpoint.load(run, like=training.start()))
    return sharing.on_each(state, over) if over.size > 1 else state


def walk(training: Training, config: Config, state: State | None, over: Mesh) -> Iterator[Chunk]:
    """The descent, chunk by chunk, from ``state`` or from the start."""
    return chunks(
        training,
        steps=config["steps"],
        every=config["record"]["every"],
        evaluate=config["record"]["evaluate"],
        state=state,
        agreed=processes.agreed(over),
    )


def train(
    problem: Problem,
    config: Config,
    key: Any,
    over: Mesh,
    run: Path,
    ending: Ending,
    watch: Unwatched,
) -> Any:
    """Train, and write down every chunk as it comes; the params it ended with."""
    training = prepare(problem, config, key, over)
    if ending.devices:
        ending.devices["rows"] = sharing.rows(problem, key, over)
    watch.phase("training", config["steps"])
    state = kept_state(training, run, over)
    last: Chunk | None = None
    with trajectory.Writer(run, before=int(state.step) if state else 0) as writer:
        aside = Aside(run, writer)
        try:
            for chunk in walk(training, config, state, over):
                writer.append(chunk.columns)
                last = chunk
                aside.now_and_then(chunk)
                watch.at(chunk.step, f"loss {chunk.columns['loss'][-1]:.4g}")
                heed()
        finally:
            if last is not None:
                aside.put(last)
    assert last is not None
    if over.size > 1:  # what comes now computes by itself
        training = training._replace(problem=problem)
        last = last._replace(state=sharing.at_home(last.state))
    if last.diverged_at is not None:
        from lab.runs import divergence

        loss, slope = (last.columns[name][-1] for name in ("loss", "gradient_norm"))
        ending.status, ending.exit_status = "diverged", 1
        ending.note = (
            f"diverged at step {last.diverged_at}: loss {loss}, gradient norm {slope}; "
            f"{divergence.told(training, last.state)}; what was recorded up to there is kept"
        )
    elif last.halted is not None:
        ending.stopped = f"step {last.step}: {last.halted}"
    return last.params


class Aside:
    """Puts a training aside, with all its rows written before: often, but never for long."""

    def __init__(self, run: Path, writer: trajectory.Writer) -> None:
        self._run, self._writer = run, writer
        self._due = time.monotonic() + _PATIENCE

    def now_and_then(self, chunk: Chunk) -> None:
        if time.monotonic() > self._due:
            self.put(chunk)

    def put(self, chunk: Chunk) -> None:
        begun = time.monotonic()
        self._writer.flush()
        checkpoint.save(self._run, chunk.state)
        ended = time.monotonic()
        self._due = ended + max(_PATIENCE, (ended - begun) / _SHARE)
