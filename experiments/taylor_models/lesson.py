"""More terms, better model? Up to a point, and the point is not where one looks for it."""

import marimo

app = marimo.App(width="medium", app_title="Taylor models")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.elementary.limits_and_first_principles import polynomial
    from lab.calculus.taylor import models, recurrences, series
    from lab.lessons import page, trial
    from lab.plots import style

    # the function, its coefficients up to an order, and where to draw it
    FUNCTIONS = {
        "sin x": (jnp.sin, recurrences.sine, (-9, 9), (-2.5, 2.5)),
        "e^x": (jnp.exp, recurrences.exponential, (-5, 5), (-2, 12)),
        "ln(1 + x)": (jnp.log1p, recurrences.logarithm, (-0.97, 2.5), (-3, 3)),
        "1/(1 + x²)": (lambda x: 1 / (1 + x**2), recurrences.bell, (-2.5, 2.5), (-1, 2)),
        "sigmoid(x)": (jax.nn.sigmoid, recurrences.sigmoid, (-6, 6), (-0.7, 1.7)),
    }


@app.cell
def _():
    mo.md(r"""
    # A polynomial that pretends

    At $0$ it has the same value, slope, curvature, ... as $f$, as many as you like. How far does
    the pretence reach? Add terms one by one, and watch where model and function part.
    """)


@app.cell
def _():
    name = mo.ui.dropdown(list(FUNCTIONS), value="sin x", label="$f(x) =$")
    order = mo.ui.slider(0, 24, 1, value=5, label="order", show_value=True)
    mo.hstack([name, order], justify="start", gap=3)
    return name, order


@app.cell
def _(name, order):
    def draw(f, coefficients, span, window, n):
        xs = jnp.linspace(*span, 241)
        drawing, (graph, errors) = style.figure(columns=2, width=10, height=3.9)
        graph.plot(xs, f(xs), color=style.INK, linewidth=2.4)
        for k, color in zip(range(n + 1), style.shades(n + 1, style.RED), strict=True):
            shown = {"alpha": 0.35, "linewidth": 1.0} if k < n else {}
            model = polynomial([*coefficients(k)], xs)
            graph.plot(xs, model, color=color, **shown)
            gap = np.abs(np.asarray(model - f(xs)))
            errors.semilogy(xs, np.maximum(gap, 1e-17), color=color, **shown)
        graph.set(ylim=window, title=f"orders 0 to {n}")
        errors.set(ylim=(1e-12, 1e3), title="how far off")
        return drawing

    _f, _coefficients, _, _ = FUNCTIONS[name.value]
    mo.vstack(
        [
            page.picture(draw(*FUNCTIONS[name.value], order.value)),
            page.beside(
                "the coefficients up to the fifth",
                _coefficients(5),
                jnp.stack(series.taylor_coefficients(_f, 0.0, 5)),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Every term pushes the curve of errors down near $0$, where it falls like $x^{n+1}$. For
    $\sin x$ and $e^x$ the good region grows without end. Now try $1/(1 + x^2)$, and look beyond
    $1$.

    ## Before you look

    $\ln(1 + x)$ is as smooth as can be at $x = 1.5$. Its model of order 5 is off there by a bit.
    We go on to order 25.
    """)


@app.cell
def _():
    guess = page.question(
        "The error at 1.5 ...", ["shrinks to nearly nothing", "stays about the same", "grows"]
    )
    guess
    return (guess,)


@app.cell
def _(guess):
    _x, _orders = jnp.asarray(1.5), (5, 10, 15, 20, 25)
    _models = [polynomial([*recurrences.logarithm(n)], _x) for n in _orders]
    _gaps = [abs(float(model - jnp.log1p(_x))) for model in _models]
    _rows = [
        {
            "order": f"{n}",
            "off by": gap,
            "at most, by Lagrange": models.logarithm_remainder_bound(_x, n),
        }
        for n, gap in zip(_orders, _gaps, strict=True)
    ]
    page.reveal(
        guess.value,
        "grows" if _gaps[-1] > 2 * _gaps[0] else "shrinks to nearly nothing",
        r"$\ln$ falls to $-\infty$ at $x = -1$, and a power series reaches no farther on one side "
        r"than on the other: its radius is $1$. To $1/(1 + x^2)$ nothing happens on the real line "
        r"at all; its trouble sits at $\pm i$, at the same distance.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The sine up to order 5, and the sigmoid up to order 4. For the second: which powers does
    $\sigma(x) - \tfrac12$ have, being odd?
    """)


@app.cell
def _():
    sine = page.formula("sin x ≈", like="x - x^3/6 + ...")
    sigmoid = page.formula("sigmoid(x) ≈", like="1/2 + x/4 + ...")
    mo.vstack([sine, sigmoid])
    return sigmoid, sine


@app.cell
def _(sigmoid, sine):
    mo.vstack(
        [
            page.typed(series.sine_series, sine.value),
            page.typed(series.sigmoid_series, sigmoid.value),
        ]
    )


@app.cell
def _():
    page.onward("taylor_models")


@app.function
def test_the_sine_passes_and_a_forgotten_factorial_does_not():
    assert trial.typed(series.sine_series, "x - x^3/6 + x^5/120")
    assert not trial.typed(series.sine_series, "x - x^3/3 + x^5/5")


@app.function
def test_the_sigmoid_has_no_square():
    assert trial.typed(series.sigmoid_series, "1/2 + x/4 - x^3/48")
    assert not trial.typed(series.sigmoid_series, "1/2 + x/4 - x^2/48")


if __name__ == "__main__":
    app.run()
