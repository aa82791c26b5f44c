"""One run by several processes: JAX's own way to find each other, and what they must agree on.

All do the same steps; the first conducts, and alone writes and speaks. Their number and who is who
come from SLURM, Open MPI or Kubernetes, which JAX knows, or from the environment:

``JAX_COORDINATOR_ADDRESS``  where the first process listens, ``host:port``.
``JAX_NUM_PROCESSES``        how many there are; MPI says it.
``JAX_PROCESS_ID``           which of them this is, from 0; MPI and Kubernetes say it.
``JAX_LOCAL_DEVICE_IDS``     which GPUs of its machine are this one's; by default all, and under
                             SLURM and MPI the one of its number.

Launch lines for each are in ``experiments/devices.md`` (``lab show devices``).
"""

import os
import re
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import Mesh

from lab.errors import BadInput
from lab.training.devices import everywhere, split

# how many, which one, and which one of its machine: by hand, by an indexed job of Kubernetes, by
# Open MPI, by MPICH and its kin
_NAMES = (
    ("JAX_NUM_PROCESSES", "JAX_PROCESS_ID", ""),
    ("JAX_NUM_PROCESSES", "JOB_COMPLETION_INDEX", ""),
    ("OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_RANK"),
    ("PMI_SIZE", "PMI_RANK", "MPI_LOCALRANKID"),
)
_ADDRESS, _LOCAL = "JAX_COORDINATOR_ADDRESS", "JAX_LOCAL_DEVICE_IDS"
# A process that was not heard of for so long is taken for dead; one that has finished waits so long
# for the first, which still draws.
_SILENCE, _PATIENCE = 30, 24 * 3600
# what XLA says, in whatever words and after a status in capitals, where another process is gone
_GONE = re.compile("[A-Z_]+: .*(?i:gloo|nccl|coordination|heartbeat|connection|socket)")


def join() -> None:
    """Meet the other processes; before JAX computes anything.

    Raises ``BadInput`` where nothing says how many there are, and which of them this is. Where some
    never come JAX ends the process.
    """
    try:
        jax.distributed.initialize(
            **_by_hand(os.environ),
            heartbeat_timeout_seconds=_SILENCE,
            shutdown_timeout_seconds=_PATIENCE,
        )
    except ValueError as error:
        raise BadInput(
            f"--distributed: {str(error).rstrip('.')}; start it by srun, mpirun or as a Kubernetes "
            f"job, or set {_ADDRESS}=HOST:PORT JAX_NUM_PROCESSES=N JAX_PROCESS_ID=I"
        ) from error


def leave() -> None:
    """Part from the others when all have done their steps; the first may still draw."""
    with suppress(jax.errors.JaxRuntimeError):  # one died since, and there is nothing left to do
        jax.distributed.shutdown()


def conducts() -> bool:
    """Whether this process is the one that writes and speaks; a process alone is."""
    return jax.process_index() == 0


def same(what: str, value: str | bytes) -> None:
    """Make sure that all processes have the same.

    Raises ``BadInput`` in all of them where one has another.
    """
    if jax.process_count() == 1:
        return
    content = value.encode() if isinstance(value, str) else value
    found = multihost_utils.process_allgather(np.uint32(zlib.crc32(content)))
    others = [str(place) for place, each in enumerate(found) if each != found[0]]
    if others:
        raise BadInput(
            f"{what} of process {', '.join(others)} is not that of process 0; start all with the "
            "same command, in a folder that all of them see"
        )


def agreed(over: Mesh) -> Callable[[int], Any] | None:
    """``(number) -> number`` of the first process, in all of them; None for a process alone.

    It comes as an array, ready when what was given to the devices before it is: nothing waits here.
    """
    if jax.process_count() == 1:
        return None
    first = jax.jit(lambda numbers: numbers[0], out_shardings=everywhere(over))
    mine = len(over.local_devices)

    def ask(number: int) -> Any:
        numbers = np.full(mine, number, np.uint32)
        return first(jax.make_array_from_process_local_data(split(over), numbers))

    return ask


def at_home(tree: Any) -> Any:
    """NumPy arrays of what is dealt out over the devices, in every process all of it."""
    if jax.process_count() > 1:
        return multihost_utils.process_allgather(tree, tiled=True)
    return jax.tree.map(np.asarray, tree)


def gone(problem: BaseException) -> str | None:
    """What to say where ``problem`` is that another process went away; else None."""
    # a ValueError where the fault was met on the way to NumPy
    of_xla = isinstance(problem, (jax.errors.JaxRuntimeError, ValueError))
    said = str(problem).partition("\n")[0]
    if not of_xla or not _GONE.match(said) or jax.process_count() == 1:
        return None
    return f"another process of this run went away ({said})"


def _by_hand(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the environment says; {} leaves it all to JAX.

    Raises ``BadInput`` for what is no number.
    """
    for count, number, of_machine in _NAMES:
        if _ADDRESS in environ and count in environ and number in environ:
            local = None if _LOCAL in environ else environ.get(of_machine)
            return {
                "num_processes": _number(count, environ),
                "process_id": _number(number, environ),
                # the CPU has no numbers: they are of GPUs alone
                "local_device_ids": None if local is None else [_number(of_machine, environ)],
                "cluster_detection_method": "deactivate",
            }
    return {}


def _number(name: str, environ: Mapping[str, str]) -> int:
    if not environ[name].isdecimal():
        raise BadInput(f"{name}={environ[name]!r} should be a whole number")
    return int(environ[name])
