"""What one would write without the lab: the same steps on Rosenbrock's function, recorded."""

from collections.abc import Callable, Mapping
from typing import Any

RATE = 1e-4
START = (-1.0, 1.0)


def _jitted_step() -> Callable[[int], Any]:
    import jax
    import jax.numpy as jnp

    @jax.jit
    def step(p: Any) -> Any:
        value, gradient = jax.value_and_grad(_rosenbrock)(p)
        return p - RATE * gradient, value, jnp.linalg.norm(gradient)

    def walk(steps: int) -> Any:
        p, record = jnp.array(START), []
        for number in range(steps):
            at = p
            p, loss, norm = step(p)
            record.append((number, float(loss), float(norm), *at.tolist()))
        return record

    return walk


def _numpy() -> Callable[[int], Any]:
    import numpy as np

    def walk(steps: int) -> Any:
        p: Any = np.array(START, np.float32)
        record = []
        for number in range(steps):
            off, inner = 1 - p[0], p[1] - p[0] ** 2
            gradient = np.array([-2 * off - 400 * p[0] * inner, 200 * inner])
            loss, norm = off**2 + 100 * inner**2, np.linalg.norm(gradient)
            record.append((number, float(loss), float(norm), float(p[0]), float(p[1])))
            p = p - np.float32(RATE) * gradient
        return record

    return walk


def _torch() -> Callable[[int], Any]:
    import torch  # type: ignore[import-not-found,unused-ignore]

    def walk(steps: int) -> Any:
        p, record = torch.tensor(START, requires_grad=True), []
        optimizer = torch.optim.SGD([p], lr=RATE)
        for number in range(steps):
            optimizer.zero_grad()
            loss = _rosenbrock(p)
            loss.backward()
            norm = torch.linalg.vector_norm(p.grad)
            record.append((number, loss.item(), norm.item(), *p.detach().tolist()))
            optimizer.step()
        return record

    return walk


def _torch_compiled() -> Callable[[int], Any]:
    import torch

    @torch.compile
    def step(p: Any) -> Any:
        gradient, value = torch.func.grad_and_value(_rosenbrock)(p)
        return p - RATE * gradient, value, torch.linalg.vector_norm(gradient)

    def walk(steps: int) -> Any:
        p, record = torch.tensor(START), []
        for number in range(steps):
            at = p
            p, loss, norm = step(p)
            record.append((number, loss.item(), norm.item(), *at.tolist()))
        return record

    return walk


def _rosenbrock(p: Any) -> Any:
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


PEERS: Mapping[str, Callable[[], Callable[[int], Any]]] = {
    "a jitted step in a Python loop, floats appended": _jitted_step,
    "NumPy, gradient by hand": _numpy,
    "PyTorch, eager": _torch,
    "PyTorch, torch.compile": _torch_compiled,
}
