"""A race of optimizers: who wins is a question of the rules, so the rules come first.

Question: Which optimizer gets how far on how many evaluations, if all are tuned on the same budget;
          and how much of the ranking is in the rules?
Command:  lab run optimizer_race
Time:     about 30 s on two cores
Expect:   methods that learn or know the curvature ahead on small smooth problems; pairs that change
          order where not all are tuned, and a lead of Newton's that grows where steps are counted
          in place of evaluations; the best momentum on a quadratic where Polyak has it,
          ((√κ - 1) / (√κ + 1))²; and settings found by their hypergradient that beat the best rate
          without momentum.
"""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.landscapes import neuron_fits
from lab.calculus.landscapes.least_squares import LeastSquares
from lab.calculus.landscapes.more_garbow_hillstrom import PROBLEMS
from lab.calculus.optimizers.adaptive import unrolled_loss, unrolled_loss_gradient
from lab.calculus.optimizers.momentum import heavy_ball_rate
from lab.errors import BadInput
from lab.experiment import Finding, Outcome, near
from lab.plots import style
from lab.tables import Table, stacked
from lab.training import data, profiles
from lab.training.descent import Descent, Evaluations, from_optax
from lab.training.descent.memory import bfgs, conjugate_gradient
from lab.training.descent.newton import newton
from lab.training.descent.parts import composed
from lab.training.descent.squares import levenberg_marquardt
from lab.training.descent.steps import backtracking, wolfe
from lab.training.problem import least_squares
from lab.training.step import State, training

Vector = Float[Array, " n"]

ON_DATA = 90
"""The problems on data are numbered from here; Moré, Garbow and Hillstrom's have their own."""


class Contender(NamedTuple):
    """A method with one knob: the seven settings that are tried, and the one it comes with."""

    made: Callable[[Any], Descent]
    knob: str
    settings: tuple[float, ...]
    usual: int
    color: str


def spaced(low: float, high: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.geomspace(low, high, 7))


CURVATURES = (0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9)
CONTENDERS = {
    "gradient": Contender(
        lambda rate: from_optax(optax.sgd(rate)), "rate", spaced(1e-6, 1), 4, style.GREY
    ),
    "momentum": Contender(
        lambda rate: from_optax(optax.sgd(rate, 0.9)), "rate", spaced(1e-6, 1), 4, style.PLUM
    ),
    "Adam": Contender(
        lambda rate: from_optax(optax.adam(rate)), "rate", spaced(1e-3, 1e3), 0, style.GOLD
    ),
    "conjugate gradient": Contender(
        lambda c: composed(conjugate_gradient(), wolfe(curvature=c, most=10)),
        "curvature",
        CURVATURES,
        2,
        "#7a9a01",
    ),
    "BFGS": Contender(
        lambda c: composed(bfgs(), wolfe(curvature=c, most=10)),
        "curvature",
        CURVATURES,
        6,
        style.TEAL,
    ),
    "Levenberg-Marquardt": Contender(
        lambda damping: levenberg_marquardt(damping=damping),
        "damping",
        spaced(1e-9, 1e3),
        3,
        style.BLUE,
    ),
    "Newton": Contender(
        lambda damping: composed(newton(damping=damping), backtracking()),
        "damping",
        spaced(1e-9, 1e3),
        0,
        style.RED,
    ),
}


class Course(NamedTuple):
    """Problems of different sizes as one: all x of the greatest size, all r of the greatest length.

    What is beyond a problem's own size does nothing, and is not charged for.
    """

    problems: tuple[LeastSquares, ...]
    width: int
    length: int

    @property
    def sizes(self) -> np.ndarray:
        return np.array([len(problem.start) for problem in self.problems])

    def residuals(self, index: Int[Array, ""], x: Vector) -> Float[Array, " m"]:
        def one(problem: LeastSquares, x: Vector) -> Float[Array, " m"]:
            r = problem.residuals(x[: len(problem.start)])
            return jnp.pad(r, (0, self.length - r.size))

        return jax.lax.switch(index, [partial(one, problem) for problem in self.problems], x)

    def jacobian(self, index: Int[Array, ""], x: Vector) -> Float[Array, "m n"]:
        def one(problem: LeastSquares, x: Vector) -> Float[Array, "m n"]:
            J = problem.jacobian(x[: len(problem.start)])
            return jnp.pad(J, ((0, self.length - J.shape[0]), (0, self.width - J.shape[1])))

        return jax.lax.switch(index, [partial(one, problem) for problem in self.problems], x)

    def starts(self, key: Any, count: int) -> Float[Array, "problems count n"]:
        """The standard start first, then others from around it: each number off by a tenth."""
        starts = jnp.stack(
            [jnp.pad(jnp.array(p.start), (0, self.width - len(p.start))) for p in self.problems]
        )
        off = jax.random.normal(key, (len(self.problems), count, self.width))
        moved = jnp.where(starts == 0, 0.1, 0.1 * starts)[:, None] * off.at[:, 0].set(0.0)
        inside = jnp.arange(self.width) < self.sizes[:, None]
        return starts[:, None] + moved * inside[:, None]


def the_course(numbers: tuple[int, ...], on_data: bool) -> Course:
    """The problems of these numbers, and two on data; ``BadInput`` for one there is not."""
    known = {problem.number: problem for problem in PROBLEMS}
    unknown = [number for number in numbers if number not in known]
    if unknown or not numbers:
        raise BadInput(f"problems={list(numbers)}: name some of 1 to 35, as numbered in the paper")
    chosen = tuple(known[number] for number in numbers) + (fits() if on_data else ())
    length = max(problem.residuals(jnp.array(problem.start)).size for problem in chosen)
    return Course(chosen, max(len(problem.start) for problem in chosen), length)


def fits() -> tuple[LeastSquares, ...]:
    """A neuron on 178 wines (colour from flavanoids and hue), and one on 100 irises (kind)."""
    (wine,), (iris,) = data.standardise(data.load("wine")), data.standardise(data.load("iris"))
    names = wine.feature_names
    colour, features = (
        names.index("color_intensity"),
        [names.index("flavanoids"), names.index("hue")],
    )
    kept = iris.targets > 0
    line = (wine.inputs[:, features], wine.inputs[:, colour])
    chance = (iris.inputs[kept][:, 2:], (iris.targets[kept] == 2).astype(float))
    made = []
    for number, (name, residuals, jacobian, start, arrays) in enumerate(
        [
            ("wine", neuron_fits.bent_line_residuals, neuron_fits.bent_line_jacobian,
             (1.0, 0.0, 0.0, 0.1, 0.1), line),
            ("iris", neuron_fits.chance_residuals, neuron_fits.chance_jacobian,
             (0.0, 0.0, 0.0), chance),
        ],
        ON_DATA,
    ):  # fmt: skip
        X, y = (jnp.asarray(array, float) for array in arrays)
        r, J = partial(residuals, X=X, y=y), partial(jacobian, X=X, y=y)
        made.append(LeastSquares(number, name, r, J, start, -np.inf))
    return tuple(made)


def study(
    key: Any,
    *,
    problems: tuple[PositiveInt, ...] = (1, 5, 9, 13),
    on_data: bool = True,
    contenders: tuple[
        Literal[
            "gradient",
            "momentum",
            "Adam",
            "conjugate gradient",
            "BFGS",
            "Levenberg-Marquardt",
            "Newton",
        ],
        ...,
    ] = ("gradient", "momentum", "Adam", "BFGS", "Levenberg-Marquardt", "Newton"),
    budget: PositiveInt = 300,
    tuned_on: PositiveInt = 1,
    starts: PositiveInt = 3,
    share: PositiveFloat = 1e-3,
    unrolled: PositiveInt = 40,
) -> Table:
    """Every setting of every contender on every problem from every start, ``budget`` evaluations.

    ``tuned_on``   so many starts are for tuning: for each contender the setting is kept that does
                   best on them over all problems. All contenders try seven settings.
    ``starts``     the race itself is run from so many others, the first of them the standard one.
    ``share``      a problem is solved once all but this share of the loss at the start is gone.
    ``unrolled``   steps of momentum through which its hypergradient is taken.

    Parts of the table: ``run`` (a row a run), ``path`` (the first problem's walks in the race),
    ``phase`` (momentum on a quadratic) and ``hypergradient``.
    """
    course = the_course(problems, on_data)
    first, second = jax.random.split(key)
    # the standard starts belong to the race
    race, tuning = course.starts(first, starts), course.starts(second, tuned_on + 1)[:, 1:]
    places = jnp.concatenate([race, tuning], axis=1)
    walks = {name: raced(CONTENDERS[name], course, places, budget, key) for name in contenders}
    least = np.array([problem.minimum for problem in course.problems])
    found = np.min([np.nanmin(w["loss"], axis=(1, 2, 3)) for w in walks.values()], axis=0)
    least = np.where(np.isfinite(least), least, found)
    tables = [runs(name, walk, course, least, starts, budget, share)
              for name, walk in walks.items()]  # fmt: skip
    tuned = {name: best_setting(table, budget) for name, table in zip(walks, tables, strict=True)}
    tables += [path(name, walks[name], tuned[name], budget) for name in walks]
    tables += [phase(), hypergradients(unrolled)]
    return stacked(*tables)


# ----- the race -----


def raced(
    contender: Contender, course: Course, places: Float[Array, "p s n"], budget: int, key: Any
) -> dict[str, np.ndarray]:
    """All runs of a contender in one program: ``[problem, setting, start, step]``.

    Problems come one after another, so that each is computed only where it is asked for; settings
    and starts are batched. It goes on until the last of them has spent the budget.
    """
    settings = jnp.array(contender.settings)

    def on(index: Int[Array, ""], starts: Float[Array, "s n"]) -> dict[str, Array]:
        size = jnp.asarray(course.sizes)[index].astype(float)

        def about(setting: Float[Array, ""], start: Vector, alive: Float[Array, ""]) -> Any:
            problem = least_squares(
                lambda x: alive * course.residuals(index, x),
                lambda x: alive * course.jacobian(index, x),
                start,
            )
            return training(problem, contender.made(setting), gradient="hand", key=key)

        def step(setting: Float[Array, ""], start: Vector, state: State) -> tuple[State, Any]:
            spent = Evaluations(*(count.astype(float) for count in state.spent))
            # whole matrices were made of the padded size, n products where there are n numbers
            products = spent.product * size / course.width
            known = 2 * (state.step.astype(float) + 1)  # loss and gradient of every point so far
            cost = spent.loss + spent.gradient + products + known
            # once the budget is spent there is nothing left to search for
            alive = jnp.where(cost > budget, 0.0, 1.0)
            after, row = about(setting, start, alive).step(state)
            seen = {
                "loss": jnp.where(alive > 0, row["loss"], jnp.inf),
                "gradient_norm": row["gradient_norm"],
                "evaluations": jnp.where(alive > 0, cost, jnp.inf),
                "moved": jnp.linalg.norm(after.params - state.params),
                "x": state.params[0],
                "y": state.params[1],
            }
            return after, seen

        def lanes(function: Callable[..., Any]) -> Callable[..., Any]:
            return jax.vmap(jax.vmap(function, (None, 0, 0)), (0, None, 0))

        alone = jax.vmap(
            lambda setting, start: about(setting, start, jnp.ones(())).start(), (None, 0)
        )
        begin = jax.vmap(alone, (0, None))(settings, starts)
        steps = lanes(step)
        seen = jax.eval_shape(lambda state: steps(settings, starts, state)[1], begin)
        nothing = jax.tree.map(lambda s: jnp.full(s.shape, jnp.inf, s.dtype), seen)

        def going(carry: tuple[State, Array], _: None) -> tuple[Any, Any]:
            states, over = carry
            states, row = jax.lax.cond(
                over, lambda s: (s, nothing), lambda s: steps(settings, starts, s), states
            )
            return (states, jnp.all(jnp.isinf(row["evaluations"]))), row

        _, record = jax.lax.scan(going, (begin, jnp.asarray(False)), length=budget // 2)
        return jax.tree.map(lambda column: jnp.moveaxis(column, 0, -1), record)

    indexes = jnp.arange(len(course.problems))
    record = jax.jit(lambda: jax.lax.map(lambda each: on(*each), (indexes, places)))()
    return {name: np.asarray(column) for name, column in record.items()}


def runs(
    name: str,
    walk: dict[str, np.ndarray],
    course: Course,
    least: np.ndarray,
    starts: int,
    budget: int,
    share: float,
) -> Table:
    """A row for each run: what it needed, in evaluations and in steps, and how far it came."""
    loss, cost = walk["loss"], walk["evaluations"]
    shape = loss.shape[:-1]
    aim = profiles.target(loss[..., 0], np.broadcast_to(least[:, None, None], shape), share)
    steps = np.where(cost <= budget, np.arange(1.0, loss.shape[-1] + 1), np.inf)
    within = np.where(cost <= budget, loss, np.inf)
    gained = (loss[..., 0] - np.fmin.reduce(within, axis=-1)) / (loss[..., 0] - aim) * (1 - share)
    problem, setting, start = np.indices(shape)
    columns = {
        "setting": np.array(CONTENDERS[name].settings)[setting],
        "setting_index": setting,
        "size": course.sizes[problem],
        "start": start,
        "needed": profiles.needed(loss, cost, aim, budget),
        "steps_needed": profiles.needed(loss, steps, aim, np.inf),
        "gained": gained,
        "diverged": ~np.isfinite(within).all(axis=-1) & (cost[..., -1] <= budget),
    }
    names = np.array([problem.name for problem in course.problems])
    labels = {
        "part": np.full(shape, "run"),
        "method": np.full(shape, name),
        "problem": names[problem],
        "use": np.where(start < starts, "race", "tuning"),
    }
    numbers = {column: values.astype(float) for column, values in columns.items()}
    return {column: values.ravel() for column, values in (labels | numbers).items()}


def best_setting(table: Table, budget: int) -> int:
    """The setting with the best score over all problems, from the starts it is tuned on."""
    return int(np.argmax(scores(table, budget, "tuning", "needed")))


def scores(table: Table, budget: int, use: str, column: str) -> Float[np.ndarray, " 7"]:
    """The score of each setting of a contender."""
    chosen = table["use"] == use
    which, cost = table["setting_index"][chosen], table[column][chosen]
    return np.array([float(profiles.score(cost[which == i], budget, 0)) for i in range(7)])


def path(name: str, walk: dict[str, np.ndarray], setting: int, budget: int) -> Table:
    """The way of the tuned contender over the first problem, from the standard start."""
    one = {column: values[0, setting, 0] for column, values in walk.items()}
    kept = one["evaluations"] <= budget
    table = {column: values[kept] for column, values in one.items()}
    size = int(kept.sum())
    table |= {"k": np.arange(size, dtype=float)}
    table["effective_step"] = table.pop("moved") / np.where(
        table["gradient_norm"] > 0, table["gradient_norm"], 1
    )
    return {"part": np.full(size, "path"), "method": np.full(size, name)} | table


# ----- momentum: its phases, and its hypergradient -----

MU, L = 0.1, 10.0
KAPPA = L / MU
POLYAK = ((2 / (np.sqrt(L) + np.sqrt(MU))) ** 2, ((np.sqrt(KAPPA) - 1) / (np.sqrt(KAPPA) + 1)) ** 2)


def phase() -> Table:
    """The rate of momentum on curvatures from MU to L, predicted and walked, over both settings."""
    step, momentum = (grid.ravel() for grid in np.meshgrid(
        np.linspace(0, 4 / L, 82)[1:], np.linspace(0, 1, 61)[:-1], indexing="ij"))  # fmt: skip
    curvatures = jnp.geomspace(MU, L, 25)

    def one(a: Float[Array, ""], b: Float[Array, ""]) -> tuple[Array, Array]:
        rate = jax.vmap(lambda c: heavy_ball_rate(c, a, b))(curvatures)

        def move(carry: Any, _: None) -> Any:
            x, v, log = carry
            v = b * v - a * curvatures * x
            x = x + v
            size = jnp.hypot(x, v)  # measured as it goes, for it soon leaves all numbers behind
            return (x / size, v / size, log + jnp.log(size)), log

        ones = jnp.ones_like(curvatures)
        start = (ones, jnp.zeros_like(ones), jnp.zeros_like(ones))
        (_, _, last), logs = jax.lax.scan(move, start, length=600)
        return jnp.max(rate), jnp.max(jnp.exp((last - logs[300]) / 300))

    predicted, walked = jax.jit(jax.vmap(one))(jnp.asarray(step), jnp.asarray(momentum))
    return {
        "part": np.full(step.size, "phase"),
        "rate": step,
        "momentum": momentum,
        "predicted": np.asarray(predicted),
        "walked": np.asarray(walked),
    }


def hypergradients(steps: int) -> Table:
    """Descend the loss after so many steps in the settings themselves, along the hand's gradient.

    The loss is that of a ridge regression on the diabetes data, relative to its least, as a
    quadratic around it. The settings are kept between 0 and their limits as logistic functions.
    """
    (table,) = data.standardise(data.load("diabetes"))
    X = jnp.asarray(table.inputs, float)
    H = X.T @ X / X.shape[0] + 0.01 * jnp.eye(X.shape[1])
    start = jnp.ones(X.shape[1])
    top = 4 / jnp.linalg.eigvalsh(H)[-1]
    limits = jnp.stack([top, jnp.ones_like(top)])

    def loss(z: Float[Array, " 2"]) -> Float[Array, ""]:
        return jnp.log(unrolled_loss(limits * jax.nn.sigmoid(z), start, H, steps))

    def by_hand(z: Float[Array, " 2"]) -> tuple[Array, Array]:
        s = jax.nn.sigmoid(z)
        value = unrolled_loss(limits * s, start, H, steps)
        slope = unrolled_loss_gradient(limits * s, start, H, steps)
        return jnp.log(value), slope * limits * s * (1 - s) / value

    rule = optax.adam(0.05)

    def move(carry: Any, _: None) -> Any:
        z, state = carry
        value, slope = by_hand(z)
        gap = jnp.max(abs(slope - jax.grad(loss)(z)))
        update, state = rule.update(slope, state, z)
        return (z + update, state), (limits * jax.nn.sigmoid(z), value, gap)

    z = jnp.array([-2.0, 0.0])
    _, (settings, value, gap) = jax.jit(
        lambda z: jax.lax.scan(move, (z, rule.init(z)), length=200)
    )(z)
    momenta = jnp.linspace(0.0, 0.99, 45)
    rates = top * jnp.linspace(0.02, 0.98, 45)
    grid = jax.jit(jax.vmap(jax.vmap(lambda a, b: unrolled_loss(jnp.stack([a, b]), start, H, steps),
                                     (None, 0)), (0, None)))(rates, momenta)  # fmt: skip
    size = len(value)
    return {
        "part": np.full(size, "hypergradient"),
        "k": np.arange(size, dtype=float),
        "rate": np.asarray(settings[:, 0]),
        "momentum": np.asarray(settings[:, 1]),
        "loss": np.exp(np.asarray(value)),
        "gap": np.asarray(gap),
        "best_of_grid": np.full(size, float(jnp.nanmin(grid))),
        "best_without": np.full(size, float(jnp.nanmin(grid[:, 0]))),
    }


# ----- what the rules make of it -----


class Result(NamedTuple):
    """A score for each contender, under one set of rules."""

    rules: str
    scores: dict[str, float]

    @property
    def ranking(self) -> list[str]:
        return sorted(self.scores, key=lambda name: -self.scores[name])

    def above(self, one: str, other: str) -> bool:
        return self.scores[one] > self.scores[other]


def tables(outcome: Outcome) -> dict[str, Table]:
    return {name: outcome.rows("run", method=name) for name in outcome.settings["contenders"]}


def results(outcome: Outcome) -> tuple[Result, ...]:
    """The race as it is fair, and as it would be told by other rules."""
    budget, found = outcome.settings["budget"], tables(outcome)
    tuned = {name: best_setting(table, budget) for name, table in found.items()}
    usual = {name: CONTENDERS[name].usual for name in found}

    def told(rules: str, setting: dict[str, int], column: str = "needed") -> Result:
        return Result(rules, {
            name: float(scores(table, budget, "race", column)[setting[name]])
            for name, table in found.items()
        })  # fmt: skip

    curved = {name: usual[name] if name in FIRST_ORDER else tuned[name] for name in found}
    plain = {name: tuned[name] if name in FIRST_ORDER else usual[name] for name in found}
    return (
        told("all tuned, evaluations", tuned),
        told("nobody tuned", usual),
        told("only first order tuned", plain),
        told("only second order tuned", curved),
        told("all tuned, steps", tuned, "steps_needed"),
    )


FIRST_ORDER = ("gradient", "momentum", "Adam")


def flips(one: Result, other: Result) -> list[tuple[str, str]]:
    """The pairs that stand the other way round."""
    return [(a, b) for a, b in combinations(one.scores, 2) if one.above(a, b) != other.above(a, b)]


def costs(outcome: Outcome, start: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """What each tuned contender needed on each problem from one start: ``[problem, method]``."""
    found, columns, sizes = tables(outcome), [], np.empty(0)
    for table in found.values():
        setting = best_setting(table, outcome.settings["budget"])
        mine = (table["setting_index"] == setting) & (table["start"] == start)
        columns.append(table["needed"][mine])
        sizes = table["size"][mine]
    return np.stack(columns, axis=1), sizes, list(found)


def findings(outcome: Outcome) -> Iterator[Finding]:
    fair, *unfair = results(outcome)
    plain = max(score for name, score in fair.scores.items() if name in FIRST_ORDER)
    yield Finding("best score of all, tuned and in evaluations", fair.scores[fair.ranking[0]],
                  f"a method with curvature, above {plain:.3f}",
                  fair.ranking[0] not in FIRST_ORDER)  # fmt: skip
    *tuned, counting = unfair
    turned = sorted({pair for other in tuned for pair in flips(fair, other)})
    said = f"1 or more; first: {' and '.join(turned[0])}" if turned else "1 or more"
    name = "pairs whose order hangs on who is tuned"
    yield Finding(name, len(turned), said, len(turned) > 0)
    if {"Newton", "BFGS"} <= set(fair.scores):
        leads = [told.scores["Newton"] - told.scores["BFGS"] for told in (fair, counting)]
        name = "Newton's lead over BFGS where steps are counted"
        said = f"above the {leads[0]:.3f} in evaluations"
        yield Finding(name, leads[1], said, leads[1] > leads[0])
    table = outcome.rows("phase")
    # at a double root the walk is slower than its rate, by a factor of the number of steps
    gap = np.max(abs(table["predicted"] - table["walked"])[table["predicted"] > 0.3])
    yield near("momentum: rate as walked against the root, greatest gap", gap, 0, 0.02)
    best = int(np.argmin(table["predicted"]))
    yield near("momentum: best rate of the grid", table["rate"][best], POLYAK[0], 0.05)
    yield near("momentum: best momentum of the grid", table["momentum"][best], POLYAK[1], 0.05)
    table = outcome.rows("hypergradient")
    yield near("hypergradient by hand against JAX, greatest gap", np.max(table["gap"]), 0, 1e-3)
    last, alone = float(table["loss"][-1]), float(table["best_without"][-1])
    yield Finding("loss with the settings descended to", last,
                  f"below {alone:.3g}, the best without momentum", last < alone)  # fmt: skip


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "profiles", profiles_of(outcome)
    yield "rules", ranks(outcome)
    yield "tuning", tuning(outcome)
    yield "paths", paths(outcome)
    yield "momentum", momentum(outcome)


def profiles_of(outcome: Outcome) -> Figure:
    """Both profiles: the line from all starts together, the band from the worst to the best."""
    drawing, (left, right) = style.figure(
        columns=2, title="Who solves how much, on how many evaluations", width=12, height=4.8
    )
    starts = range(outcome.settings["starts"])
    every = [costs(outcome, start) for start in starts]
    names, sizes = every[0][2], every[0][1]
    budgets = np.geomspace(0.5, outcome.settings["budget"] / 2, 300)
    ratios = np.geomspace(1, 100, 300)
    for axes, x, of in (
        (left, budgets, lambda cost: profiles.data_profile(cost, sizes, budgets)),
        (right, ratios, lambda cost: profiles.performance_profile(cost, ratios)),
    ):
        curves = np.stack([of(cost) for cost, _, _ in every])
        for i, name in enumerate(names):
            color = CONTENDERS[name].color
            axes.fill_between(x, curves[..., i].min(axis=0), curves[..., i].max(axis=0),
                              color=color, alpha=0.13, linewidth=0)  # fmt: skip
            axes.plot(x, curves[..., i].mean(axis=0), color=color, linewidth=1.6, label=name)
        axes.set(xscale="log", ylim=(-0.02, 1.02))
    left.set(xlabel="evaluations / (n + 1)", ylabel="share of the problems solved",
             title="data profile")  # fmt: skip
    right.set(xlabel="times the evaluations of the best", title="performance profile")
    style.name_curves(right)
    return drawing


def ranks(outcome: Outcome) -> Figure:
    told = results(outcome)
    drawing, (axes,) = style.figure(
        title="The ranking is in the rules, too", width=11.5, height=4.8
    )
    for name in told[0].scores:
        places = [each.ranking.index(name) + 1 for each in told]
        axes.plot(range(len(told)), places, "o-", color=CONTENDERS[name].color, label=name,
                  markersize=8)  # fmt: skip
        for x, (place, each) in enumerate(zip(places, told, strict=True)):
            style.note(axes, f"{each.scores[name]:.2f}", (x, place), offset=(0, 7), fontsize=7.5)
    axes.set(ylim=(len(told[0].scores) + 0.6, 0.4), ylabel="place", xlim=(-0.3, len(told) - 0.7))
    axes.set_xticks(range(len(told)), [each.rules.replace(", ", ",\n") for each in told])
    axes.set_yticks(range(1, len(told[0].scores) + 1))
    axes.grid(visible=False)
    style.name_curves(axes)
    return drawing


def tuning(outcome: Outcome) -> Figure:
    found = tables(outcome)
    drawing, panels = style.figure(
        rows=2, columns=-(-len(found) // 2), title="What tuning is worth", width=11.5, height=6.2,
        sharey=True,
    )  # fmt: skip
    budget = outcome.settings["budget"]
    for axes, (name, table) in zip(panels, found.items(), strict=False):
        x, color = np.array(CONTENDERS[name].settings), CONTENDERS[name].color
        by_start = np.array([[
            float(profiles.score(table["needed"][(table["setting_index"] == i)
                                                 & (table["start"] == start)], budget, 0))
            for start in range(outcome.settings["starts"])] for i in range(7)])  # fmt: skip
        axes.fill_between(x, by_start.min(axis=1), by_start.max(axis=1), color=color, alpha=0.2,
                          linewidth=0)  # fmt: skip
        axes.plot(x, by_start.mean(axis=1), ".-", color=color)
        chosen, usual = best_setting(table, budget), CONTENDERS[name].usual
        axes.plot(x[chosen], by_start.mean(axis=1)[chosen], "o", color=style.INK, markersize=5)
        axes.plot(x[usual], by_start.mean(axis=1)[usual], "o", color=style.INK,
                  markerfacecolor="none", markersize=10)  # fmt: skip
        axes.set(xscale="log", title=name, xlabel=CONTENDERS[name].knob)
    for axes in panels[len(found):]:  # fmt: skip
        axes.set_axis_off()
    panels[0].set_ylim(bottom=0)
    panels[0].set_ylabel("score (full: tuned, ring: usual)")
    return drawing


def paths(outcome: Outcome) -> Figure:
    first = next(p for p in PROBLEMS if p.number == outcome.settings["problems"][0])
    drawing, panels = style.figure(
        columns=2, title=f"The way over {first.name.replace('_', ' ')}, tuned for all problems",
        width=11.5, height=4.8,
    )  # fmt: skip
    low, high = np.array([-2.2, -1.2]), np.array([2.2, 2.6])
    if len(first.start) == 2:
        style.contours(panels[0], first.loss, x=(low[0], high[0]), y=(low[1], high[1]),
                       levels=list(np.geomspace(1e-2, 4e3, 16)))  # fmt: skip
    for name in outcome.settings["contenders"]:
        table = outcome.rows("path", method=name)
        color = CONTENDERS[name].color
        panels[0].plot(table["x"], table["y"], ".-", color=color, markersize=3, linewidth=1)
        best = np.minimum.accumulate(np.maximum(table["loss"], 1e-18))
        panels[1].plot(table["evaluations"], best, color=color, linewidth=1.4, label=name)
    panels[0].set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    panels[1].set(yscale="log", xscale="log", xlabel="evaluations", ylabel="best loss so far")
    panels[1].legend(loc="lower left")
    return drawing


def momentum(outcome: Outcome) -> Figure:
    drawing, (map_, descent) = style.figure(
        columns=2, title="Momentum: its phases, and a way to its settings", width=11.5, height=4.6
    )
    table = outcome.rows("phase")
    step, amount = np.unique(table["rate"]), np.unique(table["momentum"])
    walked = table["walked"].reshape(step.size, amount.size).T
    levels = np.linspace(0.75, 1, 21)
    shades = map_.contourf(step, amount, walked, levels, cmap="Blues_r", extend="min")
    map_.contour(step, amount, walked, [1.0], colors=style.RED, linewidths=1.4)
    map_.plot(step, np.clip((1 - np.sqrt(step * MU)) ** 2, 0, 1), color=style.GREY, linewidth=1)
    map_.plot(step, (1 - np.sqrt(step * L)) ** 2, color=style.GREY, linewidth=1)
    map_.plot(*POLYAK, "*", color=style.GOLD, markersize=14)
    style.note(map_, "Polyak", (float(POLYAK[0]), float(POLYAK[1])), offset=(8, -4))
    style.note(map_, "diverges", (0.36, 0.2), color=style.RED, offset=(0, 0))
    map_.set(xlabel="rate $a$", ylabel="momentum $b$", ylim=(0, 0.98), xlim=(step[0], step[-1]),
             title="what a step leaves; grey: a root is double")  # fmt: skip
    drawing.colorbar(shades, ax=map_, shrink=0.85)
    table = outcome.rows("hypergradient")
    descent.plot(table["k"], table["loss"], color=style.BLUE)
    for column, name in (
        ("best_without", "best without momentum"),
        ("best_of_grid", "best of 2,025"),
    ):
        level = float(table[column][0])
        descent.axhline(level, color=style.GREY, linestyle="--", linewidth=1)
        style.note(descent, name, (float(table["k"][-1]), level), offset=(-4, 3))
    taken = outcome.settings["unrolled"]
    descent.set(yscale="log", xlabel="steps of the settings, along the hypergradient",
                ylabel=f"loss after {taken} steps", title="ridge regression, diabetes")  # fmt: skip
    return drawing
