"""Where a run computes and in how many bits: two contexts to put around all of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import jax
import jax.numpy as jnp

from lab.errors import BadInput


@contextmanager
def device(name: Literal["auto", "cpu", "gpu"]) -> Iterator[jax.Device]:
    """Compute on the named device, and yield it; ``auto`` is whatever JAX prefers.

    Raises ``BadInput`` where there is no such device.
    """
    platform = None if name == "auto" else name
    try:
        found = jax.devices(platform)[0]
    except RuntimeError as error:
        if name == "gpu":
            raise BadInput(
                "device: no GPU is visible to JAX; install the 'cuda' extra on a machine that has "
                "one, or run with device=cpu"
            ) from error
        raise BadInput(f"device: {name!r} is not to be had: {error}") from error
    with jax.default_device(found):
        yield found


@contextmanager
def precision(name: Literal["float32", "float64"]) -> Iterator[Any]:
    """Compute in the named precision, and yield its dtype; data made inside has it by default.

    Matrix products are held to it too: by default a GPU may multiply float32 in fewer bits, and a
    derivative checked to rounding would then seem wrong.
    """
    with jax.enable_x64(name == "float64"), jax.default_matmul_precision("highest"):
        yield jnp.dtype(name)
