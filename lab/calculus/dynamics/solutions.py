"""Solutions written down: decay, growth, oscillation, heat, throws, option prices.

Where a differential equation has a formula for its solution, so has every sensitivity: how much the
answer at time t leans on where it started and on each rate. The formulas are what an integrator and
its derivatives are measured against.
"""

import math

import jax.numpy as jnp
from jax.numpy.linalg import eigh
from jax.scipy.stats import norm
from jaxtyping import Array, Float

from lab.calculus.matrices.exponential import exponential
from lab.derivation import gradient, hessian, jvp
from lab.domains import interval, nonnegative, nonzero, positive, reals, spd

Scalar = Float[Array, ""]

# ----- one number that decays, grows, swings -----


def decay(y0: Scalar, k: Scalar, t: Scalar) -> Scalar:
    """y' = -k y."""
    return y0 * jnp.exp(-k * t)


@gradient(of=decay, wrt=("y0", "k", "t"), at=dict(y0=reals(), k=nonnegative(), t=nonnegative()))
def decay_gradient(y0: Scalar, k: Scalar, t: Scalar) -> tuple[Scalar, Scalar, Scalar]:
    """y = y0 E, E = e^(-k t):  dy = E dy0 - y (t dk + k dt);  hence (E, -t y, -k y)."""
    fallen = jnp.exp(-k * t)
    return fallen, -t * y0 * fallen, -k * y0 * fallen


def forced_decay(y0: Scalar, k: Scalar, u: Scalar, t: Scalar) -> Scalar:
    """y' = -k y + u: from y0 towards u / k; a forced linear ODE."""
    return y0 * jnp.exp(-k * t) - u * jnp.expm1(-k * t) / k


@gradient(
    of=forced_decay,
    wrt=("y0", "k", "u", "t"),
    at=dict(y0=reals(), k=positive(), u=reals(), t=nonnegative()),
)
def forced_decay_gradient(
    y0: Scalar, k: Scalar, u: Scalar, t: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """y = y0 E + u G, E = e^(-k t), G = (1 - E)/k:  dE = -E (t dk + k dt), and k G = 1 - E gives
    dG = (t E - G)/k dk + E dt;  hence (E, -y0 t E + u (t E - G)/k, G, (u - k y0) E)."""
    fallen, filled = jnp.exp(-k * t), -jnp.expm1(-k * t) / k
    for_k = -y0 * t * fallen + u * (t * fallen - filled) / k
    return fallen, for_k, filled, (u - k * y0) * fallen


def logistic_growth(y0: Scalar, K: Scalar, r: Scalar, t: Scalar) -> Scalar:
    """y' = r y (1 - y/K): K / (1 + c e^(-r t)) with c = (K - y0)/y0, without the differences."""
    left = jnp.exp(-r * t)
    return K * y0 / (K * left - y0 * jnp.expm1(-r * t))


@gradient(
    of=logistic_growth,
    wrt=("y0", "K", "r", "t"),
    at=dict(y0=positive(), K=positive(), r=positive(), t=nonnegative()),
)
def logistic_growth_gradient(
    y0: Scalar, K: Scalar, r: Scalar, t: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """1/y = E/y0 + (1 - E)/K with E = e^(-r t), so 1/y moves along a line:
    dy = y² (E dy0/y0² + (1 - E) dK/K² - (1/y0 - 1/K) dE), dE = -E (t dr + r dt);  hence, with
    a = y²/y0² E and b = y²/K² (1 - E):  (a, b, t c, r c), c = a (K - y0) y0/K = y (1 - y/K)."""
    left = jnp.exp(-r * t)
    below = K * left - y0 * jnp.expm1(-r * t)
    for_start, for_limit = (K / below) ** 2 * left, -((y0 / below) ** 2) * jnp.expm1(-r * t)
    bend = for_start * y0 * ((K - y0) / K)
    return for_start, for_limit, t * bend, r * bend


def distance_to_goal(T: Scalar, goal: Scalar, y0: Scalar, K: Scalar, r: Scalar) -> Scalar:
    """L(y(T)) = (y(T) - goal)²/2 of the logistic growth."""
    return (logistic_growth(y0, K, r, T) - goal) ** 2 / 2


@gradient(
    of=distance_to_goal,
    wrt=("T", "goal"),
    at=dict(T=positive(), goal=reals(), y0=positive(), K=positive(), r=positive()),
)
def final_time_gradient(
    T: Scalar, goal: Scalar, y0: Scalar, K: Scalar, r: Scalar
) -> tuple[Scalar, Scalar]:
    """A longer time lets the solution run on at its own speed, dy(T) = f(y(T)) dT;
    hence dL/dT = L'(y) f(y) = (y - goal) r y (1 - y/K), and goal - y for the goal."""
    left = jnp.exp(-r * T)
    below = K * left - y0 * jnp.expm1(-r * T)
    y = K * y0 / below
    room = (K - y0) * left / below
    return (y - goal) * r * y * room, goal - y


def oscillator(x0: Scalar, v0: Scalar, w: Scalar, t: Scalar) -> Scalar:
    """x'' = -w² x from x0 with speed v0, a harmonic oscillator."""
    return x0 * jnp.cos(w * t) + v0 / w * jnp.sin(w * t)


SWING = dict(x0=reals(), v0=reals(), w=nonzero(), t=interval(-10, 10))


@gradient(of=oscillator, wrt=("x0", "v0", "w", "t"), at=SWING)
def oscillator_gradient(
    x0: Scalar, v0: Scalar, w: Scalar, t: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar]:
    """x = x0 cos a + v0 sin(a)/w, a = w t:  dx = cos a dx0 + sin(a)/w dv0 - v0 sin(a)/w² dw
    + v da/w with v = -x0 w sin a + v0 cos a, da = t dw + w dt;
    hence (cos a, sin(a)/w, (t v - v0 sin(a)/w)/w, v)."""
    c, s = jnp.cos(w * t), jnp.sin(w * t)
    v = -x0 * w * s + v0 * c
    return c, s / w, -x0 * t * s + v0 / w * (t * c - s / w), v


@hessian(of=oscillator, wrt="t", at=SWING)
def oscillator_acceleration(x0: Scalar, v0: Scalar, w: Scalar, t: Scalar) -> Scalar:
    """x' = -x0 w sin wt + v0 cos wt, and each derivative brings one more w;
    hence x'' = -x0 w² cos wt - v0 w sin wt = -w² x, the equation itself."""
    return -w * (x0 * w * jnp.cos(w * t) + v0 * jnp.sin(w * t))


# ----- systems: the exponential of a matrix -----


def linear_system(y0: Float[Array, " n"], A: Float[Array, "n n"], t: Scalar) -> Float[Array, " n"]:
    """y' = A y: e^(t A) y0."""
    return exponential(t * A) @ y0


SYSTEM = dict(y0=reals("n"), A=interval(-1, 1, "n n"), t=interval(0, 2))


@jvp(of=linear_system, wrt=("y0", "t"), at=SYSTEM)
def linear_system_jvp(
    y0: Float[Array, " n"],
    A: Float[Array, "n n"],
    t: Scalar,
    tangent: tuple[Float[Array, " n"], Scalar],
) -> Float[Array, " n"]:
    """A commutes with e^(t A), so d e^(t A) = A e^(t A) dt;  hence e^(t A) (dy0 + A y0 dt): a
    disturbance of the start moves along as a solution does."""
    dy0, dt = tangent
    return exponential(t * A) @ (dy0 + A @ y0 * dt)


def distance_covered(y0: Float[Array, " n"], A: Float[Array, "n n"], t: Scalar) -> Scalar:
    """L = |y(t)|²/2 for y' = A y."""
    y = linear_system(y0, A, t)
    return y @ y / 2


# for t A of norm 8 JAX's derivative of expm is itself only good to 1e-10
@gradient(of=distance_covered, wrt=("y0", "A"), at=SYSTEM | dict(t=interval(0, 1)))
def continuous_adjoint_gradient(
    y0: Float[Array, " n"], A: Float[Array, "n n"], t: Scalar
) -> tuple[Float[Array, " n"], Float[Array, "n n"]]:
    """Let λ' = -Aᵀ λ, λ(t) = y(t). A disturbance obeys δ' = A δ + dA y, so (λᵀ δ)' = λᵀ dA y and
    dL = λ(t)ᵀ δ(t) = λ(0)ᵀ dy0 + ∫ λᵀ dA y (Chen et al. 2018, neural ODEs);  hence λ(0) and
    ∫ λ yᵀ = ∫ e^((t-s) Aᵀ) y(t) y0ᵀ e^(s Aᵀ) ds, a block of one exponential (Van Loan 1978)."""
    n = y0.size
    last = linear_system(y0, A, t)
    # the two carry their sizes beside the exponential, which would be rounded relative to them
    size = 1 + jnp.linalg.norm(last) * jnp.linalg.norm(y0)
    both = jnp.block([[A.T, jnp.outer(last, y0) / size], [jnp.zeros_like(A), A.T]])
    grown = exponential(t * both)
    return grown[:n, :n] @ last, size * grown[:n, n:]


def quadratic_flow(x0: Float[Array, " n"], H: Float[Array, "n n"], t: Scalar) -> Scalar:
    """f(x(t)) for f = xᵀ H x / 2 and x' = -grad f = -H x: the height along a gradient flow."""
    w, V = eigh(H)
    x = V @ (jnp.exp(-t * w) * (V.T @ x0))
    return x @ H @ x / 2


@gradient(of=quadratic_flow, wrt=("x0", "t"), at=dict(x0=reals("n"), H=spd("n"), t=interval(0, 2)))
def quadratic_flow_gradient(
    x0: Float[Array, " n"], H: Float[Array, "n n"], t: Scalar
) -> tuple[Float[Array, " n"], Scalar]:
    """x = e^(-t H) x0, dx = e^(-t H) dx0 - H x dt, df = (H x).dx;  hence e^(-t H) H x for the
    start, and -|H x|² = -|grad f|² for the time: a gradient flow never rises."""
    w, V = eigh(H)
    shrink = jnp.exp(-t * w)
    slope = V @ (w * shrink * (V.T @ x0))
    return V @ (shrink * (V.T @ slope)), -slope @ slope


def carried_log_density(z0: Float[Array, " n"], A: Float[Array, "n n"], t: Scalar) -> Scalar:
    """ln p at z(t), where z' = A z carries standard normal points: ln p(z0) - ln det e^(t A).

    A continuous flow: Liouville's equation.
    """
    start = -z0 @ z0 / 2 - z0.size * math.log(2 * math.pi) / 2
    return start - jnp.linalg.slogdet(exponential(t * A))[1]


@gradient(
    of=carried_log_density,
    wrt="t",
    at=dict(z0=reals("n"), A=interval(-1, 1, "n n"), t=interval(0, 1)),
)
def carried_log_density_rate(z0: Float[Array, " n"], A: Float[Array, "n n"], t: Scalar) -> Scalar:
    """Liouville: p z-volume is carried along, and a small volume grows at the rate Tr f_z, as
    d ln det M = Tr M⁻¹ dM with dM = f_z M dt;  hence d ln p(z(t))/dt = -Tr f_z = -Tr A."""
    return -jnp.trace(A)


# ----- heat, and throws -----


def heat_mode(x: Scalar, t: Scalar, k: Scalar) -> Scalar:
    """One wave, a Fourier mode, of the heat equation u_t = u_xx."""
    return jnp.exp(-(k**2) * t) * jnp.sin(k * x)


HEAT = dict(x=interval(-10, 10), t=nonnegative(), k=interval(-5, 5))


@gradient(of=heat_mode, wrt=("x", "t"), at=HEAT)
def heat_mode_gradient(x: Scalar, t: Scalar, k: Scalar) -> tuple[Scalar, Scalar]:
    """du = e^(-k² t) (k cos kx dx - k² sin kx dt);  hence (k e^(-k² t) cos kx, -k² u): what is
    twice as fine fades four times as fast."""
    fallen = jnp.exp(-(k**2) * t)
    return k * fallen * jnp.cos(k * x), -(k**2) * fallen * jnp.sin(k * x)


@hessian(of=heat_mode, wrt="x", at=HEAT)
def heat_mode_curvature(x: Scalar, t: Scalar, k: Scalar) -> Scalar:
    """u_x = k e^(-k² t) cos kx;  hence u_xx = -k² u, which is u_t."""
    return -(k**2) * jnp.exp(-(k**2) * t) * jnp.sin(k * x)


def fall(t: Scalar, x0: Scalar, v0: Scalar, a: Scalar) -> Scalar:
    """x'' = a: the place after the time t; kinematics."""
    return x0 + v0 * t + a * t**2 / 2


THROW = dict(t=reals(), x0=reals(), v0=reals(), a=reals())


@gradient(of=fall, wrt="t", at=THROW)
def fall_velocity(t: Scalar, x0: Scalar, v0: Scalar, a: Scalar) -> Scalar:
    """dx = (v0 + a t) dt;  hence v = x' = v0 + a t."""
    return v0 + a * t


@hessian(of=fall, wrt="t", at=THROW)
def fall_acceleration(t: Scalar, x0: Scalar, v0: Scalar, a: Scalar) -> Scalar:
    """v = v0 + a t;  hence x'' = a."""
    return a


def projectile_range(angle: Scalar, speed: Scalar, g: Scalar) -> Scalar:
    """How far a throw goes on level ground: v² sin(2θ)/g. Kinematics."""
    return speed**2 * jnp.sin(2 * angle) / g


@gradient(
    of=projectile_range,
    wrt=("angle", "speed", "g"),
    at=dict(angle=interval(0, jnp.pi / 2), speed=nonnegative(), g=positive()),
)
def projectile_range_gradient(
    angle: Scalar, speed: Scalar, g: Scalar
) -> tuple[Scalar, Scalar, Scalar]:
    """dR = (2 v² cos 2θ dθ + 2 v sin 2θ dv)/g - v² sin 2θ dg/g²;  hence 2 v² cos(2θ)/g for the
    angle, which vanishes at 45 degrees, 2 v sin(2θ)/g for the speed, -v² sin(2θ)/g² for g."""
    s = jnp.sin(2 * angle)
    return 2 * speed**2 * jnp.cos(2 * angle) / g, 2 * speed * s / g, -((speed / g) ** 2) * s


# ----- prices that wander -----


def wandering_price(S0: Scalar, m: Scalar, s: Scalar, T: Scalar, z: Scalar) -> Scalar:
    """Geometric Brownian motion dS = m S dt + s S dW along one path, W(T) = √T z."""
    return S0 * jnp.exp((m - s**2 / 2) * T + s * jnp.sqrt(T) * z)


@gradient(
    of=wandering_price,
    wrt=("S0", "m", "s"),
    at=dict(S0=positive(), m=interval(-1, 1), s=interval(0, 2), T=interval(0, 4), z=reals()),
)
def wandering_price_gradient(
    S0: Scalar, m: Scalar, s: Scalar, T: Scalar, z: Scalar
) -> tuple[Scalar, Scalar, Scalar]:
    """With z held, dS/S = dS0/S0 + T dm + (√T z - s T) ds, the pathwise derivative;
    hence (S/S0, T S, (√T z - s T) S)."""
    grown = jnp.exp((m - s**2 / 2) * T + s * jnp.sqrt(T) * z)
    S = S0 * grown
    return grown, T * S, (jnp.sqrt(T) * z - s * T) * S


def _odds(S: Scalar, K: Scalar, r: Scalar, s: Scalar, T: Scalar) -> tuple[Scalar, Scalar]:
    """d1 and d2 = d1 - s √T of Black and Scholes (1973)."""
    spread = s * jnp.sqrt(T)
    d1 = (jnp.log(S / K) + r * T) / spread + spread / 2
    return d1, d1 - spread


def call_price(S: Scalar, K: Scalar, r: Scalar, s: Scalar, T: Scalar) -> Scalar:
    """What the right to buy at K after the time T is worth: S Φ(d1) - K e^(-r T) Φ(d2).

    The Black-Scholes price of a call.
    """
    d1, d2 = _odds(S, K, r, s, T)
    return S * norm.cdf(d1) - K * jnp.exp(-r * T) * norm.cdf(d2)


OPTION = dict(
    S=interval(0.5, 2),
    K=interval(0.5, 2),
    r=interval(0, 0.2),
    s=interval(0.1, 1),
    T=interval(0.1, 4),
)


@gradient(of=call_price, wrt=("S", "K", "r", "s", "T"), at=OPTION)
def call_price_gradient(
    S: Scalar, K: Scalar, r: Scalar, s: Scalar, T: Scalar
) -> tuple[Scalar, Scalar, Scalar, Scalar, Scalar]:
    """S φ(d1) = K e^(-rT) φ(d2), so dC = Φ(d1) dS - e^(-rT) Φ(d2) (dK - K (r dT + T dr))
    + S φ(d1) (dd1 - dd2), d1 - d2 = s √T;  hence delta Φ(d1), -e^(-rT) Φ(d2) for the strike,
    rho K T e^(-rT) Φ(d2), vega S φ(d1) √T, and S φ(d1) s/2√T + r K e^(-rT) Φ(d2) for the time."""
    d1, d2 = _odds(S, K, r, s, T)
    paid = jnp.exp(-r * T) * norm.cdf(d2)
    vega = S * norm.pdf(d1) * jnp.sqrt(T)
    return norm.cdf(d1), -paid, K * T * paid, vega, vega * s / (2 * T) + r * K * paid


@hessian(of=call_price, wrt="S", at=OPTION)
def call_price_gamma(S: Scalar, K: Scalar, r: Scalar, s: Scalar, T: Scalar) -> Scalar:
    """delta = Φ(d1), dd1 = dS/(S s √T);  hence φ(d1)/(S s √T). The gamma of Black and Scholes."""
    return norm.pdf(_odds(S, K, r, s, T)[0]) / (S * s * jnp.sqrt(T))
