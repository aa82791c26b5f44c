"""A gallery of gradients that say nan, infinity or nothing, and what they should have said."""

import marimo

app = marimo.App(width="medium", app_title="Custom rules and gradient debugging")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import activations
    from lab.calculus.networks import custom_rules as rules
    from lab.calculus.networks import gradient_failures as failures
    from lab.lessons import page, trial
    from lab.plots import style

    KEY = jax.random.key(0)
    NAMES = [*failures.cases(KEY, 1000.0, 3)]

    # what a derivative of √x for x > 0, and 0 elsewhere, comes out as
    DRAFTS = {
        "1/(2√x) everywhere": lambda x: 0.5 / jnp.sqrt(x),
        "1/(2√x) for x > 0, else 0": lambda x: jnp.where(
            x > 0, 0.5 / jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0
        ),
        "1/(2√|x|)": lambda x: 0.5 / jnp.sqrt(jnp.abs(x)),
        "2√x for x > 0, else 0": lambda x: jnp.where(
            x > 0, 2 * jnp.sqrt(jnp.where(x > 0, x, 1.0)), 0.0
        ),
    }


@app.cell
def _():
    mo.md(r"""
    # It was differentiable on paper

    Every function of this gallery is harmless, and so is its slope. JAX differentiates the
    **program**, step by step, and one of the steps divides zero by zero. Go through them; at each
    ask which step it is, before you read on. Left is what JAX makes of the naive program, right of
    the mended one, near the point where it fails.
    """)


@app.cell
def _():
    name = mo.ui.dropdown(NAMES, value=NAMES[0], label="the case")
    far = mo.ui.slider(10, 1000, 10, value=1000, label="what counts as large", show_value=True)
    mo.hstack([name, far], justify="start", gap=3)
    return far, name


@app.cell
def _(far, name):
    def along(case, f):
        """f, and the slope JAX makes of it, on a line through the point."""
        way = jnp.ones_like(case.at) if case.at.ndim == 0 else jax.random.normal(KEY, case.at.shape)
        way = way / jnp.linalg.norm(way) if case.at.ndim else way
        t = jnp.linspace(-1.0, 1.0, 101) * case.reach
        value_and_slope = lambda one: (
            f(case.at + one * way),
            jnp.sum(jax.grad(f)(case.at + one * way) * way),
        )
        return np.asarray(t), *map(np.asarray, jax.jit(jax.vmap(value_and_slope))(t))

    def draw_case(case):
        drawing, panels = style.figure(columns=2, width=10, height=3.8, sharey=True)
        told = zip(panels, ("naive", "mended"), (case.naive, case.fixed), strict=True)
        for axes, form, f in told:
            t, values, slopes = along(case, f)
            axes.plot(t, values, color=style.BLUE, label="value")
            axes.plot(t, slopes, ".", color=style.RED, markersize=3, label="slope")
            lost = ~np.isfinite(slopes)
            axes.plot(t[lost], np.zeros(lost.sum()), "x", color=style.GOLD, markersize=4)
            axes.set(title=f"{form}: gold crosses: {lost.sum()} of 101 without a slope")
            axes.set(xlabel="distance from the point")
        style.name_curves(panels[1])
        return drawing

    _case = failures.cases(KEY, float(far.value), 3)[name.value]
    _said = {
        form: np.array2string(np.asarray(jax.grad(f)(_case.at), float).ravel(), precision=4)
        for form, f in (("naive", _case.naive), ("mended", _case.fixed))
    }
    _kind = "no derivative, but a way back" if _case.surrogate else "the derivative"
    mo.vstack(
        [
            page.picture(draw_case(_case)),
            mo.md(
                f"In the point itself JAX says **{_said['naive']}**, a flaw of the kind "
                f"**{_case.flaw}**; with the rule **{_said['mended']}**, {_kind}."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Take the first case and pull "what counts as large" down: where does the flaw go? It is a
    matter of size; that of "length of 0" is not.

    ## In a corner

    In a corner there is no slope; but there is one on each side, and **anything between them** is a
    subgradient, good enough for descent. Which one a program says is a convention. Turn the line
    into the grey.
    """)


@app.cell
def _():
    corner = mo.ui.dropdown(list(failures.CORNERS), value="max(x, 0)", label="the corner")
    slope = mo.ui.slider(-2, 2, 0.05, value=1.4, label="your slope", show_value=True)
    mo.hstack([corner, slope], justify="start", gap=3)
    return corner, slope


@app.cell
def _(corner, slope):
    def draw_corner(f, at, chosen, sides):
        drawing, (axes,) = style.figure(width=7, height=4)
        t = np.linspace(-1, 1, 201)
        here = float(f(jnp.asarray(at)))
        axes.plot(at + t, jax.vmap(f)(jnp.asarray(at + t)), color=style.BLUE)
        low, high = sorted(sides)
        between = np.outer(t, [low, high])
        axes.fill_between(at + t, here + between.min(1), here + between.max(1), color=style.PALE)
        axes.plot(at + t, here + chosen * t, color=style.RED, linewidth=1.2)
        axes.plot(at, here, "o", color=style.INK)
        axes.set(ylim=(here - 1.6, here + 1.6), xlim=(at - 1, at + 1))
        axes.set(title="grey: the lines between both sides; red: yours")
        return drawing

    _f, _by_hand, _place = failures.CORNERS[corner.value]
    _at = jnp.asarray(_place)
    _sides = np.round(failures.one_sided(lambda t: _f(_at + t), 1.0), 6) + 0.0
    _inside = min(_sides) <= slope.value <= max(_sides)
    _verdict = "one of the subgradients" if _inside else "**not** between the two sides"
    mo.vstack(
        [
            page.picture(draw_corner(_f, _place, slope.value, _sides)),
            mo.md(
                f"From the left {_sides[0]:.3g}, from the right {_sides[1]:.3g}. Yours is "
                f"{_verdict}. JAX says {float(jax.grad(_f)(_at)):.3g}, the rule by hand "
                f"{float(_by_hand(_at)):.3g}."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    `jnp.where(x > 0, jnp.sqrt(x), 0)` is 0 for all $x \le 0$, and flat there. At $x = -1$ its value
    is 0, as it should be.
    """)


@app.cell
def _():
    answers = {"0": lambda d: d == 0, "nan": np.isnan, "infinity": np.isinf}
    guess = page.question("What does jax.grad say of it at -1?", list(answers))
    guess
    return answers, guess


@app.cell
def _(answers, guess):
    _case = failures.cases(KEY, 1000.0, 3)["where(x > 0, sqrt x, 0), x < 0"]
    _slope = float(jax.grad(_case.naive)(_case.at))
    page.reveal(
        guess.value,
        next(name for name, holds in answers.items() if holds(_slope)),
        "Both branches are computed, and both send a cotangent back: 0 to the root. There it meets "
        "the slope of the root at -1, which is nan, and 0 times nan is nan. The cure stands "
        "**inside**: the root must never see a number that is not positive, so there are two "
        "`where`, one before the root and one after it.",
        page.beside("with both of them, the slope", 0.0, jax.grad(_case.fixed)(_case.at)),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The slope of $\ln(1 + e^x)$. Here it is not enough to be right on paper: the referee also tries
    large numbers, and single precision. Try what the chain rule gives first.
    """)


@app.cell
def _():
    soft = page.formula("slope =", like="e^x / (...)")
    soft
    return (soft,)


@app.cell
def _(soft):
    page.typed(activations.softplus_derivative, soft.value)


@app.cell
def _():
    draft = mo.ui.dropdown(list(DRAFTS), label="and that of √x for x > 0, and 0 elsewhere, =")
    draft
    return (draft,)


@app.cell
def _(draft):
    page.chosen(rules.root_or_zero_derivative, DRAFTS, draft.value)


@app.cell
def _():
    page.onward("custom_rules_and_gradient_debugging")


@app.function
def test_right_on_paper_is_not_enough():
    assert trial.typed(activations.softplus_derivative, "1/(1 + e^(-x))")
    assert trial.typed(activations.softplus_derivative, "e^x/(1 + e^x)").verdict == "unstable"


@app.function
def test_one_draft_of_the_root_is_right():
    asked = rules.root_or_zero_derivative
    right = [name for name, one in DRAFTS.items() if trial.chosen(asked, one)]
    assert right == ["1/(2√x) for x > 0, else 0"]


if __name__ == "__main__":
    app.run()
