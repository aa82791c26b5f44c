"""Walk any way you like: one arrow foretells the slope, except on the edge of a blade."""

import marimo

app = marimo.App(width="medium", app_title="Directional derivatives")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np
    from matplotlib.ticker import MaxNLocator

    from lab.calculus.vectors import directional_derivatives as directions
    from lab.lessons import page, trial
    from lab.plots import style

    GROUNDS = {
        "two wells": (directions.two_wells, directions.two_wells_gradient),
        "the tilted bowl x² + xy + y²": (directions.tilted_bowl, directions.tilted_bowl_gradient),
        "the saddle x² - y²": (directions.saddle, directions.saddle_gradient),
    }


@app.cell
def _():
    mo.md(r"""
    # Walk any way you like

    From $p$ in the direction $v$ the height is a function of one variable, and has a slope:
    $D_v f$. There are as many directions as you please, and one arrow answers for all of them:
    $D_v f = \nabla f \cdot v$. Turn, and watch the slope draw its two circles.
    """)


@app.cell
def _():
    ground = mo.ui.dropdown(list(GROUNDS), value="two wells", label="the ground")
    x = mo.ui.slider(-1.8, 1.8, 0.05, value=-0.3, label="$x$", show_value=True)
    y = mo.ui.slider(-1.8, 1.8, 0.05, value=0.7, label="$y$", show_value=True)
    angle = mo.ui.slider(0, 355, 5, value=30, label="walk at, degrees", show_value=True)
    mo.vstack([ground, mo.hstack([x, y, angle], justify="start", gap=2)])
    return angle, ground, x, y


@app.cell
def _(angle, ground, x, y):
    def draw(f, gradient, p, theta):
        g, v = gradient(p), directions.circle(jnp.asarray(theta))
        drawing, (above, walk, _) = style.figure(columns=3, width=12.4, height=3.9)
        style.contours(above, f, x=(-2.4, 2.4), y=(-2.4, 2.4), levels=18)
        length = max(float(jnp.linalg.norm(g)), 1e-9)
        style.arrow(above, p, np.asarray(g) / length * min(0.8, length))
        style.arrow(above, p, 0.8 * np.asarray(v), color=style.GOLD)
        along = np.asarray(directions.quarter_turn(g)) / length
        above.plot(*(np.asarray(p)[:, None] + np.outer(along, [-0.8, 0.8])), "--", color=style.INK)
        above.set(title="gradient red, walk gold, level dashed")
        ts = jnp.linspace(-1.5, 1.5, 121)
        heights = jax.vmap(lambda t: directions.along(f)(t, p, v))(ts)
        slope = float(directions.rate_by_angle(jnp.asarray(theta), g))
        walk.plot(ts, heights, color=style.INK)
        near = np.array([-0.7, 0.7])
        walk.plot(near, float(f(p)) + slope * near, color=style.GOLD)
        walk.plot(0, float(f(p)), "o", color=style.GOLD)
        walk.set(title=f"height along the walk, slope {slope:.3f}", xlabel="way gone")
        # the last one in polar coordinates
        place = drawing.axes[2].get_subplotspec()
        drawing.axes[2].remove()
        polar = drawing.add_subplot(place, projection="polar")
        turns = jnp.linspace(0, 2 * np.pi, 241)
        rates = np.asarray(jax.vmap(lambda t: directions.rate_by_angle(t, g))(turns))
        for side, color in ((1, style.RED), (-1, style.BLUE)):
            polar.plot(turns, np.where(side * rates > 0, side * rates, np.nan), color=color)
        polar.plot(theta, abs(slope), "o", color=style.GOLD)
        polar.yaxis.set_major_locator(MaxNLocator(3))
        polar.set_title("steepness by direction: up red, down blue")
        return drawing

    _f, _gradient = GROUNDS[ground.value]
    _p, _v = jnp.asarray([x.value, y.value]), directions.circle(jnp.radians(float(angle.value)))
    mo.vstack(
        [
            page.picture(draw(_f, _gradient, _p, float(np.radians(angle.value)))),
            page.beside("$D_v f$", _gradient(_p) @ _v, jax.jvp(_f, (_p,), (_v,))[1]),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    The slope is a cosine: greatest along the arrow, nothing across it, where the level line runs,
    and half as great at an angle you can find.

    ## Before you look

    The blade, $f = x^3 y/(x^4 + y^2)$ and $0$ at the origin, is continuous. From the origin every
    straight walk, in whatever direction, begins with the slope $0$.
    """)


@app.cell
def _():
    choices = ["yes: all slopes are 0, so the gradient is 0", "no, and a curved walk shows it"]
    guess = page.question("Is it differentiable at the origin?", choices)
    guess
    return choices, guess


@app.cell
def _(choices, guess):
    def draw_blade():
        t = jnp.linspace(-1, 1, 201)
        drawing, (above, walks) = style.figure(columns=2, width=10, height=3.9)
        style.contours(above, directions.blade, x=(-1, 1), y=(-1, 1), levels=18)
        above.plot(t, t**2, color=style.RED)
        for turn, color in ((20.0, style.BLUE), (50.0, style.TEAL)):
            v = directions.circle(jnp.radians(turn))
            above.plot(t * v[0], t * v[1], color=color)
            walks.plot(
                t,
                jax.vmap(lambda s, v=v: directions.blade(s * v))(t),
                color=color,
                label=f"straight, {turn:g}°",
            )
        walks.plot(
            t,
            jax.vmap(lambda s: directions.blade(jnp.stack([s, s**2])))(t),
            color=style.RED,
            label="along y = x²",
        )
        above.set(title="three walks through the origin")
        walks.set(title="their heights", xlabel="$t$")
        style.name_curves(walks)
        return drawing

    _slope = float(directions.blade_rate_along_parabola(jnp.asarray(1e-6)))
    page.reveal(
        guess.value,
        choices[1] if abs(_slope) > 1e-3 else choices[0],
        rf"Along the parabola $y = x^2$, which starts out due east, the height is $t/2$: slope "
        rf"{_slope:g}, where $\nabla f \cdot v = 0$ was promised. To have a slope in every "
        "direction is less than to be differentiable.",
        page.picture(draw_blade()),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Walk around the unit circle, $(\cos t, \sin t)$, on $f = x^2 + 4y^2$. How fast does the height
    change, as a formula of $t$? $\nabla f$ dotted with the velocity.
    """)


@app.cell
def _():
    circle = page.formula("the rate =", like="... sin(t) cos(t)")
    circle
    return (circle,)


@app.cell
def _(circle):
    page.typed(directions.elliptic_bowl_rate_along_circle, circle.value)


@app.cell
def _():
    page.onward("directional_derivatives")


@app.function
def test_the_rate_around_passes():
    assert trial.typed(directions.elliptic_bowl_rate_along_circle, "6 sin(t) cos(t)")


@app.function
def test_a_sign_of_the_velocity_matters():
    assert not trial.typed(directions.elliptic_bowl_rate_along_circle, "10 sin(t) cos(t)")


if __name__ == "__main__":
    app.run()
