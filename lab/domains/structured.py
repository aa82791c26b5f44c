"""Vectors and matrices whose entries hang together: probabilities, directions, spectra."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from lab.domains.domain import Domain, made
from lab.domains.draws import Draw, magnitudes, normal
from lab.errors import BadInput


def _softmax(logits: np.ndarray) -> np.ndarray:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return weights / weights.sum(axis=-1, keepdims=True)


def simplex(dims: str = "k", **fixed: int) -> Domain:
    """Positive entries that sum to one along the last axis: probabilities."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        return _softmax(normal(rng, shape))

    def corner(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return _softmax(8.0 * np.eye(shape[-1])[chosen])

    uniform = lambda rng, shape: np.full(shape, 1 / shape[-1])
    extremes = {"corner": corner, "uniform": uniform}
    return made("simplex", dims, draw, extremes, fixed, allows=lambda shape: len(shape) > 0)


def unit(dims: str = "d", **fixed: int) -> Domain:
    """Vectors of length one along the last axis."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        vector = normal(rng, shape)
        return vector / np.linalg.norm(vector, axis=-1, keepdims=True)

    def axis(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        chosen = rng.integers(0, shape[-1], shape[:-1])
        return np.eye(shape[-1])[chosen]

    return made("unit", dims, draw, {"axis": axis}, fixed, allows=lambda shape: len(shape) > 0)


def _square(dims: str) -> str:
    """``"d"`` means ``"d d"``; ``"n d"`` a batch of them, ``"n d d"``."""
    parts = dims.split()
    return " ".join([*parts, parts[-1]]) if parts else dims


def _matrix(
    maker: str, dims: str, draw: Draw, extremes: Mapping[str, Draw], fixed: Mapping[str, int]
) -> Domain:
    if not dims.split():
        raise BadInput(f"{maker}({dims!r}) needs the name of its dimension, e.g. {maker}('d')")
    matrix = made(maker, _square(dims), draw, extremes, fixed)
    shown = ", ".join([repr(dims), *(f"{name}={size}" for name, size in fixed.items())])
    return Domain(f"{maker}({shown})", matrix.shape, draw, extremes, (), dict(fixed))


def _rotation(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
    """Orthogonal columns, every such matrix as likely as any other.

    LAPACK alone gives a square one the determinant (-1)^(d - 1), always.
    """
    q, r = np.linalg.qr(normal(rng, shape))
    return q * np.sign(np.diagonal(r, axis1=-2, axis2=-1))[..., None, :]


def _with_spectrum(spectrum: Draw) -> Draw:
    """``Q diag(s) Q^T`` with the drawn eigenvalues ``s``, symmetric to the last bit."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        q, s = _rotation(rng, shape), spectrum(rng, shape[:-1])
        matrix = (q * s[..., None, :]) @ np.swapaxes(q, -1, -2)
        return (matrix + np.swapaxes(matrix, -1, -2)) / 2

    return draw


def _spread(low: float, high: float) -> Draw:
    """Eigenvalues from ``low`` to ``high``, evenly spaced in their logarithm: never two alike."""
    return lambda rng, shape: np.broadcast_to(np.geomspace(low, high, shape[-1]), shape)


def spd(dims: str = "d", **fixed: int) -> Domain:
    """Symmetric positive definite matrices ``d x d``; typical condition numbers are below 10."""
    extremes = {
        "identity": lambda rng, shape: np.broadcast_to(np.eye(shape[-1]), shape),
        "ill-conditioned": _with_spectrum(_spread(1e-3, 10.0)),
        "large": _with_spectrum(_spread(30.0, 100.0)),
    }
    return _matrix("spd", dims, _with_spectrum(magnitudes(0.5, 4.0)), extremes, fixed)


def symmetric(dims: str = "d", **fixed: int) -> Domain:
    """Symmetric matrices ``d x d``, with eigenvalues of both signs that keep apart."""

    def spectrum(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        jitter = rng.uniform(-0.1, 0.1, shape)
        return np.linspace(-1.5, 2.0, shape[-1]) + jitter / shape[-1]

    draw = _with_spectrum(spectrum)
    extremes = {"large": lambda rng, shape: 50.0 * draw(rng, shape)}
    return _matrix("symmetric", dims, draw, extremes, fixed)


def invertible(dims: str = "d", **fixed: int) -> Domain:
    """Square matrices with condition number 8 at most when typical; the determinant has either
    sign.
    """

    def of(spectrum: Draw) -> Draw:
        def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
            s = spectrum(rng, shape[:-1])
            return (_rotation(rng, shape) * s[..., None, :]) @ _rotation(rng, shape)

        return draw

    extremes = {"ill-conditioned": of(_spread(1e-2, 10.0)), "large": of(_spread(30.0, 100.0))}
    return _matrix("invertible", dims, of(magnitudes(0.5, 4.0)), extremes, fixed)


def orthogonal(dims: str = "d", **fixed: int) -> Domain:
    """Orthogonal matrices ``d x d``."""
    return _matrix("orthogonal", dims, _rotation, {}, fixed)


def tall(dims: str = "n d", **fixed: int) -> Domain:
    """Matrices of full column rank: at least as many rows as columns."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> Any:
        d = shape[-1]
        s = magnitudes(0.5, 4.0)(rng, (*shape[:-2], d))
        return (_rotation(rng, shape) * s[..., None, :]) @ _rotation(rng, (*shape[:-2], d, d))

    return made("tall", dims, draw, {}, fixed, allows=lambda shape: shape[-2] >= shape[-1])
