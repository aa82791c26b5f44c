"""Slope over curvature: a step that knows how far, and where it leads when nobody looks."""

import marimo

app = marimo.App(width="medium", app_title="Newton and the natural gradient")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.landscapes import plane_landscapes as plane
    from lab.calculus.optimizers import gradient_descent as descent
    from lab.calculus.optimizers import second_order as newton
    from lab.calculus.vectors import surfaces
    from lab.lessons import page, trial
    from lab.plots import style

    # f, gradient and Hessian by hand, and what to look at
    GROUNDS = {
        "Himmelblau's four valleys": (
            plane.himmelblau,
            plane.himmelblau_gradient,
            plane.himmelblau_hessian,
            ((-5, 5), (-4.5, 4.5)),
        ),
        "Rosenbrock's banana": (
            descent.rosenbrock,
            descent.rosenbrock_gradient,
            descent.rosenbrock_hessian,
            ((-5, 5), (-4.5, 4.5)),
        ),
        "x³ - 3xy + y³": (
            surfaces.folium,
            surfaces.folium_gradient,
            surfaces.folium_hessian,
            ((-2.5, 2.5), (-2.2, 2.2)),
        ),
    }

    def walk(ground, start, damping, steps):
        """The points of damped Newton steps, the start among them."""
        _, gradient, hessian, _ = ground
        go = lambda p, _: (p + newton.damped_step(damping, gradient(p), hessian(p)), p)
        return np.asarray(jax.lax.scan(go, start, length=steps + 1)[1])

    # first drafts of F⁻¹ (dm, ds) for a normal distribution, F = diag(1/s², 2/s²)
    DRAFTS = {
        "(dm, ds)": lambda dm, ds, s: jnp.stack([dm, ds]),
        "(dm/s², 2 ds/s²)": lambda dm, ds, s: jnp.stack([dm / s**2, 2 * ds / s**2]),
        "(s² dm, s² ds)": lambda dm, ds, s: jnp.stack([s**2 * dm, s**2 * ds]),
        "(s² dm, s² ds/2)": lambda dm, ds, s: jnp.stack([s**2 * dm, s**2 * ds / 2]),
    }


@app.cell
def _():
    mo.md(r"""
    # Slope over curvature

    The gradient says which way is down and nothing about how far. Curvature mends that: hug the
    ground with a parabola (red) and jump to where its slope is gone, $-(H + \lambda I)^{-1} g$.
    Move the start; then add damping $\lambda$, which bends the jump towards the gradient (gold) and
    keeps it short.
    """)


@app.cell
def _():
    ground = mo.ui.dropdown(list(GROUNDS), value="Himmelblau's four valleys", label="the ground")
    x = mo.ui.slider(-4, 4, 0.1, value=2.2, label="$x$", show_value=True)
    y = mo.ui.slider(-4, 4, 0.1, value=2.6, label="$y$", show_value=True)
    damping = mo.ui.slider(0, 200, 1, value=0, label="$\\lambda$", show_value=True)
    steps = mo.ui.slider(1, 12, 1, value=1, label="steps", show_value=True)
    mo.vstack(
        [
            mo.hstack([ground, steps], justify="start", gap=2),
            mo.hstack([x, y, damping], justify="start", gap=2),
        ]
    )
    return damping, ground, steps, x, y


@app.cell
def _(damping, ground, steps, x, y):
    def draw_jump(ground, start, damping, steps):
        f, gradient, hessian, (wide, high) = ground
        points = walk(ground, start, damping, max(steps, 8))
        drawing, (map_, slopes) = style.figure(
            columns=2, width=10.4, height=4.6, width_ratios=[1.35, 1]
        )
        style.contours(map_, lambda p: jnp.arcsinh(f(p)), x=wide, y=high, levels=18)
        g, H = gradient(start), hessian(start) + damping * jnp.eye(2)
        # level lines of the parabola: through the start, and two below
        model = lambda d: f(start) + g @ d + d @ H @ d / 2
        xs, ys = np.linspace(*wide, 121), np.linspace(*high, 121)
        offsets = jnp.asarray(np.stack(np.meshgrid(xs, ys), axis=-1)) - start
        heights = jax.vmap(jax.vmap(model))(offsets)
        bottom, here = float(model(jnp.asarray(points[1]) - start)), float(f(start))
        levels = sorted({bottom + share * (here - bottom) for share in (0.1, 0.5, 1.0)})
        map_.contour(xs, ys, heights, levels, colors=style.RED, linewidths=1.1, alpha=0.8)
        way = g / jnp.maximum(jnp.linalg.norm(g), 1e-12)
        style.arrow(map_, start, -0.8 * way, color=style.GOLD)
        inside = np.all(np.abs(points[: steps + 1]) < [wide[1], high[1]], axis=1)
        until = len(inside) if inside.all() else int(np.argmin(inside))
        style.path_on_contours(map_, points[: max(until, 1)])
        map_.set(title="the ground, the parabola, the jump")
        sizes = np.linalg.norm(jax.vmap(gradient)(jnp.asarray(points)), axis=1)
        slopes.semilogy(np.maximum(sizes, 1e-17), ".-", color=style.GREY)
        slopes.semilogy(np.maximum(sizes[: steps + 1], 1e-17), "o-", color=style.BLUE)
        slopes.set(ylim=(1e-16, 1e4), xlabel="step", title="how much slope is left")
        return drawing

    _ground, _start = GROUNDS[ground.value], jnp.asarray([x.value, y.value], float)
    _f, _gradient, _hessian, _ = _ground
    _lambda = jnp.asarray(float(damping.value))
    _bends = np.linalg.eigvalsh(_hessian(_start))
    _kind = (
        "a bowl: the jump sets out downhill"
        if _bends.min() + damping.value > 0
        else "**no bowl**: where its slope is gone is no bottom, and the jump may well climb"
    )
    mo.vstack(
        [
            page.picture(draw_jump(_ground, _start, _lambda, steps.value)),
            page.beside("the Hessian", _hessian(_start), jax.hessian(_f)(_start)),
            mo.md(
                f"Curvatures {_bends[0]:.4g} and {_bends[1]:.4g}; with $\\lambda$ it is {_kind}."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Near a bottom the curve on the right falls like a stone: three digits, six, twelve. With damping
    it is a straight line again. Now put the start between two valleys: which of them does the jump
    choose, if it chooses any?

    ## Before you look

    On $x^3 - 3xy + y^3$ there is a valley at $(1, 1)$ and a **saddle** at $(0, 0)$. We start at
    $(0.3, 0.2)$, a little on the valley's side of the saddle, and take whole Newton steps.
    """)


@app.cell
def _():
    ends = {"(1, 1), the valley": (1.0, 1.0), "(0, 0), the saddle": (0.0, 0.0)}
    guess = page.question("Where do they end?", [*ends, "nowhere: they fly off"])
    guess
    return ends, guess


@app.cell
def _(ends, guess):
    _folium = GROUNDS["x³ - 3xy + y³"]
    _points = walk(_folium, jnp.asarray([0.3, 0.2]), jnp.asarray(0.0), 6)
    _near = lambda end: np.linalg.norm(_points[-1] - np.array(end)) < 1e-6
    _rows = [
        {"step": f"{k}", "x": p[0], "y": p[1], "f": float(surfaces.folium(jnp.asarray(p)))}
        for k, p in enumerate(_points)
    ]
    page.reveal(
        guess.value,
        next((name for name, end in ends.items() if _near(end)), "nowhere: they fly off"),
        "Newton looks for a point without slope, and a saddle is one. It arrives there as fast as "
        "anywhere, and here uphill. In many dimensions nearly all such points are "
        "saddles. So one damps until all curvatures are positive, or takes them by their size.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## What Gauss and Newton overlook

    For a sum of squares $r^\top r$ half of the curvature comes for nothing, $J^\top J$. The other
    half, $\sum r_i \nabla^2 r_i$, is left out. Here is the smallest case in which that matters:
    $r = (x + 1,\; c x^2 + x - 1)$, whose squares are least at $0$. Bend it.
    """)


@app.cell
def _():
    bend = mo.ui.slider(-1.6, 1.6, 0.05, value=0.5, label="the bend $c$", show_value=True)
    begin = mo.ui.slider(-0.6, 0.6, 0.02, value=0.3, label="the start", show_value=True)
    mo.hstack([bend, begin], justify="start", gap=3)
    return begin, bend


@app.cell
def _(begin, bend):
    def draw_cobweb(c, start):
        drawing, (web, loss) = style.figure(columns=2, width=10, height=4.2)
        xs = jnp.linspace(-0.8, 0.8, 201)
        go = jax.vmap(lambda x: newton.gauss_newton_map(x, c))
        web.plot(xs, go(xs), color=style.BLUE)
        web.plot(xs, xs, color=style.GREY, linewidth=0.8)
        path = [start]
        for _ in range(25):
            path.append(float(newton.gauss_newton_map(jnp.asarray(path[-1]), c)))
        web.plot(np.repeat(path, 2)[:-1], np.repeat(path, 2)[1:], color=style.RED, linewidth=0.9)
        web.plot(path[0], path[0], "o", color=style.RED, markerfacecolor="white")
        web.set(xlim=(-0.8, 0.8), ylim=(-0.8, 0.8), aspect="equal", title="from step to step")
        squares = jax.vmap(lambda x: newton.bent_loss(x, c))
        loss.plot(xs, squares(xs), color=style.BLUE)
        seen = np.clip(path, -0.8, 0.8)
        loss.plot(seen, squares(jnp.asarray(seen)), ".", color=style.RED)
        loss.set(title=f"the loss; after 25 steps x = {path[-1]:.3g}", xlabel="$x$")
        return drawing

    _c, _zero = jnp.asarray(float(bend.value)), jnp.asarray(0.0)
    mo.vstack(
        [
            page.picture(draw_cobweb(_c, float(begin.value))),
            page.beside(
                "what a step leaves of a small error,",
                newton.gauss_newton_map_derivative(_zero, _c),
                jax.grad(newton.gauss_newton_map)(_zero, _c),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    It is $c$ itself: what is overlooked, over what is seen. At $c = 0$ the error is squared, as
    Newton's is; beyond 1 in size Gauss-Newton flees from a perfectly good minimum.

    ## On trial

    The derivative of $(x + 1)^2 + (c x^2 + x - 1)^2$ in $x$, with `bend` for $c$.
    """)


@app.cell
def _():
    slope = page.formula("slope =", like="2(x + 1) + ...")
    slope
    return (slope,)


@app.cell
def _(slope):
    page.typed(newton.bent_loss_derivative, slope.value)


@app.cell
def _():
    mo.md(r"""
    And the **natural gradient**, which measures a step by how much it changes a distribution: for
    $N(m, s^2)$ Fisher's information is $F = \mathrm{diag}(1/s^2, 2/s^2)$. A loss has the slopes
    $dm$ and $ds$; what is $F^{-1}$ times that?
    """)


@app.cell
def _():
    draft = mo.ui.dropdown(list(DRAFTS), label="the natural gradient =")
    draft
    return (draft,)


@app.cell
def _(draft):
    page.chosen(newton.normal_natural_gradient, DRAFTS, draft.value)


@app.cell
def _():
    page.onward("newton_and_natural_gradient")


@app.function
def test_the_inner_slope_is_asked_for():
    right = "2(x + 1) + 2(bend x^2 + x - 1)(2 bend x + 1)"
    assert trial.typed(newton.bent_loss_derivative, right)
    assert not trial.typed(newton.bent_loss_derivative, "2(x + 1) + 2(bend x^2 + x - 1)")


@app.function
def test_one_draft_of_the_natural_gradient_is_right():
    right = [
        name for name, one in DRAFTS.items() if trial.chosen(newton.normal_natural_gradient, one)
    ]
    assert right == ["(s² dm, s² ds/2)"]


if __name__ == "__main__":
    app.run()
