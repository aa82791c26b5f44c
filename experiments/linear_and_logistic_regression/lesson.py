"""Error times input: drag a boundary through real data, and feel every sample pull at it."""

import marimo

app = marimo.App(width="medium", app_title="Linear and logistic regression")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import binary_losses as logistic
    from lab.calculus.networks import linear_models as linear
    from lab.lessons import page, trial
    from lab.plots import style
    from lab.training import data

    LENGTH = 4.0  # of a step of descent: below 2 over the largest curvature here

    def two_features(name, features, positive):
        """Two standardised features and a constant 1, and whether a row is of the class."""
        whole = data.load(name)
        columns = [whole.feature_names.index(feature) for feature in features]
        (scaled,) = data.standardise(whole._replace(inputs=whole.inputs[:, columns]))
        rows = np.column_stack([scaled.inputs, np.ones(len(scaled.inputs))])
        return jnp.asarray(rows, float), jnp.asarray(whole.targets == positive, float)

    TUMOURS = two_features("breast_cancer", ("mean radius", "mean texture"), 0)
    SETOSA = two_features("iris", ("petal length (cm)", "petal width (cm)"), 0)

    @jax.jit
    def one_step(w, X, y):
        return w - LENGTH * logistic.logistic_regression_gradient(w, X, y)

    def descent(w, task, steps):
        """The weights of every step."""
        go = lambda w, _: (one_step(w, *task), w)
        return np.asarray(jax.lax.scan(go, w, length=steps + 1)[1])


@app.cell
def _():
    mo.md(r"""
    # Error times input

    569 tumours, by two measures; the red ones are malignant. A straight line parts them, and the
    chance of red, $p = s(w \cdot x)$, falls across it from 1 to 0. Every sample pulls at the line
    with the force $p - y$, **prediction minus truth**: the bolder a dot, the harder it pulls. Turn
    the line until the pulls nearly cancel. Then let the gradient do it.
    """)


@app.cell
def _():
    turn = mo.ui.slider(-180, 180, 5, value=-60, label="turn the line, degrees", show_value=True)
    sure = mo.ui.slider(0.2, 6, 0.2, value=2, label="how sure", show_value=True)
    shift = mo.ui.slider(-3, 3, 0.1, value=0, label="shift", show_value=True)
    steps = mo.ui.slider(0, 60, 1, value=0, label="then steps of descent", show_value=True)
    mo.vstack(
        [
            mo.hstack([turn, sure, shift], justify="start", gap=2),
            mo.hstack([steps], justify="start"),
        ]
    )
    return shift, steps, sure, turn


@app.cell
def _(shift, steps, sure, turn):
    def draw_line(axes, w, **shown):
        along = np.linspace(-40, 40, 2)
        normal, size = w[:2] / np.linalg.norm(w[:2]), np.linalg.norm(w[:2])
        foot = -w[2] / size * normal
        axes.plot(foot[0] - normal[1] * along, foot[1] + normal[0] * along, **shown)

    def draw_tumours(path):
        X, y = TUMOURS
        w = path[-1]
        pull = np.abs(logistic.binary_cross_entropy_with_logits_derivative(X @ w, y))
        drawing, (ground, falling) = style.figure(
            columns=2, width=10.4, height=4.4, width_ratios=[1.4, 1]
        )
        colors = np.where(np.asarray(y) > 0, style.RED, style.BLUE)
        ground.scatter(X[:, 0], X[:, 1], s=4 + 46 * pull, c=colors, alpha=0.55, linewidths=0)
        for earlier in path[:-1:5]:
            draw_line(ground, earlier, color=style.GREY, linewidth=0.7, alpha=0.5)
        draw_line(ground, w, color=style.INK)
        style.arrow(ground, np.zeros(2), 0.7 * w[:2] / np.linalg.norm(w[:2]), color=style.GOLD)
        ground.set(xlim=(-3.2, 4.6), ylim=(-3, 4.6), xlabel="radius", ylabel="texture")
        ground.set(title="towards the malignant: gold")
        costs = jax.vmap(lambda w: logistic.logistic_regression_loss(w, X, y))(jnp.asarray(path))
        falling.plot(costs, ".-", color=style.BLUE)
        falling.axhline(np.log(2), color=style.GREY, linewidth=0.8)
        style.note(falling, "a coin's: ln 2", (0, np.log(2)), offset=(4, 3))
        falling.set(ylim=(0, max(1.0, 1.05 * float(costs[0]))), xlim=(-1, 61), xlabel="step")
        falling.set(title=f"the mean loss: {float(costs[-1]):.4f}")
        return drawing

    _angle = np.radians(turn.value)
    _start = np.array([np.cos(_angle), np.sin(_angle), shift.value]) * sure.value
    _path = descent(jnp.asarray(_start), TUMOURS, steps.value)
    _w = jnp.asarray(_path[-1])
    _right = np.asarray(TUMOURS[0] @ _w > 0) == (np.asarray(TUMOURS[1]) > 0)
    mo.vstack(
        [
            page.picture(draw_tumours(_path)),
            page.beside(
                "the mean pull, which is the gradient,",
                logistic.logistic_regression_gradient(_w, *TUMOURS),
                jax.grad(logistic.logistic_regression_loss)(_w, *TUMOURS),
            ),
            mo.md(f"On the right side of the line: **{np.mean(_right):.1%}**."),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    At the lowest point the errors are, as a vector, at right angles to every column of $X$: nothing
    is left in them that these inputs could explain. Tens of dots are wrong all the same. Linear
    regression has the same gradient, $X^\top(p - y)/n$ with $p = Xw$; so has softmax. See
    "Derivation step by step" below for why.

    ## Before you look

    Another two classes: petals of *iris setosa*, and those of its cousins. A line parts them with
    **no mistake at all**. We walk downhill for 10, 100, 1000, ... steps.
    """)


@app.cell
def _():
    fates = {
        "settles at some length": lambda more: more[-1] < 0.2 * more[0],
        "grows by about the same each time": lambda more: 0.2 * more[0] <= more[-1] < 4 * more[0],
        "grows tenfold each time": lambda more: more[-1] >= 4 * more[0],
    }
    guess = page.question("With ten times as many steps, the length of w ...", list(fates))
    guess
    return fates, guess


@app.cell
def _(fates, guess):
    def draw_growth(sizes, costs):
        drawing, (growing, falling) = style.figure(columns=2, width=10, height=3.6)
        growing.semilogx(np.arange(1, len(sizes)), sizes[1:], color=style.BLUE)
        growing.set(title="length of the weights", xlabel="steps")
        falling.loglog(np.arange(1, len(costs)), costs[1:], color=style.RED)
        style.power_law(falling, -1, (1e3, float(costs[1000])), (30, 2e4), label="1/steps")
        falling.set(title="the loss", xlabel="steps")
        return drawing

    _path = descent(jnp.zeros(3), SETOSA, 20_000)
    _sizes = np.linalg.norm(_path[:, :2], axis=1)
    _costs = jax.vmap(lambda w: logistic.logistic_regression_loss(w, *SETOSA))(jnp.asarray(_path))
    page.reveal(
        guess.value,
        next(
            name for name, holds in fates.items() if holds(np.diff(_sizes[[10, 100, 1000, 10000]]))
        ),
        "Twice the weights, and every answer is surer; as all of them are right, the loss is less. "
        "So there is no lowest point. But the surer the answers, the weaker the pull, about "
        "$e^{-\\text{margin}}$, and the weights grow like a logarithm. Any ridge ends it.",
        page.picture(draw_growth(_sizes, np.asarray(_costs))),
    )


@app.cell
def _():
    mo.md(r"""
    ## Leave one out, without fitting again

    Ten points and a straight line fitted to them, by least squares. Drag the last one. The dashed
    line has **not seen it**; how far it passes by follows from the one fit: the residual over
    $1 - h$, where $h$, the leverage, is the slope of a prediction in its own target.
    """)


@app.cell
def _():
    out = mo.ui.slider(1, 3, 0.1, value=2.4, label="how far out", show_value=True)
    up = mo.ui.slider(-3, 3, 0.1, value=-1.5, label="how high", show_value=True)
    mo.hstack([out, up], justify="start", gap=3)
    return out, up


@app.cell
def _(out, up):
    def draw_leverage(x, y, fits, h, left):
        drawing, (axes,) = style.figure(width=7.6, height=3.8)
        ends = np.array([-1.3, 3.2])
        for w, shown in zip(fits, ("-", "--"), strict=True):
            axes.plot(ends, w[0] + w[1] * ends, shown, color=style.BLUE)
        axes.plot(x, y, "o", color=style.INK)
        axes.plot(x[-1], y[-1], "o", color=style.GOLD, markersize=9)
        axes.plot([x[-1], x[-1]], [y[-1], y[-1] - left], ":", color=style.RED)
        axes.set(xlim=(-1.3, 3.2), ylim=(-3.3, 4.2))
        axes.set(title=f"leverage {h:.3f}; without it the line is {abs(left):.3f} away")
        return drawing

    _x = jnp.asarray([*np.linspace(-1, 1, 9), out.value])
    _noise = jnp.asarray([0.2, -0.3, 0.1, 0.3, -0.2, -0.1, 0.25, -0.15, 0.05])
    _y = jnp.append(_x[:9] + _noise, up.value)
    _X, _tiny = jnp.stack([jnp.ones_like(_x), _x], axis=1), jnp.asarray(1e-9)
    _h = (_X @ linear.ridge_fit_jacobian_in_the_targets(_X, _y, _tiny))[-1, -1]
    _left = linear.leave_one_out_errors_by_leverage(_X, _y, _tiny)[-1]
    _fits = [linear.ridge_fit(_X, _y, _tiny), linear.ridge_fit(_X[:-1], _y[:-1], _tiny)]
    mo.vstack(
        [
            page.picture(draw_leverage(_x, _y, _fits, float(_h), float(_left))),
            page.beside(
                "the leverage",
                _h,
                jax.grad(lambda t: (_X @ linear.ridge_fit(_X, t, _tiny))[-1])(_y)[-1],
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The slope of $-y \ln p - (1 - y) \ln(1 - p)$ in $p$; and then, with $p = s(z)$, in $z$, where
    most of it goes away. `sigmoid(z)` may be used.
    """)


@app.cell
def _():
    chance = page.formula("slope in p =", like="-y/p + ...")
    chance
    return (chance,)


@app.cell
def _(chance):
    page.typed(logistic.binary_cross_entropy_derivative, chance.value)


@app.cell
def _():
    score = page.formula("slope in z =", like="sigmoid(z) (1 - sigmoid(z)) ...")
    score
    return (score,)


@app.cell
def _(score):
    page.typed(logistic.binary_cross_entropy_with_logits_derivative, score.value)


@app.cell
def _():
    page.onward("linear_and_logistic_regression")


@app.function
def test_prediction_minus_truth_passes_and_its_mirror_image_does_not():
    asked = logistic.binary_cross_entropy_with_logits_derivative
    assert trial.typed(asked, "sigmoid(z) - y")
    assert not trial.typed(asked, "y - sigmoid(z)")


@app.function
def test_both_terms_of_the_slope_in_p_are_asked_for():
    asked = logistic.binary_cross_entropy_derivative
    assert trial.typed(asked, "(p - y)/(p (1 - p))")
    assert not trial.typed(asked, "-y/p - (1 - y)/(1 - p)")


if __name__ == "__main__":
    app.run()
