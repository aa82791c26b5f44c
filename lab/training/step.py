"""One step of a training as a pure function: ``step(state) -> (state, row)``.

The whole of a training is one pytree, so it can be put aside and taken up again, batched by
``jax.vmap`` (``start`` and ``step`` within the batched function) and laid over devices.

Row k holds what step k saw: loss, gradient and params before update k.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jaxtyping import Array, Int, Key

from lab.errors import BadInput
from lab.training import gradients, leaves
from lab.training.descent import Descent, Evaluations, Here, Objective, moved
from lab.training.problem import Params, Problem, readable_point
from lab.training.stopping import DIVERGED, GOING, Rule, Sight

# JAX sorts the keys of a plain dict; of this one it keeps the order.
Row: TypeAlias = OrderedDict[str, Array]


class State(NamedTuple):
    """A training between two steps: all that the steps to come depend on.

    ``step``      how many updates were made.
    ``params``    after them.
    ``descent``   the state of the method.
    ``spent``     evaluations besides the loss and the gradient at the start of each step.
    ``stopping``  the states of the rules.
    ``reason``    ``GOING``; or why it came to an end: ``DIVERGED``, or the number of a rule.
    """

    step: Int[Array, ""]
    params: Params
    descent: Any
    spent: Evaluations
    stopping: tuple[Any, ...]
    reason: Int[Array, ""]

    @property
    def evaluations(self) -> Evaluations:
        """All that were made to get here, not counting those at ``params``."""
        return self.spent.plus(Evaluations(self.step, self.step, 0))


class Training(NamedTuple):
    """What is trained, how, and what of it is recorded; functions only, no numbers of its own.

    ``start()``         the first state.
    ``step(state)``     the state after one update, and the row of the point before it. Where the
                        point is one to stop at, the state says so in its ``reason``, and is one
                        update too far: ``frozen`` makes a step that stays.
    ``evaluate(params)``  the columns that are too dear for every row.
    ``problem``, ``choice``, ``key``, ``rules``  what it was made of.
    """

    start: Callable[[], State]
    step: Callable[[State], tuple[State, Row]]
    evaluate: Callable[[Params], Row]
    problem: Problem
    choice: gradients.Choice
    key: Key[Array, ""]
    rules: tuple[Rule, ...]

    def why(self, reason: int) -> str | None:
        """A reason in words; None for one to go on."""
        if reason == GOING:
            return None
        return "diverged" if reason == DIVERGED else self.rules[reason - 1].says


def training(
    problem: Problem,
    descent: Descent,
    *,
    gradient: gradients.Choice,
    key: Key[Array, ""],
    rules: tuple[Rule, ...] = (),
) -> Training:
    """The training of ``problem`` by ``descent`` along the chosen gradient.

    Its functions raise ``BadInput``, when traced, for params that are not floating, a gradient of
    another shape, and columns that are not scalars or share a name.
    """
    slope_at = gradients.chosen(problem, gradient)
    point = problem.point or readable_point

    def start() -> State:
        params = _floating(problem.start)
        dtype = jnp.result_type(*jax.tree.leaves(params))
        # each a buffer of its own, so that the state may be donated
        zeros = (jnp.zeros((), jnp.int32) for _ in range(5))
        return State(
            step=next(zeros),
            params=params,
            descent=descent.init(params),
            spent=Evaluations(next(zeros), next(zeros), next(zeros)),
            stopping=tuple(rule.init(dtype) for rule in rules),
            reason=next(zeros),
        )

    def step(state: State) -> tuple[State, Row]:
        params = state.params
        batch = problem.batch(key, state.step)
        slope = slope_at(params, batch)
        norm = leaves.norm(slope.gradient)
        here = Here(
            params, slope.loss, slope.gradient, Objective(problem, batch, gradient), state.step
        )
        move = descent.move(here, state.descent)
        evaluations = state.evaluations.total + 2
        reason, stopping = _looked_at(rules, Sight(slope.loss, norm, evaluations), state.stopping)
        healthy = jnp.isfinite(slope.loss) & jnp.isfinite(norm)
        row = scalars(
            problem={"loss": slope.loss, "gradient_norm": norm},
            gradient=slope.seen,
            descent=move.seen,
            # a step of known cost is told by its number
            evaluations={} if move.costs_nothing else {"evaluations": evaluations},
            metrics=problem.metrics(params, slope.gradient, move.update, batch),
            point=point(params),
        )
        after = State(
            step=state.step + 1,
            params=moved(params, move.update),
            descent=move.state,
            spent=state.spent.plus(move.spent),
            stopping=stopping,
            reason=jnp.where(healthy, reason, jnp.int32(DIVERGED)),
        )
        return after, row

    def evaluate(params: Params) -> Row:
        return scalars(evaluate=problem.evaluate(params))

    return Training(start, step, evaluate, problem, gradient, key, rules)


def frozen(
    step: Callable[[State], tuple[State, Row]],
) -> Callable[[State], tuple[State, Row]]:
    """The same step, that leaves a state alone where there is a reason to stop.

    For many trainings in one program, of which each stops when it must: the update is made, and
    thrown away. A loop over one training is better off not making it.
    """

    def step_or_stay(state: State) -> tuple[State, Row]:
        after, row = step(state)
        reason = jnp.where(state.reason == GOING, after.reason, state.reason)
        stays = reason != GOING
        kept = jax.tree.map(lambda old, new: jnp.where(stays, old, new), state, after)
        return kept._replace(reason=reason), row

    return step_or_stay


def scalars(**sources: Mapping[str, Any]) -> Row:
    """The scalars of all sources by name; ``BadInput`` where one is none, or two share a name."""
    row: Row = OrderedDict()
    for source, values in sources.items():
        for name, value in values.items():
            if jnp.shape(value) != ():
                raise BadInput(f"{source}: {name!r} has shape {jnp.shape(value)}; return a scalar")
            if name in row or name == "step":
                raise BadInput(taken(name, source))
            row[name] = jnp.asarray(value)
    return row


def taken(name: str, source: str) -> str:
    """What to say of a column that there already is."""
    return f"{source}: there already is a column {name!r}; give it another name"


def _floating(start: Any) -> Params:
    for name, leaf in leaves.named(start).items():
        if not jnp.issubdtype(jnp.result_type(leaf), jnp.floating):
            raise BadInput(f"start: {name!r} is {jnp.result_type(leaf)}; params are floating")
    # A cast to its own dtype makes a weakly typed number strong: the first chunk is then compiled
    # for the types of all later ones.
    return jax.tree.map(lambda leaf: jnp.asarray(leaf).astype(jnp.result_type(leaf)), start)


def _looked_at(
    rules: tuple[Rule, ...], sight: Sight, states: tuple[Any, ...]
) -> tuple[Int[Array, ""], tuple[Any, ...]]:
    """The number of the first rule that is met, or ``GOING``, and the rules' next states."""
    reason, after = jnp.int32(GOING), []
    for number, (rule, state) in enumerate(zip(rules, states, strict=True), 1):
        met, state = rule.met(sight, state)
        reason = jnp.where((reason == GOING) & met, jnp.int32(number), reason)
        after.append(state)
    return reason, tuple(after)
