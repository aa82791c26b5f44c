"""Two strips and a corner, gears, and pairs of numbers that differentiate whole programs."""

import marimo

app = marimo.App(width="medium", app_title="Differentiation rules")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    from matplotlib.patches import Rectangle

    from lab.calculus.elementary import dual_numbers, forward_mode, rules
    from lab.lessons import page, trial
    from lab.plots import style

    PROGRAMS = {
        "x sin(x²) e^(-x/2) + ln(1 + x²)": forward_mode.wave,
        "x sin x / (1 + x²)": dual_numbers.resonance,
        "e^(sin x²)": forward_mode.nested,
    }
    # how a step is written, and the rule for its slope
    STEPS = {
        "input": ("the argument", "slope 1"),
        "add": ("{} + {}", "sum: f' + g'"),
        "sub": ("{} - {}", "difference: f' - g'"),
        "mul": ("{} · {}", "product: f' g + f g'"),
        "div": ("{} / {}", "quotient q: (f' - q g')/g"),
        "neg": ("-{}", "constant multiple: -f'"),
        "integer_pow 2": ("{}²", "power: 2 f f'"),
        "sin": ("sin {}", "chain: cos f · f'"),
        "exp": ("exp {}", "chain: exp f · f'"),
        "log": ("ln {}", "chain: f'/f"),
    }


@app.cell
def _():
    mo.md(r"""
    # Two strips and a corner

    A product is the area of a rectangle. Let both sides grow a little: the area grows by two
    strips and a corner. Shorten the growth and keep an eye on the corner: not on how small it is,
    but on how small it is **beside the strips**.
    """)


@app.cell
def _():
    f = mo.ui.slider(0.5, 3, 0.1, value=2.4, label="$f$", show_value=True)
    g = mo.ui.slider(0.5, 3, 0.1, value=1.6, label="$g$", show_value=True)
    growth = mo.ui.slider(0, 8, 1, value=0, label="growth halved how often", show_value=True)
    mo.hstack([f, g, growth], justify="start", gap=2)
    return f, g, growth


@app.cell
def _(f, g, growth):
    def draw_rectangle(f, g, df, dg):
        drawing, (picture, fading) = style.figure(
            columns=2, width=10, height=4.2, width_ratios=[1.25, 1]
        )
        for at, size, color, alpha in (
            ((0, 0), (f, g), style.GREY, 0.15),
            ((f, 0), (df, g), style.BLUE, 0.4),
            ((0, g), (f, dg), style.GOLD, 0.5),
            ((f, g), (df, dg), style.RED, 0.85),
        ):
            picture.add_patch(Rectangle(at, *size, facecolor=color, alpha=alpha))
        style.note(picture, "$f\\,g$", (f / 2, g / 2), offset=(0, 0), fontsize=13)
        style.note(picture, "$df\\,g$", (f + df, g / 2), color=style.BLUE, fontsize=12)
        style.note(picture, "$f\\,dg$", (f / 2, g + dg), color=style.GOLD, fontsize=12)
        style.note(picture, "$df\\,dg$", (f + df, g + dg), color=style.RED, fontsize=12)
        picture.set(xlim=(0, 4.6), ylim=(0, 4.2), aspect="equal", xticks=[], yticks=[])
        picture.grid(visible=False)
        hs = 0.5 ** jnp.arange(9.0)
        sides = jnp.full_like(hs, f), jnp.full_like(hs, g)
        strips = rules.product_rule(*sides, (0.9 * hs, 0.7 * hs))
        fading.loglog(hs, strips, ".-", color=style.BLUE, label="strips")
        fading.loglog(hs, 0.63 * hs**2, ".-", color=style.RED, label="corner")
        fading.loglog([df / 0.9] * 2, [df * g + f * dg, df * dg], "o", color=style.INK)
        fading.set(xlabel="how long the growth", title="strips halve, the corner is quartered")
        fading.invert_xaxis()
        style.name_curves(fading)
        return drawing

    _h = 0.5**growth.value
    _f, _g, _df, _dg = (jnp.asarray(v) for v in (f.value, g.value, 0.9 * _h, 0.7 * _h))
    _grown = float((_f + _df) * (_g + _dg) - _f * _g)
    _strips = float(rules.product_rule(_f, _g, (_df, _dg)))
    mo.vstack(
        [
            page.picture(draw_rectangle(*map(float, (_f, _g, _df, _dg)))),
            mo.md(
                f"The area grew by {_grown:.6g}; the strips say **{_strips:.6g}**. They miss "
                f"{(_grown - _strips) / _grown:.2%} of it."
            ),
            page.beside(
                "the strips",
                _strips,
                jax.jvp(lambda f, g: f * g, (_f, _g), (_df, _dg))[1],
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Pairs instead of formulas

    A rule makes a slope out of values and slopes. So carry a **pair** through the program, value
    and slope, and use one rule at each step. Nobody ever writes down the formula of the whole. Do
    the next step in your head before you pull the slider.
    """)


@app.cell
def _():
    program = mo.ui.dropdown(list(PROGRAMS), value=next(iter(PROGRAMS)), label="the program")
    x = mo.ui.slider(-2, 2, 0.05, value=0.8, label="$x$", show_value=True)
    done = mo.ui.slider(1, 14, 1, value=4, label="steps", show_value=True)
    mo.hstack([program, x, done], justify="start", gap=2)
    return done, program, x


@app.cell
def _(done, program, x):
    def rows_of(steps):
        return [
            {
                "step": step.name,
                "is": STEPS[step.operation][0].format(*step.inputs),
                "value": step.value,
                "slope": step.slope,
                "slope by the rule of the": STEPS[step.operation][1],
            }
            for step in steps
        ]

    _program, _x = PROGRAMS[program.value], jnp.asarray(x.value, float)
    _steps = forward_mode.forward_sweep(_program, _x)
    _shown = [page.table(rows_of(_steps[: done.value]))]
    if done.value >= len(_steps):
        _shown.append(page.beside("the slope", _steps[-1].slope, jax.grad(_program)(_x)))
    else:
        _shown.append(mo.md(f"*{len(_steps) - done.value} more.*"))
    mo.vstack(_shown)


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    The Babylonians found $\sqrt x$ by a loop: take the mean of $y$ and $x/y$, again and again.
    There is no square root in this program, only sums and quotients, and after a few rounds $y$ is
    right to all digits. Put the pair $(x, 1)$ in.
    """)


@app.cell
def _():
    fates = {
        "useless: a loop has no slope": lambda gaps: gaps[-1] > 0.1,
        "roughly right: an approximation's slope": lambda gaps: 1e-10 < gaps[-1] <= 0.1,
        "right to all digits as well": lambda gaps: gaps[-1] <= 1e-10,
    }
    guess = page.question("The slope that comes out beside the root is ...", list(fates))
    guess
    return fates, guess


@app.cell
def _(fates, guess):
    def follow_babylon(x, rounds):
        y = dual_numbers.babylonian_root(dual_numbers.Dual(x, 1.0), rounds)
        root = jnp.sqrt(x)
        return float(abs(y.value - root)), float(abs(y.slope - 0.5 / root))

    _at = jnp.asarray(2.0)
    _gaps = [follow_babylon(_at, rounds) for rounds in range(7)]
    page.reveal(
        guess.value,
        next(name for name, holds in fates.items() if holds([slope for _, slope in _gaps])),
        "The pair knows nothing of roots. But where $y$ stays as it is from round to round, "
        "$y^2 = x$, its slope must stay too, and $2y\\,dy = dx$ leaves it no choice. It arrives "
        "a little behind the root.",
        page.table(
            [
                {"rounds": f"{n}", "the root is off by": value, "its slope is off by": slope}
                for n, (value, slope) in enumerate(_gaps)
            ]
        ),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Two programs from above, as formulas this time: the slope of $\frac{x \sin x}{1 + x^2}$, and
    that of $e^{\sin x^2}$. Try $f'g'$ for a product, or $fg' - f'g$ in a quotient, and see what you
    are told.
    """)


@app.cell
def _():
    quotient = page.formula("slope of x sin x / (1 + x²) =", like="(sin(x) + ...)/(1 + x^2) - ...")
    quotient
    return (quotient,)


@app.cell
def _(quotient):
    page.typed(dual_numbers.resonance_slope_by_duals, quotient.value)


@app.cell
def _():
    chain = page.formula("slope of e^(sin x²) =", like="e^(sin(x^2)) ...")
    chain
    return (chain,)


@app.cell
def _(chain):
    page.typed(forward_mode.nested_slope_by_forward_mode, chain.value)


@app.cell
def _():
    page.onward("differentiation_rules")


@app.function
def test_a_quotient_of_a_product():
    asked = dual_numbers.resonance_slope_by_duals
    assert trial.typed(asked, "(sin(x) + x cos(x))/(1 + x^2) - 2x^2 sin(x)/(1 + x^2)^2")
    assert not trial.typed(asked, "(sin(x) + x cos(x))/(2x)")
    assert not trial.typed(asked, "2x^2 sin(x)/(1 + x^2)^2 - (sin(x) + x cos(x))/(1 + x^2)")


@app.function
def test_the_inner_slopes_are_asked_for():
    asked = forward_mode.nested_slope_by_forward_mode
    assert trial.typed(asked, "e^(sin(x^2)) cos(x^2) 2x")
    assert not trial.typed(asked, "e^(sin(x^2)) cos(x^2)")


if __name__ == "__main__":
    app.run()
