"""Sweeps: what many recorded runs cost beside one bare batch, beside loops, and by their number."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import Annotated, Any, Literal

from typer import Option

from lab.bench import Report, Table
from lab.bench._run_by_run import RATES, against_loops
from lab.bench._turns import CLOCKS, alternately, over
from lab.report.progress import Unwatched

EXPERIMENT = '''"""Rosenbrock's valley.

Question: How fast do many runs go?
Command:  lab bench sweep
Time:     seconds
Expect:   nothing
"""

import jax.numpy as jnp

from lab.plots import style
from lab.training.problem import Problem


def loss(p, batch):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def gradient(p, batch):
    bend = p[1] - p[0] ** 2
    return jnp.stack([-2 * (1 - p[0]) - 400 * p[0] * bend, 200 * bend])


def problem(key, *, left: float = -1.0):
    return Problem(loss, gradient, jnp.stack([jnp.asarray(left, float), jnp.ones(())]))


def findings(outcome):
    yield from ()


def figures(outcome):
    drawing, (axes,) = style.figure(title="Down the valley")
    axes.plot(outcome.trajectory["step"], outcome.trajectory["loss"])
    axes.set(yscale="log", xlabel="step", ylabel="loss")
    yield "loss", drawing
'''
NUMBERS = (1, 10, 100, 1000, 10_000)


def measure(
    watch: Unwatched,
    *,
    runs: Annotated[int, Option(help="Runs of the batch.")] = 1024,
    steps: Annotated[int, Option(help="Steps of each.")] = 10_000,
    repeats: Annotated[int, Option(help="Medians are over so many.")] = 5,
    sample: Annotated[int, Option(help="Runs that the loops are judged by.")] = 8,
    clock: Annotated[
        Literal["cpu", "wall"], Option(help="Seconds of the processor, or those that pass.")
    ] = "cpu",
    peers: Annotated[bool, Option(help="Race loops over runs, in one process and in two.")] = True,
) -> Report:
    """Adam on Rosenbrock's function, all on one device, ways in turn, compiled before.

    `bare` is what one would write: `vmap` of a scan that makes its own state, nothing recorded.
    `thinned` is a sweep as it is by default, `every step` one that records all; both bring home
    loss, norm of the gradient and params, and know of each run the best loss, and when it diverged.
    The loops are judged by a few runs: from config to report, as a sweep is.
    """
    from lab import compiled

    compiled.keep()
    import jax

    from lab.training import devices

    now = CLOCKS[clock]
    standard = jax.numpy_dtype_promotion("standard")
    with _bench() as config, devices.device("cpu"), devices.precision("float32"), standard:
        tables = [_recording(watch, config, runs, steps, repeats, now)]
        tables.append(_by_number(watch, config, steps, repeats, now))
        notes: list[str] = []
        if peers:
            table, notes = against_loops(watch, config, sample)
            tables.append(table)
    facts = {
        "clock": clock,
        "runs": runs,
        "steps": steps,
        "tables": {one.title: [list(row) for row in one.rows] for one in tables},
    }
    return Report(tables, facts, notes)


@contextmanager
def _bench() -> Iterator[str]:
    """An experiment and its config in a folder of their own, for as long as the block lasts."""
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "rosenbrock")
        folder.mkdir()
        (folder / "experiment.py").write_text(EXPERIMENT, encoding="utf-8")
        config = Path(home, "rosenbrock.yaml")
        config.write_text(
            "experiment: ./rosenbrock\noptimizer: {name: adam, learning_rate: 1e-2}\nsteps: 1000\n",
            encoding="utf-8",
        )
        yield str(config)


def _recording(
    watch: Unwatched, config: str, runs: int, steps: int, repeats: int, now: Callable[[], float]
) -> Table:
    import jax
    import jax.numpy as jnp

    watch.phase("recording", 1)
    rates = jnp.geomspace(1e-4, 1e-1, runs)
    state = jax.jit(jax.vmap(partial(_bare, steps=0)))(rates)
    wanted = [RATES.format(runs=runs), f"steps={steps}"]
    ways = {
        "bare": _ready(partial(_bare, steps=steps), rates),
        "bare, whole state carried in": _ready(partial(_carried, steps=steps), rates, state),
        "every step, as one would write it": _ready(partial(_obvious, steps=steps), rates),
        "lab sweep, thinned, with its table": _prepared(config, wanted),
        "lab sweep, every step brought home": _prepared(
            config, [*wanted, "record.every=1"], tabled=False
        ),
        "as many bytes copied": _copied(4 * runs * steps),
    }
    turns = alternately(ways, repeats, now)
    base = turns["bare"]
    return Table(
        f"{runs:,} runs of {steps:,} steps",
        ("way", "ms", "times bare"),
        [(name, 1e3 * median(taken), over(taken, base)) for name, taken in turns.items()],
    )


def _by_number(
    watch: Unwatched, config: str, steps: int, repeats: int, now: Callable[[], float]
) -> Table:
    import jax.numpy as jnp

    watch.phase("by number", len(NUMBERS))
    rows = []
    for done, runs in enumerate(NUMBERS):
        watch.at(done, f"{runs} runs")
        wanted = [RATES.format(runs=runs), f"steps={steps}"]
        ways = {
            "bare": _ready(partial(_bare, steps=steps), jnp.geomspace(1e-4, 1e-1, runs)),
            "lab": _prepared(config, wanted),
        }
        turns = alternately(ways, repeats, now)
        whole = {name: median(taken) for name, taken in turns.items()}
        each = (1e6 * seconds / runs for seconds in (whole["lab"], whole["bare"]))
        rows.append((runs, 1e3 * whole["lab"], *each, over(turns["lab"], turns["bare"])))
    columns = ("runs", "lab sweep, ms", "µs a run", "bare, µs a run", "times bare")
    return Table(f"By the number of runs, {steps:,} steps each", columns, rows)


def _ready(function: Callable[..., Any], *arguments: Any) -> Callable[[], Any]:
    import jax

    go = jax.jit(jax.vmap(function))
    return lambda: jax.block_until_ready(go(*arguments)) and None


def _copied(numbers: int) -> Callable[[], Any]:
    import numpy as np

    full = np.ones(numbers, np.float32)

    def go() -> None:
        full.copy()

    return go


def _prepared(config: str, arguments: Sequence[str], *, tabled: bool = True) -> Callable[[], Any]:
    """A sweep traced and compiled, its rows brought home; and made a table of, in memory."""
    from lab import experiment
    from lab.sweep.cases import cases
    from lab.sweep.group import Work, carried_out, groups
    from lab.sweep.plan import plan
    from lab.sweep.table import Table as Runs
    from lab.sweep.table import Trajectories
    from lab.training import devices

    planned = plan(config, arguments)
    (variation,) = planned.variations
    module = experiment.load(experiment.read(variation.config.folder / "experiment.py"))
    (group,) = groups(cases(planned, variation, 0, module, lambda remark: None))
    work = Work(group, devices.mesh("cpu", 1))

    def go() -> None:
        runs, trajectories = Runs(planned, group.cases), Trajectories(group.cases)
        for ended in carried_out(work):
            if tabled:
                runs.add(ended)
                trajectories.of(ended)
        runs.columns()

    return go


# ----- what one would write -----


def _step(optimizer: Any, carry: Any) -> Any:
    import jax
    import optax

    params, state = carry
    gradient = jax.grad(_loss)(params)
    update, state = optimizer.update(gradient, state, params)
    return optax.apply_updates(params, update), state


def _loss(p: Any) -> Any:
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def _start(rate: Any) -> Any:
    import jax.numpy as jnp
    import optax

    params = jnp.array([-1.0, 1.0])
    return params, optax.adam(rate).init(params)


def _bare(rate: Any, steps: int) -> Any:
    return _carried(rate, _start(rate), steps)


def _carried(rate: Any, carry: Any, steps: int) -> Any:
    import jax
    import optax

    step = partial(_step, optax.adam(rate))
    return jax.lax.scan(lambda carry, _: (step(carry), None), carry, length=steps)[0]


def _obvious(rate: Any, steps: int) -> Any:
    import jax
    import optax

    step = partial(_step, optax.adam(rate))
    seen = lambda carry: (_loss(carry[0]), carry[0])
    return jax.lax.scan(lambda carry, _: (step(carry), seen(carry)), _start(rate), length=steps)
