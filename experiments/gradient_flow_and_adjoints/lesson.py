"""One walks with the motion, one against it, and wherever they meet they agree."""

import marimo

app = marimo.App(width="medium", app_title="Gradient flow and adjoints")

with app.setup:
    from functools import partial

    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.dynamics import integrators, solutions
    from lab.calculus.optimizers import gradient_descent as descent
    from lab.lessons import page, trial
    from lab.plots import style

    STEPS, TIME = 240, 12.0
    BEGIN, PUSH = jnp.asarray([1.0, 0.5]), jnp.asarray([0.15, 0.0])

    @jax.jit
    def two_travellers(theta):
        """Hares and lynxes; a disturbance carried along, and what matters for the last hares."""
        h = jnp.asarray(TIME / STEPS)
        go = lambda y: integrators.walk(
            "rk4", lambda y: integrators.lotka_volterra(y, theta), y, h, STEPS
        )
        path, carried = jax.jvp(go, (BEGIN,), (PUSH,))
        last = jnp.asarray([1.0, 0.0])

        def back(cotangent, y):
            before = integrators.rk4_step_vjp(y, theta, h, cotangent)[0]
            return before, before

        matters = jax.lax.scan(back, last, path[:-1], reverse=True)[1]
        return path, carried, jnp.concatenate([matters, last[None]]), go(BEGIN + PUSH)

    @partial(jax.jit, static_argnames="steps")
    def there_and_back(y0, k, u, T, steps=4000):
        """A cup that cools, y' = -ky + u, followed to the end and the same way back."""
        h = T / steps
        last = integrators.walk("rk4", lambda y: -k * y + u, y0[None], h, steps)[-1]
        return integrators.walk("rk4", lambda y: k * y - u, last, h, steps)[-1, 0]


@app.cell
def _():
    mo.md(r"""
    # With the motion, and against it

    Hares breed, lynxes eat them, and both numbers go round in circles. Put a few more hares there
    at the start: how many more are there in the end? One traveller walks **along** and carries what
    has changed so far (blue, $s$). The other walks **back** from the end and carries what a change
    made here would matter for the last number of hares (red, $\lambda$). Let them meet anywhere.
    """)


@app.cell
def _():
    breed = mo.ui.slider(0.6, 1.5, 0.05, value=1.0, label="how fast hares breed", show_value=True)
    meet = mo.ui.slider(0, STEPS, 4, value=80, label="where they meet", show_value=True)
    mo.hstack([breed, meet], justify="start", gap=3)
    return breed, meet


@app.cell
def _(breed, meet):
    def draw_travellers(path, carried, matters, pushed, k):
        t = np.linspace(0, TIME, STEPS + 1)
        drawing, (phase, times) = style.figure(columns=2, width=10.4, height=4.4)
        phase.plot(*path.T, color=style.INK, linewidth=1.2)
        phase.plot(*pushed.T, color=style.GREY, linewidth=0.8)
        phase.plot(*path[-1], "s", color=style.INK)
        style.arrow(phase, path[k], 1.5 * carried[k], color=style.BLUE)
        style.arrow(phase, path[k], 0.3 * matters[k], color=style.RED)
        phase.plot(*path[k], "o", color=style.INK)
        phase.set(xlabel="hares", ylabel="lynxes", title="grey: with more hares at the start")
        times.plot(t, carried[:, 0], color=style.BLUE, label="s, of the hares")
        times.plot(t, matters[:, 0], color=style.RED, label="λ, of the hares")
        times.plot(t, np.sum(carried * matters, axis=1), color=style.GOLD, label="λ · s")
        times.axvline(t[k], color=style.GREY, linewidth=0.8)
        times.set(title="both vary, their product does not", xlabel="time")
        style.name_curves(times)
        return drawing

    _theta = jnp.asarray([breed.value, 1.0, 1.0, 1.0], float)
    _path, _carried, _matters, _pushed = map(np.asarray, two_travellers(_theta))
    _k = meet.value
    mo.vstack(
        [
            page.picture(draw_travellers(_path, _carried, _matters, _pushed, _k)),
            page.beside(
                "$\\lambda \\cdot s$ where they meet, and the change in the end:",
                _matters[_k] @ _carried[_k],
                _carried[-1, 0],
            ),
            mo.md(f"With the hares really put there it is {_pushed[-1, 0] - _path[-1, 0]:.4f}."),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    One walk forwards answers for one change and everything after it. One walk backwards answers for
    **all** changes, at all times, to one number in the end. That is backpropagation, in continuous
    time.

    ## Descent is a flow in steps

    Water runs down a valley along $x' = -\nabla f$. Follow it by Euler's method with step $h$, and
    it is gradient descent with the learning rate $h$. Curvatures are 1 and 10.
    """)


@app.cell
def _():
    rate = mo.ui.slider(0.01, 0.21, 0.005, value=0.15, label="the step $h$", show_value=True)
    rate
    return (rate,)


@app.cell
def _(rate):
    def draw_flow(h):
        bends = jnp.asarray([1.0, 10.0])
        drawing, (ground, factors) = style.figure(columns=2, width=10.4, height=3.9)
        style.contours(
            ground, lambda p: jnp.log1p(descent.ellipse(p, bends)), x=(-1, 4.6), y=(-1.6, 1.6)
        )
        start, far = jnp.asarray([4.0, 1.0]), np.linspace(0, 4, 200)
        ground.plot(4 * np.exp(-far), np.exp(-10 * far), color=style.RED)
        field = lambda p: -bends * p
        points = integrators.walk("euler", field, start, jnp.asarray(h), max(2, int(4 / h)))
        style.path_on_contours(ground, np.asarray(points))
        ground.set(xlim=(-1, 4.6), ylim=(-1.6, 1.6), title="the flow red, descent blue")
        z = np.linspace(0, 2.2, 200)
        factors.plot(z, np.exp(-z), color=style.RED, label="the flow")
        factors.plot(z, 1 - z, color=style.BLUE, label="a step")
        for bend in bends:
            factors.plot(h * float(bend), 1 - h * float(bend), "o", color=style.BLUE)
        factors.axhline(-1, color=style.GREY, linewidth=0.8)
        factors.set(xlabel="step × curvature", title="what is left of an error")
        style.name_curves(factors)
        return drawing

    page.picture(draw_flow(rate.value))


@app.cell
def _():
    mo.md(r"""
    ## Before you look

    A cup of tea at 90 degrees cools towards the room's 20. The law is linear, RK4 takes 4000 steps
    and is accurate to 12 digits. After forty times the time constant we turn round and follow the
    same equation **back** to the start.
    """)


@app.cell
def _():
    fates = {
        "at 90 degrees, nearly": lambda y: abs(y - 90) < 1,
        "at 20 degrees, or somewhere wild": lambda y: abs(y - 90) >= 30,
        "at 90, give or take a few degrees": lambda y: 1 <= abs(y - 90) < 30,
    }
    guess = page.question("Where do we arrive?", list(fates))
    guess
    return fates, guess


@app.cell
def _(fates, guess):
    _one, _rows = jnp.asarray(1.0), []
    for _T in (5.0, 10.0, 20.0, 30.0, 40.0):
        _back = float(there_and_back(90 * _one, _one, 20 * _one, jnp.asarray(_T)))
        _rows.append({"time constants": f"{_T:g}", "back at": _back, "e^t": float(np.exp(_T))})
    page.reveal(
        guess.value,
        next(name for name, holds in fates.items() if holds(_rows[-1]["back at"])),
        "On the way there all differences shrink, like $e^{-t}$; when they are smaller than the "
        "last digit of 20, the cup has forgotten. On the way back what is left of them, rounding, "
        "grows by $e^t$. An adjoint that recomputes the states from the end does just that: keep "
        "the states, or some of them.",
        page.table(_rows),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    $y = y_0\, e^{-kt}$ solves $y' = -ky$. Its three sensitivities, in $y_0$, in $k$ and in $t$,
    with commas between them. (Which of them is the equation itself?)
    """)


@app.cell
def _():
    three = page.formula(
        "$\\partial y/\\partial y_0, \\partial y/\\partial k, \\partial y/\\partial t$ =",
        like="e^(-k t), ..., ...",
    )
    three
    return (three,)


@app.cell
def _(three):
    page.typed(solutions.decay_gradient, three.value)


@app.cell
def _():
    mo.md(r"""
    And for $L = \frac12 (y(T) - \text{goal})^2$ of a growth $y' = r\,y\,(1 - y/K)$ there is a
    question without any new integral: what a later end $T$ does, if $y$ is where it ends. Try it on
    paper, then look up `lab show final_time_gradient`.
    """)


@app.cell
def _():
    page.onward("gradient_flow_and_adjoints")


@app.function
def test_all_three_sensitivities_are_asked_for():
    assert trial.typed(solutions.decay_gradient, "e^(-k t), -t y0 e^(-k t), -k y0 e^(-k t)")
    assert not trial.typed(solutions.decay_gradient, "e^(-k t), -k y0 e^(-k t), -t y0 e^(-k t)")


@app.function
def test_a_sign_is_noticed():
    assert not trial.typed(solutions.decay_gradient, "e^(-k t), t y0 e^(-k t), -k y0 e^(-k t)")


if __name__ == "__main__":
    app.run()
