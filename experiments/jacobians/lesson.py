"""Up close every smooth map is a matrix: what it stretches, what it turns, what it flattens."""

import marimo

app = marimo.App(width="medium", app_title="Jacobians")

with app.setup:
    from itertools import pairwise

    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.vectors import maps
    from lab.lessons import page, trial
    from lab.plots import style

    LENGTHS = (1.0, 0.8)
    SQUARE = np.array([[0, 1, 1, 0, 0], [0, 0, 1, 1, 0]]).T


@app.cell
def _():
    mo.md(r"""
    # Up close, every map is a matrix

    Square a complex number: $(x, y) \mapsto (x^2 - y^2,\, 2xy)$. The plane is bent all over, and
    yet a small square becomes nearly a parallelogram, whose sides are the two columns of the
    **Jacobian**. Its area is the determinant. Move the square, then shrink it.
    """)


@app.cell
def _():
    x = mo.ui.slider(-1.5, 1.5, 0.05, value=0.8, label="$x$", show_value=True)
    y = mo.ui.slider(-1.5, 1.5, 0.05, value=0.4, label="$y$", show_value=True)
    side = mo.ui.slider(0.05, 1.0, 0.05, value=0.5, label="side", show_value=True)
    mo.hstack([x, y, side], justify="start", gap=2)
    return side, x, y


@app.cell
def _(side, x, y):
    def draw(p, side):
        drawing, (before, after) = style.figure(columns=2, width=10, height=4.6)
        lines, t = np.linspace(-2, 2, 17), np.linspace(-2, 2, 121)
        to = jax.vmap(maps.complex_square)
        for at in lines:
            for line in (
                np.stack([np.full_like(t, at), t], 1),
                np.stack([t, np.full_like(t, at)], 1),
            ):
                before.plot(*line.T, color=style.PALE, linewidth=0.8)
                after.plot(*np.asarray(to(jnp.asarray(line))).T, color=style.PALE, linewidth=0.8)
        # the sides of the square, point by point, and its image; the parallelogram beside it
        edge = np.concatenate([np.linspace(a, b, 30) for a, b in pairwise(SQUARE)])
        before.fill(*(p + side * edge).T, color=style.BLUE, alpha=0.5)
        after.fill(*np.asarray(to(jnp.asarray(p + side * edge))).T, color=style.BLUE, alpha=0.5)
        image, J = np.asarray(maps.complex_square(p)), np.asarray(maps.complex_square_jacobian(p))
        after.plot(*(image + side * SQUARE @ J.T).T, color=style.RED)
        for axis, color in enumerate((style.RED, style.GOLD)):
            style.arrow(after, image, side * J[:, axis], color=color)
            style.arrow(before, p, side * np.eye(2)[axis], color=color)
        before.set(xlim=(-2, 2.6), ylim=(-2, 2.6), aspect="equal", title="before")
        after.set(
            xlim=(-4, 6), ylim=(-4.5, 5.5), aspect="equal", title="after; red: the matrix alone"
        )
        return drawing

    _p = jnp.asarray([x.value, y.value], float)
    mo.vstack(
        [
            page.picture(draw(_p, side.value)),
            page.beside(
                "the Jacobian",
                maps.complex_square_jacobian(_p),
                jax.jacfwd(maps.complex_square)(_p),
            ),
            mo.md(f"Areas grow by **{float(maps.complex_square_area_factor(_p)):.4g}** here."),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## An arm with two joints

    Two angles in, the place of the hand out. Turn the joints at all speeds with
    $\dot a^2 + \dot b^2 = 1$: the hand's velocities fill an ellipse, the image of a circle under
    the Jacobian.
    """)


@app.cell
def _():
    shoulder = mo.ui.slider(-180, 180, 5, value=30, label="shoulder, degrees", show_value=True)
    elbow = mo.ui.slider(-180, 180, 5, value=70, label="elbow, degrees", show_value=True)
    mo.hstack([shoulder, elbow], justify="start", gap=3)
    return elbow, shoulder


@app.cell
def _(elbow, shoulder):
    def draw_arm(angles):
        lengths = jnp.asarray(LENGTHS)
        hand = np.asarray(maps.robot_arm(angles, lengths))
        J = np.asarray(maps.robot_arm_jacobian(angles, lengths))
        joint = np.asarray(maps.robot_arm(angles, jnp.asarray([LENGTHS[0], 0.0])))
        drawing, (axes,) = style.figure(width=6, height=5)
        axes.plot(*np.stack([np.zeros(2), joint, hand]).T, "o-", color=style.INK, linewidth=4)
        turns = np.linspace(0, 2 * np.pi, 121)
        speeds = np.stack([np.cos(turns), np.sin(turns)])
        axes.plot(*(hand[:, None] + 0.5 * J @ speeds), color=style.RED)
        for axis, color in enumerate((style.BLUE, style.GOLD)):
            style.arrow(axes, hand, 0.5 * J[:, axis], color=color)
        factor = float(maps.robot_arm_area_factor(angles, lengths))
        axes.set(
            xlim=(-2.6, 2.6),
            ylim=(-2.4, 2.4),
            aspect="equal",
            title=f"blue: shoulder alone, gold: elbow alone; det = {factor:.3g}",
        )
        return drawing

    page.picture(draw_arm(jnp.radians(jnp.asarray([shoulder.value, elbow.value], float))))


@app.cell
def _():
    mo.md("""
    ## Before you look

    Stretch the arm: elbow 0 degrees.
    """)


@app.cell
def _():
    ways = ["in every direction", "only across the arm", "only along the arm"]
    guess = page.question("In which directions can the hand move at once?", ways)
    guess
    return (guess,)


@app.cell
def _(guess):
    _straight, _lengths = jnp.zeros(2), jnp.asarray(LENGTHS)
    _J = np.asarray(maps.robot_arm_jacobian(_straight, _lengths))
    _along = np.asarray(maps.robot_arm(_straight, _lengths))
    _stuck = np.allclose(_along @ _J, 0)
    page.reveal(
        guess.value,
        "only across the arm" if _stuck else "in every direction",
        "Both columns of the Jacobian stand at right angles to the arm, so they are parallel, and "
        "the determinant is 0. A robot asked to pull its hand straight back would need infinite "
        "speed: solving $J\\dot q = v$ divides by that determinant. Set the elbow to 5 degrees and "
        "look at how thin the ellipse is.",
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    How many times larger does a small area get under $(x, y) \mapsto (x^2 - y^2,\, 2xy)$, as a
    formula of $x$ and $y$?
    """)


@app.cell
def _():
    area = page.formula("the area factor =", like="... (x^2 + y^2)")
    area
    return (area,)


@app.cell
def _(area):
    page.typed(maps.complex_square_area_factor, area.value, ("x", "y"))


@app.cell
def _():
    page.onward("jacobians")


@app.function
def test_the_area_factor_passes():
    assert trial.typed(maps.complex_square_area_factor, "4(x^2 + y^2)", ("x", "y"))


@app.function
def test_lengths_are_no_areas():
    wrong = trial.typed(maps.complex_square_area_factor, "2 sqrt(x^2 + y^2)", ("x", "y"))
    assert not wrong


if __name__ == "__main__":
    app.run()
