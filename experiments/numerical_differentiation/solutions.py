"""How the exercises on numerical differentiation are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative, positive, reals
from lab.exercises import Hint, Wrong, beside, exercise

sheet = beside(__file__)

# ----- what a scheme misses -----


@exercise(
    at=[(1.0, 0.5), (-2.0, 0.25), (3.0, 1.0), (2.0, 0.0)],
    hints=[
        "(x ± h)³ = x³ ± 3x²h + 3xh² ± h³: subtract, and the even powers of h are gone.",
        "What is left, 6x²h + 2h³, is divided by 2h.",
        Hint("At x = 1, h = 1/2 it is 3.25.", lambda: central_of_cube(1.0, 0.5) == 3.25),
    ],
    wrong=[
        Wrong(lambda x, h: 3 * x**2, "", "This is the slope: the error of the scheme is missing."),
        Wrong(lambda x, h: 3 * x**2 + 3 * x * h + h**2, "", "This is the forward quotient."),
        Wrong(lambda x, h: 6 * x**2 + 2 * h**2, "factor", "The two points are 2h apart."),
        Wrong(lambda x, h: ((x + h) ** 3 - (x - h) ** 3) / (2 * h), "NaN"),
    ],
)
def central_of_cube(x, h):
    """(6x²h + 2h³) / 2h;  hence 3x² + h²: the error is h²/6 f''' = h², exactly."""
    return 3 * x**2 + h**2


@exercise(
    at=[(1.2e-7, 1e-5), (2.2e-16, 1e-5), (2.2e-16, 6e-6)],
    hints=[
        "Each value is off by up to eps |f|; what becomes of that when it is divided by the step?",
        "Relative to a slope as large as the loss, |f| drops out.",
        Hint(
            "In float32 at h = 1e-5: 1 percent.", lambda: 0.01 < rounding_alone(1.2e-7, 1e-5) < 0.02
        ),
    ],
    wrong=[
        Wrong(lambda eps, h: eps * h, "", "Dividing by a small step makes noise large."),
        Wrong(lambda eps, h: h / eps, "reciprocal"),
        Wrong(lambda eps, h: eps / h**2, "", "That is the noise of a second difference."),
        Wrong(lambda eps, h: eps, "", "That is the noise of a value, before it is divided."),
    ],
)
def rounding_alone(eps, h):
    """eps |f| / h, relative to |f'| ~ |f|;  hence eps/h: a right gradient, 1 % off in float32."""
    return eps / h


@exercise(
    hints=[
        "a h⁴ + eps/h is least where 4 a h³ = eps/h².",
        "So h is about eps to the 1/5; put that into eps/h.",
        Hint(
            "For the central difference, h² instead of h⁴, it is 2/3.",
            lambda: np.isclose(1 - 1 / 3, 2 / 3),
        ),
    ],
    wrong=[
        Wrong(0.2, "", "That is the best step; the error there is eps/h."),
        Wrong(2 / 3, "", "That is for truncation like h²."),
        Wrong(0.75, "", "h⁵ is eps, not h⁴: the derivative of eps/h brings one more h."),
    ],
)
def power_of_eps():
    """4ah³ = eps/h²: h⁵ ~ eps, so eps/h ~ eps^(1 - 1/5);  hence 4/5."""
    return 4 / 5


# ----- the best step -----


@exercise(
    hints=[
        "Two terms: a power of h, and h to the -1.",
        Hint(
            "It vanishes at h = 1 where b = 2a.",
            lambda: step_error_slope(1.0, 3.0, 6.0) == 0,
        ),
    ],
    wrong=[
        Wrong(lambda h, a, b: 2 * a * h + b / h**2, "sign"),
        Wrong(lambda h, a, b: 2 * a * h, "missing_term"),
        Wrong(lambda h, a, b: a * h - b / h**2, "", "The exponent 2 comes down as a factor."),
        Wrong(lambda h, a, b: 2 * a * h - b / h, "", "The exponent of 1/h falls from -1 to -2."),
    ],
)
@derivative(of=sheet.step_error, at=dict(h=positive(), a=reals(), b=reals()))
def step_error_slope(h, a, b):
    """d(h²) = 2h dh and d(1/h) = -dh/h²;  hence 2ah - b/h²."""
    return 2 * a * h - b / h**2


@exercise(
    at=[(1.0, 1.0, 2.2e-16), (8.0, -1.0, 2.2e-16), (-2.0, 5.0, 1.2e-7)],
    hints=[
        "Set the slope of h²/6 |f'''| + eps |f|/h to 0.",
        "h/3 |f'''| = eps |f|/h².",
        Hint(
            "With |f| = |f'''| = 1 and eps = 1e-15/3 it is 1e-5.",
            lambda: np.isclose(best_central_step(1.0, 1.0, 1e-15 / 3), 1e-5),
        ),
    ],
    wrong=[
        Wrong(
            lambda value, third, eps: 2 * jnp.sqrt(eps * jnp.abs(value / third)),
            "",
            "A square root belongs to truncation like h, that of the forward difference.",
        ),
        Wrong(
            lambda value, third, eps: jnp.cbrt(3 * eps * jnp.abs(third / value)),
            "",
            "Where f bends more, the step has to be shorter.",
        ),
        Wrong(
            lambda value, third, eps: jnp.cbrt(6 * eps * jnp.abs(value / third)),
            "",
            "This makes the two errors equal; the sum is least where their slopes are.",
        ),
        Wrong(
            lambda value, third, eps: jnp.cbrt(3 * eps * value / third),
            "",
            "A step has no sign.",
        ),
    ],
)
def best_central_step(value, third, eps):
    """h/3 |f'''| = eps |f| / h²;  hence h = (3 eps |f/f'''|)^(1/3)."""
    return jnp.cbrt(3 * eps * jnp.abs(value / third))


# ----- the complex step -----

TINY = 1e-30


@exercise(
    hints=[
        "`bump` works for complex numbers as it stands.",
        "h = 1e-30 is no problem: nothing is subtracted.",
        Hint("At 0 the slope is 1.", lambda: np.isclose(bump_slope(jnp.array(0.0)), 1.0)),
    ],
    wrong=[
        Wrong(
            lambda x: jnp.real(sheet.bump(jax.lax.complex(x, jnp.full_like(x, TINY)))) / TINY,
            "",
            "The slope is in the imaginary part.",
        ),
        Wrong(
            lambda x: jnp.imag(sheet.bump(jax.lax.complex(x, jnp.full_like(x, TINY)))) / (2 * TINY),
            "factor",
        ),
        Wrong(
            lambda x: (sheet.bump(x + 1e-5) - sheet.bump(x - 1e-5)) / 2e-5,
            "",
            "A central difference: it is off in the tenth digit, and that is seen.",
        ),
    ],
)
@derivative(of=sheet.bump, at=dict(x=reals()))
def bump_slope(x):
    """bump(x + ih) = bump(x) + ih bump'(x) - ...;  hence Im bump(x + ih) / h, with h² far below eps."""
    return jnp.imag(sheet.bump(jax.lax.complex(x, jnp.full_like(x, TINY)))) / TINY


def fools_the_complex_step(f):
    x, h, tiny = 1.0, 1e-5, 1e-20
    sides = [float(jnp.real(f(jnp.asarray(x + s)))) for s in (-2 * h, -h, 0.0, h, 2 * h)]
    if not np.all(np.isfinite(sides)):
        return "near x = 1 it is not finite"
    left, right = (sides[2] - sides[1]) / h, (sides[3] - sides[2]) / h
    if abs(left - right) > 1e-3 * max(1.0, abs(left)):
        return f"it has no slope at 1: {left:.4g} from the left, {right:.4g} from the right"
    slope = (8 * (sides[3] - sides[1]) - (sides[4] - sides[0])) / (12 * h)
    try:
        stepped = float(jnp.imag(f(jnp.asarray(complex(x, tiny))))) / tiny
    except TypeError as problem:
        return f"it cannot be asked at a complex number: {str(problem).splitlines()[0][:80]}"
    if abs(stepped - slope) < 1e-4 * max(1.0, abs(slope)):
        return f"the complex step finds its slope, {slope:.4g}"
    return None


@exercise(
    counterexample=fools_the_complex_step,
    any_shape=True,
    hints=[
        "The complex step needs a power series in x + ih. Which functions forget the angle?",
        Hint("|1 + ih| has no imaginary part.", lambda: float(jnp.imag(jnp.abs(1 + 1e-20j))) == 0),
        "`jnp.real` and `jnp.conj` are others.",
    ],
    wrong=[
        Wrong(lambda x: x**2, "the complex step finds its slope"),
        Wrong(lambda x: jnp.exp(x) * jnp.sin(x), "the complex step finds its slope"),
        Wrong(lambda x: jnp.abs(x - 1), "no slope at 1"),
        Wrong(lambda x: jnp.sqrt(x - 2), "not finite"),
    ],
)
def fooled(x):
    """|x + ih| is a length, and real: the imaginary part says 0, though |x| has the slope 1 at 1."""
    return jnp.abs(x)


# ----- checking a gradient -----

PAIRS = [
    (np.array([1.0, 2.0, -3.0]), np.array([1.0, 2.002, 3.0])),
    (np.array([1e-3, 0.0, 5.0, 0.0]), np.array([2e-3, 0.0, 5.0 + 5e-7, 1e-12])),
    (np.array([-2.0, 3.0, 0.5, -1.0]), np.array([-1.0, 0.0, 0.1, -4.0])),
]


@exercise(
    at=PAIRS,
    hints=[
        "|a - n| over the larger of |a| and |n|.",
        "0/0: put a 1 below where both are 0, `jnp.where` chooses.",
        Hint(
            "Entries of opposite sign and equal size have the relative error 2.",
            lambda: np.isclose(relative_errors(*PAIRS[0])[2], 2.0),
        ),
    ],
    wrong=[
        Wrong(
            lambda a, n: jnp.abs(a - n) / jnp.maximum(jnp.abs(a), jnp.abs(n)),
            "NaN",
        ),
        Wrong(
            lambda a, n: jnp.linalg.norm(a - n) / jnp.linalg.norm(n),
            "shape",
            "One number for all hides a small entry that is all wrong.",
        ),
        Wrong(
            lambda a, n: jnp.abs(a - n) / jnp.where(n == 0, 1.0, jnp.abs(n)),
            "",
            "The larger of the two is below: either may be it.",
        ),
        Wrong(
            lambda a, n: jnp.abs(a - n) / jnp.where(a == n, 1.0, jnp.maximum(a, n)),
            "",
            "Larger in size: of two negative numbers that is the other one.",
        ),
        Wrong(lambda a, n: jnp.abs(a - n), "", "Absolute errors depend on the scale of the loss."),
        Wrong(
            lambda a, n: jnp.abs(a - n) / jnp.where(a == n, 1.0, jnp.abs(a) + jnp.abs(n)),
            "",
            "Relative to the sum of the two: about half of what is asked for.",
        ),
    ],
)
def relative_errors(claimed, measured):
    """|a - n| / max(|a|, |n|), with 1 below where both are 0."""
    larger = jnp.maximum(jnp.abs(claimed), jnp.abs(measured))
    return jnp.abs(claimed - measured) / jnp.where(larger == 0, 1.0, larger)


@exercise(
    at=PAIRS,
    hints=[
        "Two conditions, both needed: `&` between two arrays of True and False.",
        Hint("`.astype(float)` makes 1 and 0 of them.", lambda: verdicts(*PAIRS[0])[0] == 0.0),
        "In the second pair the last entry is off by all of itself, which is 1e-12: noise.",
    ],
    wrong=[
        Wrong(
            lambda a, n: (relative_errors(a, n) > 1e-4).astype(float),
            "",
            "0 against 1e-12 is rounding, and it is called suspicious.",
        ),
        Wrong(
            lambda a, n: (jnp.abs(a - n) > 1e-9).astype(float),
            "",
            "5 against 5.0000005 agrees to seven digits, and it is called suspicious.",
        ),
        Wrong(
            lambda a, n: ((relative_errors(a, n) < 1e-4) | (jnp.abs(a - n) < 1e-9)).astype(float),
            "",
            "The other way round: these are the ones that pass.",
        ),
    ],
)
def verdicts(claimed, measured):
    """Suspicious is what is off in many digits and by more than noise: both, hence `&`."""
    off = jnp.abs(claimed - measured)
    return ((relative_errors(claimed, measured) > 1e-4) & (off > 1e-9)).astype(float)
