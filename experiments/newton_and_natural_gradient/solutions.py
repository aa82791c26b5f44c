"""How the exercises on Newton and the natural gradient are done, and where people go astray."""

import jax.numpy as jnp
import numpy as np

from lab import derivative, identity, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)


@exercise(
    hints=[
        "The step is -f'(x)/f''(x). Which two numbers are these at x = 10?",
        Hint("f'(10) = 48.", lambda: 6 * 10 - 12 == 48),
        "On a parabola the way does not matter: where is its slope 0?",
    ],
    wrong=[
        Wrong(18.0, "", "The step leads down: it is minus slope over curvature."),
        Wrong(-8.0, "", "That is the step; the question asks where it ends."),
        Wrong(-38.0, "", "Slope 48 alone is no step: divide it by the curvature 6."),
    ],
)
def newton_arrives():
    """10 - 48/6;  hence 2, where 6x - 12 = 0: the bottom, from anywhere."""
    return 2.0


@exercise(
    hints=[
        "The slope of x⁴ is 4x³, its curvature 12x².",
        "Slope over curvature is a share of x: which one is taken away?",
    ],
    wrong=[
        Wrong(1 / 3, "", "That is what the step takes; the question is what it leaves."),
        Wrong(0.0, "", "Only a parabola is finished in one step."),
        Wrong(0.75, "", "Curvature is the second derivative: 12x², not 16x²."),
    ],
    tolerance=1e-3,
)
def quartic_share():
    """x - 4x³/12x² = x - x/3;  hence 2/3 of x is left, each time: no digit doubles."""
    return 2 / 3


@exercise(
    hints=[
        "Write it as -g (h + λ)⁻¹ and differentiate the power.",
        Hint(
            "At λ = 0, g = 1, h = 1 it is 1.",
            lambda: jnp.allclose(damped_derivative(np.float64(0), np.float64(1), np.float64(1)), 1),
        ),
    ],
    wrong=[
        Wrong(lambda damping, slope, curvature: -slope / (curvature + damping) ** 2, "sign"),
        Wrong(
            lambda damping, slope, curvature: slope / (curvature + damping), "missing_chain_factor"
        ),
        Wrong(
            lambda damping, slope, curvature: slope / curvature**2,
            "",
            "That is its value without damping.",
        ),
    ],
)
@derivative(
    of=sheet.damped, wrt="damping", at=dict(damping=positive(), slope=reals(), curvature=positive())
)
def damped_derivative(damping, slope, curvature):
    """d(h + λ)⁻¹ = -(h + λ)⁻² dλ;  hence g/(h + λ)²: the step gets shorter."""
    return slope / (curvature + damping) ** 2


@exercise(
    hints=[
        "d(r²) = 2 r dr, for either residual.",
        "The second residual c x² + x - 1 has the slope 2c x + 1.",
        Hint("At x = 0 it is 0 whatever c is.",
             lambda: squares_derivative(np.float64(0), np.float64(5)) == 0),
    ],
    wrong=[
        Wrong(lambda x, c: (x + 1) + (c * x**2 + x - 1) * (2 * c * x + 1), "factor"),
        Wrong(lambda x, c: 2 * (x + 1) + 2 * (c * x**2 + x - 1), "missing_term"),
        Wrong(lambda x, c: 2 * (x + 1), "missing_term"),
    ],
)  # fmt: skip
@derivative(of=sheet.squares, wrt="x", at=dict(x=reals(), c=reals()))
def squares_derivative(x, c):
    """2 r₁ dr₁ + 2 r₂ dr₂;  hence 2 (x + 1) + 2 (c x² + x - 1) (2c x + 1)."""
    return 2 * (x + 1) + 2 * (c * x**2 + x - 1) * (2 * c * x + 1)


def _judge_bend(c):
    c = float(c)
    if not c < 1:
        return f"at c = {c:g} the bottom of the loss is not at 0"
    x = 1e-6 / max(1.0, c * c)
    for _ in range(2):
        slope = 2 * c * x + 1
        step = ((x + 1) + (c * x**2 + x - 1) * slope) / (1 + slope**2)
        before, x = x, x - step
    left = abs(x / before)
    if left < 0.9999:
        return f"near 0 a step leaves {left:.2g} of the distance: it arrives"
    if left < 1.0001:
        return "near 0 a step leaves all of the distance: neither away nor nearer"
    return None


@exercise(
    argument=_judge_bend,
    hints=[
        "Take the step's derivative at x = 0, where r = (1, -1) and J = (1, 1).",
        "What Gauss-Newton leaves out of J^T J is r₂ r₂''; what a step leaves is the ratio of both.",
        "A step leaves |c| of the distance.",
    ],
    wrong=[
        Wrong(0.5, "arrives", "A bend of 0.5 halves the distance each time."),
        Wrong(2.0, "condition", "There 0 is no longer a minimum."),
        Wrong(-0.9, "arrives"),
        Wrong(-1.0, "neither away nor nearer", "As far on the other side."),
    ],
)
def a_bend_that_fails():
    """G'(0) = -2c r₂/J^T J = c;  hence any c < -1, say -2: the error doubles and changes sign."""
    return -2.0


NORMAL = dict(m=reals(), s=positive(), dm=reals(), ds=reals())


@exercise(
    hints=[
        "Solve F d = (dm, ds). F is diagonal.",
        Hint(
            "For s = 1 it is (dm, ds/2).",
            lambda: jnp.allclose(
                natural_direction(*map(np.float64, (0, 1, 3, 4))), np.array([3.0, 2.0])
            ),
        ),
    ],
    wrong=[
        Wrong(
            lambda m, s, dm, ds: jnp.stack([dm / s**2, 2 * ds / s**2]),
            "",
            "That is F times the slopes: solve with F instead.",
        ),
        Wrong(lambda m, s, dm, ds: jnp.stack([s**2 * dm, s**2 * ds]), "factor"),
        Wrong(lambda m, s, dm, ds: jnp.stack([dm, ds]), "", "That is the plain gradient."),
    ],
)
@identity(of=lambda m, s, dm, ds: jnp.stack([s**2 * dm, ds / (2 / s**2)]), at=NORMAL)
def natural_direction(m, s, dm, ds):
    """F⁻¹ = diag(s², s²/2);  hence (s² dm, s² ds/2): small moves where the distribution is narrow."""
    return jnp.stack([s**2 * dm, s**2 * ds / 2])


@exercise(
    at=[(1.0,), (0.5,), (3.0,)],
    hints=[
        "Information is a second derivative: it turns by the square of ds/dl.",
        "s = e^l, so ds/dl = s.",
    ],
    wrong=[
        Wrong(lambda s: 2 / s**2, "", "That is the information on s itself."),
        Wrong(lambda s: 2 / s, "", "It turns by the square of ds/dl: two slopes meet in it."),
        Wrong(lambda s: 2 / s**4, "", "l = ln s moves by ds/s, so the factor is s², not 1/s²."),
    ],
)
def fisher_of_log(s):
    """2/s² (ds/dl)² = 2/s² s²;  hence 2, whatever s: in ln s all widths are alike."""
    return 2.0
