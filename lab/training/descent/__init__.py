"""A descent: how a step follows from a point, as two pure functions, whatever the method.

``init(params)`` makes the state of the method; ``move(here, state)`` says what to add to the
params, the state after it, and what it cost. Any optimizer of optax is one (``from_optax``); others
are put together of a direction and a step length (``parts``).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Int

from lab.training import gradients
from lab.training.gradients import Choice, Slope
from lab.training.optimizers import keeping_dtypes
from lab.training.problem import Batch, Params, Problem, Scalar


class Evaluations(NamedTuple):
    """How often the problem was asked: the cost of a descent in a currency all methods share.

    ``loss``      values of the loss.
    ``gradient``  gradients of it, by hand or by JAX.
    ``product``   products of a vector with a Hessian or a Jacobian, from either side; a whole
                  Hessian of n columns is n, a Jacobian the lesser of its rows and columns.
    """

    loss: Any = 0
    gradient: Any = 0
    product: Any = 0

    @property
    def total(self) -> Any:
        """All of them, each counted as one."""
        return self.loss + self.gradient + self.product

    def plus(self, other: "Evaluations") -> "Evaluations":
        """The sum, in the dtype of this one's counts."""
        return Evaluations(
            *(
                mine + jnp.asarray(theirs).astype(jnp.asarray(mine).dtype)
                for mine, theirs in zip(self, other, strict=True)
            )
        )


class Objective(NamedTuple):
    """The problem as one step sees it: on its batch, with the derivatives that were chosen."""

    problem: Problem
    batch: Batch
    choice: Choice

    def loss(self, params: Params) -> Scalar:
        """The loss as a function whose derivative is the chosen gradient."""
        return gradients.loss_of(self.problem, self.choice)(params, self.batch)

    def slope(self, params: Params) -> Slope:
        """Loss and chosen gradient."""
        return gradients.chosen(self.problem, self.choice)(params, self.batch)


class Here(NamedTuple):
    """Where a step starts: the point, what was seen there, and whom to ask for more."""

    params: Params
    loss: Scalar
    gradient: Params
    objective: Objective
    step: Int[Array, ""]


class Move(NamedTuple):
    """What a method makes of a point.

    ``update``  is added to the params; their structure, shapes and dtypes.
    ``state``   of the method after it; the same types as before.
    ``spent``   evaluations besides the loss and the gradient at the start, which the loop counts.
                One of the point the step ends at is counted there, by the next step.
    ``seen``    scalars for the record: a step length, a damping, how often a search tried.
    """

    update: Params
    state: Any
    spent: Evaluations = Evaluations()
    seen: Mapping[str, Scalar] = {}

    @property
    def costs_nothing(self) -> bool:
        """Whether nothing was spent, known without computing."""
        return all(isinstance(count, int) and count == 0 for count in self.spent)


class Descent(NamedTuple):
    """A method: ``init(params) -> state`` and ``move(here, state) -> Move``, both pure."""

    init: Callable[[Params], Any]
    move: Callable[[Here, Any], Move]


def from_optax(optimizer: optax.GradientTransformation) -> Descent:
    """An optimizer of optax as a descent; line searches are given the loss to search along."""
    inner = keeping_dtypes(optimizer)

    def move(here: Here, state: optax.OptState) -> Move:
        update, state = inner.update(
            here.gradient,
            state,
            here.params,
            value=here.loss,
            grad=here.gradient,
            value_fn=here.objective.loss,
        )
        return Move(update, state, searched(state))

    return Descent(inner.init, move)


def searched(state: optax.OptState) -> Evaluations:
    """What the line searches of optax in a state have spent in their last round.

    The last trial is where the step ends, so the next step counts it: one is left out.
    """
    spent = Evaluations()
    for search in jax.tree.leaves(state, is_leaf=_is_search):
        if isinstance(search, optax.ScaleByBacktrackingLinesearchState):
            tried = jnp.maximum(search.info.num_linesearch_steps - 1, 0)
            spent = Evaluations(spent.loss + tried, spent.gradient, spent.product)
        elif isinstance(search, optax.ScaleByZoomLinesearchState):
            tried = jnp.maximum(search.info.num_linesearch_steps - 1, 0)
            spent = Evaluations(spent.loss + tried, spent.gradient + tried, spent.product)
    return spent


def _is_search(node: Any) -> bool:
    kinds = (optax.ScaleByBacktrackingLinesearchState, optax.ScaleByZoomLinesearchState)
    return isinstance(node, kinds)


def moved(params: Params, update: Params) -> Params:
    """``params + update``, each leaf in its own dtype."""
    return jax.tree.map(lambda p, u: p + jnp.asarray(u).astype(p.dtype), params, update)
