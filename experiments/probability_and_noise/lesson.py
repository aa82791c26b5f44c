"""A spring that pulls at every sample, a floor no model gets under, and two ways to ask a die."""

import marimo

app = marimo.App(width="medium", app_title="Probability and noise")

with app.setup:
    import jax
    import jax.numpy as jnp
    import marimo as mo
    import numpy as np

    from lab.calculus.networks import linear_models as linear
    from lab.calculus.probability import gradient_estimators as estimators
    from lab.calculus.probability import normal
    from lab.lessons import page, trial
    from lab.plots import style

    SAMPLES = jnp.asarray([-1.3, -0.4, 0.2, 0.5, 0.9, 1.2, 2.1, 3.4])
    ROWS = 40

    USED = jnp.arange(1, ROWS - 8, 3)

    @jax.jit
    def floors(key, sigma):
        """Mean squared errors by how many of 39 features a least squares fit may use."""

        def one(key, d):
            first, second = jax.random.split(key)
            allowed = (jnp.arange(ROWS - 1) < d).astype(float)
            X = allowed * jax.random.normal(first, (ROWS, ROWS - 1))
            seen, fresh = sigma * jax.random.normal(second, (2, ROWS))
            guess = X @ linear.ridge_fit(X, seen, jnp.asarray(1e-10))
            return jnp.stack([jnp.mean((guess - seen) ** 2), jnp.mean((guess - fresh) ** 2)])

        every = jax.vmap(jax.vmap(one, (0, None)), (None, 0))(jax.random.split(key, 40), USED)
        return jnp.mean(every, axis=1)


@app.cell
def _():
    mo.md(r"""
    # Every sample pulls

    Eight numbers, and a normal density that wants them to be probable. Each of them pulls at the
    mean like a spring, with the **score** $(x - m)/s^2$, and at the spread with $(z^2 - 1)/s$,
    where $z = (x - m)/s$: outwards from afar, inwards from nearby. Move both until nobody wins.
    """)


@app.cell
def _():
    mean = mo.ui.slider(-2, 3, 0.005, value=-0.5, label="the mean $m$", show_value=True)
    spread = mo.ui.slider(0.4, 3, 0.005, value=0.7, label="the deviation $s$", show_value=True)
    mo.hstack([mean, spread], justify="start", gap=3)
    return mean, spread


@app.cell
def _(mean, spread):
    def draw_springs(m, s):
        drawing, (bell, hill) = style.figure(
            columns=2, width=10.4, height=4, width_ratios=[1.35, 1]
        )
        xs = jnp.linspace(-5, 6, 301)
        bell.plot(xs, normal.normal_density(xs, m, s), color=style.BLUE)
        bell.plot(SAMPLES, jnp.zeros_like(SAMPLES), "o", color=style.INK)
        pulls = normal.normal_log_density_gradient(SAMPLES, m, s)[1]
        for row, (sample, pull) in enumerate(zip(SAMPLES, pulls, strict=True)):
            start = np.array([float(m), -0.04 - 0.03 * row])
            style.arrow(bell, start, np.array([0.25 * float(pull), 0.0]))
            bell.plot([sample, sample], [start[1], 0], ":", color=style.GREY, linewidth=0.7)
        bell.set(ylim=(-0.3, 1.05), xlim=(-5, 6), title="the density, and the pulls at its mean")
        logs = lambda p: normal.normal_log_likelihood(jnp.stack([p[0], jnp.log(p[1])]), SAMPLES)
        squeezed = lambda p: -jnp.log1p(jnp.maximum(-8 - logs(p), -0.9))
        style.contours(hill, squeezed, x=(-2, 3), y=(0.4, 3), levels=20)
        hill.plot(float(m), float(s), "o", color=style.RED)
        hill.set(xlabel="$m$", ylabel="$s$", aspect="auto", title="log likelihood: white is high")
        return drawing

    _m, _s = jnp.asarray(float(mean.value)), jnp.asarray(float(spread.value))
    _theta = jnp.stack([_m, jnp.log(_s)])
    _pull = normal.normal_log_likelihood_gradient(_theta, SAMPLES)
    mo.vstack(
        [
            page.picture(draw_springs(_m, _s)),
            page.beside(
                "all pulls, on $m$ and on $\\ln s$,",
                _pull,
                jax.grad(normal.normal_log_likelihood)(_theta, SAMPLES),
            ),
            mo.md(
                "**Nobody wins.** This $s^2$ is the mean square with $n = 8$ below, not 7."
                if float(jnp.max(jnp.abs(_pull))) < 0.1
                else "The first number says which way to move $m$, the second which way $s$."
            ),
        ]
    )


@app.cell
def _():
    mo.md(r"""
    ## A floor under the loss

    Now targets that are **nothing but noise** of deviation $\sigma$, and least squares with $d$
    features on 40 samples. The best anybody can do is to predict 0, with the loss $\sigma^2$. Give
    the model more features, and watch it do better than the best.
    """)


@app.cell
def _():
    sigma = mo.ui.slider(0.2, 2, 0.1, value=1, label="the noise, $\\sigma$", show_value=True)
    used = mo.ui.slider(0, 10, 1, value=3, label="features used: 1 + 3 times", show_value=True)
    mo.hstack([sigma, used], justify="start", gap=3)
    return sigma, used


@app.cell
def _(sigma, used):
    def draw_floor(errors, sigma, at):
        drawing, (axes,) = style.figure(width=8, height=4)
        d = np.asarray(USED)
        for column, (name, color) in enumerate((("seen", style.BLUE), ("fresh", style.RED))):
            axes.plot(d, errors[:, column], "o", color=color, alpha=0.4, markersize=4)
            axes.plot(d[: at + 1], errors[: at + 1, column], ".-", color=color, label=name)
        axes.plot(d, sigma**2 * (1 - d / ROWS), "--", color=style.BLUE, linewidth=0.9)
        axes.axhline(sigma**2, color=style.INK, linewidth=1)
        style.note(axes, "the noise, σ²", (1, sigma**2), offset=(4, 3))
        axes.set(xlabel="features", ylim=(0, 5 * sigma**2), xlim=(0, 33))
        axes.set(title="mean squared error; dashed: σ² (1 - d/n)")
        style.name_curves(axes)
        return drawing

    _errors = np.asarray(floors(jax.random.key(1), jnp.asarray(float(sigma.value))))
    page.picture(draw_floor(_errors, sigma.value, used.value))


@app.cell
def _():
    mo.md(r"""
    Whatever is below the line was learned by heart: of 40 dimensions of noise, $d$ are fitted away,
    and on fresh noise at the same places they come back.

    ## Before you look

    The slope in $m$ of $\mathbb E\, x^2$, where $x$ is normal with mean $m = 1$ and deviation 1. It
    is 2, and one can ask samples for it in two ways. By the **path**: the samples move, each says
    $2x$. By the **score**: the chances move, each says $x^2 (x - m)/s^2$. Both are right on
    average.
    """)


@app.cell
def _():
    times = {"as many": 1.0, "twice as many": 2.0, "about seven times as many": 7.0}
    guess = page.question("For the same precision, the score needs ... samples.", list(times))
    guess
    return guess, times


@app.cell
def _(guess, times):
    def draw_answers(m, s):
        z = jax.random.normal(jax.random.key(0), (20_000,))
        x = m + s * z
        by_score = normal.normal_log_density_gradient(x, m, s)[1]
        best = m**2 + 3 * s**2
        every = {
            "by the path": (2 * x, style.BLUE),
            "by the score": (x**2 * by_score, style.RED),
            "with a baseline": ((x**2 - best) * by_score, style.GOLD),
        }
        drawing, panels = style.figure(columns=3, width=10.4, height=3.2, sharey=True)
        for axes, (name, (says, color)) in zip(panels, every.items(), strict=True):
            axes.hist(np.clip(says, -15, 25), bins=80, range=(-15, 25), color=color)
            axes.axvline(2, color=style.INK, linewidth=1)
            axes.set(title=f"{name}: variance {float(jnp.var(says)):.1f}", yticks=[])
        return drawing

    _m, _s, _none = jnp.asarray(1.0), jnp.asarray(1.0), jnp.asarray(0.0)
    _score = float(estimators.score_sample_variance_in_closed_form(_m, _s, _none))
    _path = float(estimators.path_sample_variance_in_closed_form(_m, _s))
    page.reveal(
        guess.value,
        min(times, key=lambda name: abs(times[name] - _score / _path)),
        f"A single sample has the variance {_path:g} by the path and {_score:g} by the score. The "
        "score does not know in which direction $f$ rises; it must find out by comparing. Whatever "
        "constant is subtracted from $f$ changes nothing on average, and the best one, a "
        "**baseline**, halves the noise. Whoever has no slope of the world, as in reinforcement "
        "learning, has no other way.",
        page.picture(draw_answers(_m, _s)),
    )


@app.cell
def _():
    mo.md(r"""
    ## On trial

    The score of a normal density, $\frac{\partial}{\partial x}\bigl(-\frac{(x - m)^2}{2 s^2} -
    \ln s\bigr)$. Then the slope of $-\frac{(x - m)^2}{2v} - \frac12 \ln v$ in the variance $v$.
    """)


@app.cell
def _():
    spring = page.formula("slope in x =", like="(...)/s^2")
    spring
    return (spring,)


@app.cell
def _(spring):
    page.typed(normal.normal_score, spring.value)


@app.cell
def _():
    variance = page.formula("slope in v =", like="(x - m)^2/... - ...")
    variance
    return (variance,)


@app.cell
def _(variance):
    page.typed(normal.normal_variance_score, variance.value)


@app.cell
def _():
    page.onward("probability_and_noise")


@app.function
def test_the_spring_pulls_back():
    assert trial.typed(normal.normal_score, "-(x - m)/s^2")
    assert not trial.typed(normal.normal_score, "(x - m)/s^2")


@app.function
def test_the_logarithm_of_the_variance_is_not_forgotten():
    assert trial.typed(normal.normal_variance_score, "(x - m)^2/(2v^2) - 1/(2v)")
    assert not trial.typed(normal.normal_variance_score, "(x - m)^2/(2v^2)")


if __name__ == "__main__":
    app.run()
