"""Multiply along paths, add over paths: the chain rule as two sweeps through a graph.

Question: How does a derivative travel through a computation, and in which direction is it cheaper
          to let it travel?
Command:  lab run chain_rule_graphs
Time:     about 15 s on two cores, most of it the checks
Expect:   forward sweep, backward sweep and the sum over all paths give one derivative; forward mode
          costs (1 + n) multiplications for each that the function itself takes, reverse mode
          (1 + m), so they meet where n inputs equal m outputs; a narrow place in the middle makes
          an order cheaper than either, six times at the default sizes.
"""

from collections.abc import Iterator
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from pydantic import PositiveFloat, PositiveInt

from lab.errors import BadInput
from lab.experiment import Finding, Outcome
from lab.tables import Table, read, written

from .figures import figures as figures
from .prices import costs, orders
from .sweeps import GRAPHS, MODES, edges, layers_backwards, loop


def study(
    key: Any,
    *,
    graph: Literal["expression", "two_paths", "neuron"] = "expression",
    at: tuple[float, ...] = (2.0,),
    root_of: PositiveFloat = 2.0,
    rounds: PositiveInt = 6,
    inputs: tuple[PositiveInt, ...] = (1, 2, 4, 8, 16, 32, 64, 128, 256),
    outputs: PositiveInt = 16,
    hidden: PositiveInt = 32,
    chain: tuple[PositiveInt, ...] = (64, 64, 4, 64, 64),
) -> Table:
    """The sweeps over ``graph`` at the point ``at``, a loop, three layers on wine, and the costs.

    Raises ``BadInput`` for a point with other than one number for each input, and for a chain of
    fewer than two Jacobians.
    """
    tape = GRAPHS[graph]
    if len(at) != len(tape.inputs):
        raise BadInput(
            f"at={list(at)}: the graph {graph!r} has {len(tape.inputs)} inputs: "
            f"{', '.join(tape.inputs)}"
        )
    if len(chain) < 3:
        raise BadInput(f"chain={list(chain)}: give the sizes of two Jacobians at least, [n, h, m]")
    return written(
        [
            *edges(tape, [jnp.asarray(value, float) for value in at]),
            *loop(jnp.asarray(root_of, float), rounds),
            *layers_backwards(key, hidden),
            *costs(inputs, hidden, outputs),
            *orders(chain),
        ]
    )


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    on_edges, ways = outcome.rows("edge"), outcome.rows("path")
    for at in read(outcome.rows("total")):
        gathered = ways["forward"][ways["input"] == at["input"]]
        truth, name = at["jax_rate"], f"derivative in {at['input']}"
        allowed = 32 * eps * max(1.0, float(np.abs(gathered).sum()))
        for how, value in (
            (f"sum over {gathered.size} paths", gathered.sum()),
            ("forward sweep", at["rate"]),
            ("backward sweep", at["adjoint"]),
        ):
            said = f"{truth:.6g}, which is JAX's"
            yield Finding(f"{name}, {how}", float(value), said, abs(value - truth) <= allowed)
    for column, what in (("rate", "forward"), ("adjoint", "backward")):
        scale = np.maximum(1, abs(on_edges[f"jax_{column}"]))
        gap = float(np.max(abs(on_edges[column] - on_edges[f"jax_{column}"]) / scale))
        said = f"below {32 * eps:.0e}"
        yield Finding(f"{what} table against JAX, greatest gap", gap, said, gap < 32 * eps)

    gaps = outcome.rows("layer")["gap"]
    said = f"below {200 * eps:.0e}"
    name = "three layers pulled back one by one, greatest relative gap to jax.vjp"
    yield Finding(name, float(gaps.max()), said, bool(gaps.max() < 200 * eps))

    turns = outcome.rows("loop")
    last, root = turns["rate_error"][-1], np.sqrt(outcome.settings["root_of"])
    if outcome.settings["rounds"] >= 6 and 0.1 < root < 10:
        said = f"below {8 * eps:.0e}: it arrives with the value"
        yield Finding("error of the loop's derivative", float(last), said, last < 8 * eps)

    counts, outputs = outcome.rows("cost"), outcome.settings["outputs"]
    off = sum(int(np.sum(counts[f"{m}_count"] != counts[f"{m}_predicted"])) for m in MODES)
    name = "counts that are not (1 + inputs) and (1 + outputs) times the function's"
    yield Finding(name, off, "0", off == 0)
    cheaper = counts["forward_count"] < counts["reverse_count"]
    right = bool(np.array_equal(cheaper, counts["inputs"] < outputs))
    most = int(counts["inputs"][cheaper].max()) if cheaper.any() else 0
    said = f"the most below {outputs}, the outputs"
    yield Finding("most inputs for which forward mode is cheaper", most, said, right)
    cost = dict(zip(outcome.rows("order")["mode"], outcome.rows("order")["count"], strict=True))
    gain = min(cost["forward"], cost["reverse"]) / cost["best"]
    narrow = tuple(outcome.settings["chain"]) == (64, 64, 4, 64, 64)
    said, right = ("6", gain == 6) if narrow else ("1 or more", gain >= 1)
    yield Finding("gain of the best order over both modes", gain, said, right)
