"""How loud may one point shout? The slope of a loss is the pull of a residual."""

import marimo

app = marimo.App(width="medium", app_title="Loss functions")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import regression_losses as losses
    from lab.lessons import page, trial
    from lab.plots import style

    OTHERS = (-0.9, -0.6, -0.35, -0.1, 0.05, 0.2, 0.45, 0.8)
    CENTRES = np.linspace(-2, 12, 2801)

    def families(scale):
        """Loss and slope as functions of the residual."""
        zero, d = jnp.asarray(0.0), jnp.asarray(scale)
        return {
            "squares": (
                lambda r: losses.squared_error(r, jnp.zeros_like(r)),
                lambda r: losses.squared_error_derivative(r, jnp.zeros_like(r)),
                style.RED,
            ),
            "huber": (
                lambda r: losses.huber(r, d),
                lambda r: losses.huber_derivative(r, d),
                style.BLUE,
            ),
            "cauchy": (
                lambda r: losses.cauchy_loss(r, d),
                lambda r: losses.cauchy_loss_derivative(r, d),
                style.TEAL,
            ),
            "tukey": (
                lambda r: losses.tukey_biweight(r, 3 * d + zero),
                lambda r: losses.tukey_biweight_derivative(r, 3 * d + zero),
                style.PLUM,
            ),
        }

    def centre(loss, data):
        """Where the mean loss is least, among many centres."""
        costs = jnp.mean(loss(jnp.asarray(CENTRES)[:, None] - data), axis=1)
        return float(CENTRES[int(jnp.argmin(costs))])


@app.cell
def _():
    mo.md(r"""
    # How loud may one point shout?

    Nine measurements, one centre to be found: the place where the mean loss is least. There the
    slopes of all residuals add up to zero, so **the slope of the loss is the pull** that a point
    has. Drag the ninth point away and see whom it takes along.
    """)


@app.cell
def _():
    outlier = mo.ui.slider(-1, 12, 0.1, value=3.0, label="the ninth point", show_value=True)
    scale = mo.ui.slider(0.1, 3, 0.1, value=0.8, label="what counts as far", show_value=True)
    mo.hstack([outlier, scale], justify="start", gap=3)
    return outlier, scale


@app.cell
def _(outlier, scale):
    def draw(ninth, scale):
        data = jnp.asarray([*OTHERS, ninth])
        r = jnp.linspace(-4, 12, 481)
        drawing, (shape, pull, line) = style.figure(
            rows=1, columns=3, width=12.4, height=3.8, width_ratios=[1, 1, 1.2]
        )
        for row, (name, (loss, slope, color)) in enumerate(families(scale).items()):
            shape.plot(r, loss(r), color=color, label=name)
            pull.plot(r, slope(r), color=color, label=name)
            found = centre(loss, data)
            pull.plot(ninth - found, slope(jnp.asarray([ninth - found])), "o", color=color)
            line.plot(found, row, "D", color=color, markersize=8)
            style.note(line, f"{name}: {found:.2f}", (found, row), color=color, offset=(8, 4))
        line.plot(data, np.full(9, -0.9), "o", color=style.INK, alpha=0.6)
        line.plot(ninth, -0.9, "o", color=style.GOLD, markersize=9)
        shape.set(ylim=(0, 6), title="loss of a residual", xlabel="residual")
        pull.set(ylim=(-3, 6), title="its slope: the pull", xlabel="residual")
        line.set(xlim=(-2, 13), ylim=(-1.5, 4), title="points below, centres above", yticks=[])
        style.name_curves(shape)
        return drawing

    _r = jnp.asarray([outlier.value])
    _, _slope, _ = families(scale.value)["huber"]
    _loss = families(scale.value)["huber"][0]
    mo.vstack(
        [
            page.picture(draw(outlier.value, scale.value)),
            page.beside(
                f"Huber's pull at a residual of {outlier.value:g}",
                _slope(_r)[0],
                jax.grad(lambda r: _loss(r)[0])(_r)[0],
            ),
        ]
    )


@app.cell
def _():
    mo.md("""
    ## Before you look

    The ninth point leaves the others behind: from 0 to 1.5, and on to 12. As far as 1.5 it takes
    Tukey's centre along.
    """)


@app.cell
def _():
    choices = ["moves on to the right", "stays where it is then", "comes back"]
    guess = page.question("When the point goes on to 12, Tukey's centre ...", choices)
    guess
    return choices, guess


@app.cell
def _(choices, guess):
    _loss = families(1.2)["tukey"][0]
    _at = {far: centre(_loss, jnp.asarray([*OTHERS, far])) for far in (0.0, 1.5, 3.0, 6.0, 12.0)}
    _moved = _at[12.0] - _at[1.5]
    page.reveal(
        guess.value,
        choices[2] if _moved < -0.005 else choices[0] if _moved > 0.005 else choices[1],
        "Its slope rises, falls, and ends at 0: a point far away is not believed at all. Squares "
        "believe it the more the farther it is. The price: the loss is no longer convex, and a "
        "descent may settle around the outlier.",
        page.table([{"the point at": f"{far:g}", "Tukey's centre": at} for far, at in _at.items()]),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Huber's loss is $r^2/2$ up to $|r| = d$ and straight from there on. Its slope in $r$, in one
    line: `max(..., ...)` and `min(..., ...)` may be used. Then Cauchy's,
    $\frac{c^2}{2}\ln\bigl(1 + (r/c)^2\bigr)$.
    """)


@app.cell
def _():
    huber = page.formula("huber'(r) =", like="min(r, d)")
    cauchy = page.formula("cauchy'(r) =", like="r / (...)")
    mo.vstack([huber, cauchy])
    return cauchy, huber


@app.cell
def _(cauchy, huber):
    mo.vstack(
        [
            page.typed(losses.huber_derivative, huber.value),
            page.typed(losses.cauchy_loss_derivative, cauchy.value),
        ]
    )


@app.cell
def _():
    page.onward("loss_functions")


@app.function
def test_both_sides_are_clipped():
    assert trial.typed(losses.huber_derivative, "max(-d, min(r, d))")
    assert not trial.typed(losses.huber_derivative, "min(r, d)")


@app.function
def test_the_inner_derivative_is_asked_for():
    assert trial.typed(losses.cauchy_loss_derivative, "r/(1 + (r/c)^2)")
    assert not trial.typed(losses.cauchy_loss_derivative, "c^2/2/(1 + (r/c)^2)")


if __name__ == "__main__":
    app.run()
