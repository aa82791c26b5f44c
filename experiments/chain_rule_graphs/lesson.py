"""Nudge x and listen at y: multiply along paths, add over paths."""

import marimo

app = marimo.App(width="medium", app_title="Chain rule graphs")

with app.setup:
    from itertools import pairwise
    from math import prod

    import jax
    import jax.numpy as jnp
    import marimo as mo

    from lab.calculus.vectors import computational_graphs as graphs
    from lab.lessons import page, trial
    from lab.plots import diagram, style

    TAPE = graphs.EXPRESSION
    NAMES = [*TAPE.inputs, *(node.name.split()[0] for node in TAPE.nodes)]


@app.cell
def _():
    mo.md(r"""
    # Nudge $x$, and listen at $y$

    $y = \ln(x^2)\,\sin x + 1/x$ is six small steps. Each arrow says who reads whom, and carries
    one number, the **local derivative** of the step it enters. Nothing else is needed: a nudge at
    $x$ is stretched by each arrow it runs along, and where arrows meet the nudges add up.

    Pull the second slider slowly. First the nudge runs forwards (blue, $d\,\text{node}/dx$), then
    the question "what do you do to $y$?" runs backwards (red, $dy/d\,\text{node}$).
    """)


@app.cell
def _():
    x = mo.ui.slider(0.4, 6.4, 0.05, value=2.0, label="the point $x$", show_value=True)
    swept = mo.ui.slider(0, 2 * len(NAMES), 1, value=7, label="how far the sweeps have come")
    mo.hstack([x, swept], justify="start", gap=3)
    return swept, x


@app.cell
def _(swept, x):
    def draw_graph(at, progress):
        values = graphs.values(TAPE, [at])
        local = graphs.local_derivatives(TAPE, values)
        rates = graphs.forward_sweep(TAPE, values, [jnp.ones_like(at)])
        adjoints = graphs.backward_sweep(TAPE, values, jnp.ones_like(at))
        places = diagram.layered([(), *(node.reads for node in TAPE.nodes)])
        drawing, (axes,) = style.figure(width=8.2, height=4.4)
        for node, partials in enumerate(local):
            for d, parent in zip(partials, TAPE.nodes[node].reads, strict=True):
                diagram.arrow(axes, places[parent], places[node + 1], f"{float(d):.3g}")
        for i, formula in enumerate(["x", *(node.name for node in TAPE.nodes)]):
            diagram.box(axes, places[i], formula, f"{float(values[i]):.4g}")
            forth, back = i < progress, len(NAMES) - 1 - i < progress - len(NAMES)
            diagram.beside(
                axes,
                places[i],
                {
                    style.BLUE: f"{float(rates[i]):.4g}" if forth else "",
                    style.RED: f"{float(adjoints[i]):.4g}" if back else "",
                },
            )
        diagram.frame(axes, places)
        return drawing

    page.picture(draw_graph(jnp.asarray(x.value), swept.value))


@app.cell
def _(x):
    _at = jnp.asarray(x.value)
    page.beside(
        f"$dy/dx$ at {x.value:g}",
        graphs.logarithmic_wave_derivative(_at),
        jax.grad(graphs.logarithmic_wave)(_at),
    )


@app.cell
def _():
    mo.md(r"""
    ## Three ways from $x$ to $y$

    On each of them multiply; then add. The red bar is the sum, and is what the sweeps found without
    listing any paths. Move $x$: where does one way cancel the others, so that $y$ does not care?
    """)


@app.cell
def _(x):
    def draw_paths(at):
        values = graphs.values(TAPE, [at])
        local = graphs.local_derivatives(TAPE, values)
        edge = lambda tail, head: float(local[head - 1][TAPE.nodes[head - 1].reads.index(tail)])
        drawing, (axes,) = style.figure(width=8.2, height=2.5)
        labels, begun = [], 0.0
        for row, path in enumerate(graphs.paths(TAPE, 0, len(NAMES) - 1)):
            share = prod(edge(*pair) for pair in pairwise(path))
            axes.barh(row, share, left=begun, color=style.BLUE, alpha=0.75, height=0.6)
            begun += share
            style.note(axes, f"{share:+.3g}", (max(begun, begun - share), row), offset=(5, 0))
            labels.append(" → ".join(NAMES[place] for place in path))
        axes.barh(len(labels), begun, color=style.RED, alpha=0.85, height=0.6)
        style.note(axes, f"{begun:.3g}", (max(0, begun), len(labels)), offset=(5, 0))
        axes.axvline(0, color=style.GREY, linewidth=0.8)
        axes.set_yticks(range(len(labels) + 1), [*labels, "dy/dx"])
        axes.invert_yaxis()
        axes.set(xlim=(-5.5, 5.5), xlabel="each way begins where the one before has ended")
        return drawing

    page.picture(draw_paths(jnp.asarray(x.value)))


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    A neuron, $L = (\tanh(wx + b) - 1)^2 / 2$, has three inputs and one loss. We want the derivative
    in all three.
    """)


@app.cell
def _():
    guess = page.question(
        "How many sweeps does it take?",
        [
            "3 forwards, or 3 backwards",
            "3 forwards, or 1 backwards",
            "1 forwards, or 3 backwards",
        ],
    )
    guess
    return (guess,)


@app.cell
def _(guess):
    def sweep_neuron():
        at = graphs.values(graphs.NEURON, [jnp.asarray(value) for value in (0.5, 2.0, -0.3)])
        one = jnp.ones_like(at[0])
        forwards = [
            float(graphs.forward_sweep(graphs.NEURON, at, [*unit])[-1]) for unit in jnp.eye(3)
        ]
        backwards = [float(d) for d in graphs.backward_sweep(graphs.NEURON, at, one)[:3]]
        rows = [
            {"input": name, "a forward sweep of its own": there, "the one backward sweep": back}
            for name, there, back in zip(graphs.NEURON.inputs, forwards, backwards, strict=True)
        ]
        return page.table(rows)

    page.reveal(
        guess.value,
        "3 forwards, or 1 backwards",
        "A forward sweep answers for one input and everything behind it, a backward sweep for one "
        "output and everything before it. A network has millions of inputs and one loss: that is "
        "all there is to backpropagation.",
        sweep_neuron(),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    Your turn: $dy/dx$ of $\ln(x^2)\,\sin x + 1/x$. Then forget one of the paths on purpose, and see
    whether anybody notices.
    """)


@app.cell
def _():
    answer = page.formula("$dy/dx =$", like="2 sin(x)/x + ...")
    answer
    return (answer,)


@app.cell
def _(answer):
    page.typed(graphs.logarithmic_wave_derivative, answer.value)


@app.cell
def _():
    page.onward("chain_rule_graphs")


@app.function
def test_the_right_sum_passes():
    right = "2 sin(x)/x + log(x^2) cos(x) - 1/x^2"
    assert trial.typed(graphs.logarithmic_wave_derivative, right)


@app.function
def test_a_forgotten_path_is_noticed():
    verdict = trial.typed(graphs.logarithmic_wave_derivative, "2 sin(x)/x - 1/x^2")
    assert verdict.verdict == "wrong"


if __name__ == "__main__":
    app.run()
