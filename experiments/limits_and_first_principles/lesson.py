"""Two points become one: watch a secant turn into the tangent, and then go too far."""

import marimo

app = marimo.App(width="medium", app_title="Limits and first principles")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.elementary import limits_and_first_principles as limits
    from lab.lessons import page, trial
    from lab.plots import style

    # the function, its secant slope with the h cancelled, its slope, and where to draw it
    FUNCTIONS = {
        "x³": (limits.cube, limits.cube_secant_slope, limits.cube_tangent_slope, (-2.0, 2.0)),
        "1/x": (
            limits.reciprocal,
            limits.reciprocal_secant_slope,
            limits.reciprocal_tangent_slope,
            (0.2, 4.0),
        ),
        "√x": (
            jnp.sqrt,
            limits.square_root_secant_slope,
            limits.square_root_tangent_slope,
            (0.05, 4.0),
        ),
        "sin x": (jnp.sin, limits.sine_secant_slope, limits.sine_tangent_slope, (-3.5, 3.5)),
    }


@app.cell
def _():
    mo.md(r"""
    # Two points become one

    Through two points of a graph goes one line, the secant; its slope is
    $\frac{f(x + h) - f(x)}{h}$. Push the points together. The fraction turns into $0/0$ and says
    nothing, and yet the line knows where to go. Cancel the $h$ first, and you may put $h = 0$.
    """)


@app.cell
def _():
    name = mo.ui.dropdown(list(FUNCTIONS), value="x³", label="$f(x) =$")
    x = mo.ui.slider(0.2, 1.8, 0.05, value=0.8, label="$x$", show_value=True)
    exponent = mo.ui.slider(-17, 0, 0.25, value=0, label="$h = 10$ to the", show_value=True)
    mo.hstack([name, x, exponent], justify="start", gap=2)
    return exponent, name, x


@app.cell
def _(exponent, name, x):
    def draw(f, secant_slope, tangent_slope, span, at, h):
        naive = limits.difference_quotient(f)
        xs, truth = jnp.linspace(*span, 300), float(tangent_slope(at))
        drawing, (graph, errors) = style.figure(columns=2, width=10.4, height=3.9)
        here, slope = float(f(at)), float(secant_slope(at, h))
        graph.plot(xs, f(xs), color=style.INK)
        graph.plot(xs, here + truth * (xs - at), "--", color=style.GREY, linewidth=1.2)
        graph.plot(xs, here + slope * (xs - at), color=style.RED, linewidth=1.4)
        for point in (at, at + h):
            graph.plot(point, f(point), "o", color=style.RED)
        graph.set(ylim=(here - 4, here + 4), title=f"secant slope {slope:.6g}, tangent {truth:.6g}")

        hs = jnp.asarray(10.0 ** np.arange(-17, 0.01, 0.05))
        seen = lambda values: np.maximum(np.abs(np.asarray(values) - truth), 1e-17)
        errors.loglog(hs, seen(naive(at, hs)), color=style.BLUE, label="as it is defined")
        errors.loglog(hs, seen(secant_slope(at, hs)), color=style.RED, label="$h$ cancelled")
        errors.axvline(h, color=style.GOLD, linewidth=1.2)
        errors.set(xlabel="$h$", title="how far from the tangent's slope", ylim=(1e-17, 30))
        errors.invert_xaxis()
        style.name_curves(errors)
        return drawing

    _f, _secant, _tangent, _span = FUNCTIONS[name.value]
    _at = jnp.asarray(x.value)
    mo.vstack(
        [
            page.picture(
                draw(_f, _secant, _tangent, _span, _at, jnp.asarray(10.0**exponent.value))
            ),
            page.beside(f"the slope at {x.value:g}", _tangent(_at), jax.grad(_f)(_at)),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    On the right $h$ shrinks from left to right. One curve falls and stays down; the other turns
    round and comes back. Both are the same formula to a mathematician.

    ## Before you look

    We take it to the extreme: $f(x) = x^3$ at $x = 2$, where the slope is $12$, and the quotient
    **as it is defined** with $h = 10^{-16}$, computed in 64 bits.
    """)


@app.cell
def _():
    answers = {"12, to 16 digits": 12.0, "about 12, with some noise": 11.9, "0": 0.0}
    guess = page.question("What does the computer say?", list(answers))
    guess
    return answers, guess


@app.cell
def _(answers, guess):
    _hs = [10.0**-k for k in (1, 4, 8, 12, 15, 16)]
    _quotient = limits.difference_quotient(limits.cube)
    _two = jnp.asarray(2.0)
    _rows = [
        {
            "h": f"{h:.0e}",
            "as it is defined": f"{float(_quotient(_two, jnp.asarray(h))):.12g}",
            "h cancelled": f"{float(limits.cube_secant_slope(_two, h)):.12g}",
        }
        for h in _hs
    ]
    _said = float(_quotient(_two, jnp.asarray(1e-16)))
    page.reveal(
        guess.value,
        min(answers, key=lambda answer: abs(answers[answer] - _said)),
        r"$2 + 10^{-16}$ rounds to $2$, so the numerator is $f(2) - f(2) = 0$ exactly. Digits went "
        "missing long before: nearly equal numbers were subtracted. Algebra first, then numbers.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    $f(x) = 1/x$. First the secant slope with the $h$ cancelled: a formula of $x$ and $h$ that
    still says something at $h = 0$. (The definition itself is right as well, but then it is you
    who has not cancelled anything.)
    """)


@app.cell
def _():
    secant = page.formula("the secant slope of $1/x$ =", like="(1/(x+h) - 1/x)/h")
    secant
    return (secant,)


@app.cell
def _(secant):
    page.typed(limits.reciprocal_secant_slope, secant.value)


@app.cell
def _():
    slope = page.formula("and its derivative =", like="... / x^2")
    slope
    return (slope,)


@app.cell
def _(slope):
    page.typed(limits.reciprocal_tangent_slope, slope.value)


@app.cell
def _():
    page.onward("limits_and_first_principles")


@app.function
def test_the_cancelled_quotient_passes_and_its_mirror_does_not():
    assert trial.typed(limits.reciprocal_secant_slope, "-1/(x (x + h))")
    assert not trial.typed(limits.reciprocal_secant_slope, "-1/(x (x - h))")


@app.function
def test_a_lost_sign_is_named():
    assert trial.typed(limits.reciprocal_tangent_slope, "-1/x^2")
    mistake = trial.typed(limits.reciprocal_tangent_slope, "1/x^2").mistake
    assert mistake is not None
    assert mistake.name == "sign"


if __name__ == "__main__":
    app.run()
