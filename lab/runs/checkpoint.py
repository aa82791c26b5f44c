"""Params kept as plain arrays: one ``.npz`` file, an array a leaf, named as the leaf is."""

import io
import zipfile
from pathlib import Path
from typing import Any

import jax
import numpy as np

from lab.errors import BadInput
from lab.runs import folder
from lab.training import leaves

_FILE = Path("checkpoint", "params.npz")


def save(run: Path, params: Any) -> None:
    """Write the leaves of ``params`` to ``run/checkpoint/params.npz``, whole."""
    arrays = {name: np.asarray(leaf) for name, leaf in leaves.named(params).items()}
    # Not np.savez: its own arguments are keywords among the arrays, so no leaf could be a "file".
    with (
        folder.whole(run / _FILE) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def load(run: Path, like: Any = None) -> Any:
    """The arrays that ``save`` wrote, by name; or, with ``like``, in the structure of ``like``.

    Raises ``BadInput`` where there are none, or where ``like`` has other leaves or shapes.
    """
    path = run / _FILE
    try:
        with zipfile.ZipFile(path) as archive:
            arrays = {
                name.removesuffix(".npy"): np.lib.format.read_array(
                    io.BytesIO(archive.read(name)), allow_pickle=False
                )
                for name in archive.namelist()
            }
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput(f"no params in {path}: {error}") from error
    if like is None:
        return arrays
    found = {name: array.shape for name, array in arrays.items()}
    wanted = {name: np.shape(leaf) for name, leaf in leaves.named(like).items()}
    if found != wanted:
        raise BadInput(f"{path} holds {found}; the params of this problem are {wanted}")
    return jax.tree.unflatten(jax.tree.structure(like), [arrays[name] for name in wanted])
