"""A training put aside: the leaves of its state as plain arrays, named as the leaves are.

One ``.npz`` file, written whole. Nothing in it is a program: arrays are read without pickles, and
their structure is not in the file but made anew from the config.
"""

import io
import zipfile
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lab.errors import BadInput
from lab.runs import folder
from lab.training import leaves

_FILE = Path("checkpoint", "state.npz")


def exists(run: Path) -> bool:
    """Whether anything was put aside."""
    return (run / _FILE).exists()


def content(run: Path) -> bytes:
    """The file as it is."""
    return (run / _FILE).read_bytes()


def save(run: Path, state: Any) -> None:
    """Write the leaves of ``state`` to ``run/checkpoint/state.npz``, whole."""
    arrays = {name: np.asarray(_plain(leaf)) for name, leaf in leaves.named(state).items()}
    # Not np.savez: its own arguments are keywords among the arrays, so no leaf could be a "file".
    with (
        folder.whole(run / _FILE) as temporary,
        zipfile.ZipFile(temporary, "w") as archive,
    ):
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, _of_numpy(array), allow_pickle=False)


def load(run: Path, like: Any = None) -> Any:
    """The arrays that ``save`` wrote, by name; or, with ``like``, in its structure and dtypes.

    Raises ``BadInput`` where there are none, or where ``like`` has other leaves, shapes or dtypes.
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
        raise BadInput(f"no checkpoint in {path}: {error}") from error
    if like is None:
        return arrays
    wanted = leaves.named(like)
    forms = {name: _of_numpy(_empty(leaf)) for name, leaf in wanted.items()}
    for name in [*forms, *arrays]:
        found, form = arrays.get(name), forms.get(name)
        if found is None or form is None or _described(found) != _described(form):
            raise BadInput(
                f"{path} is of another training: it holds {name!r} as {_described(found)}, "
                f"the config makes it {_described(form)}; the config, the experiment or the "
                "lab has changed since, so start anew with lab run"
            )
    restored = [_restored(arrays[name], leaf) for name, leaf in wanted.items()]
    return jax.tree.unflatten(jax.tree.structure(like), restored)


def _is_key(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _plain(leaf: Any) -> Any:
    return jax.random.key_data(leaf) if _is_key(leaf) else leaf


def _empty(leaf: Any) -> np.ndarray:
    like = _plain(leaf)
    return np.empty(np.shape(like), jnp.result_type(like) if hasattr(like, "dtype") else None)


def _of_numpy(array: np.ndarray) -> np.ndarray:
    """The same bits in a dtype that a ``.npy`` file can name: bfloat16 and its kin cannot."""
    return array.view(f"u{array.itemsize}") if array.dtype.kind == "V" else array


def _restored(array: np.ndarray, like: Any) -> Any:
    if _is_key(like):
        return jax.random.wrap_key_data(jnp.asarray(array), impl=jax.random.key_impl(like))
    dtype = getattr(like, "dtype", array.dtype)
    return array.view(dtype) if np.dtype(dtype).kind == "V" else array


def _described(array: np.ndarray | None) -> str:
    return "nothing" if array is None else f"{array.dtype}{list(array.shape)}"
