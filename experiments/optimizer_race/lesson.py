"""A ball with a memory: how much of the last move to keep, and when it is too much."""

import marimo

app = marimo.App(width="medium", app_title="Optimizer race")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.optimizers import adaptive, momentum
    from lab.calculus.optimizers.gradient_descent import ellipse
    from lab.lessons import page, trial
    from lab.plots import style

    def places(curvature, step, kept, steps):
        """Where a ball on c x²/2 is after each step, from 1 and from rest."""
        M = momentum.mode_matrix(*map(jnp.asarray, (curvature, step, kept)))
        go = lambda state, _: (M @ state, state[0])
        return np.asarray(jax.lax.scan(go, jnp.asarray([1.0, 0.0]), length=steps + 1)[1])

    def rate(high, step, kept):
        """The worst factor over curvatures 1 and ``high``."""
        along = lambda c: momentum.heavy_ball_rate(jnp.asarray(c), step, kept)
        return jnp.maximum(along(1.0), along(high))


@app.cell
def _():
    mo.md(r"""
    # A ball with a memory

    Gradient descent forgets where it came from. Keep a share $b$ of the last move,
    $x^+ = x - a\nabla f(x) + b\,(x - x^-)$, and it becomes a ball that rolls. The pad on the right
    is all of it at once: for every step and every share, how much of the error is left after one
    move. Drive the dot into the dark.
    """)


@app.cell
def _():
    share = mo.ui.slider(0.05, 3.9, 0.05, value=1.0, label="the step, $aL$", show_value=True)
    kept = mo.ui.slider(0, 0.99, 0.01, value=0.5, label="kept, $b$", show_value=True)
    high = mo.ui.slider(2, 60, 1, value=20, label="curvatures 1 and $L$", show_value=True)
    mo.hstack([share, kept, high], justify="start", gap=2)
    return high, kept, share


@app.cell
def _(high, kept, share):
    def draw(L, aL, b, steps=60):
        drawing, (ground, errors, pad) = style.figure(
            columns=3, width=12.8, height=3.9, width_ratios=[1.1, 1, 1]
        )
        curvatures = jnp.asarray([1.0, L])
        bowl = lambda p: jnp.log1p(ellipse(p, curvatures))
        style.contours(ground, bowl, x=(-1.6, 1.6), y=(-1.3, 1.3))
        for share_kept, color, name in ((0.0, style.GREY, "b = 0"), (b, style.RED, f"b = {b:g}")):
            walk = np.stack([places(c, aL / L, share_kept, steps) for c in (1.0, L)], axis=1)
            outside = np.abs(walk).max(axis=1) > 1.6
            end = int(np.argmax(outside)) if outside.any() else len(walk)
            style.path_on_contours(ground, walk[: max(end, 1)], color=color)
            size = np.clip(np.linalg.norm(walk, axis=1), 1e-12, 1e12)
            errors.semilogy(size, color=color, label=name)
        errors.set(ylim=(1e-8, 1e4), xlabel="step", title="distance left")
        style.name_curves(errors)
        shares, keeps = np.linspace(0.02, 4, 120), np.linspace(0, 0.995, 100)
        grid = jnp.meshgrid(jnp.asarray(shares / L), jnp.asarray(keeps))
        left = jax.vmap(jax.vmap(lambda a, b: rate(L, a, b)))(*grid)
        pad.contourf(shares, keeps, left, np.linspace(0.5, 1, 21), extend="min", cmap="viridis")
        pad.plot(aL, b, "o", color=style.RED, markersize=9, markeredgecolor="white")
        now = float(rate(L, jnp.asarray(aL / L), jnp.asarray(b)))
        pad.set(
            xlabel="$aL$", ylabel="$b$", title=f"left after a step: × {now:.3f}; white: flies off"
        )
        pad.grid(visible=False)
        return drawing

    page.picture(draw(float(high.value), share.value, kept.value))


@app.cell
def _(high, kept, share):
    _at = [jnp.asarray(v) for v in (1.0, share.value / high.value, kept.value)]
    page.beside(
        "slope of the flat direction's rate in $b$,",
        momentum.heavy_ball_rate_derivative(*_at),
        jax.grad(momentum.heavy_ball_rate, argnums=2)(*_at),
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    $L = 20$ and $aL = 1$. With $b = 0.6$ the error shrinks by some factor a step. More memory,
    $b = 0.95$:
    """)


@app.cell
def _():
    choices = ["faster", "the same", "slower"]
    guess = page.question("Is it faster?", choices)
    guess
    return choices, guess


@app.cell
def _(choices, guess):
    _step = jnp.asarray(1.0 / 20)
    _rates = {b: float(rate(20.0, _step, jnp.asarray(b))) for b in (0.0, 0.3, 0.6, 0.8, 0.95)}
    _change = _rates[0.95] - _rates[0.6]
    page.reveal(
        guess.value,
        choices[0] if _change < -1e-6 else choices[2] if _change > 1e-6 else choices[1],
        r"Once both directions swing, each of them shrinks by exactly $\sqrt b$ a step, whatever "
        "its curvature: the ball rolls past the bottom and comes back, and more memory only means "
        "more of that. Momentum helps up to the edge of swinging, and then it hurts.",
        page.table([{"b": f"{b:g}", "left after a step": left} for b, left in _rates.items()]),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial: the first step

    Adam divides a mean gradient by a mean size, both put right for having begun at 0. What is left
    of all that at its **first** step, as a formula of the gradient `g`, the `rate` and the `floor`
    ($\varepsilon$)? And RMSProp, which puts nothing right, with its `decay`?
    """)


@app.cell
def _():
    adam = page.formula("Adam's first move =", like="-rate ...")
    rmsprop = page.formula("RMSProp's first move =", like="-rate g/abs(g)")
    mo.vstack([adam, rmsprop])
    return adam, rmsprop


@app.cell
def _(adam, rmsprop):
    mo.vstack(
        [
            page.typed(adaptive.adam_first_step_is_a_sign, adam.value),
            page.typed(adaptive.rmsprop_first_step_is_long, rmsprop.value),
        ]
    )


@app.cell
def _():
    page.onward("optimizer_race")


@app.function
def test_adam_begins_with_a_sign():
    assert trial.typed(adaptive.adam_first_step_is_a_sign, "-rate g/(abs(g) + floor)")
    assert not trial.typed(adaptive.adam_first_step_is_a_sign, "-rate g")


@app.function
def test_rmsprop_is_longer():
    assert trial.typed(adaptive.rmsprop_first_step_is_long, "-rate sign(g)/sqrt(1 - decay)")
    assert not trial.typed(adaptive.rmsprop_first_step_is_long, "-rate sign(g)")


if __name__ == "__main__":
    app.run()
