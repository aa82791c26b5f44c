"""The nearest point, and what its constraint is worth; a root, and how it moves."""

import marimo

app = marimo.App(width="medium", app_title="Constrained and implicit")

with app.setup:
    from functools import partial

    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.implicit import constraints, fits
    from lab.calculus.implicit import roots_and_fixed_points as roots
    from lab.lessons import page, trial
    from lab.plots import style

    AXES = jnp.asarray([2.0, 1.0])

    @partial(jax.jit, static_argnames="steps")
    def by_newton(theta, steps):
        """The x with x⁵ + x = θ after so many steps from 1, a loop as one would write it."""
        x = jnp.ones_like(theta)
        for _ in range(steps):
            x = x - (x**5 + x - theta) / (5 * x**4 + 1)
        return x

    # first drafts of the derivative of the root of x⁵ + x = θ
    ROOT = {
        "5 x⁴ + 1": lambda theta: 5 * roots.quintic_root(theta) ** 4 + 1,
        "1 / (5 x⁴ + 1)": lambda theta: 1 / (5 * roots.quintic_root(theta) ** 4 + 1),
        "-1 / (5 x⁴ + 1)": lambda theta: -1 / (5 * roots.quintic_root(theta) ** 4 + 1),
        "1 / (5 θ⁴ + 1)": lambda theta: 1 / (5 * theta**4 + 1),
    }

    def moved(factor, power):
        """Drafts of how ridge weights move with the penalty: ``factor A^-power w``."""

        def draft(penalty, X, y):
            w = fits.ridge_weights(penalty, X, y)
            for _ in range(power):
                w = jnp.linalg.solve(fits.normal_matrix(X, penalty), w)
            return factor * w

        return draft

    RIDGE = {
        "-w": moved(-1, 0),
        "-(XᵀX + λI)⁻¹ w": moved(-1, 1),
        "(XᵀX + λI)⁻¹ w": moved(1, 1),
        "-(XᵀX + λI)⁻² w": moved(-1, 2),
    }


@app.cell
def _():
    mo.md(r"""
    # What is a constraint worth?

    A dog on an elliptic track runs to the point nearest to its master. It stops where the slope of
    the distance (gold) has no part along the track any more: the two gradients, gold and red, lie
    along one line. Walk around the track; then make it larger.
    """)


@app.cell
def _():
    angle = mo.ui.slider(-180, 180, 3, value=40, label="the master, degrees", show_value=True)
    away = mo.ui.slider(2.8, 5, 0.1, value=3.6, label="distance", show_value=True)
    level = mo.ui.slider(0.5, 1.5, 0.05, value=1.0, label="the track's level $c$", show_value=True)
    mo.hstack([angle, away, level], justify="start", gap=2)
    return angle, away, level


@app.cell
def _(angle, away, level):
    def draw_track(q, c):
        drawing, (ground, worth) = style.figure(
            columns=2, width=10.4, height=4.4, width_ratios=[1.35, 1]
        )
        turn = np.linspace(0, 2 * np.pi, 241)
        for one, color in ((0.5, style.PALE), (1.5, style.PALE), (float(c), style.BLUE)):
            ring = np.sqrt(one) * np.stack([2 * np.cos(turn), np.sin(turn)])
            ground.plot(*ring, color=color)
        x = constraints.nearest_on_ellipse(q, AXES, c)
        radius = float(jnp.linalg.norm(x - q))
        ground.plot(
            float(q[0]) + radius * np.cos(turn),
            float(q[1]) + radius * np.sin(turn),
            ":",
            color=style.GOLD,
            linewidth=1,
        )
        ground.plot(*q, "*", color=style.INK, markersize=10)
        ground.plot(*x, "o", color=style.INK)
        normal = x / AXES**2
        style.arrow(ground, x, 0.9 * normal / jnp.linalg.norm(normal))
        style.arrow(ground, x, 0.9 * (x - q) / jnp.linalg.norm(x - q), color=style.GOLD)
        ground.set(xlim=(-5.4, 5.4), ylim=(-4.4, 4.4), aspect="equal")
        ground.set(title="red: across the track; gold: away from the master")
        levels = jnp.linspace(0.5, 1.5, 41)
        price = jax.vmap(lambda one: constraints.distance_to_ellipse(q, AXES, one))(levels)
        worth.plot(levels, price, color=style.BLUE)
        here = float(constraints.distance_to_ellipse(q, AXES, c))
        slope = float(constraints.distance_to_ellipse_gradient(q, AXES, c)[1])
        near = np.array([-0.3, 0.3])
        worth.plot(float(c) + near, here + slope * near, color=style.RED)
        worth.plot(float(c), here, "o", color=style.INK)
        worth.set(title="half the squared distance, by the level", xlabel="$c$")
        return drawing

    _turn = np.radians(angle.value)
    _q = jnp.asarray(away.value * np.array([np.cos(_turn), np.sin(_turn)]))
    _c = jnp.asarray(float(level.value))
    mo.vstack(
        [
            page.picture(draw_track(_q, _c)),
            page.beside(
                "what a larger track is worth, $-\\mu/2$,",
                constraints.distance_to_ellipse_gradient(_q, AXES, _c)[1],
                jax.grad(constraints.distance_to_ellipse, argnums=2)(_q, AXES, _c),
            ),
            mo.md(
                f"$\\mu$ = {float(constraints.ellipse_multiplier(_q, AXES, _c)):.4f} is the "
                "multiplier: the factor between the two gradients, and the price of the constraint."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## A root, and how it moves

    $x^5 + x = \theta$ cannot be solved with roots, and yet its solution has a slope: the equation
    must **stay** true, $5x^4\,dx + dx = d\theta$.
    """)


@app.cell
def _():
    theta = mo.ui.slider(-4, 4, 0.1, value=2.5, label="$\\theta$", show_value=True)
    theta
    return (theta,)


@app.cell
def _(theta):
    def draw_root(at):
        drawing, (graph, solution) = style.figure(columns=2, width=10, height=3.8)
        xs, every = jnp.linspace(-1.4, 1.4, 201), jnp.linspace(-4, 4, 201)
        x, slope = float(roots.quintic_root(at)), float(roots.quintic_root_derivative(at))
        graph.plot(xs, xs**5 + xs, color=style.BLUE)
        graph.axhline(float(at), color=style.GOLD)
        graph.plot([x, x], [-4, float(at)], ":", color=style.RED)
        graph.set(ylim=(-4, 4), title="where $x^5 + x$ meets $\\theta$", xlabel="$x$")
        solution.plot(every, roots.quintic_root(every), color=style.BLUE)
        near = np.array([-1.2, 1.2])
        solution.plot(float(at) + near, x + slope * near, color=style.RED)
        solution.plot(float(at), x, "o", color=style.INK)
        solution.set(title=f"the root, {x:.4f}, by $\\theta$; slope {slope:.4f}")
        solution.set(xlabel="$\\theta$", ylim=(-1.5, 1.5))
        return drawing

    _at = jnp.asarray(float(theta.value))
    mo.vstack(
        [
            page.picture(draw_root(_at)),
            page.beside(
                "the slope of the root",
                roots.quintic_root_derivative(_at),
                jax.grad(roots.quintic_root)(_at),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    Newton's method is stopped early, so that $x$ is not quite the root. Two derivatives are to be
    had: JAX differentiates **through the steps** that were made; or one asks **the equation**, at
    the $x$ one has got.
    """)


@app.cell
def _():
    ways = ["through the steps", "the equation", "both alike: they have the same x"]
    guess = page.question("Which is nearer to the slope of the root?", ways)
    guess
    return guess, ways


@app.cell
def _(guess, ways):
    _at, _rows = jnp.asarray(4.0), []
    _truth = float(roots.quintic_root_derivative(_at))
    for _steps in range(1, 8):
        _x, _through = jax.value_and_grad(by_newton)(_at, _steps)
        _asked = float(1 / (5 * _x**4 + 1))
        _rows.append(
            {
                "steps": f"{_steps}",
                "x is off by": abs(float(_x - roots.quintic_root(_at))),
                "through the steps": abs(float(_through) - _truth),
                "the equation": abs(_asked - _truth),
            }
        )
    _wins = sum(row["the equation"] < row["through the steps"] for row in _rows[:5])
    page.reveal(
        guess.value,
        ways[1] if _wins >= 4 else ways[0] if _wins <= 1 else ways[2],
        "A step corrects $x$ first and its slope only afterwards: the derivative lags "
        "behind the solution. The equation has no memory of the way. It needs one linear solve at "
        "the end, and no step need be kept: so are equilibrium layers trained.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The slope of the root of $x^5 + x = \theta$ once more: which of these is it? Then the weights of
    a ridge regression, $(X^\top X + \lambda I)\,w = X^\top y$: how do they move with $\lambda$?
    """)


@app.cell
def _():
    root = mo.ui.dropdown(list(ROOT), label="dx/dθ =")
    root
    return (root,)


@app.cell
def _(root):
    page.chosen(roots.quintic_root_derivative, ROOT, root.value)


@app.cell
def _():
    ridge = mo.ui.dropdown(list(RIDGE), label="dw/dλ =")
    ridge
    return (ridge,)


@app.cell
def _(ridge):
    page.chosen(fits.ridge_weights_derivative, RIDGE, ridge.value)


@app.cell
def _():
    page.onward("constrained_and_implicit")


@app.function
def test_the_right_drafts_pass():
    assert trial.chosen(roots.quintic_root_derivative, ROOT["1 / (5 x⁴ + 1)"])
    assert trial.chosen(fits.ridge_weights_derivative, RIDGE["-(XᵀX + λI)⁻¹ w"])


@app.function
def test_the_wrong_sign_is_named():
    mistake = trial.chosen(fits.ridge_weights_derivative, RIDGE["(XᵀX + λI)⁻¹ w"]).mistake
    assert mistake is not None
    assert mistake.name == "sign"


if __name__ == "__main__":
    app.run()
