"""Three numbers bend a surface: bowl, dome or saddle, and the axes along which one can tell."""

import marimo

app = marimo.App(width="medium", app_title="Hessian and curvature")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.vectors import curvature, surfaces
    from lab.lessons import page, trial
    from lab.plots import style

    HESSIANS = {
        "[[6x, 0], [0, 6y]]": lambda p: jnp.diag(6 * p),
        "[[6x, -3], [-3, 6y]]": lambda p: jnp.diag(6 * p) - 3 * (1 - jnp.eye(2, dtype=p.dtype)),
        "[[6x, 3], [3, 6y]]": lambda p: jnp.diag(6 * p) + 3 * (1 - jnp.eye(2, dtype=p.dtype)),
        "[[6y, -3], [-3, 6x]]": lambda p: (
            jnp.diag(6 * p[::-1]) - 3 * (1 - jnp.eye(2, dtype=p.dtype))
        ),
        "[[3x, -3], [-3, 3y]]": lambda p: jnp.diag(3 * p) - 3 * (1 - jnp.eye(2, dtype=p.dtype)),
    }

    def kind(curvatures):
        low, high = (float(one) for one in curvatures)
        if low > 0 or high < 0:
            return "a bowl" if low > 0 else "a dome"
        return "a saddle" if low < 0 < high else "flat"


@app.cell
def _():
    mo.md(r"""
    # Three numbers bend a surface

    Where the gradient is zero, the second derivatives decide. $H = \begin{pmatrix}a&b\\b&c
    \end{pmatrix}$ says how the ground bends along every unit vector $v$: by $v^\top H v$. Walk
    once around: the bend rises and falls, greatest and least along two directions at right angles.
    """)


@app.cell
def _():
    entry = lambda name, value: mo.ui.slider(-3, 3, 0.1, value=value, label=name, show_value=True)
    a, b, c = entry("$a = f_{xx}$", 2.0), entry("$b = f_{xy}$", 0.6), entry("$c = f_{yy}$", 0.8)
    mo.hstack([a, b, c], justify="start", gap=2)
    return a, b, c


@app.cell
def _(a, b, c):
    def draw(h):
        H = curvature.symmetric_matrix(h)
        low, high = (float(one) for one in curvature.plane_curvatures(h))
        turn = float(curvature.principal_angle(h))
        drawing, (ground, around) = style.figure(columns=2, width=10, height=4)
        style.contours(ground, lambda p: p @ H @ p / 2, x=(-2, 2), y=(-2, 2), levels=17)
        for angle, size, color in ((turn, high, style.RED), (turn + np.pi / 2, low, style.BLUE)):
            way = np.array([np.cos(angle), np.sin(angle)])
            ground.plot(*np.outer(way, [-1.8, 1.8]), color=color, linewidth=1.6)
            style.note(ground, f"{size:.3g}", tuple(1.45 * way), color=color)
        ground.set(title=kind((low, high)))
        turns = np.linspace(-np.pi / 2, np.pi / 2, 181)
        ways = jnp.asarray(np.stack([np.cos(turns), np.sin(turns)], axis=-1))
        around.plot(np.degrees(turns), jnp.einsum("ti,ij,tj->t", ways, H, ways), color=style.INK)
        around.axhline(0, color=style.GREY, linewidth=0.8)
        for size, color in ((high, style.RED), (low, style.BLUE)):
            around.axhline(size, color=color, linestyle="--", linewidth=1.1)
        around.set(title="the bend in every direction", xlabel="degrees from the x axis")
        return drawing

    _h = jnp.asarray([a.value, b.value, c.value], float)
    mo.vstack(
        [
            page.picture(draw(_h)),
            page.beside(
                "both curvatures",
                curvature.plane_curvatures(_h),
                jnp.linalg.eigvalsh(curvature.symmetric_matrix(_h)),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    $a = c = 1$: the ground bends upwards along $x$, and upwards along $y$. The mixed derivative is
    $b = 2$.
    """)


@app.cell
def _():
    guess = page.question("Where are you standing?", ["a bowl", "a dome", "a saddle"])
    guess
    return (guess,)


@app.cell
def _(guess):
    _curvatures = curvature.plane_curvatures(jnp.asarray([1.0, 2.0, 1.0]))
    _low, _high = (float(one) for one in _curvatures)
    page.reveal(
        guess.value,
        kind(_curvatures),
        rf"The curvatures are {_low:g} and {_high:g}: $ac - b^2 = 1 - 4 < 0$. Between the axes, on "
        "the diagonal where $y = -x$, it goes down. Two good directions do not make a bowl; set "
        "the sliders so and look.",
    )


@app.cell
def _():
    mo.md(r"""
    ## One surface, all kinds

    The Hessian of $x^3 - 3xy + y^3$ is another matrix at every point. Each point is painted by
    what it says; the dots are where the gradient vanishes. Which of them is a valley?
    """)


@app.cell
def _():
    def draw_kinds():
        xs = np.linspace(-1.5, 1.8, 121)
        grid = jnp.asarray(np.stack(np.meshgrid(xs, xs), axis=-1))
        hessians = jax.vmap(jax.vmap(surfaces.folium_hessian))(grid)
        h = hessians[..., [0, 0, 1], [0, 1, 1]]
        low, high = np.moveaxis(
            np.asarray(jax.vmap(jax.vmap(curvature.plane_curvatures))(h)), -1, 0
        )
        drawing, (axes,) = style.figure(width=6, height=4.6)
        painted = np.where(low > 0, 1.0, np.where(high < 0, -1.0, 0.0))
        axes.contourf(xs, xs, painted, [-2, -0.5, 0.5, 2], colors=["#f0cfc8", "white", "#c9d9e8"])
        heights = np.asarray(jax.vmap(jax.vmap(surfaces.folium))(grid))
        axes.contour(xs, xs, heights, 30, colors=style.GREY, linewidths=0.5, linestyles="solid")
        for point in ((0.0, 0.0), (1.0, 1.0)):
            axes.plot(*point, "o", color=style.INK)
        axes.set(aspect="equal", title="blue bends up all round, red down, white both ways")
        axes.grid(visible=False)
        return drawing

    page.picture(draw_kinds())


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Which is the Hessian of $x^3 - 3xy + y^3$?
    """)


@app.cell
def _():
    answer = mo.ui.dropdown(list(HESSIANS), label="H =")
    answer
    return (answer,)


@app.cell
def _(answer):
    page.chosen(surfaces.folium_hessian, HESSIANS, answer.value)


@app.cell
def _():
    page.onward("hessian_and_curvature")


@app.function
def test_one_hessian_is_right():
    right = [name for name, one in HESSIANS.items() if trial.chosen(surfaces.folium_hessian, one)]
    assert right == ["[[6x, -3], [-3, 6y]]"]


@app.function
def test_kinds():
    named = [kind(one) for one in ((1, 2), (-2, -1), (-1, 1), (0, 1))]
    assert named == ["a bowl", "a dome", "a saddle", "flat"]


if __name__ == "__main__":
    app.run()
