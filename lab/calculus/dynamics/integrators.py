"""Steps that follow a differential equation, and derivatives carried along with them.

A step is a function of where it starts, so its derivative is a matrix, and a walk of steps is a
product of such matrices. Multiplied from the right, with the steps, they carry sensitivities
forwards, S' = f_y S + f_θ; from the left, against the steps, adjoints backwards, λ' = -f_yᵀ λ.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.numpy.linalg import inv
from jaxtyping import Array, Float

from lab.calculus.implicit.roots_and_fixed_points import balance_root
from lab.derivation import derivative, gradient, identity, jacobian, vjp
from lab.domains import interval, nonnegative, positive, reals, spd

Scalar = Float[Array, ""]
State = Float[Array, "..."]  # of any shape, with its sensitivities beside it or without
Field = Callable[[State], State]

# ----- steps of any field y' = f(y) -----


def euler_step(f: Field, y: State, h: Scalar) -> State:
    """Along the tangent: an error of order h² a step."""
    return y + h * f(y)


def midpoint_step(f: Field, y: State, h: Scalar) -> State:
    """Along the slope half a step ahead: an error of order h³ a step."""
    return y + h * f(y + h / 2 * f(y))


def rk4_step(f: Field, y: State, h: Scalar) -> State:
    """The four slopes of Runge and Kutta (1901): an error of order h⁵ a step."""
    k1 = f(y)
    k2 = f(y + h / 2 * k1)
    k3 = f(y + h / 2 * k2)
    k4 = f(y + h * k3)
    return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


STEPS = {"euler": euler_step, "midpoint": midpoint_step, "rk4": rk4_step}
ORDER = {"euler": 1, "midpoint": 2, "rk4": 4}


def walk(method: str, f: Field, y: State, h: Scalar, steps: int) -> Float[Array, "k n"]:
    """The states after 0, 1, ..., ``steps`` steps of a method of ``STEPS``."""

    def advance(y: State, _: None) -> tuple[State, State]:
        return STEPS[method](f, y, h), y

    last, before = jax.lax.scan(advance, y, length=steps)
    return jnp.concatenate([before, last[None]])


def rk4_growth(z: Scalar) -> Scalar:
    """One step of ``rk4_step`` from 1 along y' = l y, with z = h l. RK4 on y' = l y."""
    return rk4_step(lambda y: z * y, jnp.ones((1,), z.dtype), jnp.ones_like(z))[0]


@derivative(of=rk4_growth, at=dict(z=reals()))
def rk4_growth_derivative(z: Scalar) -> Scalar:
    """k1 = z, k2 = z (1 + k1/2), k3 = z (1 + k2/2), k4 = z (1 + k3): the step is
    R = 1 + z + z²/2 + z³/6 + z⁴/24, e^z but for z⁵;  hence R' = 1 + z + z²/2 + z³/6."""
    return 1 + z * (1 + z / 2 * (1 + z / 3))


# ----- hunters and hunted -----


def lotka_volterra(y: Float[Array, " 2"], theta: Float[Array, " 4"]) -> Float[Array, " 2"]:
    """(x' , y') = (a x - b x y, d x y - c y): hares and lynxes; θ = (a, b, c, d)."""
    (x, z), (a, b, c, d) = y, theta
    return jnp.stack([x * (a - b * z), z * (d * x - c)])


PREY = dict(y=interval(0.2, 3, "2"), theta=interval(0.3, 2, "4"))


@jacobian(of=lotka_volterra, wrt="y", at=PREY)
def lotka_volterra_jacobian(
    y: Float[Array, " 2"], theta: Float[Array, " 4"]
) -> Float[Array, "2 2"]:
    """d(x (a - b z)) = (a - b z) dx - b x dz, d(z (d x - c)) = d z dx + (d x - c) dz;
    hence f_y, row by row."""
    (x, z), (a, b, c, d) = y, theta
    return jnp.stack([jnp.stack([a - b * z, -b * x]), jnp.stack([d * z, d * x - c])])


@jacobian(of=lotka_volterra, wrt="theta", at=PREY)
def lotka_volterra_sensitivity(
    y: Float[Array, " 2"], theta: Float[Array, " 4"]
) -> Float[Array, "2 4"]:
    """f is linear in θ: x da - x z db, and x z dd - z dc;  hence f_θ, row by row."""
    x, z = y
    none = jnp.zeros_like(x)
    return jnp.stack([jnp.stack([x, -x * z, none, none]), jnp.stack([none, none, -z, x * z])])


def orbit_height(y: Float[Array, " 2"], theta: Float[Array, " 4"]) -> Scalar:
    """V = d x - c ln x + b z - a ln z, which keeps its value along ``lotka_volterra``."""
    (x, z), (a, b, c, d) = y, theta
    return d * x - c * jnp.log(x) + b * z - a * jnp.log(z)


@gradient(of=orbit_height, wrt="y", at=dict(y=positive("2"), theta=positive("4")))
def orbit_height_gradient(y: Float[Array, " 2"], theta: Float[Array, " 4"]) -> Float[Array, " 2"]:
    """dV = (d - c/x) dx + (b - a/z) dz;  hence (d - c/x, b - a/z). Along the flow that is
    (d x - c)(a - b z) + (b z - a)(d x - c) = 0: the orbits are its level curves."""
    (x, z), (a, b, c, d) = y, theta
    return jnp.stack([(d * x - c) / x, (b * z - a) / z])


# ----- the derivative of one step -----

STEP = PREY | dict(h=interval(0, 0.3))


def hunters_euler_step(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar
) -> Float[Array, " 2"]:
    """``euler_step`` along ``lotka_volterra``."""
    return euler_step(lambda y: lotka_volterra(y, theta), y, h)


@jacobian(of=hunters_euler_step, wrt="y", at=STEP)
def euler_step_jacobian(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar
) -> Float[Array, "2 2"]:
    """d(y + h f(y)) = dy + h f_y dy;  hence I + h f_y."""
    return jnp.eye(2, dtype=y.dtype) + h * lotka_volterra_jacobian(y, theta)


def hunters_rk4_step(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar
) -> Float[Array, " 2"]:
    """``rk4_step`` along ``lotka_volterra``."""
    return rk4_step(lambda y: lotka_volterra(y, theta), y, h)


@vjp(of=hunters_rk4_step, wrt=("y", "theta"), at=STEP)
def rk4_step_vjp(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar, cotangent: Float[Array, " 2"]
) -> tuple[Float[Array, " 2"], Float[Array, " 4"]]:
    """Stages Y1 = y, Yi = y + c h k(i-1), ki = f(Yi, θ), cotangents li of ki, from the last one:
    l4 = h/6 g, l3 = h/3 g + h w4, l2 = h/3 g + h/2 w3, l1 = h/6 g + h/2 w2 with wi = f_y(Yi)ᵀ li;
    hence g + Σ wi for y, Σ f_θ(Yi)ᵀ li for θ: again a Runge-Kutta step, of the adjoint equation."""
    f = lambda y: lotka_volterra(y, theta)
    Y2 = y + h / 2 * f(y)
    Y3 = y + h / 2 * f(Y2)
    Y4 = y + h * f(Y3)
    pull = lambda Y, l: lotka_volterra_jacobian(Y, theta).T @ l
    l4 = h / 6 * cotangent
    w4 = pull(Y4, l4)
    l3 = h / 3 * cotangent + h * w4
    w3 = pull(Y3, l3)
    l2 = h / 3 * cotangent + h / 2 * w3
    w2 = pull(Y2, l2)
    l1 = h / 6 * cotangent + h / 2 * w2
    w1 = pull(y, l1)
    stages = zip((y, Y2, Y3, Y4), (l1, l2, l3, l4), strict=True)
    for_theta = sum(lotka_volterra_sensitivity(Y, theta).T @ l for Y, l in stages)
    return cotangent + w1 + w2 + w3 + w4, jnp.asarray(for_theta)


def implicit_euler_step(
    y: Float[Array, " n"], h: Scalar, A: Float[Array, "n n"]
) -> Float[Array, " n"]:
    """The z with z = y + h f(z) for f(z) = -A z - tanh z: it stays stable however long h is."""
    return balance_root(y / h, A + jnp.eye(y.size, dtype=y.dtype) / h)


@jacobian(
    of=implicit_euler_step, wrt="y", at=dict(y=interval(-2, 2, "n"), h=interval(0.1, 2), A=spd("n"))
)
def implicit_euler_step_jacobian(
    y: Float[Array, " n"], h: Scalar, A: Float[Array, "n n"]
) -> Float[Array, "n n"]:
    """z = y + h f(z):  dz = dy + h f_z dz, f_z = -A - diag(sech² z);  hence (I - h f_z)⁻¹."""
    z = implicit_euler_step(y, h, A)
    return inv(jnp.eye(y.size, dtype=y.dtype) + h * (A + jnp.diag(1 - jnp.tanh(z) ** 2)))


# ----- a pendulum, and a ball that rolls with friction -----


def leapfrog_step(state: Float[Array, " 2"], h: Scalar) -> Float[Array, " 2"]:
    """q' = p, p' = -sin q: half a kick, a drift, half a kick (Störmer, Verlet).

    The leapfrog step of a pendulum.
    """
    q, p = state
    half = p - h / 2 * jnp.sin(q)
    there = q + h * half
    return jnp.stack([there, half - h / 2 * jnp.sin(there)])


PENDULUM = dict(state=interval(-4, 4, "2"), h=interval(-1, 1))


@jacobian(of=leapfrog_step, wrt="state", at=PENDULUM)
def leapfrog_step_jacobian(state: Float[Array, " 2"], h: Scalar) -> Float[Array, "2 2"]:
    """Three shears: kicks [[1, 0], [-h/2 cos q, 1]] before and after, a drift [[1, h], [0, 1]];
    hence their product, last one on the left."""
    one, none = jnp.ones_like(h), jnp.zeros_like(h)
    kick = lambda q: jnp.stack([jnp.stack([one, none]), jnp.stack([-h / 2 * jnp.cos(q), one])])
    drift = jnp.stack([jnp.stack([one, h]), jnp.stack([none, one])])
    return kick(leapfrog_step(state, h)[0]) @ drift @ kick(state[0])


@identity(of=lambda state, h: jnp.linalg.det(jax.jacobian(leapfrog_step)(state, h)), at=PENDULUM)
def leapfrog_keeps_area(state: Float[Array, " 2"], h: Scalar) -> Scalar:
    """Each of the three shears has determinant 1;  hence 1: no area is lost, the step is
    symplectic."""
    return jnp.ones_like(h)


def rolling(state: Float[Array, "2 n"], H: Float[Array, "n n"], friction: Scalar) -> Array:
    """x'' = -grad f - c x' for f = xᵀ H x/2, as (x, p)' = (p, -H x - c p): a heavy ball."""
    x, p = state
    return jnp.stack([p, -H @ x - friction * p])


def ball_energy(state: Float[Array, "2 n"], H: Float[Array, "n n"]) -> Scalar:
    """|p|²/2 + f(x)"""
    x, p = state
    return p @ p / 2 + x @ H @ x / 2


def ball_energy_rate(
    state: Float[Array, "2 n"], H: Float[Array, "n n"], friction: Scalar
) -> Scalar:
    """How fast the energy changes along ``rolling``."""
    energy = lambda state: ball_energy(state, H)
    return jax.jvp(energy, (state,), (rolling(state, H, friction),))[1]


@identity(
    of=ball_energy_rate,
    at=dict(state=interval(-3, 3, "2 n"), H=spd("n"), friction=nonnegative()),
)
def friction_takes_energy(
    state: Float[Array, "2 n"], H: Float[Array, "n n"], friction: Scalar
) -> Scalar:
    """dE = p.dp + (H x).dx along (p, -H x - c p): -p.H x - c p.p + p.H x;  hence -c |p|²."""
    return -friction * state[1] @ state[1]


# ----- walks: sensitivities forwards, adjoints backwards -----

LENGTH = 6
WALK = PREY | dict(h=interval(0, 0.2))


def hunters_walk(y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar) -> Float[Array, " 2"]:
    """Where six steps of ``rk4_step`` along ``lotka_volterra`` lead."""
    return walk("rk4", lambda y: lotka_volterra(y, theta), y, h, LENGTH)[-1]


def with_sensitivity(state: Float[Array, "2 5"], theta: Float[Array, " 4"]) -> Float[Array, "2 5"]:
    """The field of (y, S), y' = f, S' = f_y S + f_θ; y in the first column, S = dy/dθ beside it."""
    y, S = state[:, 0], state[:, 1:]
    rate = lotka_volterra_jacobian(y, theta) @ S + lotka_volterra_sensitivity(y, theta)
    return jnp.concatenate([lotka_volterra(y, theta)[:, None], rate], axis=1)


@jacobian(of=hunters_walk, wrt="theta", at=WALK)
def forward_sensitivity(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar
) -> Float[Array, "2 4"]:
    """S = dy/dθ:  d/dt dy = f_y dy + f_θ dθ, so S' = f_y S + f_θ from S(0) = 0. A Runge-Kutta step
    of (y, S) is the derivative of the step of y, stage by stage;  hence S walked along with y."""
    start = jnp.concatenate([y[:, None], jnp.zeros((2, 4), y.dtype)], axis=1)
    follow = lambda _, state: rk4_step(lambda s: with_sensitivity(s, theta), state, h)
    return jax.lax.fori_loop(0, LENGTH, follow, start)[:, 1:]


def hunters_euler_walk(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar
) -> Float[Array, " 2"]:
    """Where six steps of ``euler_step`` along ``lotka_volterra`` lead."""
    return walk("euler", lambda y: lotka_volterra(y, theta), y, h, LENGTH)[-1]


@vjp(of=hunters_euler_walk, wrt=("y", "theta"), at=WALK)
def discrete_adjoint_vjp(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar, cotangent: Float[Array, " 2"]
) -> tuple[Float[Array, " 2"], Float[Array, " 4"]]:
    """dy_(k+1) = (I + h f_y) dy_k + h f_θ dθ, and <λ_(k+1), dy_(k+1)> is <λ_k, dy_k> + ... with
    λ_k = λ_(k+1) + h f_yᵀ λ_(k+1), an Euler step of λ' = -f_yᵀ λ, backwards but with f_y where the
    step began;  hence λ_0 for y, and h Σ f_θᵀ λ_(k+1) for θ."""
    path = walk("euler", lambda y: lotka_volterra(y, theta), y, h, LENGTH)
    for_theta = jnp.zeros_like(theta)
    for k in reversed(range(LENGTH)):
        for_theta = for_theta + h * lotka_volterra_sensitivity(path[k], theta).T @ cotangent
        cotangent = cotangent + h * lotka_volterra_jacobian(path[k], theta).T @ cotangent
    return cotangent, for_theta


def adjoint_times_sensitivity(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar, v: Float[Array, " 2"]
) -> Float[Array, " k"]:
    """λ_kᵀ s_k after k = 0 ... 6 Euler steps: s starts as v, λ ends as (1, 1)."""
    path = walk("euler", lambda y: lotka_volterra(y, theta), y, h, LENGTH)
    matrices = [euler_step_jacobian(path[k], theta, h) for k in range(LENGTH)]
    forwards, backwards = [v], [jnp.ones_like(v)]
    for matrix in matrices:
        forwards.append(matrix @ forwards[-1])
    for matrix in reversed(matrices):
        backwards.append(matrix.T @ backwards[-1])
    return jnp.stack([l @ s for l, s in zip(reversed(backwards), forwards, strict=True)])


@identity(of=adjoint_times_sensitivity, at=WALK | dict(v=interval(-2, 2, "2")))
def adjoint_sensitivity_invariant(
    y: Float[Array, " 2"], theta: Float[Array, " 4"], h: Scalar, v: Float[Array, " 2"]
) -> Float[Array, " k"]:
    """λ_(k+1)ᵀ s_(k+1) = λ_(k+1)ᵀ J s_k = (Jᵀ λ_(k+1))ᵀ s_k = λ_kᵀ s_k, as (λᵀ s)' = 0 in
    continuous time;  hence the same number all along: that of JAX's tangent at the end."""
    f = lambda y: hunters_euler_walk(y, theta, h)
    return jnp.full(LENGTH + 1, jnp.sum(jax.jvp(f, (y,), (v,))[1]))
