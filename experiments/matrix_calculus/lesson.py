"""A matrix between two vectors: only half of it bends the form, and the gradient knows which."""

import marimo

app = marimo.App(width="medium", app_title="Matrix calculus")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.matrices import matrix_calculus as matrices
    from lab.lessons import page, trial
    from lab.plots import style

    GUESSES = {
        "2 A x": lambda x, A: 2 * A @ x,
        "A x": lambda x, A: A @ x,
        "(A + Aᵀ) x": lambda x, A: (A + A.T) @ x,
        "(A - Aᵀ) x": lambda x, A: (A - A.T) @ x,
        "Aᵀ x + x": lambda x, A: A.T @ x + x,
    }
    LAYER = {
        "Xᵀ (X w - y)": lambda w, X, y: X.T @ (X @ w - y),
        "2 Xᵀ (X w - y)": lambda w, X, y: 2 * X.T @ (X @ w - y),
        "2/n Xᵀ (X w - y)": lambda w, X, y: 2 / y.size * X.T @ (X @ w - y),
        "2/n Xᵀ (y - X w)": lambda w, X, y: 2 / y.size * X.T @ (y - X @ w),
        "2/n Xᵀ X w": lambda w, X, y: 2 / y.size * X.T @ (X @ w),
    }


@app.cell
def _():
    mo.md(r"""
    # What does $x^\top A x$ see of $A$?

    Four numbers in $A$, one number out. Below is the landscape of $f(x) = x^\top A x$ over the
    plane, and two arrows at your point: the true gradient in red, and $2Ax$ in gold, which is what
    $(ax^2)' = 2ax$ would make one write. Find all $A$ for which they agree.
    """)


@app.cell
def _():
    entry = lambda name, value: mo.ui.slider(-2, 2, 0.1, value=value, label=name, show_value=True)
    a11, a12 = entry("$a_{11}$", 1.0), entry("$a_{12}$", 1.5)
    a21, a22 = entry("$a_{21}$", -0.5), entry("$a_{22}$", 0.8)
    angle = mo.ui.slider(-180, 180, 5, value=35, label="$x$ at, degrees", show_value=True)
    mo.vstack(
        [
            mo.hstack([a11, a12], justify="start", gap=2),
            mo.hstack([a21, a22], justify="start", gap=2),
            angle,
        ]
    )
    return a11, a12, a21, a22, angle


@app.cell
def _(a11, a12, a21, a22, angle):
    def draw(A, x):
        drawing, (ground, *halves) = style.figure(
            columns=4, width=12, height=3.5, width_ratios=[1.7, 1, 1, 1]
        )
        style.contours(ground, lambda p: matrices.quadratic_form(p, A), x=(-2, 2), y=(-2, 2))
        naive, true = 2 * A @ x, matrices.quadratic_form_gradient(x, A)
        style.arrow(ground, x, 0.25 * naive, color=style.GOLD)
        style.arrow(ground, x, 0.25 * true)
        ground.plot(*x, "o", color=style.INK, markersize=4)
        ground.set(title="gradient red, 2Ax gold")
        parts = {"A": A, "(A + Aᵀ)/2: bends f": (A + A.T) / 2, "(A - Aᵀ)/2": (A - A.T) / 2}
        for axes, (name, part) in zip(halves, parts.items(), strict=True):
            axes.imshow(part, cmap="RdBu_r", vmin=-2.5, vmax=2.5)
            for (i, j), value in np.ndenumerate(np.asarray(part)):
                style.note(axes, f"{value:.2f}", (j, i), offset=(0, 0))
            axes.set(title=name)
            axes.set_axis_off()
        return drawing

    A = jnp.asarray([[a11.value, a12.value], [a21.value, a22.value]], float)
    x = jnp.asarray([np.cos(np.radians(angle.value)), np.sin(np.radians(angle.value))], float)
    mo.vstack(
        [
            page.picture(draw(A, x)),
            page.beside(
                "the gradient",
                matrices.quadratic_form_gradient(x, A),
                jax.grad(matrices.quadratic_form)(x, A),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    Take an $A$ with $A^\top = -A$, such as $\begin{pmatrix}0&3\\-3&0\end{pmatrix}$, full of large
    numbers if you like.
    """)


@app.cell
def _():
    guess = page.question(
        "What is the landscape of f?",
        ["a saddle", "a bowl, tilted", "flat: f is 0 everywhere", "a plane with a slope"],
    )
    guess
    return (guess,)


@app.cell
def _(guess):
    _A = jnp.asarray([[0.0, 3.0], [-3.0, 0.0]])
    _points = [jnp.asarray(p) for p in ([1.0, 0.0], [1.0, 2.0], [-3.0, 0.5])]
    _rows = [
        {
            "x": f"({float(p[0]):g}, {float(p[1]):g})",
            "f": matrices.quadratic_form(p, _A),
            "2 A x": str(np.asarray(2 * _A @ p)),
            "the gradient": str(np.asarray(matrices.quadratic_form_gradient(p, _A))),
        }
        for p in _points
    ]
    _flat = not np.any([matrices.quadratic_form(p, _A) for p in _points])
    page.reveal(
        guess.value,
        "flat: f is 0 everywhere" if _flat else "a saddle",
        r"A number is its own transpose, $x^\top A x = x^\top A^\top x = -x^\top A x$, hence 0. "
        "What is antisymmetric in $A$ turns, and does no work. $2Ax$ points somewhere "
        "all the same: a formula with the right shape, and wrong.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Which one is the gradient of $x^\top A x$ for every square $A$? Try the wrong ones, too: the
    referee has a reason for each.
    """)


@app.cell
def _():
    form = mo.ui.dropdown(list(GUESSES), label="gradient =")
    form
    return (form,)


@app.cell
def _(form):
    page.chosen(matrices.quadratic_form_gradient, GUESSES, form.value)


@app.cell
def _():
    mo.md(r"""
    And the one that all of machine learning stands on, the gradient in $w$ of
    $\frac1n \lvert Xw - y\rvert^2$. Each of the wrong ones has been shipped by somebody.
    """)


@app.cell
def _():
    layer = mo.ui.dropdown(list(LAYER), label="gradient =")
    layer
    return (layer,)


@app.cell
def _(layer):
    page.chosen(matrices.mse_gradient, LAYER, layer.value)


@app.cell
def _():
    page.onward("matrix_calculus")


@app.function
def test_one_guess_of_each_is_right():
    for asked, guesses in (
        (matrices.quadratic_form_gradient, GUESSES),
        (matrices.mse_gradient, LAYER),
    ):
        assert sum(trial.chosen(asked, guess).passes for guess in guesses.values()) == 1


@app.function
def test_the_forgotten_mean_is_named():
    mistake = trial.chosen(matrices.mse_gradient, LAYER["2 Xᵀ (X w - y)"]).mistake
    assert mistake is not None
    assert mistake.name == "batch_factor"


if __name__ == "__main__":
    app.run()
