"""Too long a step, too short a step: two errors fight over h, and one scheme stays out of it."""

import marimo

app = marimo.App(width="medium", app_title="Numerical differentiation")

with app.setup:
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.elementary import numerical_differentiation as numerical
    from lab.lessons import page, trial
    from lab.plots import style

    TYPES = {"64 bits": jnp.float64, "32 bits": jnp.float32}
    COLORS = dict(zip(numerical.SCHEMES, style.CYCLE, strict=False))


@app.cell
def _():
    mo.md(r"""
    # Two errors fight over $h$

    A slope from values alone. With a long step the chord misses the tangent: **truncation**, a
    power of $h$. With a short step two numbers that agree in nearly all digits are subtracted, and
    what is left is divided by $h$: **rounding**. On these scales both are straight lines.
    """)


@app.cell
def _():
    scheme = mo.ui.dropdown(list(numerical.SCHEMES), value="central", label="scheme")
    bits = mo.ui.dropdown(list(TYPES), value="64 bits", label="numbers of")
    x = mo.ui.slider(0.1, 1.4, 0.05, value=1.0, label="$x$, for $\\sin x$", show_value=True)
    mo.hstack([scheme, bits, x], justify="start", gap=3)
    return bits, scheme, x


@app.cell
def _(bits, scheme, x):
    def errors_of(name, at, kind):
        """Steps, and how far the scheme's slope of the sine is off at each."""
        hs = 10.0 ** np.arange(-16, 0.01, 0.05)
        slopes = numerical.SCHEMES[name].quotient(jnp.sin)(
            jnp.full(hs.size, at, kind), jnp.asarray(hs, kind)
        )
        return hs, np.maximum(np.abs(np.asarray(slopes, float) - np.cos(at)), 1e-17)

    def draw(chosen, at, kind):
        eps = float(jnp.finfo(kind).eps)
        drawing, (axes,) = style.figure(width=8.6, height=4.6)
        for name in numerical.SCHEMES:
            hs, gaps = errors_of(name, at, kind)
            weight = {"linewidth": 2.0} if name == chosen else {"linewidth": 0.8, "alpha": 0.35}
            axes.loglog(hs, gaps, color=COLORS[name], **weight)
        told = numerical.SCHEMES[chosen]
        highest = np.cos(at) if told.needs % 2 else np.sin(at)
        a, b = told.parts(jnp.asarray(np.sin(at)), jnp.asarray(highest), eps)
        foretold = numerical.step_error(jnp.asarray(hs), a, b, told.order)
        axes.loglog(hs, np.maximum(foretold, 1e-17), "--", color=style.INK, linewidth=1.2)
        if told.rounding:
            best = float(numerical.best_step(a, b, told.order))
            axes.axvline(best, color=style.GOLD, linewidth=1.2)
            style.note(axes, f"best: h = {best:.1e}", (best, 1e-1), offset=(6, 0))
        axes.set(
            xlabel="$h$",
            ylim=(1e-17, 10),
            title=f"{chosen}: how far off; dashed: a h^{told.order} + b/h, foretold",
        )
        return drawing

    page.picture(draw(scheme.value, x.value, TYPES[bits.value]))


@app.cell
def _():
    mo.md(r"""
    Go through the schemes. More values lift the power of $h$, so the best step is longer and the
    valley deeper. And one of them has no other side at all: it steps along $i$, and subtracts
    nothing.

    ## Before you look

    64 bits, about 16 digits, and the central difference of $\sin$ at $x = 1$.
    """)


@app.cell
def _():
    steps = {"1e-15, as small as possible": 1e-15, "1e-8": 1e-8, "1e-5": 1e-5, "1e-2": 1e-2}
    guess = page.question("Which h comes closest?", list(steps))
    guess
    return guess, steps


@app.cell
def _(guess, steps):
    _slope = numerical.SCHEMES["central"].quotient(jnp.sin)
    _one = jnp.asarray(1.0)
    _gaps = {
        name: abs(float(_slope(_one, jnp.asarray(h)) - jnp.cos(_one))) for name, h in steps.items()
    }
    _eps = jnp.asarray(jnp.finfo(_one.dtype).eps, _one.dtype)
    _best = float(numerical.best_central_step(jnp.sin(_one), jnp.cos(_one), _eps))
    page.reveal(
        guess.value,
        min(_gaps, key=lambda name: _gaps[name]),
        rf"Truncation falls like $h^2$, rounding grows like $1/h$; they meet at {_best:.1e}, the "
        "cube root of the precision, and leave two thirds of the digits. That is why a gradient "
        "check with $h = 10^{-15}$ condemns the innocent.",
        page.table([{"h": f"{h:.0e}", "off by": _gaps[name]} for name, h in steps.items()]),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The forward difference has truncation $\frac h2 |f''|$ and rounding $2\varepsilon|f|/h$. Which
    $h$ makes their sum least? A formula of `value` ($f$), `second` ($f''$) and `eps`.
    """)


@app.cell
def _():
    best = page.formula("best h =", like="sqrt(eps ...)")
    best
    return (best,)


@app.cell
def _(best):
    page.typed(numerical.best_forward_step, best.value)


@app.cell
def _():
    page.onward("numerical_differentiation")


@app.function
def test_the_best_step_passes():
    assert trial.typed(numerical.best_forward_step, "2 sqrt(eps abs(value/second))")


@app.function
def test_the_square_root_of_eps_alone_does_not():
    assert not trial.typed(numerical.best_forward_step, "sqrt(eps)")
    assert not trial.typed(numerical.best_forward_step, "sqrt(eps abs(value/second))")


if __name__ == "__main__":
    app.run()
