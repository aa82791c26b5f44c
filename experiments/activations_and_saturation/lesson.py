"""A slope is a toll: what a gradient pays at each layer, and what arrives after many."""

import marimo

app = marimo.App(width="medium", app_title="Activations and saturation")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import activations
    from lab.lessons import page, trial
    from lab.plots import style

    NAMES = ("sigmoid", "tanh", "relu", "gelu", "silu", "softplus", "elu", "softsign")


@app.cell
def _():
    mo.md(r"""
    # A slope is a toll

    On its way back through a network the gradient passes each activation and is multiplied by its
    slope at the point where the signal stood. Where the curve is flat, almost nothing passes: the
    unit is **saturated**, and everything before it stops learning.
    """)


@app.cell
def _():
    name = mo.ui.dropdown(NAMES, value="sigmoid", label="activation")
    x = mo.ui.slider(-6, 6, 0.1, value=1.0, label="the signal stands at", show_value=True)
    layers = mo.ui.slider(1, 50, 1, value=10, label="layers", show_value=True)
    mo.hstack([name, x, layers], justify="start", gap=2)
    return layers, name, x


@app.cell
def _(layers, name, x):
    def draw(name, at, depth):
        f, slope = getattr(activations, name), getattr(activations, f"{name}_derivative")
        xs = jnp.linspace(-6, 6, 481)
        drawing, (curve, slopes, toll) = style.figure(columns=3, width=12.4, height=3.6)
        curve.plot(xs, f(xs), color=style.BLUE)
        here, rise = float(f(at)), float(slope(at))
        near = np.array([-1.5, 1.5])
        curve.plot(float(at) + near, here + rise * near, color=style.RED, linewidth=1.3)
        curve.plot(at, here, "o", color=style.RED)
        curve.set(title=name)
        steep = np.asarray(slope(xs))
        slopes.fill_between(
            xs,
            0,
            1,
            where=np.abs(steep) < 0.1,
            color=style.PALE,
            step="mid",
            transform=slopes.get_xaxis_transform(),
        )
        slopes.plot(xs, steep, color=style.BLUE)
        slopes.plot(at, rise, "o", color=style.RED)
        slopes.set(title="its slope; grey: below a tenth")
        after = np.abs(rise) ** np.arange(depth + 1)
        toll.semilogy(after, ".-", color=style.RED)
        toll.axhline(1, color=style.GREY, linewidth=0.8)
        toll.set(
            title=f"left after {depth}: {after[-1]:.2g}",
            xlabel="layers with this slope",
            ylim=(min(1e-3, max(after[-1] / 3, 1e-40)), max(2.0, 3 * float(after.max()))),
        )
        return drawing

    _at = jnp.asarray(x.value, float)
    mo.vstack(
        [
            page.picture(draw(name.value, _at, layers.value)),
            page.beside(
                f"the slope of {name.value} at {x.value:g}",
                getattr(activations, f"{name.value}_derivative")(_at),
                jax.grad(getattr(activations, name.value))(_at),
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    Put the signal where the sigmoid is steepest. How much is left after ten layers *at best*? Then
    look for an activation whose gradient *grows*.

    ## Before you look

    GELU, $x\,\Phi(x)$, is a gate: it lets a share $\Phi(x) \le 1$ of $x$ through.
    """)


@app.cell
def _():
    choices = ["at most 1/2", "exactly 1, far out", "more than 1"]
    guess = page.question("How steep does it get?", choices)
    guess
    return (guess,)


@app.cell
def _(guess):
    def draw_slopes():
        xs = jnp.linspace(-4, 6, 401)
        drawing, (axes,) = style.figure(width=7.4, height=3.4)
        for name, color in (("gelu", style.RED), ("silu", style.BLUE), ("relu", style.GREY)):
            axes.plot(xs, getattr(activations, f"{name}_derivative")(xs), color=color, label=name)
        axes.axhline(1, color=style.GREY, linewidth=0.8, linestyle="--")
        axes.set(title="slopes")
        style.name_curves(axes)
        return drawing

    _top = float(activations.gelu_derivative(jnp.sqrt(jnp.asarray(2.0))))
    page.reveal(
        guess.value,
        "more than 1" if _top > 1 else "exactly 1, far out",
        r"The product rule has two terms, $\Phi(x) + x\varphi(x)$: the gate, and the gate opening. "
        rf"At $x = \sqrt2$ they make {_top:.4f}. And below $x \approx -0.75$ the slope is "
        "negative: GELU goes down before it goes up.",
        page.picture(draw_slopes()),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The derivative of $x\,\sigma(x)$, the SiLU. `sigmoid(x)` may be used; so may `exp`.
    """)


@app.cell
def _():
    silu = page.formula("silu'(x) =", like="sigmoid(x) + ...")
    silu
    return (silu,)


@app.cell
def _(silu):
    page.typed(activations.silu_derivative, silu.value)


@app.cell
def _():
    mo.md(r"""
    And a trap. $\sigma' = e^{-x}/(1 + e^{-x})^2$ is right on paper. Type it as
    `exp(-x)/(1 + exp(-x))^2`, and then as `sigmoid(x) (1 - sigmoid(x))`.
    """)


@app.cell
def _():
    sigmoid = page.formula("sigmoid'(x) =", like="exp(-x)/(1 + exp(-x))^2")
    sigmoid
    return (sigmoid,)


@app.cell
def _(sigmoid):
    page.typed(activations.sigmoid_derivative, sigmoid.value)


@app.cell
def _():
    page.onward("activations_and_saturation")


@app.function
def test_the_product_rule_has_two_terms():
    assert trial.typed(activations.silu_derivative, "sigmoid(x) (1 + x (1 - sigmoid(x)))")
    assert not trial.typed(activations.silu_derivative, "sigmoid(x) (1 - sigmoid(x))")


@app.function
def test_right_on_paper_is_not_enough():
    naive = trial.typed(activations.sigmoid_derivative, "exp(-x)/(1 + exp(-x))^2")
    assert naive.verdict == "unstable"


if __name__ == "__main__":
    app.run()
