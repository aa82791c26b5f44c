"""Stand on a surface, feel two slopes, and know every direction."""

import marimo

app = marimo.App(width="medium", app_title="Partials and gradients")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.vectors import surfaces
    from lab.lessons import page, trial
    from lab.plots import style

    SURFACES = {
        "x³ - 3xy + y³": (surfaces.folium, surfaces.folium_gradient),
        "the monkey saddle x³ - 3xy²": (surfaces.monkey_saddle, surfaces.monkey_saddle_gradient),
        "the egg crate sin x cos y": (surfaces.egg_crate, surfaces.egg_crate_gradient),
        "the wire ln(x² + y²)": (
            surfaces.log_squared_radius,
            surfaces.log_squared_radius_gradient,
        ),
    }


@app.cell
def _():
    mo.md(r"""
    # Two slopes tell all

    You stand on a surface, in fog. One step east tells you $\partial f/\partial x$, with $y$ held
    still; one step north tells you $\partial f/\partial y$, with $x$ held still. The two numbers
    together are an arrow, the **gradient**, and it knows the slope in every direction.
    """)


@app.cell
def _():
    surface = mo.ui.dropdown(list(SURFACES), value="x³ - 3xy + y³", label="the surface")
    x = mo.ui.slider(-1.9, 1.9, 0.05, value=1.2, label="$x$", show_value=True)
    y = mo.ui.slider(-1.9, 1.9, 0.05, value=-0.4, label="$y$", show_value=True)
    angle = mo.ui.slider(-180, 180, 5, value=0, label="walk at, degrees", show_value=True)
    mo.vstack([surface, mo.hstack([x, y, angle], justify="start", gap=2)])
    return angle, surface, x, y


@app.cell
def _(angle, surface, x, y):
    def draw(f, gradient, p, degrees):
        slopes, far = np.asarray(gradient(p)), np.linspace(-2.6, 2.6, 201)
        drawing, (ground, slices, turning) = style.figure(
            columns=3, width=12.4, height=3.9, width_ratios=[1.1, 1, 1]
        )
        # bands of equal area, and the level line under one's feet
        grid = jnp.asarray(np.stack(np.meshgrid(far, far), axis=-1)[::5, ::5])
        heights = np.quantile(jax.vmap(jax.vmap(f))(grid), np.linspace(0.02, 0.98, 15))
        levels = np.unique(np.append(heights, float(f(p))))
        style.contours(ground, f, x=(-2.6, 2.6), y=(-2.6, 2.6), levels=[*levels])
        length = max(float(np.linalg.norm(slopes)), 1e-9)
        style.arrow(ground, p, slopes / length * min(0.7, 0.3 * length))
        way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])
        style.arrow(ground, p, 0.6 * way, color=style.GOLD)
        ground.plot(*p, "o", color=style.INK, markersize=4)
        ground.set(title="gradient red, your walk gold")

        east = jax.vmap(lambda t: f(jnp.stack([t, p[1]])))(jnp.asarray(far))
        north = jax.vmap(lambda t: f(jnp.stack([p[0], t])))(jnp.asarray(far))
        here = float(f(p))
        for along, heights, slope, color, name in (
            (p[0], east, slopes[0], style.BLUE, "in x"),
            (p[1], north, slopes[1], style.TEAL, "in y"),
        ):
            near = np.array([-0.6, 0.6])
            slices.plot(far, heights, color=color, label=name)
            slices.plot(along + near, here + slope * near, color=style.RED, linewidth=1.2)
            slices.plot(along, here, "o", color=color)
        slices.set(title="two cuts through you, and their tangents", ylim=(here - 4, here + 4))
        style.name_curves(slices)

        turns = np.linspace(-np.pi, np.pi, 181)
        ways = np.stack([np.cos(turns), np.sin(turns)], axis=-1)
        turning.plot(np.degrees(turns), ways @ slopes, color=style.BLUE)
        turning.plot(degrees, way @ slopes, "o", color=style.GOLD)
        turning.axhline(0, color=style.GREY, linewidth=0.8)
        turning.set(title="your slope, in every direction", xlabel="degrees from east")
        turning.set_xticks([-180, -90, 0, 90, 180])
        return drawing

    _f, _gradient = SURFACES[surface.value]
    _p = jnp.asarray([x.value, y.value], float)
    mo.vstack(
        [
            page.picture(draw(_f, _gradient, _p, angle.value)),
            page.beside("the gradient here", _gradient(_p), jax.grad(_f)(_p)),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Turn your walk until the slope is greatest, then until it is nothing. How do these directions
    lie to the red arrow, and how to the level line under your feet? Then look for places where
    there is no red arrow at all: on $x^3 - 3xy + y^3$ there are two.

    ## Before you look

    Now differentiate twice. $f = xy\,(x^2 - y^2)/(x^2 + y^2)$, and $0$ at the origin, is smooth
    enough to have a gradient everywhere. First in $x$ and then in $y$, or first in $y$ and then in
    $x$, at the origin:
    """)


@app.cell
def _():
    guess = page.question(
        "Does the order matter?",
        [
            "the same: mixed partials always agree",
            "they differ, by their sign",
            "neither exists",
        ],
    )
    guess
    return (guess,)


@app.cell
def _(guess):
    def draw_twist():
        drawing, (ground, lines) = style.figure(columns=2, width=9.6, height=3.6)
        style.contours(ground, surfaces.twisted_sheet, x=(-1, 1), y=(-1, 1), levels=18)
        ground.set(title="the twisted sheet")
        t = jnp.linspace(-1, 1, 41)
        on_axes = jax.vmap(surfaces.twisted_sheet_mixed_partials)(t)
        names = ("$f_x$ on the way north", "$f_y$ on the way east")
        for column, (name, color) in enumerate(zip(names, (style.BLUE, style.RED), strict=True)):
            lines.plot(t, on_axes[:, column], color=color, label=name)
        lines.set(title="their slopes at 0 are the mixed partials", xlabel="distance gone")
        style.name_curves(lines)
        return drawing

    _mixed = surfaces.twisted_sheet_mixed_partials(jnp.asarray(1.0))
    page.reveal(
        guess.value,
        "they differ, by their sign" if _mixed[0] == -_mixed[1] else "the same",
        f"Along the axes $f_x$ grows at the rate {float(_mixed[0]):g} and $f_y$ at "
        f"{float(_mixed[1]):g}. Schwarz promises agreement only where second partials are "
        "continuous, and at the origin they have no limit.",
        page.picture(draw_twist()),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The gradient of $\ln(x^2 + y^2)$: both partials, with a comma between them.
    """)


@app.cell
def _():
    answer = page.formula("gradient =", like="2x/..., 2y/...")
    answer
    return (answer,)


@app.cell
def _(answer):
    page.typed(surfaces.log_squared_radius_gradient, answer.value, ("x", "y"))


@app.cell
def _():
    page.onward("partials_and_gradients")


@app.function
def test_the_gradient_of_the_wire_passes():
    right = "2x/(x^2 + y^2), 2y/(x^2 + y^2)"
    assert trial.typed(surfaces.log_squared_radius_gradient, right, ("x", "y"))


@app.function
def test_a_forgotten_inner_derivative_does_not():
    wrong = "1/(x^2 + y^2), 1/(x^2 + y^2)"
    assert not trial.typed(surfaces.log_squared_radius_gradient, wrong, ("x", "y"))


if __name__ == "__main__":
    app.run()
