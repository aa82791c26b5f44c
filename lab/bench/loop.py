"""The hot loop: what recording every step costs, and what one would write without the lab."""

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from typer import Option

from lab.bench import Report, Table
from lab.bench._loops import PEERS, RATE, START
from lab.bench._turns import CLOCKS, alternately, over
from lab.report.progress import Unwatched

if TYPE_CHECKING:
    from lab.training.step import Training


class Case(NamedTuple):
    """A training, the same in a bare scan that records nothing, and how many steps of it."""

    name: str
    training: "Training"
    bare: Callable[[], Any]
    steps: int


def measure(
    watch: Unwatched,
    *,
    steps: Annotated[int, Option(help="Steps of the two-parameter problem.")] = 10_000_000,
    repeats: Annotated[int, Option(help="Medians are over so many.")] = 7,
    clock: Annotated[
        Literal["cpu", "wall"], Option(help="Seconds of the processor, or those that pass.")
    ] = "cpu",
    peers: Annotated[bool, Option(help="Race what one would otherwise write.")] = True,
) -> Report:
    """Seconds a step, the compilation left out, medians over turns that alternate in one process.

    A ratio is the median of those within each turn, and in brackets the least and the greatest.

    `bare` is `lax.scan` over the same update, nothing recorded. `recorded` brings loss, norm of the
    gradient and all other columns of every step to the host; `written` has them in Parquet files as
    well, on the disk. Peers make the same steps and leave the same record, in memory.

    The lab keeps the steps of a small network on one thread, which XLA by itself does not: beside a
    bare scan as everybody writes it stands one compiled in the same way, and that is what recording
    alone costs.
    """
    from lab import compiled

    compiled.keep()
    import jax

    from lab.training import devices

    now = CLOCKS[clock]
    # a bare scan is written as everybody writes it
    written = jax.numpy_dtype_promotion("standard")
    with devices.device("cpu"), devices.precision("float32"), written:
        from lab.training.rows import ON_ONE_THREAD

        alike = _digits(ON_ONE_THREAD)._replace(name="digits network, bare on one thread, too")
        found = [*_two_parameters(steps), _digits(), alike]
        watch.phase("cases", len(found))
        rows, facts = [], {}
        for done, case in enumerate(found):
            watch.at(done, case.name)
            ways: dict[str, Callable[[], Any]] = {
                "bare": case.bare,
                "recorded": partial(_recorded, case, now),
                "written": partial(_written, case, now),
            }
            turns = alternately(ways, repeats, now)
            a_step = {way: median(taken) / case.steps for way, taken in turns.items()}
            ratios = [over(turns[way], turns["bare"]) for way in ("recorded", "written")]
            rows.append((case.name, *(1e6 * one for one in a_step.values()), *ratios))
            facts[case.name] = {"steps": case.steps, "seconds_a_step": a_step, "turns": turns}
        columns = ("problem", "bare, µs", "recorded, µs", "written, µs", "recorded/bare")
        tables = [Table("Recording every step", (*columns, "written/bare"), rows)]
        notes: list[str] = []
        if peers:
            table, notes = _against_peers(watch, found[0], facts[found[0].name], now)
            tables.append(table)
        tables.append(_memory(found[0], watch))
    return Report(tables, {"clock": clock, "cases": facts}, notes)


def _recorded(case: Case, now: Callable[[], float]) -> float:
    """Train with every row brought home; the seconds it took to compile, which do not count."""
    from lab.training.loop import chunks

    found = chunks(case.training, steps=case.steps)
    return _from_the_first_chunk(found, lambda columns: None, now)


def _written(case: Case, now: Callable[[], float]) -> float:
    """The same, with every row on the disk."""
    from lab.runs import trajectory
    from lab.training.loop import chunks

    with tempfile.TemporaryDirectory() as folder, trajectory.Writer(Path(folder)) as writer:
        return _from_the_first_chunk(chunks(case.training, steps=case.steps), writer.append, now)


def _from_the_first_chunk(
    found: Any, take: Callable[[Any], Any], now: Callable[[], float]
) -> float:
    begun = now()
    first = next(found)
    compiling = now() - begun
    take(first.columns)
    for chunk in found:
        take(chunk.columns)
    return compiling


def _two_parameters(steps: int) -> list[Case]:
    """Rosenbrock's function, by gradient descent and by Adam."""
    import jax.numpy as jnp
    import optax

    from lab.training.problem import Problem

    problem = Problem(
        lambda p, _: (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2,
        lambda p, _: jnp.stack(
            [-2 * (1 - p[0]) - 400 * p[0] * (p[1] - p[0] ** 2), 200 * (p[1] - p[0] ** 2)]
        ),
        jnp.array(START),
    )
    return [
        _case("Rosenbrock, gradient descent", problem, optax.sgd(RATE), steps),
        _case("Rosenbrock, Adam", problem, optax.adam(RATE), steps),
    ]


def _digits(options: Mapping[str, str] | None = None, steps: int = 3000) -> Case:
    """The network of the main experiment, with all its metrics, by Adam."""
    import jax
    import optax

    from lab import experiment
    from lab.config import load
    from lab.training.problem import in_precision, no_evaluation

    config = load("backprop_mlp")
    module = experiment.load(experiment.read(config.folder / "experiment.py"))
    problem = in_precision(module.problem(jax.random.key(0), **config.settings), "float32")
    # a test set is looked at now and then, and is no part of the record of a step
    problem = problem._replace(evaluate=no_evaluation)
    return _case("digits network, Adam", problem, optax.adam(2e-3), steps, options)


def _case(
    name: str,
    problem: Any,
    optimizer: Any,
    steps: int,
    options: Mapping[str, str] | None = None,
) -> Case:
    import jax
    import optax

    from lab.training.descent import from_optax
    from lab.training.step import training

    key = jax.random.key(0)

    def step(carry: Any, number: Any) -> Any:
        params, state = carry
        gradient = problem.gradient(params, problem.batch(key, number))
        update, state = optimizer.update(gradient, state, params)
        return (optax.apply_updates(params, update), state), None

    @partial(jax.jit, compiler_options=options and dict(options))
    def bare(params: Any, state: Any) -> Any:
        numbers = jax.numpy.arange(steps, dtype="int32")
        return jax.lax.scan(step, (params, state), numbers)[0]

    state = optimizer.init(problem.start)
    whole = training(problem, from_optax(optimizer), gradient="hand", key=key)
    return Case(
        name, whole, lambda: jax.block_until_ready(bare(problem.start, state)) and None, steps
    )


def _against_peers(
    watch: Unwatched, case: Case, facts: Mapping[str, Any], now: Callable[[], float]
) -> tuple[Table, list[str]]:
    lab = facts["seconds_a_step"]["recorded"]
    rows: list[tuple[Any, ...]] = [("lab", 1e6 * lab, 1.0)]
    notes = []
    watch.phase("peers", len(PEERS))
    for done, (name, peer) in enumerate(PEERS.items()):
        watch.at(done, name)
        try:
            walk = peer()
            walk(10)  # what is compiled is compiled now
        except ImportError as missing:
            notes.append(f"{name} is left out: {missing.name} is not installed.")
            continue
        except RuntimeError as failed:  # it wants a C++ compiler, and there is none
            notes.append(f"{name} is left out: {str(failed).strip().splitlines()[0]}")
            continue
        count, taken = 500, 0.0
        while taken < 0.5:  # long enough to be measured
            count *= 2
            begun = now()
            walk(count)
            taken = now() - begun
        rows.append((name, 1e6 * taken / count, taken / count / lab))
    if torch := sys.modules.get("torch"):
        notes.append(f"PyTorch is {torch.__version__}, on {torch.get_num_threads()} threads.")
    return Table(
        f"{case.name}: the same steps and record", ("loop", "µs a step", "times"), rows
    ), notes


def _memory(case: Case, watch: Unwatched) -> Table:
    """How much more memory more steps take, with the record written."""
    watch.phase("memory", 2)
    rows = []
    for factor in (1, 4):
        _written(case._replace(steps=factor * case.steps), time.process_time)
        rows.append((factor * case.steps, _peak_mib()))
    return Table("Memory, the record written", ("steps", "peak, MiB"), rows)


def _peak_mib() -> float:
    """The most memory this process ever had."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10
