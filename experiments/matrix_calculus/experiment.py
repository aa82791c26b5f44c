"""Matrix identities on trial: every rule of the catalogue, a misprint, and a gap that closes.

Question: Do the hand-derived matrix derivatives agree with JAX at random points, does the rule
          printed as equation (92) of The Matrix Cookbook, and what happens to the derivative of an
          eigenvector as two eigenvalues meet?
Command:  lab run matrix_calculus
Time:     about 100 s on two cores, most of it the checks
Expect:   relative errors below 1e-12 for every identity; the printed (92) off by 17 % or more, the
          corrected one not at all; an eigenvector that turns like 1 / gap, slope -1, while
          eigenvalues and square root do not notice - but JAX, which finds the root through the
          eigenvectors, loses a digit of its derivative for every digit of the gap.
"""

from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from pydantic import PositiveFloat, PositiveInt

from lab.calculus.matrices import matrix_calculus, matrix_functions, traces
from lab.derivation import Derivation, derivation_of, domains_in
from lab.domains import Domain
from lab.experiment import Finding, Outcome
from lab.plots import style
from lab.tables import Row, Table, written

TOPICS = {"forms and maps": matrix_calculus, "traces": traces, "functions": matrix_functions}
CLOSING = {
    "eigenvector": (matrix_functions.leading_eigenvector, matrix_functions.leading_eigenvector_jvp),
    "eigenvalues": (matrix_functions.eigenvalues, matrix_functions.eigenvalues_jvp),
    "square root": (matrix_functions.square_root, matrix_functions.square_root_jvp),
}


def study(
    key: Any,
    *,
    draws: PositiveInt = 5,
    powers: tuple[PositiveInt, ...] = (1, 2, 3, 4),
    size: PositiveInt = 4,
    gaps: PositiveInt = 33,
    smallest_gap: PositiveFloat = 1e-8,
) -> Table:
    """Each identity and both versions of (92) at ``draws`` points; three derivatives at each gap.

    A row has the norm of the derivative by hand, and how far from it JAX is, relative to JAX's.
    """
    for_points, for_matrix = jax.random.split(key)
    # the domains draw with numpy
    rng = np.random.default_rng(np.asarray(jax.random.bits(for_points, (4,), jnp.uint32)))
    return written(
        [
            *identities(rng, draws),
            *misprint(rng, draws, powers, size),
            *closing_gap(for_matrix, size, np.geomspace(1, smallest_gap, gaps)),
        ]
    )


# ----- every identity there is -----


def identities(rng: np.random.Generator, draws: int) -> Iterator[Row]:
    """Hand against JAX for all derivations of the three calculus files."""
    for topic, module in TOPICS.items():
        for claim in derivations(module):
            sizes = some_sizes(rng, claim)
            for draw in range(draws):
                args = sample(rng, claim, sizes)
                extra = direction(rng, claim, args)
                hand, truth = answers(claim, args, extra)
                shape = ", ".join(map(described, claim.arguments, args))
                about = {"part": "identity", "topic": topic, "name": claim.name}
                yield about | {"shape": shape, "draw": draw} | compared(hand, truth)


def answers(claim: Derivation, args: tuple[Any, ...], extra: list[Any]) -> tuple[Any, Any]:
    """The derivative by hand and by JAX, compiled together once for all draws."""
    arrays = [i for i, value in enumerate(args) if not isinstance(value, int)]
    fixed = tuple((i, value) for i, value in enumerate(args) if isinstance(value, int))
    return compiled(claim, tuple(arrays), fixed)([args[i] for i in arrays], extra)


@cache
def compiled(
    claim: Derivation, arrays: tuple[int, ...], fixed: tuple[tuple[int, int], ...]
) -> Callable[[list[Any], list[Any]], tuple[Any, Any]]:
    """Hand and witness as one program of the array arguments; whole numbers are held fixed."""

    def both(values: list[Any], extra: list[Any]) -> tuple[Any, Any]:
        by_place = dict(zip(arrays, values, strict=True)) | dict(fixed)
        args = tuple(by_place[i] for i in range(len(by_place)))
        return claim.hand(*args, *extra), witness(claim, args, *extra)

    return jax.jit(both)


def derivations(module: ModuleType) -> Iterator[Derivation]:
    """What a module claims, in the order it says it."""
    for member in vars(module).values():
        claim = derivation_of(member)
        if claim is not None and member.__module__ == module.__name__:
            yield claim


def some_sizes(rng: np.random.Generator, claim: Derivation) -> dict[str, int]:
    """A size for each named dimension, all different: a square matrix hides a transpose."""
    domains = domains_in(claim.at)
    names = sorted({name for domain in domains for name in domain.names})
    while True:
        order = rng.permutation(max(4, len(names)))
        sizes = {name: 2 + int(place) for name, place in zip(names, order, strict=False)}
        if all(domain.possible(sizes) for domain in domains):
            return sizes


def sample(rng: np.random.Generator, claim: Derivation, sizes: dict[str, int]) -> tuple[Any, ...]:
    """Arguments from their domains, in the precision of the run."""

    def one(domain: Domain) -> Any:
        value = domain.sample(rng, sizes)
        return jnp.asarray(value, float) if isinstance(value, np.ndarray) else value

    assert not callable(claim.at)
    is_domain = lambda leaf: isinstance(leaf, Domain)
    return tuple(jax.tree.map(one, place, is_leaf=is_domain) for place in claim.at)


def direction(rng: np.random.Generator, claim: Derivation, args: tuple[Any, ...]) -> list[Any]:
    """A random tangent for a jvp, a random cotangent for a vjp."""
    if claim.kind not in ("jvp", "vjp"):
        return []
    inputs = [args[i] for i in claim.wrt]
    like = claim.of(*args) if claim.kind == "vjp" else inputs[0] if claim.single else inputs
    return [jax.tree.map(lambda leaf: jnp.asarray(rng.standard_normal(leaf.shape), float), like)]


def witness(claim: Derivation, args: tuple[Any, ...], *extra: Any) -> Any:
    """The same derivative by automatic differentiation."""
    wrt = claim.wrt[0] if claim.single else claim.wrt

    def varied(*inputs: Any) -> Any:
        full = list(args)
        for position, value in zip(claim.wrt, inputs, strict=True):
            full[position] = value
        return claim.of(*full)

    inputs = tuple(args[position] for position in claim.wrt)
    if claim.kind == "jvp":
        return jax.jvp(varied, inputs, extra if claim.single else tuple(extra[0]))[1]
    if claim.kind == "vjp":
        pulled = jax.vjp(varied, *inputs)[1](*extra)
        return pulled[0] if claim.single else pulled
    differentiate = {"gradient": jax.grad, "jacobian": jax.jacrev, "hessian": jax.hessian}
    return differentiate[claim.kind](claim.of, wrt)(*args)


def described(name: str, value: Any) -> str:
    """An argument by its shape, and a number by itself."""
    if isinstance(value, int):
        return f"{name} = {value}"
    if isinstance(value, dict):
        return ", ".join(map(described, value.keys(), value.values()))
    return f"{name} {'x'.join(map(str, value.shape))}"


def flat(tree: Any) -> np.ndarray:
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def compared(hand: Any, truth: Any) -> Row:
    """The size of what was derived by hand, and its relative distance from the truth."""
    ours, theirs = flat(hand), flat(truth)
    with np.errstate(invalid="ignore"):  # two infinities differ by nan, which is what is recorded
        error = np.linalg.norm(ours - theirs) / np.linalg.norm(theirs)
    return {"size": float(np.linalg.norm(ours)), "relative_error": float(error)}


# ----- equation (92), as printed -----


def printed_gradient(
    X: Float[Array, "d d"], a: Float[Array, " d"], b: Float[Array, " d"], n: int
) -> Float[Array, "d d"]:
    """Sum over r < n of Xⁿ⁻¹⁻ʳ a bᵀ (Xⁿ)ᵀ Xʳ + (Xʳ)ᵀ Xⁿ a bᵀ (Xⁿ⁻¹⁻ʳ)ᵀ, as the book has it."""
    power = jnp.linalg.matrix_power
    terms = (
        power(X, n - 1 - r) @ jnp.outer(a, power(X, n) @ b) @ power(X, r)
        + power(X, r).T @ jnp.outer(power(X, n) @ a, b) @ power(X, n - 1 - r).T
        for r in range(n)
    )
    return sum(terms, jnp.zeros_like(X))


def misprint(
    rng: np.random.Generator, draws: int, powers: tuple[int, ...], size: int
) -> Iterator[Row]:
    """The rule as printed and as corrected, against JAX."""
    versions = {"printed": printed_gradient, "corrected": traces.power_inner_product_gradient}
    for n in powers:
        for draw in range(draws):
            X, a, b = (
                jnp.asarray(rng.standard_normal(shape), float)
                for shape in [(size, size), (size,), (size,)]
            )
            truth = jax.grad(traces.power_inner_product)(X, a, b, n)
            for version, gradient in versions.items():
                about = {"part": "misprint", "topic": version, "name": f"{version}, n = {n}"}
                shape = f"X {size}x{size}, n = {n}"
                hand = gradient(X, a, b, n)
                yield about | {"shape": shape, "draw": draw} | compared(hand, truth)


# ----- two eigenvalues meet -----


def closing_gap(key: Any, size: int, gaps: np.ndarray) -> Iterator[Row]:
    """One tangent, and a matrix whose two greatest eigenvalues come together."""
    for_basis, for_tangent = jax.random.split(key)
    basis = jnp.linalg.qr(jax.random.normal(for_basis, (size, size)))[0]
    tangent = jax.random.normal(for_tangent, (size, size))
    tangent = (tangent + tangent.T) / 2
    others = jnp.linspace(0.5, 1.5, max(size - 2, 0))
    for gap in gaps:
        eigenvalues = jnp.concatenate([others, jnp.array([3.0 - gap, 3.0])[-size:]])
        S = (basis * eigenvalues) @ basis.T
        for name, (of, by_hand) in CLOSING.items():
            hand, truth = by_hand(S, tangent), jax.jvp(of, (S,), (tangent,))[1]
            yield {"part": "gap", "name": name, "gap": gap} | compared(hand, truth)


# ----- findings -----


def findings(outcome: Outcome) -> Iterator[Finding]:
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    checked = outcome.rows("identity")
    worst = int(np.argmax(checked["relative_error"]))
    largest, allowed = float(checked["relative_error"][worst]), 5e3 * eps
    names = len(set(checked["name"]))
    yield Finding(
        f"largest relative error of {names} identities ({checked['name'][worst]})",
        largest,
        f"below {allowed:.0e}",
        largest < allowed,
    )

    printed, corrected = (outcome.rows("misprint", topic=v) for v in ("printed", "corrected"))
    least, most = float(printed["relative_error"].min()), float(corrected["relative_error"].max())
    yield Finding("smallest relative error of (92) as printed", least, "above 0.01", least > 0.01)
    yield Finding(
        "largest relative error of (92) corrected", most, f"below {allowed:.0e}", most < allowed
    )

    vector = outcome.rows("gap", name="eigenvector")
    near = (vector["gap"] <= 1e-2) & (vector["gap"] >= np.sqrt(eps))
    slope = style.log_log_slope(vector["gap"][near], vector["size"][near])
    yield Finding(
        "slope of the eigenvector's blow-up", slope, "-1 within 0.01", abs(slope + 1) < 0.01
    )
    for name in ("eigenvalues", "square root"):
        sizes = outcome.rows("gap", name=name)["size"]
        ratio = float(sizes.max() / sizes.min())
        calm = bool(ratio < 2)
        yield Finding(
            f"largest over smallest derivative: {name}", ratio, "below 2, no blow-up", calm
        )
    root = outcome.rows("gap", name="square root")
    near = (root["gap"] <= 0.1) & (root["gap"] >= np.sqrt(eps))
    slope = style.log_log_slope(root["gap"][near], root["relative_error"][near])
    lost = abs(slope + 1) < 0.3
    yield Finding("slope of JAX's error on the square root", slope, "-1 within 0.3", lost)


# ----- figures -----


def figures(outcome: Outcome) -> Iterator[tuple[str, Figure]]:
    yield "residuals", residuals(outcome)
    yield "misprint", misprinted(outcome)
    yield "closing_gap", blow_up(outcome)


def residuals(outcome: Outcome) -> Figure:
    """Identities down, draws across; colour is how many digits are missing."""
    eps = float(np.finfo(outcome.settings["precision"]).eps)
    tables = [outcome.rows("identity", topic=topic) for topic in TOPICS]
    counts = [len(set(table["name"])) for table in tables]
    drawing, panels = style.figure(
        columns=3,
        title="Every identity, by hand and by JAX",
        width=11.5,
        height=1.3 + 0.235 * max(counts),
    )
    decades = (np.floor(np.log10(eps / 10)), np.ceil(np.log10(1e4 * eps)))
    scale = LinearSegmentedColormap.from_list("digits", ["#dce6f0", style.BLUE, style.RED])
    colors = scale.with_extremes(bad="#f3ecdc")
    for axes, topic, table, count in zip(panels, TOPICS, tables, counts, strict=True):
        errors = table["relative_error"].reshape(count, -1)
        with np.errstate(divide="ignore"):
            digits = np.log10(errors)
        image = axes.imshow(
            np.ma.masked_invalid(digits),
            cmap=colors,
            vmin=decades[0],
            vmax=decades[1],
            aspect="auto",
        )
        names = table["name"].reshape(count, -1)[:, 0]
        axes.set_yticks(range(count), [str(name).replace("_", " ") for name in names])
        axes.set_xticks(range(errors.shape[1]), [str(1 + draw) for draw in range(errors.shape[1])])
        # one row is as high in every panel
        axes.set(title=topic, xlabel="draw", ylim=(max(counts) - 0.5, -0.5))
        axes.grid(visible=False)
        axes.set_xticks(np.arange(errors.shape[1] + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
        axes.grid(visible=True, which="minor", color="white", linewidth=1.2)
        axes.set_axisbelow(False)
        axes.tick_params(length=0, which="both")
        axes.spines[:].set_visible(False)
    bar = drawing.colorbar(image, ax=panels, location="right", shrink=0.5, aspect=30)
    bar.set_label("relative error, powers of ten; sand: no difference at all")
    return drawing


def misprinted(outcome: Outcome) -> Figure:
    powers = outcome.settings["powers"]
    drawing, (axes,) = style.figure(
        title="Equation (92): a transpose makes half the terms wrong", width=7, height=4.2
    )
    for version, color in (("printed", style.RED), ("corrected", style.BLUE)):
        for place, n in enumerate(powers):
            error = drawn(outcome, outcome.rows("misprint", name=f"{version}, n = {n}"))
            beside = place + np.linspace(-0.12, 0.12, error.size)
            axes.plot(beside, error, "o", color=color, markersize=5, alpha=0.8)
        style.note(axes, version, (place, float(error[-1])), color=color, offset=(18, 0))
    axes.set(yscale="log", xlabel="the power n", ylabel="relative error against JAX")
    axes.set_xticks(range(len(powers)), [str(n) for n in powers])
    axes.set_xlim(-0.5, len(powers) - 0.2)
    return drawing


def blow_up(outcome: Outcome) -> Figure:
    drawing, (sizes, errors) = style.figure(
        columns=2, title="Two eigenvalues meet: who notices?", width=11, height=4.3
    )
    for name, color in zip(CLOSING, style.CYCLE, strict=False):
        table = outcome.rows("gap", name=name)
        sizes.plot(table["gap"], table["size"], color=color, label=name)
        errors.plot(table["gap"], drawn(outcome, table), ".-", color=color, label=name)
    vector = outcome.rows("gap", name="eigenvector")
    gap, size = float(vector["gap"][-1]), float(vector["size"][-1])
    style.power_law(sizes, -1, (gap, 8 * size), (gap, 1e-2), label="slope -1")
    sizes.set(title="size of the derivative", ylabel="norm along one tangent")
    errors.set(title="by hand against JAX", ylabel="relative difference")
    for axes in (sizes, errors):
        axes.set(xscale="log", yscale="log", xlabel="gap between the two eigenvalues")
        axes.invert_xaxis()
        style.name_curves(axes)
    return drawing


def drawn(outcome: Outcome, table: Table) -> np.ndarray:
    """Relative errors for a logarithmic axis: no difference at all is drawn as a tenth of eps."""
    return np.maximum(table["relative_error"], np.finfo(outcome.settings["precision"]).eps / 10)
