"""One number per direction, 1 - aL: creep, arrive, zigzag or fly off."""

import marimo

app = marimo.App(width="medium", app_title="Gradient descent")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.optimizers import gradient_descent as descent
    from lab.lessons import page, trial
    from lab.plots import style

    def walk(start, H, step, steps):
        """The points of a walk on xᵀHx/2, the start among them."""
        go = lambda x, _: (descent.descent_step(x, H, jnp.asarray(step)), x)
        return np.asarray(jax.lax.scan(go, jnp.asarray(start, float), length=steps + 1)[1])


@app.cell
def _():
    mo.md(r"""
    # How long may a step be?

    Walk downhill: $x \leftarrow x - a\,\nabla f(x)$. In a bowl whose curvatures are $1$ and $L$
    every step multiplies the error along one axis by $1 - a$ and along the other by $1 - aL$.
    That is all there is to it; see how much it explains.
    """)


@app.cell
def _():
    share = mo.ui.slider(0.05, 2.15, 0.01, value=1.9, label="the step, $aL$", show_value=True)
    high = mo.ui.slider(1, 40, 1, value=10, label="steepest curvature $L$", show_value=True)
    mo.hstack([share, high], justify="start", gap=3)
    return high, share


@app.cell
def _(high, share):
    def draw_walk(L, a, steps=40):
        curvatures = jnp.asarray([1.0, L])
        points = walk([4.0, 1.0], jnp.diag(curvatures), a, steps)
        drawing, (ground, errors) = style.figure(columns=2, width=9.6, height=3.7)
        bowl = lambda p: jnp.log1p(descent.ellipse(p, curvatures))
        style.contours(ground, bowl, x=(-5, 5), y=(-3, 3))
        near = np.all(np.abs(points) < [5, 3], axis=1)
        style.path_on_contours(ground, points[: np.argmin(near) if not near.all() else None])
        ground.set(title="the walk, until it leaves the picture")
        for axis, (name, color) in enumerate((("along 1", style.BLUE), ("along L", style.RED))):
            size = np.abs(points[:, axis])
            errors.semilogy(np.where(size > 1e-12, size, np.nan), ".", color=color)
            factor = abs(1 - a * curvatures[axis])
            line = abs(points[0, axis]) * float(factor) ** np.arange(steps + 1)
            errors.semilogy(
                np.where(line > 1e-12, line, np.nan),
                color=color,
                linewidth=1,
                label=f"{name}: × {1 - a * float(curvatures[axis]):.3g}",
            )
        errors.set(
            title="distance left: dots walked, lines foretold", xlabel="step", ylim=(1e-6, 1e3)
        )
        style.name_curves(errors)
        return drawing

    page.picture(draw_walk(float(high.value), share.value / high.value))


@app.cell
def _(high, share):
    _a, _L = jnp.asarray(share.value / high.value), jnp.asarray(float(high.value))
    _one = jnp.ones_like(_a)
    mo.vstack(
        [
            page.beside(
                "slowest factor's slope in $a$,",
                descent.worst_factor_derivative(_a, _one, _L),
                jax.grad(descent.worst_factor)(_a, _one, _L),
            ),
            mo.md(
                f"The worst factor is {float(descent.worst_factor(_a, _one, _L)):.4f}; the best "
                f"any step can do is {float(descent.best_contraction(_one, _L)):.4f}. Can you find "
                "it with the slider? Watch the sign of the slope: it says which way to go."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    Only one direction now, curvature $L = 1$, start at $x = 1$, and the step is $2.1/L$: five
    percent beyond the limit. The loss at the start is $\tfrac12$.
    """)


@app.cell
def _():
    outcomes = {
        "it settles beside the bottom": lambda x: abs(x[-1]) < 0.99 and abs(x[-1] - x[-2]) < 0.1,
        "it jumps across and back, farther each time": lambda x: abs(x[-1]) > abs(x[0]),
        "it jumps between two points for ever": lambda x: np.isclose(x[-1], x[-3]),
    }
    guess = page.question("What will the next 30 steps do?", list(outcomes))
    guess
    return guess, outcomes


@app.cell
def _(guess, outcomes):
    def draw_parabola(points):
        drawing, (axes,) = style.figure(width=7, height=3.4)
        xs = np.linspace(-6, 6, 200)
        axes.plot(xs, xs**2 / 2, color=style.GREY)
        seen = points[np.abs(points) < 6]
        axes.plot(seen, seen**2 / 2, ".-", color=style.RED, linewidth=1)
        axes.plot(seen[0], seen[0] ** 2 / 2, "o", color=style.RED, markerfacecolor="white")
        axes.set(xlabel="$x$", ylabel="$f(x)$", title=f"after 30 steps: x = {points[-1]:.3g}")
        return drawing

    _points = walk([1.0], jnp.eye(1), 2.1, 30)[:, 0]
    _right = next(name for name, holds in outcomes.items() if holds(_points))
    _end = float(descent.iterate_in_closed_form(*map(jnp.asarray, (1.0, 2.1, 1.0)), 30))
    page.reveal(
        guess.value,
        _right,
        f"Each step multiplies $x$ by $1 - 2.1 = -1.1$, and $(-1.1)^{{30}} = {_end:.4g}$. At $2/L$ "
        "sharp it would jump between two points for ever; the cliff is on one side only.",
        page.picture(draw_parabola(_points)),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Curvatures from `low` to `high`. The best step makes the flattest and the steepest direction
    equally slow. **What is left of the error after one such step**, as a formula of `low` and
    `high`?
    """)


@app.cell
def _():
    rate = page.formula("the factor =", like="1 - low/high")
    rate
    return (rate,)


@app.cell
def _(rate):
    page.typed(descent.best_contraction, rate.value)


@app.cell
def _():
    mo.md(r"""
    And something to walk down that is no bowl: the gradient of $(1 - x)^2 + 100\,(y - x^2)^2$,
    both entries, with a comma between them.
    """)


@app.cell
def _():
    banana = page.formula("gradient =", like="-2(1 - x) - ..., 200 ...")
    banana
    return (banana,)


@app.cell
def _(banana):
    page.typed(descent.rosenbrock_gradient, banana.value, ("x", "y"))


@app.cell
def _():
    page.onward("gradient_descent")


@app.function
def test_the_best_factor_passes_and_a_guess_does_not():
    assert trial.typed(descent.best_contraction, "(high - low)/(high + low)")
    assert not trial.typed(descent.best_contraction, "1 - low/high")


@app.function
def test_the_inner_derivative_is_asked_for():
    right = "-2(1 - x) - 400 x (y - x^2), 200 (y - x^2)"
    assert trial.typed(descent.rosenbrock_gradient, right, ("x", "y"))
    wrong = "-2(1 - x) + 200 (y - x^2), 200 (y - x^2)"
    assert not trial.typed(descent.rosenbrock_gradient, wrong, ("x", "y"))


if __name__ == "__main__":
    app.run()
