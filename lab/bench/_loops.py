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
        def loss(p: Any) -> Any:
            return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

        value, gradient = jax.value_and_grad(loss)(p)
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


def _torch(compiled: bool) -> Callable[[int], Any]:
    import torch  # type: ignore[import-not-found,unused-ignore]

    def slope(p: Any) -> Any:
        return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2

    loss_of = torch.compile(slope) if compiled else slope

    def walk(steps: int) -> Any:
        p, record = torch.tensor(START, requires_grad=True), []
        optimizer = torch.optim.SGD([p], lr=RATE)
        for number in range(steps):
            optimizer.zero_grad()
            loss = loss_of(p)
            loss.backward()
            norm = torch.linalg.vector_norm(p.grad)
            record.append((number, loss.item(), norm.item(), *p.detach().tolist()))
            optimizer.step()
        return record

    return walk


PEERS: Mapping[str, Callable[[], Callable[[int], Any]]] = {
    "a jitted step in a Python loop, floats appended": _jitted_step,
    "NumPy, gradient by hand": _numpy,
    "PyTorch, eager": lambda: _torch(compiled=False),
    "PyTorch, torch.compile": lambda: _torch(compiled=True),
}
