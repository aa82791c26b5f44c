"""Read a slope with your eyes, and find the number whose powers are their own slope."""

import marimo

app = marimo.App(width="medium", app_title="Elementary derivatives")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.elementary import exponentials_and_logarithms as growth
    from lab.calculus.elementary import limits_and_first_principles as first
    from lab.calculus.elementary import special_functions as special
    from lab.calculus.elementary import trigonometric as turns
    from lab.calculus.networks import activations
    from lab.lessons import page, trial
    from lab.plots import style

    # the function, its slope by hand, where to draw it, and how high
    TABLE = {
        "sin x": (jnp.sin, first.sine_tangent_slope, (-6.3, 6.3), 1.6),
        "x³": (first.cube, first.cube_tangent_slope, (-1.6, 1.6), 4),
        "eˣ": (jnp.exp, first.exponential_tangent_slope, (-3, 2), 6),
        "ln x": (jnp.log, first.logarithm_tangent_slope, (0.08, 5), 4),
        "√x": (jnp.sqrt, first.square_root_tangent_slope, (0.03, 5), 2.6),
        "1/x": (first.reciprocal, first.reciprocal_tangent_slope, (0.2, 4), 5),
        "tan x": (turns.tangent_function, turns.tangent_function_derivative, (-1.4, 1.4), 6),
        "arctan x": (turns.arctangent, turns.arctangent_derivative, (-6, 6), 1.6),
        "tanh x": (jnp.tanh, activations.tanh_derivative, (-4, 4), 1.4),
        "erf x": (special.error_function, special.error_function_derivative, (-3, 3), 1.4),
        "e^(-x²)": (growth.gaussian_bump, growth.gaussian_bump_derivative, (-3, 3), 1.2),
        "xˣ": (growth.self_power, growth.self_power_derivative, (0.02, 1.8), 3),
    }


@app.cell
def _():
    mo.md(r"""
    # Read a slope with your eyes

    Where the blue curve rises, the red one is above zero; where it is level, red crosses zero;
    where it bends upwards, red rises. So the red curve can be drawn without any formula. Choose a
    function, **guess the shape of its slope**, and then walk along it from the left.
    """)


@app.cell
def _():
    name = mo.ui.dropdown(list(TABLE), value="sin x", label="$f(x) =$")
    walked = mo.ui.slider(0, 100, 1, value=35, label="how far you have walked, %")
    mo.hstack([name, walked], justify="start", gap=3)
    return name, walked


@app.cell
def _(name, walked):
    def draw_walk(f, slope, span, height, share):
        at = span[0] + share * (span[1] - span[0])
        xs, gone = jnp.linspace(*span, 301), jnp.linspace(span[0], at, 301)
        drawing, (above, below) = style.figure(rows=2, width=8.4, height=5.4, sharex=True)
        here, rise = float(f(gone[-1])), float(slope(gone[-1]))
        above.plot(xs, f(xs), color=style.BLUE)
        near = 0.12 * (span[1] - span[0]) / np.hypot(1, rise * (span[1] - span[0]) / height / 3)
        above.plot(
            [at - near, at + near], [here - rise * near, here + rise * near], color=style.RED
        )
        above.plot(at, here, "o", color=style.INK)
        low = min(0.0, float(jnp.min(f(xs))))
        above.set(ylim=(max(-height, low - 0.3 * height), height), title="the function")
        below.plot(gone, slope(gone), color=style.RED)
        below.plot(at, rise, "o", color=style.RED)
        below.axhline(0, color=style.GREY, linewidth=0.8)
        every = np.asarray(slope(xs))
        lowest, highest = max(every.min(), -1.5 * height), min(every.max(), 1.5 * height)
        margin = 0.1 * (highest - min(lowest, 0)) + 0.05
        below.set(ylim=(min(lowest, 0) - margin, highest + margin), xlim=span)
        below.set(title=f"its slope, so far: {rise:.3g} at x = {at:.3g}", xlabel="$x$")
        return drawing

    page.picture(draw_walk(*TABLE[name.value], walked.value / 100))


@app.cell
def _(name, walked):
    _f, _slope, _span, _ = TABLE[name.value]
    _at = jnp.asarray(_span[0] + walked.value / 100 * (_span[1] - _span[0]))
    page.beside(f"the slope at {float(_at):.3g}", _slope(_at), jax.grad(_f)(_at))


@app.cell
def _():
    mo.md(r"""
    Three of them have bells for slopes: which? Bells die on either side, and with them the
    learning of whoever uses these functions in a network.

    ## A number whose powers are their own slope

    $a^{x+h} - a^x = a^x\,(a^h - 1)$: the slope of $a^x$ is $a^x$ itself, times a number that knows
    nothing of $x$. Find the base for which the two curves are one.
    """)


@app.cell
def _():
    base = mo.ui.slider(1.1, 4, 0.01, value=2, label="the base $a$", show_value=True)
    base
    return (base,)


@app.cell
def _(base):
    def draw_growth(a):
        xs = jnp.linspace(-2.5, 2, 201)
        drawing, (curves, factors) = style.figure(columns=2, width=10, height=3.9)
        curves.plot(xs, a**xs, color=style.BLUE, label="$a^x$")
        slope = first.exponential_of_any_base_tangent_slope(xs, a)
        curves.plot(xs, slope, color=style.RED, label="its slope")
        curves.set(ylim=(0, 8), title=f"a = {float(a):.2f}", xlabel="$x$")
        style.name_curves(curves)
        bases = jnp.linspace(1.05, 4, 201)
        tiny = jnp.full_like(bases, 1e-6)
        factors.plot(bases, growth.growth_ratio_of_any_base(tiny, bases), color=style.GREY)
        factors.plot(a, growth.growth_ratio_of_any_base(tiny[0], a), "o", color=style.RED)
        factors.axhline(1, color=style.GREY, linewidth=0.8)
        factors.set(title="slope over value, for every base", xlabel="$a$", ylim=(0, 1.5))
        return drawing

    _a, _one = jnp.asarray(float(base.value)), jnp.asarray(1.0)
    _factor = float(first.exponential_of_any_base_tangent_slope(_one, _a) / _a)
    mo.vstack(
        [
            page.picture(draw_growth(_a)),
            mo.md(
                f"The slope is **{_factor:.4f}** times the value. "
                + (
                    "As near as the slider gets: this is what $e$ is, and why all other bases are "
                    "written $a^x = e^{x \\ln a}$."
                    if abs(_factor - 1) < 2e-3
                    else "It should be 1. Too small a base grows too slowly for its own height."
                )
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    $x^x$ is neither a power nor an exponential: base and exponent move at once. It is 1 at
    $x = 1$, and near 0 it is nearly 1 as well.
    """)


@app.cell
def _():
    places = {
        "nowhere: it grows all along": 0.0,
        "at 1/e, about 0.37": float(np.exp(-1)),
        "at 1/2": 0.5,
        "at 1/4": 0.25,
    }
    guess = page.question("Where between 0 and 1 is it least?", list(places))
    guess
    return guess, places


@app.cell
def _(guess, places):
    def draw_race():
        xs = jnp.linspace(0.01, 1.6, 301)
        drawing, (axes,) = style.figure(width=7.4, height=3.6)
        axes.plot(xs, growth.self_power(xs), color=style.BLUE, label="$x^x$")
        slope = growth.self_power_derivative(xs)
        axes.plot(xs, slope, color=style.RED, label="its slope")
        axes.axvline(np.exp(-1), color=style.GOLD, linewidth=1.2)
        axes.axhline(0, color=style.GREY, linewidth=0.8)
        axes.set(ylim=(-2.2, 3), xlabel="$x$")
        style.name_curves(axes)
        return drawing

    _xs = jnp.linspace(0.01, 0.99, 9801)
    _least = float(_xs[int(jnp.argmin(growth.self_power(_xs)))])
    page.reveal(
        guess.value,
        min(places, key=lambda name: abs(places[name] - _least)),
        "Take the logarithm first: $\\ln y = x \\ln x$, hence $dy/y = (\\ln x + 1)\\,dx$. The base "
        "pulls up by 1, the exponent by $\\ln x$, which is below zero here. At $1/e$ they balance.",
        page.picture(draw_race()),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    First that one: the derivative of $x^x$. What the power rule alone says, $x \cdot x^{x-1}$, is
    worth a try, and so is what the exponential rule says, $x^x \ln x$.
    """)


@app.cell
def _():
    tower = page.formula("slope of $x^x$ =", like="x^x ...")
    tower
    return (tower,)


@app.cell
def _(tower):
    page.typed(growth.self_power_derivative, tower.value)


@app.cell
def _():
    mo.md(r"""
    And an inverse: $y = \arctan x$ means $x = \tan y$, so $dx = (1 + \tan^2 y)\,dy$. The slope of
    $\arctan$, as a formula of $x$; and that of the logarithm of the odds, $\ln \frac{p}{1-p}$.
    """)


@app.cell
def _():
    turning = page.formula("slope of $\\arctan x$ =", like="1/(...)")
    turning
    return (turning,)


@app.cell
def _(turning):
    page.typed(turns.arctangent_derivative, turning.value)


@app.cell
def _():
    odds = page.formula("slope of the log odds =", like="1/p - ...")
    odds
    return (odds,)


@app.cell
def _(odds):
    page.typed(growth.logit_derivative, odds.value)


@app.cell
def _():
    page.onward("elementary_derivatives")


@app.function
def test_both_of_base_and_exponent_move():
    assert trial.typed(growth.self_power_derivative, "x^x (ln(x) + 1)")
    assert not trial.typed(growth.self_power_derivative, "x * x^(x - 1)")
    assert not trial.typed(growth.self_power_derivative, "x^x ln(x)")


@app.function
def test_inverses():
    assert trial.typed(turns.arctangent_derivative, "1/(1 + x^2)")
    assert not trial.typed(turns.arctangent_derivative, "1/tan(x)^2")
    assert trial.typed(growth.logit_derivative, "1/(p (1 - p))")
    assert not trial.typed(growth.logit_derivative, "1/p - 1/(1 - p)")


if __name__ == "__main__":
    app.run()
