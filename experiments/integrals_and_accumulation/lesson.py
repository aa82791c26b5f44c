"""An area with a moving wall: how fast it grows is how high the wall is."""

import marimo

app = marimo.App(width="medium", app_title="Integrals and accumulation")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.integrals import accumulation
    from lab.lessons import page, trial
    from lab.plots import style


@app.cell
def _():
    mo.md(r"""
    # An area with moving walls

    $I(x) = \int_{\sin x}^{x^2/2} \cos t\, dt$. Move $x$, and both walls move. The right one sweeps
    new area at the rate *its height times its speed*, the left one gives area away at the same
    kind of rate. No integral has to be worked out to know how fast $I$ changes.
    """)


@app.cell
def _():
    x = mo.ui.slider(-2.5, 2.5, 0.05, value=1.6, label="$x$", show_value=True)
    x
    return (x,)


@app.cell
def _(x):
    def draw(at):
        left, right = float(jnp.sin(at)), float(at**2 / 2)
        drawing, (area, whole) = style.figure(columns=2, width=10, height=3.8)
        ts = np.linspace(-1.5, 3.4, 241)
        area.plot(ts, np.cos(ts), color=style.INK)
        inside = np.linspace(left, right, 121)
        area.fill_between(inside, np.cos(inside), color=style.BLUE, alpha=0.3)
        speeds = (float(jax.grad(jnp.sin)(at)), float(at))
        for wall, speed, color in ((left, speeds[0], style.GOLD), (right, speeds[1], style.RED)):
            area.plot([wall, wall], [0, np.cos(wall)], color=color, linewidth=2.5)
            style.arrow(
                area, np.array([wall, np.cos(wall) / 2]), np.array([0.3 * speed, 0.0]), color=color
            )
        area.axhline(0, color=style.GREY, linewidth=0.8)
        area.set(title="the walls, and how fast they move", xlabel="$t$", ylim=(-1.15, 1.15))
        xs = jnp.linspace(-2.6, 2.6, 161)
        heights = jax.vmap(accumulation.cosine_between_moving_limits)(xs)
        here = float(accumulation.cosine_between_moving_limits(at))
        slope = float(accumulation.moving_limits_derivative(at))
        whole.plot(xs, heights, color=style.BLUE)
        near = np.array([-0.6, 0.6])
        whole.plot(float(at) + near, here + slope * near, color=style.RED)
        whole.plot(at, here, "o", color=style.RED)
        whole.set(title=f"the area I(x), slope {slope:.4f}", xlabel="$x$")
        return drawing

    _at = jnp.asarray(x.value)
    mo.vstack(
        [
            page.picture(draw(_at)),
            page.beside(
                "$I'(x)$",
                accumulation.moving_limits_derivative(_at),
                jax.grad(accumulation.cosine_between_moving_limits)(_at),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## A box that slides

    Now average a sine over $[x - w, x + w]$ and slide the box along. What comes out is smoother,
    and its slope needs two values only: what enters on the right less what leaves on the left.
    """)


@app.cell
def _():
    w = mo.ui.slider(0.1, 3.0, 0.05, value=0.8, label="half the box, $w$", show_value=True)
    w
    return (w,)


@app.cell
def _(w):
    def draw_box(half):
        xs = jnp.linspace(-6, 6, 241)
        drawing, (axes,) = style.figure(width=8.6, height=3.4)
        axes.plot(xs, jnp.sin(xs), color=style.GREY, label="sin x")
        over = lambda f: jax.vmap(lambda x: f(x, jnp.asarray(half)))(xs)
        axes.plot(xs, over(accumulation.smoothed_sine), color=style.BLUE, label="mean")
        axes.plot(xs, over(accumulation.convolution_derivative), color=style.RED, label="its slope")
        axes.axvspan(-half, half, color=style.PALE, zorder=0)
        axes.set(ylim=(-1.1, 1.1), xlabel="$x$")
        style.name_curves(axes)
        return drawing

    page.picture(draw_box(w.value))
    return (draw_box,)


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    The slider ends at 3. Think of $w = \pi$, a box as wide as a whole wave.
    """)


@app.cell
def _():
    choices = ["a sine, half as high", "a cosine", "nothing at all"]
    guess = page.question("What is left of the sine?", choices)
    guess
    return choices, guess


@app.cell
def _(choices, draw_box, guess):
    _pi = jnp.asarray(jnp.pi)
    _left = max(
        abs(float(accumulation.smoothed_sine(jnp.asarray(x), _pi))) for x in (0.3, 1.0, 2.0)
    )
    page.reveal(
        guess.value,
        choices[2] if _left < 1e-12 else choices[0],
        rf"The largest of three means is {_left:.0e}. What enters is what leaves, for "
        r"$\sin(x + \pi) = \sin(x - \pi)$, so the slope is 0 everywhere and so is the mean. Every "
        "moving average is deaf to some pitch; that is how it filters.",
        page.picture(draw_box(float(_pi))),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    $I'(x)$ of the area at the top. Each wall: the height there, times its speed; the left one with
    a minus.
    """)


@app.cell
def _():
    answer = page.formula("I'(x) =", like="x cos(x^2/2) - ...")
    answer
    return (answer,)


@app.cell
def _(answer):
    page.typed(accumulation.moving_limits_derivative, answer.value)


@app.cell
def _():
    page.onward("integrals_and_accumulation")


@app.function
def test_both_walls_count():
    right = "x cos(x^2/2) - cos(x) cos(sin(x))"
    assert trial.typed(accumulation.moving_limits_derivative, right)


@app.function
def test_a_wall_that_stands_still_is_noticed():
    assert not trial.typed(accumulation.moving_limits_derivative, "x cos(x^2/2)")
    assert not trial.typed(accumulation.moving_limits_derivative, "cos(x^2/2) - cos(sin(x))")


if __name__ == "__main__":
    app.run()
