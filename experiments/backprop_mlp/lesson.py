"""Walk back through a network, one array at a time, and see it learn a spiral from that."""

import marimo

app = marimo.App(width="medium", app_title="Backpropagation")

with app.setup:
    from functools import partial

    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import activations, layers, losses
    from lab.calculus.networks import backprop_mlp as network
    from lab.lessons import page, trial
    from lab.plots import style

    SIZES = (2, 16, 16, 3)
    STEPS = 600

    def spiral(count=60):
        """Three arms that wind around each other, and which arm a point is on."""
        t = np.linspace(0.15, 1, count)
        noise = np.random.default_rng(0).normal(0, 0.12, (3, count))
        turns = [4.2 * t + 2 * np.pi * arm / 3 + noise[arm] for arm in range(3)]
        points = [np.stack([t * np.cos(a), t * np.sin(a)], axis=1) for a in turns]
        return jnp.asarray(np.concatenate(points)), jnp.repeat(jnp.arange(3), count)

    SPIRAL = spiral()

    def first_params(size):
        """Normal weights of variance ``size``/inputs, biases 0."""
        keys = jax.random.split(jax.random.key(3), 3)
        shapes = zip(keys, SIZES[:-1], SIZES[1:], strict=True)
        return [
            {"W": (size / d) ** 0.5 * jax.random.normal(key, (d, h)), "b": jnp.zeros(h)}
            for key, d, h in shapes
        ]

    @partial(jax.jit, static_argnames="activation")
    def trained(rate, size, activation):
        """The params, losses and gradient norms of each layer, along a descent by hand."""

        def go(params, _):
            slopes = network.mlp_loss_gradient(params, *SPIRAL, activation)
            norms = jnp.stack([jnp.linalg.norm(layer["W"]) for layer in slopes])
            cost = network.mlp_loss(params, *SPIRAL, activation)
            moved = jax.tree.map(lambda p, g: p - rate * g, params, slopes)
            return moved, (params, cost, norms)

        return jax.lax.scan(go, first_params(size), length=STEPS)[1]

    # first drafts of what a dense layer X W + b sends back
    DRAFTS = {
        "C Wᵀ, Xᵀ C, C": lambda X, W, b, C: (C @ W.T, X.T @ C, C),
        "C Wᵀ, Xᵀ C, mean of rows": lambda X, W, b, C: (C @ W.T, X.T @ C, C.mean(axis=0)),
        "C Wᵀ, Xᵀ C, sum of rows": lambda X, W, b, C: (C @ W.T, X.T @ C, C.sum(axis=0)),
        "C Wᵀ, -Xᵀ C, sum of rows": lambda X, W, b, C: (C @ W.T, -X.T @ C, C.sum(axis=0)),
    }


@app.cell
def _():
    mo.md(r"""
    # One array for each array

    Five samples go through a small network, left to right: $Z_1 = XW_1 + b_1$, $A_1 = \tanh Z_1$,
    $Z_2 = A_1 W_2 + b_2$, and a loss. To go back, ask of every array: *how much would the loss
    change per unit of change here?* The answer has **the shape of the array**, and each follows
    from the one to its right. Before each step: which product of arrays has the right shape?
    """)


@app.cell
def _():
    back = mo.ui.slider(0, 6, 1, value=2, label="how far back", show_value=True)
    back
    return (back,)


@app.cell
def _(back):
    def both_ways():
        """Arrays with their cotangents, and how each of these is found, last first."""
        keys = jax.random.split(jax.random.key(1), 3)
        sizes = zip(keys, ((5, 2), (2, 4), (4, 3)), strict=True)
        X, W1, W2 = (jax.random.normal(key, size) for key, size in sizes)
        b1, b2, labels = jnp.zeros(4), jnp.zeros(3), jnp.asarray([0, 2, 1, 1, 0])
        Z1 = layers.dense(X, W1, b1)
        A1 = layers.tanh_layer(Z1)
        Z2 = layers.dense(A1, W2, b2)
        each = losses.batch_mean_gradient(losses.surprisal(Z2, labels))
        dZ2 = losses.surprisal_vjp(Z2, labels, each)
        dA1, dW2, _ = layers.dense_vjp(A1, W2, b2, dZ2)
        dZ1 = layers.tanh_layer_vjp(Z1, dA1)
        dX, dW1, _ = layers.dense_vjp(X, W1, b1, dZ1)
        return {
            "$Z_2$": (Z2, dZ2, "(P - Y)/n"),
            "$W_2$": (W2, dW2, "A₁ᵀ dZ₂"),
            "$A_1$": (A1, dA1, "dZ₂ W₂ᵀ"),
            "$Z_1$": (Z1, dZ1, "dA₁ ∘ (1 - A₁²)"),
            "$W_1$": (W1, dW1, "Xᵀ dZ₁"),
            "$X$": (X, dX, "dZ₁ W₁ᵀ: nobody asks"),
        }

    def draw_arrays(arrays, known):
        drawing, panels = style.figure(rows=2, columns=len(arrays), width=11, height=5)
        for place, (name, (forward, cotangent, rule)) in enumerate(arrays.items()):
            column = len(arrays) - 1 - place
            above, below = panels[column], panels[len(arrays) + column]
            above.set_title(f"{name}  {forward.shape[0]} × {forward.shape[1]}")
            shown = [(above, forward, 2.5)]
            if place < known:
                shown.append((below, cotangent, float(jnp.max(jnp.abs(cotangent)))))
                below.set_title(f"d{name}", color=style.RED)
            below.set_xlabel(rule if place < known else "?", fontsize=9)
            for axes, values, top in shown:
                axes.imshow(values, cmap="RdBu", vmin=-top, vmax=top)
            if place >= known:
                below.imshow(np.zeros(forward.shape), cmap="Greys", vmin=-1, vmax=4)
        for axes in panels:
            axes.set(xticks=[], yticks=[])
            axes.grid(visible=False)
        return drawing

    page.picture(draw_arrays(both_ways(), back.value))


@app.cell
def _():
    mo.md(r"""
    ## It learns

    Three arms of a spiral, two hidden layers of 16, and plain descent with the gradient **by
    hand**. Pull the step; then make the first weights too small, or the rate too large, and watch
    the layers' gradients.
    """)


@app.cell
def _():
    step = mo.ui.slider(0, STEPS - 1, 1, value=300, label="step", show_value=True)
    rate = mo.ui.slider(0.1, 4, 0.1, value=1, label="learning rate", show_value=True)
    size = mo.ui.slider(
        0.05, 4, 0.05, value=1.5, label="size of the first weights", show_value=True
    )
    kind = mo.ui.dropdown(["tanh", "relu", "gelu"], value="tanh", label="activation")
    mo.vstack(
        [
            mo.hstack([step, kind], justify="start", gap=2),
            mo.hstack([rate, size], justify="start", gap=2),
        ]
    )
    return kind, rate, size, step


@app.cell
def _(kind, rate, size):
    walk = trained(jnp.asarray(float(rate.value)), jnp.asarray(float(size.value)), kind.value)
    return (walk,)


@app.cell
def _(kind, step, walk):
    def draw_spiral(params, costs, norms, activation, at):
        drawing, (ground, falling, sizes) = style.figure(columns=3, width=12, height=3.9)
        side = np.linspace(-1.2, 1.2, 90)
        grid = jnp.asarray(np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2))
        guess = jnp.argmax(network.mlp_logits(params, grid, activation), axis=1).reshape(90, 90)
        colors = [style.BLUE, style.RED, style.GOLD]
        ground.contourf(side, side, guess, [-0.5, 0.5, 1.5, 2.5], colors=colors, alpha=0.25)
        points, labels = map(np.asarray, SPIRAL)
        ground.scatter(*points.T, c=[colors[label] for label in labels], s=9)
        ground.set(aspect="equal", title=f"after {at} steps", xticks=[], yticks=[])
        falling.semilogy(costs, color=style.PALE)
        falling.semilogy(costs[: at + 1], color=style.BLUE)
        falling.axhline(np.log(3), color=style.GREY, linewidth=0.8)
        falling.set(title=f"loss {costs[at]:.3g}; guessing: ln 3", xlabel="step")
        for layer, color in enumerate(colors):
            sizes.semilogy(norms[: at + 1, layer], color=color, label=f"layer {layer + 1}")
        sizes.set(title="size of the gradient", xlabel="step", xlim=(0, STEPS))
        style.name_curves(sizes)
        return drawing

    _path, _costs, _norms = walk
    _params = jax.tree.map(lambda leaf: leaf[step.value], _path)
    _by_hand = network.mlp_loss_gradient(_params, *SPIRAL, kind.value)[0]["W"][:, :3]
    _by_jax = jax.grad(network.mlp_loss)(_params, *SPIRAL, kind.value)[0]["W"][:, :3]
    mo.vstack(
        [
            page.picture(
                draw_spiral(_params, np.asarray(_costs), np.asarray(_norms), kind.value, step.value)
            ),
            page.beside("six entries of the first gradient", _by_hand, _by_jax),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    All weights and biases start at 0, with $\tanh$. It looks fair: nobody is preferred.
    """)


@app.cell
def _():
    fates = {
        "all of them": lambda norms: all(norms.values()),
        "the last layer's weights and biases": lambda norms: (
            norms["weights 3"] > 0 and norms["weights 1"] == 0
        ),
        "the last layer's biases, at most": lambda norms: (
            max(norm for name, norm in norms.items() if name != "biases 3") == 0
        ),
    }
    guess = page.question("Which parameters have a gradient that is not 0?", list(fates))
    guess
    return fates, guess


@app.cell
def _(fates, guess):
    _points, _labels = SPIRAL[0][:100], SPIRAL[1][:100]  # of one arm there are fewer
    _slopes = network.mlp_loss_gradient(
        jax.tree.map(jnp.zeros_like, first_params(1.0)), _points, _labels, "tanh"
    )
    _norms = {
        f"{words} {number}": float(jnp.linalg.norm(layer[part]))
        for number, layer in enumerate(_slopes, 1)
        for part, words in (("W", "weights"), ("b", "biases"))
    }
    page.reveal(
        guess.value,
        next(name for name, holds in fates.items() if holds(_norms)),
        "Going forward nothing arrives: $A = \\tanh 0 = 0$, and a weight's gradient is its input "
        "times what comes back. Going back nothing gets through: $\\bar Z W^\\top = 0$. Only the "
        "last biases can learn how frequent the classes are. Weights start small and **random**, "
        "so that signals get through both ways and no two units are alike.",
        page.table([{"of": name, "size of the gradient": norm} for name, norm in _norms.items()]),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    A dense layer, $XW + \mathbf 1 b^\top$, has $C$ for the cotangent of its output. What goes back
    to $X$, to $W$ and to $b$? And then a slope that is on every way back: $\tanh'$.
    """)


@app.cell
def _():
    draft = mo.ui.dropdown(list(DRAFTS), label="to X, W and b:")
    draft
    return (draft,)


@app.cell
def _(draft):
    page.chosen(layers.dense_vjp, DRAFTS, draft.value)


@app.cell
def _():
    slope = page.formula("slope of tanh x =", like="1 - ...")
    slope
    return (slope,)


@app.cell
def _(slope):
    page.typed(activations.tanh_derivative, slope.value)


@app.cell
def _():
    page.onward("backprop_mlp")


@app.function
def test_an_unsummed_bias_is_noticed():
    assert trial.chosen(layers.dense_vjp, DRAFTS["C Wᵀ, Xᵀ C, sum of rows"])
    assert not trial.chosen(layers.dense_vjp, DRAFTS["C Wᵀ, Xᵀ C, C"])


@app.function
def test_the_square_is_asked_for():
    assert trial.typed(activations.tanh_derivative, "1 - tanh(x)^2")
    assert not trial.typed(activations.tanh_derivative, "1 - tanh(x)")


if __name__ == "__main__":
    app.run()
