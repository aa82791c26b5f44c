"""A program carried out: its lanes chunk by chunk, over all devices, the rows brought home."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from lab.sweep.cases import Case
from lab.sweep.lanes import Conclusion, apart
from lab.training import processes
from lab.training.devices import AXIS
from lab.training.stopping import GOING

# A step of all lanes at once is fast as long as what it carries stays near the processor.
_NEAR, _LARGEST = 2**15, 2**26


class Group(NamedTuple):
    """Cases that are one program."""

    cases: tuple[Case, ...]

    @property
    def runs(self) -> int:
        return sum(len(case.runs) for case in self.cases)


class Ended(NamedTuple):
    """Some runs of a group, from start to end.

    ``runs``   their numbers; ``case`` one of theirs.
    ``steps``  the recorded steps; ``rows`` the columns at them, a row a step and a column a run. A
               run that ended earlier has nothing to say below.
    ``end``    what is known of each in the end.
    """

    runs: np.ndarray
    case: Case
    steps: np.ndarray
    rows: dict[str, np.ndarray]
    end: Conclusion

    def of(self, runs: np.ndarray) -> "Ended":
        """Its first lanes, which are these runs; the others only filled it up."""
        keep = len(runs)
        rows = {name: column[:, :keep] for name, column in self.rows.items()}
        return self._replace(
            runs=runs, rows=rows, end=jax.tree.map(lambda column: column[:keep], self.end)
        )


def groups(cases: Sequence[Case]) -> tuple[Group, ...]:
    """The cases, those of one program together."""
    found: dict[Any, list[Case]] = {}
    for case in cases:
        found.setdefault((case.signature, tuple(case.lane), case.steps), []).append(case)
    return tuple(Group(tuple(same)) for same in found.values())


class Work:
    """A group made ready for its devices: its program, batched, and how many lanes at a time."""

    def __init__(self, group: Group, mesh: Mesh) -> None:
        self.group = group
        self.batches, self.size = _dealt(group, mesh.size)
        self.arrays = _Arrays(group.cases, len(self.batches) == len(group.cases))
        self.parts = _batched(group.cases[0], self.arrays, mesh)
        self._mesh = mesh

    def laid(self, arrays: Any, lane: Any) -> Any:
        """What every process holds, dealt out over the devices of all of them."""
        specs = _specs((self.arrays.axes, dict.fromkeys(lane, 0)))
        over = jax.tree.map(partial(NamedSharding, self._mesh), specs)
        return jax.jit(lambda *held: held, out_shardings=over)(arrays, lane)


def _dealt(group: Group, devices: int) -> tuple[list[tuple[Case, ...]], int]:
    """The cases, those together whose runs are made together; and how many runs at a time."""
    first = group.cases[0]
    lanes, most = len(first.runs), _most(first) * devices
    # lanes of one case share its arrays; where a case has few, those of several run together
    alike = len(group.cases) == 1 or lanes >= most
    batches: list[tuple[Case, ...]] = [(case,) for case in group.cases] if alike else [group.cases]
    return batches, _even(lanes if alike else group.runs, most, devices)


def whole(group: Group, devices: int, known: np.ndarray) -> np.ndarray:
    """Of the runs that are known those of which all are that are made together."""
    batches, size = _dealt(group, devices)
    found = np.zeros_like(known)
    for batch in batches:
        for runs in _at_a_time(batch, size):
            found[runs] = known[runs].all()
    return found


def _at_a_time(batch: Sequence[Case], size: int) -> list[np.ndarray]:
    runs = np.concatenate([case.runs for case in batch])
    return [runs[begun : begun + size] for begun in range(0, len(runs), size)]


def carried_out(
    work: Work, tick: Callable[[float], None] = lambda runs: None, known: np.ndarray | None = None
) -> Iterator[Ended]:
    """All runs of the group, so many at a time as the devices are fast with.

    ``tick`` is told how many of them, parts counted, were made since the last were handed over.
    Those that are ``known`` (by their numbers, yes or no) are not made again.
    """
    size, first = work.size, work.group.cases[0]
    for batch in work.batches:
        runs = np.concatenate([case.runs for case in batch])
        lane = {key: _joined([case.lane[key] for case in batch]) for key in first.lane}
        which = np.repeat(np.arange(len(batch)), len(first.runs))
        for turn, now in enumerate(_at_a_time(batch, size)):
            if known is not None and known[now].all():
                continue
            # the last chunk is filled up with its last run, for the program to be the same
            places = np.minimum(np.arange(size) + turn * size, len(runs) - 1)
            mine = {key: values[places] for key, values in lane.items()}
            arrays = work.arrays.of(batch, which[places])
            if jax.process_count() > 1:
                arrays, mine = work.laid(arrays, mine)
            yield _through(first, work.parts, arrays, mine, tick).of(now)


def _joined(arrays: Sequence[Any]) -> Any:
    numbers = isinstance(arrays[0], np.ndarray)
    return np.concatenate(arrays) if numbers else jnp.concatenate(arrays)


def _through(
    case: Case,
    work: Mapping[str, Callable[..., Any]],
    arrays: Mapping[str, Any],
    lane: Any,
    tick: Callable[[float], None],
) -> Ended:
    """A chunk of lanes from the first step to the last."""
    lanes = len(next(iter(lane.values()), (0,)))
    carry = work["begin"](arrays["begin"], lane)
    seen, at, limit = [], 0, np.int32(case.steps)
    while at < case.steps:
        carry, rows = work["advance"](arrays["advance"], lane, carry, np.int32(at), limit)
        seen.append(processes.at_home(rows))
        at += case.every * case.rows
        tick(lanes * min(1, at / case.steps))
        reason, loss = processes.at_home((carry.reason, carry.loss))
        if not np.any((reason == GOING) & np.isfinite(loss)):
            break
    end = processes.at_home(work["conclude"](arrays["conclude"], lane, carry))
    steps = np.arange(0, min(at, case.steps), case.every, dtype=np.int64)
    rows = {name: np.concatenate([part[name] for part in seen])[: len(steps)] for name in seen[0]}
    return Ended(np.arange(len(end.ended)), case, steps, rows, end)


def _batched(case: Case, arrays: "_Arrays", mesh: Mesh) -> dict[str, Callable[..., Any]]:
    """The parts of a lane for many lanes, compiled; each device has its share of them."""
    parts, axes = case.parts, arrays.axes
    lane = {key: jax.ShapeDtypeStruct((2, *v.shape[1:]), v.dtype) for key, v in case.lane.items()}
    count = jax.ShapeDtypeStruct((), jnp.int32)

    def started(arrays: Any, lane: Any, at: Any) -> Any:
        carry = parts["begin"](arrays["begin"], lane)
        return parts["advance"](arrays["advance"], lane, carry, at, at)[0]

    carry = apart(started, (axes, 0, None), arrays.like, lane, count)
    begin = (axes["begin"], 0), carry
    advance = (axes["advance"], 0, carry, None, None), (carry, 1)
    conclude = (axes["conclude"], 0, carry), 0
    found: dict[str, Callable[..., Any]] = {}
    for name, (given, result) in (("begin", begin), ("advance", advance), ("conclude", conclude)):
        one: Any = parts[name]
        many = jax.vmap(one, given, result)
        if mesh.size > 1:
            many = jax.shard_map(
                many,
                mesh=mesh,
                in_specs=_specs(given),
                out_specs=_specs(result),
                check_vma=False,
            )
        found[name] = jax.jit(many)
    return found


def _specs(axes: Any) -> Any:
    """The axis that the lanes have, as the axis that is dealt out over the devices."""
    spec = {None: PartitionSpec(), 0: PartitionSpec(AXIS), 1: PartitionSpec(None, AXIS)}
    return jax.tree.map(spec.__getitem__, axes, is_leaf=lambda axis: axis is None)


class _Arrays:
    """The arrays that the parts of a lane stand on: shared, or one for each lane where they differ.

    ``axes`` are the axes of the lanes, None where shared; ``like`` what two lanes would get.
    """

    def __init__(self, cases: Sequence[Case], alike: bool) -> None:
        self.axes = {
            name: tuple(
                None if alike or _same([case.parts[name].constants[k] for case in cases]) else 0
                for k in range(len(part.constants))
            )
            for name, part in cases[0].parts.items()
        }
        few = np.zeros(2, int)
        self.like = jax.tree.map(
            lambda array: jax.ShapeDtypeStruct(jnp.shape(array), jnp.result_type(array)),
            {name: self._picked(cases, name, few) for name in cases[0].parts},
        )

    def of(self, cases: Sequence[Case], which: np.ndarray) -> dict[str, Any]:
        """Those of the lanes of which each belongs to case number ``which``."""
        return {name: self._picked(cases, name, which) for name in self.axes}

    def _picked(self, cases: Sequence[Case], name: str, which: np.ndarray) -> tuple[Any, ...]:
        return tuple(
            cases[0].parts[name].constants[k]
            if axis is None
            else jnp.stack([jnp.asarray(cases[place].parts[name].constants[k]) for place in which])
            for k, axis in enumerate(self.axes[name])
        )


def _same(arrays: Sequence[Any]) -> bool:
    first = arrays[0]
    if all(array is first for array in arrays):
        return True
    if jnp.issubdtype(jnp.result_type(first), jax.dtypes.prng_key):
        return False
    return all(np.array_equal(np.asarray(array), np.asarray(first)) for array in arrays[1:])


def _most(case: Case) -> int:
    """So many lanes at a time, on each device."""
    carried = sum(_bytes(like.aval) for like in case.parts["begin"].jaxpr.outvars)
    width = sum(_bytes(like) for like in case.row.values())
    rows = ceil(case.steps / case.every)
    return max(1, min(_NEAR // carried, _LARGEST // (width * rows)))


def _bytes(like: Any) -> int:
    return int(like.size) * int(like.dtype.itemsize)


def _even(lanes: int, most: int, devices: int) -> int:
    """Chunks of one size, none of them larger than ``most``, that fill all devices alike."""
    chunks = ceil(lanes / most)
    return ceil(ceil(lanes / chunks) / devices) * devices
