"""Longer, nearer, turned: which way must a vector move, and whom does a prediction ask to learn?"""

import marimo

app = marimo.App(width="medium", app_title="Vectors and linear prediction")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.elementary import trigonometric
    from lab.calculus.vectors import linear_prediction as linear
    from lab.calculus.vectors import norms
    from lab.lessons import page, trial
    from lab.plots import style
    from lab.training import data

    TURNS = np.linspace(0, 2 * np.pi, 361)
    CIRCLE = jnp.asarray(np.stack([np.cos(TURNS), np.sin(TURNS)], axis=-1))
    FIVE = jnp.asarray([3.0, 2.0, 1.0, 0.5, 0.1])
    TOWARDS = jnp.asarray([1.5, 1.0])

    # first drafts of the gradient in w of (Xw - y)ᵀ S (Xw - y) / 2
    DRAFTS = {
        "X S (X w - y)": lambda w, X, y, S: X @ S @ (X @ w - y),
        "Xᵀ S (X w - y)": lambda w, X, y, S: X.T @ S @ (X @ w - y),
        "Xᵀ S (y - X w)": lambda w, X, y, S: X.T @ S @ (y - X @ w),
        "2 Xᵀ S (X w - y)": lambda w, X, y, S: 2 * X.T @ S @ (X @ w - y),
        "Xᵀ (X w - y)": lambda w, X, y, S: X.T @ (X @ w - y),
    }


@app.cell
def _():
    mo.md(r"""
    # Which way makes it longer?

    Length need not be what a ruler says. Add up the sizes of the entries ($p = 1$), take the root
    of the sum of squares ($p = 2$), keep only the largest ($p \to \infty$): all of these are
    **norms**, and each has a ball of its own. Go around the ball, and ask at every place for the
    direction in which the vector grows fastest. Then change the ruler.
    """)


@app.cell
def _():
    p = mo.ui.slider(1, 12, 0.1, value=2, label="$p$", show_value=True)
    angle = mo.ui.slider(-180, 180, 3, value=27, label="the angle, degrees", show_value=True)
    mo.hstack([p, angle], justify="start", gap=3)
    return angle, p


@app.cell
def _(angle, p):
    def draw_ball(x, p):
        drawing, (ball, shares) = style.figure(
            columns=2, width=10, height=4.3, width_ratios=[1.15, 1]
        )
        for other in (1.0, 2.0, 12.0, p):
            edge = CIRCLE / jax.vmap(lambda v, q=other: norms.p_norm(v, q))(CIRCLE)[:, None]
            shown = {"color": style.BLUE} if other == p else {"color": style.PALE, "linewidth": 1.4}
            ball.plot(*np.asarray(edge).T, **shown)
        style.arrow(ball, np.zeros(2), x, color=style.INK)
        style.arrow(ball, x, 0.6 * norms.p_norm_gradient(x, p))
        ball.set(xlim=(-1.9, 1.9), ylim=(-1.7, 1.7), aspect="equal")
        ball.set(title="the vector, and its gradient in red")
        names = [f"{float(entry):g}" for entry in FIVE]
        shares.bar(names, norms.p_norm_gradient(FIVE, p), color=style.RED, alpha=0.85)
        shares.set(ylim=(0, 1.05), xlabel="an entry of (3, 2, 1, 0.5, 0.1)")
        shares.set(title="how much each entry counts for the length")
        return drawing

    _turn = jnp.radians(jnp.asarray(angle.value, float))
    _way = jnp.stack([jnp.cos(_turn), jnp.sin(_turn)])
    _x = _way / norms.p_norm(_way, p.value)
    mo.vstack(
        [
            page.picture(draw_ball(_x, float(p.value))),
            page.beside(
                "the gradient of the length of (3, 2, 1, 0.5, 0.1)",
                norms.p_norm_gradient(FIVE, p.value),
                jax.grad(norms.p_norm)(FIVE, p.value),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    The red arrow is at right angles to the ball, whatever its shape; at $p = 2$, and only there, it
    goes on where the vector points. On the right is what that means for learning: a penalty with
    $p = 1$ pulls at all weights alike, the smallest too, and so brings them to zero; one with a
    large $p$ sees nobody but the largest.

    ## Before you look

    Texts are compared by the **cosine** of the angle between their vectors. $x$ wants to be more
    like $y$, by this measure, as fast as possible.
    """)


@app.cell
def _():
    ways = [
        "straight towards y",
        "in the direction of y",
        "sideways, at right angles to x",
    ]
    guess = page.question("Which way does the gradient of the cosine in x point?", ways)
    guess
    return guess, ways


@app.cell
def _(guess, ways):
    def draw_turning():
        drawing, (axes,) = style.figure(width=6.6, height=4.6)
        turn = lambda x: norms.cosine_similarity_gradient(x, TOWARDS)[0]
        for radius in (0.8, 1.6):
            for way in CIRCLE[:-1:24]:
                x = radius * way
                style.arrow(axes, x, 0.55 * turn(x))
                axes.plot(*x, "o", color=style.INK, markersize=3)
        style.arrow(axes, np.zeros(2), TOWARDS, color=style.GOLD)
        style.note(axes, "$y$", tuple(np.asarray(TOWARDS)))
        axes.set(xlim=(-2.7, 2.7), ylim=(-2, 2), aspect="equal")
        axes.set(title="the gradient of the cosine, at two distances")
        return drawing

    _x = jnp.asarray([-0.6, 1.2])
    _gradient = norms.cosine_similarity_gradient(_x, TOWARDS)[0]
    _across = abs(float(_gradient @ _x)) < 1e-12
    page.reveal(
        guess.value,
        ways[2] if _across else ways[0],
        "Walking outwards turns nothing, so nothing of the gradient points outwards. And it is "
        "$\\sin / \\lVert x \\rVert$ long: who is far out turns slowly. Where $x$ points along $y$ "
        "nothing is left to gain; where it points exactly the other way, nothing is felt.",
        page.picture(draw_turning()),
    )


@app.cell
def _():
    mo.md(r"""
    ## A prediction, taken apart

    442 people with diabetes: ten measurements each, and how the illness went on. A linear model
    predicts $w \cdot x + b$, so much for each feature. Here are its best weights, and one of the
    people. Turn at **one** weight, and see how the prediction follows.
    """)


@app.cell
def _():
    person = mo.ui.slider(0, 441, 1, value=7, label="the person", show_value=True)
    feature = mo.ui.dropdown(
        ["age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"],
        value="bp",
        label="the weight of",
    )
    change = mo.ui.slider(-30, 30, 1, value=10, label="changed by", show_value=True)
    mo.hstack([person, feature, change], justify="start", gap=2)
    return change, feature, person


@app.cell
def _():
    (_scaled,) = data.standardise(data.load("diabetes"))
    people, outcomes = jnp.asarray(_scaled.inputs, float), jnp.asarray(_scaled.targets, float)
    features = [name.split(" (")[0] for name in _scaled.feature_names]
    bias = jnp.mean(outcomes)
    best = jnp.linalg.lstsq(people, outcomes - bias)[0]
    return best, bias, features, outcomes, people


@app.cell
def _(best, bias, change, feature, features, outcomes, people, person):
    def draw_parts(w, x, truth):
        drawing, (parts, slopes) = style.figure(
            columns=2, width=10, height=4.2, sharey=True, width_ratios=[1.6, 1]
        )
        rows = np.arange(len(features))
        level = float(bias) + np.concatenate([[0], np.cumsum(w * x)])
        colors = [style.GOLD if name == feature.value else style.BLUE for name in features]
        parts.barh(rows, w * x, left=level[:-1], color=colors, height=0.62)
        for row, at in enumerate(level):
            parts.plot([at, at], [row - 1.31, row + 0.31], color=style.GREY, linewidth=0.8)
        parts.axvline(float(truth), color=style.RED, linewidth=1.2)
        parts.set(yticks=rows, yticklabels=features, ylim=(len(features) - 0.3, -1.4))
        parts.set(xlim=(-40, 360))
        parts.set(title=f"bias, and weight × feature; the truth in red: {float(truth):g}")
        slopes.barh(rows, x, color=colors, height=0.62)
        slopes.axvline(0, color=style.GREY, linewidth=0.8)
        slopes.set(xlim=(-3.5, 3.5), title="gradient in the weights: the features")
        return drawing

    _x, _truth = people[person.value], outcomes[person.value]
    _moved = jnp.zeros_like(best).at[features.index(feature.value)].set(float(change.value))
    _predict = lambda w: linear.linear_prediction(w, bias, _x)
    _slope = linear.linear_prediction_gradient(best, bias, _x)[0]
    mo.vstack(
        [
            page.picture(draw_parts(np.asarray(best + _moved), np.asarray(_x), _truth)),
            mo.md(
                f"Prediction {float(_predict(best)):.1f} before, "
                f"**{float(_predict(best + _moved)):.1f}** after. The gradient promised a change "
                f"of {float(_slope @ _moved):+.1f}; it was "
                f"{float(_predict(best + _moved) - _predict(best)):+.1f}. No step is too long for "
                "it: a prediction that is a weighted sum does not bend."
            ),
            page.beside("the gradient in the weights,", _slope, jax.grad(_predict)(best)),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Find a person and a feature for which the slider does next to nothing. A feature that is not
    there cannot be to blame, and its weight learns nothing from this person.

    ## On trial

    The length of a vector in the plane, $r = \sqrt{x^2 + y^2}$: its gradient, both partials, with a
    comma between them. (Square it first: $2r\,dr = \dots$)
    """)


@app.cell
def _():
    length = page.formula("gradient =", like="x/..., y/...")
    length
    return (length,)


@app.cell
def _(length):
    page.typed(trigonometric.length_of_point_gradient, length.value)


@app.cell
def _():
    mo.md(r"""
    And what a whole table of people says to the weights, some being trusted more than others: the
    gradient in $w$ of $\tfrac12 (Xw - y)^\top S\, (Xw - y)$, where $S$ is symmetric.
    """)


@app.cell
def _():
    draft = mo.ui.dropdown(list(DRAFTS), label="gradient =")
    draft
    return (draft,)


@app.cell
def _(draft):
    page.chosen(linear.weighted_least_squares_gradient, DRAFTS, draft.value)


@app.cell
def _():
    page.onward("vectors_and_linear_prediction")


@app.function
def test_the_unit_vector_passes_and_a_vector_of_another_length_does_not():
    asked = trigonometric.length_of_point_gradient
    assert trial.typed(asked, "x/sqrt(x^2 + y^2), y/sqrt(x^2 + y^2)")
    assert not trial.typed(asked, "x/(x^2 + y^2), y/(x^2 + y^2)")


@app.function
def test_one_draft_is_right():
    asked = linear.weighted_least_squares_gradient
    right = [name for name, draft in DRAFTS.items() if trial.chosen(asked, draft)]
    assert right == ["Xᵀ S (X w - y)"]


if __name__ == "__main__":
    app.run()
