"""Moré, Garbow and Hillstrom 8 to 12 and 15 to 19: curves fitted to data, mostly exponentials.

Residuals with their Jacobians by hand, a column for each parameter; the loss is the sum of their
squares (`least_squares`). Moré, Garbow and Hillstrom (1981), section 3, by number. Three data of
later collections are misprints and stand here as in the paper: y₁₂ = 0.96 of Bard, u₉ = 0.0833 of
Kowalik and Osborne, t = 10 (i - 1) of Osborne 1.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.landscapes.least_squares import LeastSquares
from lab.derivation import jacobian
from lab.domains import positive, reals

Vector = Float[Array, " n"]
Residuals = Float[Array, " m"]
Jacobian = Float[Array, "m n"]


def _columns(*columns: Residuals) -> Jacobian:
    return jnp.stack(columns, axis=1)


def _grid(x: Vector, count: int, first: float = 1.0, step: float = 1.0) -> Residuals:
    """``first``, ``first + step``, ...: ``count`` numbers in the dtype of x."""
    return first + step * jnp.arange(count, dtype=x.dtype)


# fmt: off
BARD = (0.14, 0.18, 0.22, 0.25, 0.29, 0.32, 0.35, 0.39, 0.37, 0.58, 0.73, 0.96, 1.34, 2.10, 4.39)
GAUSSIAN = (0.0009, 0.0044, 0.0175, 0.0540, 0.1295, 0.2420, 0.3521, 0.3989)
MEYER = (34780, 28610, 23650, 19630, 16370, 13720, 11540, 9744, 8261, 7030, 6005, 5147, 4427,
         3820, 3307, 2872)
KOWALIK_OSBORNE = (0.1957, 0.1947, 0.1735, 0.1600, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323,
                   0.0235, 0.0246)
CONCENTRATIONS = (4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625)
OSBORNE_1 = (0.844, 0.908, 0.932, 0.936, 0.925, 0.908, 0.881, 0.850, 0.818, 0.784, 0.751, 0.718,
             0.685, 0.658, 0.628, 0.603, 0.580, 0.558, 0.538, 0.522, 0.506, 0.490, 0.478, 0.467,
             0.457, 0.448, 0.438, 0.431, 0.424, 0.420, 0.414, 0.411, 0.406)
OSBORNE_2 = (1.366, 1.191, 1.112, 1.013, 0.991, 0.885, 0.831, 0.847, 0.786, 0.725, 0.746, 0.679,
             0.608, 0.655, 0.616, 0.606, 0.602, 0.626, 0.651, 0.724, 0.649, 0.649, 0.694, 0.644,
             0.624, 0.661, 0.612, 0.558, 0.533, 0.495, 0.500, 0.423, 0.395, 0.375, 0.372, 0.391,
             0.396, 0.405, 0.428, 0.429, 0.523, 0.562, 0.607, 0.653, 0.672, 0.708, 0.633, 0.668,
             0.645, 0.632, 0.591, 0.559, 0.597, 0.625, 0.739, 0.710, 0.729, 0.720, 0.636, 0.581,
             0.428, 0.292, 0.162, 0.098, 0.054)
# fmt: on


def bard_residuals(x: Float[Array, " 3"]) -> Residuals:
    """yᵢ - (x₁ + u / (v x₂ + w x₃)),  u = i, v = 16 - i, w = min(u, v)"""
    u = _grid(x, 15)
    v, w = 16 - u, jnp.minimum(u, 16 - u)
    return jnp.array(BARD, x.dtype) - (x[0] + u / (v * x[1] + w * x[2]))


@jacobian(of=bard_residuals, at=dict(x=positive("3")))
def bard_jacobian(x: Float[Array, " 3"]) -> Jacobian:
    """q = v x₂ + w x₃;  d(-x₁ - u/q) = -dx₁ + u/q² (v dx₂ + w dx₃);  hence the columns."""
    u = _grid(x, 15)
    v, w = 16 - u, jnp.minimum(u, 16 - u)
    q = v * x[1] + w * x[2]
    return _columns(-jnp.ones_like(u), u * v / q**2, u * w / q**2)


def gaussian_residuals(x: Float[Array, " 3"]) -> Residuals:
    """x₁ exp(-x₂ (tᵢ - x₃)² / 2) - yᵢ,  t = 3.5, 3, ..., -3.5"""
    t = _grid(x, 15, 3.5, -0.5)
    y = jnp.array((*GAUSSIAN, *GAUSSIAN[-2::-1]), x.dtype)
    return x[0] * jnp.exp(-x[1] * (t - x[2]) ** 2 / 2) - y


@jacobian(of=gaussian_residuals, at=dict(x=reals("3")))
def gaussian_jacobian(x: Float[Array, " 3"]) -> Jacobian:
    """e = exp(-x₂ s²/2), s = t - x₃;  d(x₁ e) = e dx₁ - x₁ e s²/2 dx₂ + x₁ e x₂ s dx₃;
    hence the columns.
    """
    s = _grid(x, 15, 3.5, -0.5) - x[2]
    e = jnp.exp(-x[1] * s**2 / 2)
    return _columns(e, -x[0] * e * s**2 / 2, x[0] * e * x[1] * s)


def meyer_residuals(x: Float[Array, " 3"]) -> Residuals:
    """x₁ exp(x₂ / (tᵢ + x₃)) - yᵢ,  t = 50, 55, ..., 125"""
    return x[0] * jnp.exp(x[1] / (_grid(x, 16, 50, 5) + x[2])) - jnp.array(MEYER, x.dtype)


@jacobian(of=meyer_residuals, at=dict(x=positive("3")))
def meyer_jacobian(x: Float[Array, " 3"]) -> Jacobian:
    """e = exp(x₂/q), q = t + x₃;  d(x₁ e) = e dx₁ + x₁ e (dx₂/q - x₂ dx₃/q²);
    hence the columns.
    """
    q = _grid(x, 16, 50, 5) + x[2]
    e = jnp.exp(x[1] / q)
    return _columns(e, x[0] * e / q, -x[0] * e * x[1] / q**2)


def gulf_residuals(x: Float[Array, " 3"]) -> Residuals:
    """exp(-|yᵢ - x₂|^x₃ / x₁) - tᵢ,  t = 0.01, ..., 0.99,  y = 25 + (-50 ln t)^(2/3)

    The paper prints "m i x₂" for yᵢ - x₂, with which its own minimum is none.
    """
    t = _grid(x, 99) / 100
    y = 25 + (-50 * jnp.log(t)) ** (2 / 3)
    return jnp.exp(-(jnp.abs(y - x[1]) ** x[2]) / x[0]) - t


@jacobian(of=gulf_residuals, at=dict(x=positive("3")))
def gulf_jacobian(x: Float[Array, " 3"]) -> Jacobian:
    """p = |s|^x₃ / x₁, s = y - x₂;  ln p = x₃ ln|s| - ln x₁, so dp = p (ln|s| dx₃ - x₃ dx₂/s -
    dx₁/x₁), and d e⁻ᵖ = -e⁻ᵖ dp;  hence the columns. p e⁻ᵖ is taken as exp(ln p - p), which
    vanishes where p overflows.
    """
    t = _grid(x, 99) / 100
    s = 25 + (-50 * jnp.log(t)) ** (2 / 3) - x[1]
    log_p = x[2] * jnp.log(jnp.abs(s)) - jnp.log(x[0])
    pull = jnp.exp(log_p - jnp.exp(log_p))
    return _columns(pull / x[0], pull * x[2] / s, -pull * jnp.log(jnp.abs(s)))


def box_residuals(x: Float[Array, " 3"]) -> Residuals:
    """e^(-t x₁) - e^(-t x₂) - x₃ (e^-t - e^-10t),  t = 0.1, 0.2, ..., 1.

    Box's three-dimensional problem (3-D).
    """
    t = _grid(x, 10) / 10
    return jnp.exp(-t * x[0]) - jnp.exp(-t * x[1]) - x[2] * (jnp.exp(-t) - jnp.exp(-10 * t))


@jacobian(of=box_residuals, at=dict(x=reals("3")))
def box_jacobian(x: Float[Array, " 3"]) -> Jacobian:
    """d e^(-tx) = -t e^(-tx) dx, and x₃ enters linearly;  hence the columns."""
    t = _grid(x, 10) / 10
    shape = jnp.exp(-10 * t) - jnp.exp(-t)
    return _columns(-t * jnp.exp(-t * x[0]), t * jnp.exp(-t * x[1]), shape)


def kowalik_osborne_residuals(x: Float[Array, " 4"]) -> Residuals:
    """yᵢ - x₁ (u² + u x₂) / (u² + u x₃ + x₄)"""
    u = jnp.array(CONCENTRATIONS, x.dtype)
    y = jnp.array(KOWALIK_OSBORNE, x.dtype)
    return y - x[0] * (u**2 + u * x[1]) / (u**2 + u * x[2] + x[3])


@jacobian(of=kowalik_osborne_residuals, at=dict(x=positive("4")))
def kowalik_osborne_jacobian(x: Float[Array, " 4"]) -> Jacobian:
    """p = u² + u x₂, q = u² + u x₃ + x₄;  d(-x₁ p/q) = -p/q dx₁ - x₁ u/q dx₂ + x₁ p/q² (u dx₃ +
    dx₄);  hence the columns.
    """
    u = jnp.array(CONCENTRATIONS, x.dtype)
    p, q = u**2 + u * x[1], u**2 + u * x[2] + x[3]
    pull = x[0] * (p / q) / q
    return _columns(-p / q, -x[0] * u / q, u * pull, pull)


def brown_dennis_residuals(x: Float[Array, " 4"]) -> Residuals:
    """(x₁ + t x₂ - e^t)² + (x₃ + x₄ sin t - cos t)²,  t = 0.2, 0.4, ..., 4"""
    t = _grid(x, 20) / 5
    return (x[0] + t * x[1] - jnp.exp(t)) ** 2 + (x[2] + x[3] * jnp.sin(t) - jnp.cos(t)) ** 2


@jacobian(of=brown_dennis_residuals, at=dict(x=reals("4")))
def brown_dennis_jacobian(x: Float[Array, " 4"]) -> Jacobian:
    """d(a² + b²) = 2a (dx₁ + t dx₂) + 2b (dx₃ + sin t dx₄);  hence the columns."""
    t = _grid(x, 20) / 5
    a, b = x[0] + t * x[1] - jnp.exp(t), x[2] + x[3] * jnp.sin(t) - jnp.cos(t)
    return _columns(2 * a, 2 * a * t, 2 * b, 2 * b * jnp.sin(t))


def osborne_1_residuals(x: Float[Array, " 5"]) -> Residuals:
    """yᵢ - (x₁ + x₂ e^(-t x₄) + x₃ e^(-t x₅)),  t = 0, 10, ..., 320"""
    t = _grid(x, 33, 0, 10)
    fitted = x[0] + x[1] * jnp.exp(-t * x[3]) + x[2] * jnp.exp(-t * x[4])
    return jnp.array(OSBORNE_1, x.dtype) - fitted


@jacobian(of=osborne_1_residuals, at=dict(x=reals("5")))
def osborne_1_jacobian(x: Float[Array, " 5"]) -> Jacobian:
    """d(-x₂ e^(-t x₄)) = -e^(-t x₄) (dx₂ - x₂ t dx₄), likewise x₃ and x₅;  hence the columns."""
    t = _grid(x, 33, 0, 10)
    a, b = jnp.exp(-t * x[3]), jnp.exp(-t * x[4])
    return _columns(-jnp.ones_like(t), -a, -b, t * x[1] * a, t * x[2] * b)


def biggs_residuals(x: Float[Array, " 6"]) -> Residuals:
    """x₃ e^(-t x₁) - x₄ e^(-t x₂) + x₆ e^(-t x₅) - (e^-t - 5 e^-10t + 3 e^-4t),
    t = 0.1, ..., 1.3. Biggs' EXP6.
    """
    t = _grid(x, 13) / 10
    y = jnp.exp(-t) - 5 * jnp.exp(-10 * t) + 3 * jnp.exp(-4 * t)
    first, second, third = jnp.exp(-t * x[0]), jnp.exp(-t * x[1]), jnp.exp(-t * x[4])
    return x[2] * first - x[3] * second + x[5] * third - y


@jacobian(of=biggs_residuals, at=dict(x=reals("6")))
def biggs_jacobian(x: Float[Array, " 6"]) -> Jacobian:
    """Each term c e^(-tx) has d = e^(-tx) (dc - c t dx);  hence the columns, pair by pair."""
    t = _grid(x, 13) / 10
    a, b, c = jnp.exp(-t * x[0]), jnp.exp(-t * x[1]), jnp.exp(-t * x[4])
    return _columns(-t * x[2] * a, t * x[3] * b, a, -b, -t * x[5] * c, c)


def osborne_2_residuals(x: Float[Array, " 11"]) -> Residuals:
    """yᵢ - (x₁ e^(-t x₅) + Σ xₖ exp(-(t - xₖ₊₇)² xₖ₊₄)), k = 2, 3, 4,  t = 0, 0.1, ..., 6.4"""
    t = _grid(x, 65, 0, 1) / 10
    bumps = x[1:4] * jnp.exp(-((t[:, None] - x[8:]) ** 2) * x[5:8])
    return jnp.array(OSBORNE_2, x.dtype) - x[0] * jnp.exp(-t * x[4]) - bumps.sum(axis=1)


@jacobian(of=osborne_2_residuals, at=dict(x=reals("11")))
def osborne_2_jacobian(x: Float[Array, " 11"]) -> Jacobian:
    """A bump c e, e = exp(-w s²) with s = t - p, has d(c e) = e dc - c e s² dw + 2 c e w s dp, and
    the decay as in `osborne_1_jacobian`;  hence the columns, decay, heights, rate, widths, places.
    """
    t = _grid(x, 65, 0, 1) / 10
    decay, s = jnp.exp(-t * x[4]), t[:, None] - x[8:]
    e = jnp.exp(-(s**2) * x[5:8])
    ce = x[1:4] * e
    amplitudes = jnp.concatenate([-decay[:, None], -e, (t * x[0] * decay)[:, None]], axis=1)
    return jnp.concatenate([amplitudes, ce * s**2, -2 * ce * x[5:8] * s], axis=1)


# fmt: off
PROBLEMS = (
    LeastSquares(8, "bard", bard_residuals, bard_jacobian, (1.0, 1.0, 1.0), 8.21487731e-3,
                 (17.4286933,)),
    LeastSquares(9, "gaussian", gaussian_residuals, gaussian_jacobian, (0.4, 1.0, 0.0),
                 1.12793277e-8),
    LeastSquares(10, "meyer", meyer_residuals, meyer_jacobian, (0.02, 4000.0, 250.0), 87.9458552),
    LeastSquares(11, "gulf", gulf_residuals, gulf_jacobian, (5.0, 2.5, 0.15), 0.0),
    LeastSquares(12, "box", box_residuals, box_jacobian, (0.0, 10.0, 20.0), 0.0),
    LeastSquares(15, "kowalik_osborne", kowalik_osborne_residuals, kowalik_osborne_jacobian,
                 (0.25, 0.39, 0.415, 0.39), 3.07505604e-4),
    LeastSquares(16, "brown_dennis", brown_dennis_residuals, brown_dennis_jacobian,
                 (25.0, 5.0, -5.0, -1.0), 85822.2016),
    LeastSquares(17, "osborne_1", osborne_1_residuals, osborne_1_jacobian,
                 (0.5, 1.5, -1.0, 0.01, 0.02), 5.46489470e-5),
    LeastSquares(18, "biggs", biggs_residuals, biggs_jacobian, (1.0, 2.0, 1.0, 1.0, 1.0, 1.0),
                 0.0, (5.65564992e-3,)),
    LeastSquares(19, "osborne_2", osborne_2_residuals, osborne_2_jacobian,
                 (1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5), 4.01377363e-2),
)
