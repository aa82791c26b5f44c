"""Where a run computes and in how many bits: two contexts to put around all of it, and a mesh."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Literal, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from lab.errors import BadInput

Name: TypeAlias = Literal["auto", "cpu", "gpu"]
Count: TypeAlias = int | Literal["all"]

# the one axis of every mesh
AXIS = "devices"


@contextmanager
def device(name: Name) -> Iterator[jax.Device]:
    """Compute on the named device, and yield it; ``auto`` is whatever JAX prefers.

    Where there are several it is the first that belongs to this process. Raises ``BadInput`` where
    there is no such device.
    """
    found = _of(jax.process_index(), _visible(name))[0]
    with jax.default_device(found):
        yield found


def mesh(name: Name, count: Count) -> Mesh:
    """So many devices of that name in a row, along the one axis ``AXIS``; ``all`` there are.

    Of several processes each gives as many. A processor is as many devices as are asked for before
    JAX computes anything, and this asks: call it first. Arrays are laid over the mesh by ``split``
    and ``everywhere``.

    Raises ``BadInput`` where there are not so many.
    """
    if isinstance(count, int) and count > 1 and name != "gpu":
        _ask_for_host_devices(count)
    found, processes = _visible(name), jax.process_count()
    wanted = len(found) if count == "all" else count
    if wanted > len(found):
        kind = "GPUs" if found[0].platform == "gpu" else f"{found[0].platform} devices"
        here = f"JAX sees {len(found)}"
        raise BadInput(f"devices: {count} {kind} were asked for, {here}; {_hint(found, wanted)}")
    if wanted % processes:
        raise BadInput(
            f"devices: {wanted} cannot be shared evenly by {processes} processes; take devices=all"
        )
    share = wanted // processes
    chosen = [_of(process, found)[:share] for process in range(processes)]
    if any(len(theirs) < share for theirs in chosen):
        raise BadInput(f"devices: not every process has {share}; take fewer, or devices=all")
    return Mesh(np.array(chosen).reshape(-1), (AXIS,))


def every_core() -> None:
    """Have a processor count as so many devices as it has cores; say so before JAX computes."""
    mine: Any = getattr(os, "sched_getaffinity", None)
    _ask_for_host_devices(len(mine(0)) if mine else os.cpu_count() or 1)


def split(over: Mesh) -> NamedSharding:
    """The leading axis dealt out over the mesh: of n rows, each of m devices has n / m."""
    return NamedSharding(over, PartitionSpec(AXIS))


def everywhere(over: Mesh) -> NamedSharding:
    """The whole array on each device of the mesh."""
    return NamedSharding(over, PartitionSpec())


@contextmanager
def precision(name: Literal["float32", "float64"]) -> Iterator[Any]:
    """Compute in the named precision, and yield its dtype; data made inside has it by default.

    Matrix products are held to it too: by default a GPU may multiply float32 in fewer bits, and a
    derivative checked to rounding would then seem wrong.
    """
    with jax.enable_x64(name == "float64"), jax.default_matmul_precision("highest"):
        yield jnp.dtype(name)


def _visible(name: Name) -> list[jax.Device]:
    """All devices of that name, of every process."""
    try:
        return jax.devices(None if name == "auto" else name)
    except RuntimeError as error:
        if name == "gpu":
            raise BadInput(
                "device: no GPU is visible to JAX; install the 'cuda' extra on a machine that has "
                "one, or run with device=cpu"
            ) from error
        raise BadInput(f"device: {name!r} is not to be had: {error}") from error


def _of(process: int, found: list[jax.Device]) -> list[jax.Device]:
    return [one for one in found if one.process_index == process]


def _ask_for_host_devices(count: int) -> None:
    if jax.distributed.is_initialized():
        return  # each process has its own, one unless XLA_FLAGS says otherwise
    if jax.config.values["jax_num_cpu_devices"] < count:
        with suppress(RuntimeError):  # JAX has begun: there are as many as there are
            jax.config.update("jax_num_cpu_devices", count)


def _hint(found: list[jax.Device], wanted: int) -> str:
    fewer = f"take devices={len(found)}" if len(found) > 1 else "leave devices out"
    if found[0].platform != "cpu":
        return f"{fewer}, or devices=all"
    flag = f"XLA_FLAGS=--xla_force_host_platform_device_count={wanted}"
    return f"{fewer}, or set {flag} before Python starts"
