"""A descent from first to last as one pure function: for studies that compare many of them."""

import jax

from lab.training.step import Row, State, Training, frozen


def walk(train: Training, steps: int) -> tuple[State, Row]:
    """So many steps, stopped where the training says so: the last state, and the rows on the way.

    Row k is what step k saw; there are ``steps + 1``, for the last point is seen too, and its
    update not made. Once it has stopped the rows repeat the point. Jit it, or vmap it over what
    the training was made of.
    """
    step = frozen(train.step)
    last, rows = jax.lax.scan(lambda state, _: step(state), train.start(), length=steps)
    _, row = train.step(last)
    return last, jax.tree.map(lambda all_, one: jax.numpy.append(all_, one), rows, row)
