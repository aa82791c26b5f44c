"""How the exercises on gradients that go wrong are done, and where people go astray."""

import jax
import jax.numpy as jnp
import numpy as np

from lab import derivative
from lab.exercises import Hint, Wrong, beside, exercise
from lab.exercises.answer import NoAnswer, described, values_at

sheet = beside(__file__)


def left_and_far_right(key):
    """Where digits cancel, from -35 on, and where e^x overflows, up to 1000."""
    side, place = jax.random.split(key)
    t = jax.random.uniform(place)
    return (jnp.where(jax.random.bernoulli(side, 0.7), -35 * t, 1000 * t),)


@exercise(
    hints=[
        "The chain rule gives e^x / (1 + e^x). Which of its two parts overflows?",
        Hint(
            "Divide above and below by e^x: no number is left that is infinite over infinite.",
            lambda: jnp.isclose(softplus_slope(1.0), np.e / (1 + np.e)),
        ),
    ],
    wrong=[
        Wrong(lambda x: jnp.exp(x) / (1 + jnp.exp(x)), "unstable"),
        Wrong(lambda x: 1 - 1 / (1 + jnp.exp(x)), "unstable"),
        Wrong(
            lambda x: 1 / (1 + jnp.exp(x)),
            "",
            "This is the slope at -x: softplus is steep on the right.",
        ),
        Wrong(lambda x: -1 / (1 + jnp.exp(-x)), "sign"),
        Wrong(
            lambda x: jnp.where(x > 0, 1.0, 0.0).astype(x.dtype),
            "",
            "This is the slope of relu, which softplus only looks like from afar.",
        ),
    ],
)
@derivative(of=sheet.softplus, at=left_and_far_right)
def softplus_slope(x):
    """y = ln(1 + e^x):  dy = e^x dx / (1 + e^x);  hence 1/(1 + e^-x): far right 1/(1 + 0), far left
    1/∞, and never ∞/∞."""
    return 1 / (1 + jnp.exp(-x))


SIGNALS = [
    (np.array([1.0, 2.0]), 0.5, np.array([3.0, -1.0])),
    (np.array([-1.0, 4.0]), 2.0, np.array([0.5, 7.0])),
    (np.array([0.0, 1.0]), 0.0, np.array([1.0, 1.0])),
]


@exercise(
    at=SIGNALS,
    hints=[
        "Descent moves against what it is sent. What must it be sent to climb?",
        "The layer multiplies the cotangent by a number; x itself plays no part.",
        Hint(
            "With strength 0 nothing comes through.",
            lambda: jnp.allclose(reversal_pullback(*SIGNALS[2]), 0),
        ),
    ],
    wrong=[
        Wrong(lambda x, strength, cotangent: strength * cotangent, "sign"),
        Wrong(
            lambda x, strength, cotangent: -cotangent,
            "",
            "The climb is as fast as the descent: where is the strength?",
        ),
        Wrong(
            lambda x, strength, cotangent: cotangent,
            "",
            "This is what the identity sends back: forwards it is one, backwards it is not.",
        ),
        Wrong(
            lambda x, strength, cotangent: -strength * x,
            "",
            "This is a value; what is asked for is what becomes of the cotangent.",
        ),
        Wrong(lambda x, strength, cotangent: -strength, "shape"),
    ],
)
def reversal_pullback(x, strength, cotangent):
    """No derivative of x, which would be c, but a definition: descent goes along minus what is sent
    back;  hence -strength c, along which it climbs."""
    return -strength * cotangent


PLACES = [
    (np.array([3.0, 4.0]),),
    (np.zeros(3),),
    (np.array([0.2, 0.0, -0.1, 0.2]),),
    (np.array([-5.0, 12.0]),),
    (np.array([3e-9, -4e-9]),),
]


@exercise(
    at=PLACES,
    hints=[
        "With r² = x . x: 2r dr = 2x . dx.",
        "At 0 the length grows in all directions alike. Which vector points nowhere?",
        Hint(
            "Let x be divided by something that is not 0 even there: then it is 0.",
            lambda: jnp.allclose(length_gradient(np.zeros(3)), 0),
        ),
    ],
    wrong=[
        Wrong(lambda x: x / jnp.sqrt(x @ x), "NaN"),
        Wrong(jax.grad(sheet.length), "NaN"),
        Wrong(lambda x: x / jnp.sqrt(x @ x + 0.01), "", "This is the slope of a rounded cone."),
        Wrong(
            lambda x: x / (jnp.sqrt(x @ x) + 1e-8),
            "region",
            "However small it is, what is added below shortens vectors as small.",
        ),
        Wrong(lambda x: x, "", "This is the gradient of half the square of the length."),
        Wrong(lambda x: 2 * x, "", "This is the gradient of the square of the length."),
        Wrong(lambda x: -length_gradient(x), "sign"),
        Wrong(lambda x: jnp.sqrt(x @ x), "shape"),
    ],
)
def length_gradient(x):
    """r² = x . x:  dr = x . dx / r;  hence x/r.  At 0 every g with |g| ≤ 1 stays below, g . y ≤ |y|,
    and 0 is the one that prefers no direction."""
    r = jnp.sqrt(x @ x)
    return x / jnp.where(r > 0, r, 1.0)


def is_safe_root(f):
    x = np.array([-4.0, -1.0, -1e-3, 0.0, 1e-2, 0.25, 1.0, 9.0])
    above = x > 0
    heights = values_at(f, x)
    for at, height, right in zip(x, heights, np.sqrt(np.where(above, x, 0.0)), strict=True):
        if not np.isclose(height, right):
            return f"its value at {at:g} is {height:.4g}"
    steep = above * 0.5 / np.sqrt(np.where(above, x, 1.0))
    forwards = jax.vmap(lambda at: jax.jvp(f, (at,), (1.0,))[1])
    for way, slope_of in (("backwards", jax.vmap(jax.grad(f))), ("forwards", forwards)):
        for at, slope, right in zip(x, np.asarray(jax.jit(slope_of)(x)), steep, strict=True):
            if not np.isclose(slope, right):
                return f"its values are right, but {way} JAX finds the slope {slope:.4g} at {at:g}"
    return None


@exercise(
    counterexample=is_safe_root,
    hints=[
        Hint(
            "JAX takes the slopes of both branches, and 0 times nan is nan.",
            lambda: jnp.isnan(jax.grad(lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0))(-1.0)),
        ),
        Hint(
            "A root of max(x, 0) does not help: at 0 the slope of the root is infinite.",
            lambda: jnp.isinf(jax.grad(jnp.sqrt)(0.0)),
        ),
        "Let the root never see a number that is not positive: one `where` inside, one outside.",
    ],
    wrong=[
        Wrong(
            lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0), "backwards JAX finds the slope nan at -4"
        ),
        Wrong(lambda x: jnp.sqrt(jnp.maximum(x, 0.0)), "backwards JAX finds the slope nan at -4"),
        Wrong(
            lambda x: jnp.sqrt(jnp.where(x > 0, x, 0.0)), "forwards JAX finds the slope nan at -4"
        ),
        Wrong(lambda x: jnp.sqrt(jnp.where(x > 0, x, 1.0)), "its value at -4 is 1"),
        Wrong(lambda x: jnp.sqrt(jnp.abs(x)), "its value at -4 is 2"),
        Wrong(
            lambda x: jax.lax.stop_gradient(root_or_zero(x)),
            "backwards JAX finds the slope 0 at 0.01",
        ),
        Wrong(lambda x: jnp.sqrt(x) if x > 0 else 0.0, "an `if` cannot ask"),
    ],
)
def root_or_zero(x):
    """The branch not taken gets the cotangent 0, and 0 times its slope is nan where that is nan or
    ∞: so the root is given 1 there, whose slope is 1/2, and 0 · 1/2 = 0."""
    positive = x > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, x, 1.0)), 0.0)


# what it is called, the function, where, and the slopes left and right
TRIALS = [
    ("x²", lambda x: x**2, 1.0, 2.0, 2.0),
    ("sin x", jnp.sin, 2.0, np.cos(2.0), np.cos(2.0)),
    ("|x|", jnp.abs, 0.0, -1.0, 1.0),
    ("max(x, 0)", lambda x: jnp.maximum(x, 0.0), 0.0, 0.0, 1.0),
    ("min(x, 0)", lambda x: jnp.minimum(x, 0.0), 0.0, 1.0, 0.0),
    ("max(x², x)", lambda x: jnp.maximum(x**2, x), 1.0, 1.0, 2.0),
    ("-2|x - 3|", lambda x: -2 * jnp.abs(x - 3), 3.0, 2.0, -2.0),
]


def bears_corners(check):
    for name, f, x, left, right in TRIALS:
        low, high = sorted((left, right))
        claims = [(low + t * (high - low), True) for t in (0.0, 0.2, 0.5, 0.9, 1.0)]
        claims += [(low - off, False) for off in (0.05, 3.0)]
        claims += [(high + off, False) for off in (0.05, 3.0)]
        for claim, fair in claims:
            said = check(f, x, float(claim))
            if np.shape(said) or np.asarray(said).dtype != bool:
                raise NoAnswer(f"it returns {described(said)} where True or False is asked for")
            if bool(said) != fair:
                does = "accepts" if said else "refuses"
                return f"for {name} at {x:g} it {does} the slope {claim:.3g}"
    return None


def _sides(f, x, h=1e-6):
    return (f(x) - f(x - h)) / h, (f(x + h) - f(x)) / h


@exercise(
    counterexample=bears_corners,
    any_shape=True,
    hints=[
        "A central difference is the mean of both slopes: it sees no corner. Take one for each side.",
        Hint(
            "(f(x + h) - f(x)) / h with h = 1e-6 is off by about h f''/2 only.",
            lambda: np.allclose(_sides(jnp.sin, 2.0), np.cos(2.0), atol=1e-5),
        ),
        Hint(
            "At a concave corner the left slope is the greater one.",
            lambda: np.greater(*_sides(lambda x: -jnp.abs(x), 0.0)),
        ),
    ],
    wrong=[
        Wrong(
            lambda f, x, slope: abs((f(x + 1e-6) - f(x - 1e-6)) / 2e-6 - slope) < 1e-3,
            "for |x| at 0 it refuses the slope -1",
        ),
        Wrong(
            lambda f, x, slope: abs(jax.grad(f)(x) - slope) < 1e-3,
            "for |x| at 0 it refuses the slope -1",
        ),
        Wrong(
            lambda f, x, slope: _sides(f, x)[0] - 1e-3 < slope < _sides(f, x)[1] + 1e-3,
            "for min(x, 0) at 0 it refuses",
        ),
        Wrong(
            lambda f, x, slope: min(_sides(f, x)) <= slope <= max(_sides(f, x)),
            "it refuses the slope",
        ),
        Wrong(
            lambda f, x, slope: min(abs(side - slope) for side in _sides(f, x)) < 1e-3,
            "for |x| at 0 it refuses the slope -0.6",
        ),
        Wrong(
            lambda f, x, slope: abs(slope) < max(map(abs, _sides(f, x))) + 1e-3,
            "for x² at 1 it accepts the slope 1.95",
        ),
        Wrong(lambda f, x, slope: True, "for x² at 1 it accepts"),
        Wrong(lambda f, x, slope: _sides(f, x)[0], "True or False"),
    ],
)
def accepts(f, x, slope):
    """Each side has a slope of its own, (f(x ± h) - f(x)) / ±h up to O(h), and no value of one side
    enters that of the other;  hence fair is what is between the smaller and the greater one."""
    low, high = sorted(_sides(f, x))
    return bool(low - 1e-3 <= slope <= high + 1e-3)
