"""Steps that shrink, look uphill or only take signs: ISTA, weight decay, SAM, Lion, Adam's slope.

A step is a function of the gradient, and functions have derivatives: how much of a change of the
gradient a step passes on decides what a second-order view of training sees.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.derivation import derivative, identity, jacobian, jvp
from lab.domains import choice, interval, nonnegative, nonzero, positive, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

# ----- the proximal gradient -----


def soft(x: Vector, threshold: Scalar) -> Vector:
    """sign(x) max(|x| - t, 0), the prox of t |x|₁."""
    return jnp.sign(x) * jnp.maximum(jnp.abs(x) - threshold, 0)


def ista_step(x: Vector, H: Matrix, b: Vector, step: Scalar, penalty: Scalar) -> Vector:
    """The proximal gradient step (ISTA) on xᵀHx/2 - bᵀx + l |x|₁: soft(x - a (Hx - b), a l)."""
    return soft(x - step * (H @ x - b), step * penalty)


ISTA = dict(x=reals("n"), H=spd("n"), b=reals("n"), step=interval(0, 0.5), penalty=positive())
EDGE = "|x - a (Hx - b)| == a l, where an entry is just let through"


@jacobian(of=ista_step, wrt="x", at=ISTA, kinks=EDGE)
def proximal_gradient_jacobian(
    x: Vector, H: Matrix, b: Vector, step: Scalar, penalty: Scalar
) -> Matrix:
    """z = x - a (Hx - b), dz = (I - aH) dx, and soft passes dz on where |z| > a l;  hence
    D (I - aH), D = diag(1[|z| > a l]): descent among the entries that are not held at zero.
    """
    z = x - step * (H @ x - b)
    passed = (jnp.abs(z) > step * penalty).astype(x.dtype)
    return passed[:, None] * (jnp.eye(x.size, dtype=x.dtype) - step * H)


@jacobian(of=ista_step, wrt="penalty", at=ISTA, kinks=EDGE)
def proximal_gradient_derivative_in_the_penalty(
    x: Vector, H: Matrix, b: Vector, step: Scalar, penalty: Scalar
) -> Vector:
    """soft(z, t) = z - t sign z where |z| > t = a l;  hence -a sign z there, and 0 elsewhere."""
    z = x - step * (H @ x - b)
    return jnp.where(jnp.abs(z) > step * penalty, -step * jnp.sign(z), 0)


# ----- weight decay, inside and outside -----

DECAYED = dict(decay=nonnegative(), x=reals("n"), g=reals("n"), rate=positive(), floor=positive())


def adamw_first_step(decay: Scalar, x: Vector, g: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """AdamW's first step: the decay beside the adapted step, x - a g/(|g| + e) - a l x."""
    return x - rate * g / (jnp.abs(g) + floor) - rate * decay * x


def adam_first_step_with_l2(
    decay: Scalar, x: Vector, g: Vector, rate: Scalar, floor: Scalar
) -> Vector:
    """Adam's first step with an L2 penalty: the decay inside the gradient, h = g + l x, and
    x - a h/(|h| + e).
    """
    h = g + decay * x
    return x - rate * h / (jnp.abs(h) + floor)


@jacobian(of=adamw_first_step, wrt="decay", at=DECAYED)
def decoupled_decay_derivative(
    decay: Scalar, x: Vector, g: Vector, rate: Scalar, floor: Scalar
) -> Vector:
    """Linear in l;  hence -a x: every weight shrinks by the same share, whatever its gradient."""
    return -rate * x


@jacobian(of=adam_first_step_with_l2, wrt="decay", at=DECAYED)
def coupled_decay_derivative(
    decay: Scalar, x: Vector, g: Vector, rate: Scalar, floor: Scalar
) -> Vector:
    """d(h/(|h| + e)) = e/(|h| + e)² dh, dh = x dl;  hence -a e x/(|h| + e)²: next to nothing where
    the gradient is beyond e. That is why AdamW takes the decay out.
    """
    return -rate * floor * x / (jnp.abs(g + decay * x) + floor) ** 2


# ----- sharpness -----


def sam_gradient(x: Vector, H: Matrix, radius: Scalar) -> Vector:
    """The gradient of sharpness-aware minimisation (SAM): ∇f(x + r g/|g|), g = ∇f(x), on xᵀHx/2."""
    g = H @ x
    return H @ (x + radius * g / jnp.linalg.norm(g))


UPHILL = dict(x=nonzero("n"), H=spd("n"), radius=positive())


@identity(of=sam_gradient, at=UPHILL)
def sam_adds_curvature(x: Vector, H: Matrix, radius: Scalar) -> Vector:
    """∇f is linear;  hence g + r H g/|g|, beyond quadratics with an error of r²: the gradient of
    f + r |∇f|, so that steep places are left for flat ones.
    """
    g = H @ x
    return g + radius * (H @ (g / jnp.linalg.norm(g)))


@jvp(of=sam_gradient, wrt="x", at=UPHILL)
def sam_gradient_jvp(x: Vector, H: Matrix, radius: Scalar, tangent: Vector) -> Vector:
    """dg = H dx and d(g/|g|) = (dg - u u.dg)/|g| with u = g/|g|;  hence
    H (dx + r (dg - u u.dg)/|g|).
    """
    g, dg = H @ x, H @ tangent
    u = g / jnp.linalg.norm(g)
    return H @ (tangent + radius * (dg - u * (u @ dg)) / jnp.linalg.norm(g))


def slope_uphill(radius: Scalar, x: Vector) -> Vector:
    """SAM's gradient ∇f(x + r u), u = g/|g|, for f = Σ √(1 + xᵢ²), as a function of r."""
    g = x / jnp.sqrt(1 + x**2)
    z = x + radius * g / jnp.linalg.norm(g)
    return z / jnp.sqrt(1 + z**2)


@jacobian(of=slope_uphill, wrt="radius", at=dict(radius=positive(), x=nonzero("n")))
def sam_derivative_in_the_radius(radius: Scalar, x: Vector) -> Vector:
    """d∇f(z) = H(z) dz, dz = u dr, and H = diag (1 + zᵢ²)^(-3/2);  hence u (1 + z²)^(-3/2): at
    r = 0 the term H u of first order.
    """
    g = x / jnp.sqrt(1 + x**2)
    u = g / jnp.linalg.norm(g)
    return u * (1 + (x + radius * u) ** 2) ** -1.5


# ----- what a step passes on of the gradient -----


def lion_step(
    x: Vector, m: Vector, g: Vector, rate: Scalar, decay: Scalar, momentum: Scalar
) -> Vector:
    """Lion: x - a (sign(b m + (1 - b) g) + l x), descent by the sign of a moving average."""
    return x - rate * (jnp.sign(momentum * m + (1 - momentum) * g) + decay * x)


@jvp(
    of=lion_step,
    wrt=("x", "m", "g"),
    at=dict(
        x=reals("n"),
        m=reals("n"),
        g=reals("n"),
        rate=positive(),
        decay=nonnegative(),
        momentum=interval(0, 1),
    ),
    kinks="b m + (1 - b) g == 0, where the sign jumps",
)
def lion_step_jvp(
    x: Vector,
    m: Vector,
    g: Vector,
    rate: Scalar,
    decay: Scalar,
    momentum: Scalar,
    tangent: tuple[Vector, Vector, Vector],
) -> Vector:
    """A sign is constant but for its jump;  hence (1 - a l) dx, and nothing of dm and dg: sign
    descent is flat in the gradient, a rule that looks through it is a choice (straight-through).
    """
    return (1 - rate * decay) * tangent[0]


def adagrad_move(g: Vector, total: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """AdaGrad's step -a g/(√(G + g²) + e), G the sum of the squares before."""
    return -rate * g / (jnp.sqrt(total + g**2) + floor)


BEFORE = dict(g=reals("n"), total=positive("n"), rate=positive(), floor=positive())


@derivative(of=adagrad_move, wrt="g", at=BEFORE)
def adagrad_derivative(g: Vector, total: Vector, rate: Scalar, floor: Scalar) -> Vector:
    """R = √(G + g²), dR = g/R dg;  d(g/(R + e)) = (R + e - g²/R)/(R + e)² dg, and R - g²/R = G/R;
    hence -a (G/R + e)/(R + e)².
    """
    R = jnp.sqrt(total + g**2)
    return -rate * (total / R + floor) / (R + floor) ** 2


def rmsprop_move(g: Vector, square: Vector, rate: Scalar, decay: Scalar, floor: Scalar) -> Vector:
    """RMSProp's step -a g/√(s + e), s = r s + (1 - r) g²."""
    return -rate * g / jnp.sqrt(decay * square + (1 - decay) * g**2 + floor)


@derivative(
    of=rmsprop_move,
    wrt="g",
    at=dict(
        g=reals("n"), square=positive("n"), rate=positive(), decay=interval(0, 1), floor=positive()
    ),
)
def rmsprop_derivative(
    g: Vector, square: Vector, rate: Scalar, decay: Scalar, floor: Scalar
) -> Vector:
    """q = r s + (1 - r) g² + e, dq = 2 (1 - r) g dg;  d(g/√q) = (q - (1 - r) g²)/q^(3/2) dg;  hence
    -a (r s + e)/q^(3/2): what was there before, over all.
    """
    before = decay * square + floor
    return -rate * before / (before + (1 - decay) * g**2) ** 1.5


def adam_move(g: Vector, m: Vector, v: Vector, rate: Scalar, floor: Scalar, t: int) -> Vector:
    """Adam's step number t, -a m̂/(√v̂ + e), from the averages m and v before it.

    m̂ = (b₁ m + (1 - b₁) g)/(1 - b₁ᵗ), v̂ = (b₂ v + (1 - b₂) g²)/(1 - b₂ᵗ), b = 0.9, 0.999.
    """
    b1, b2 = 0.9, 0.999
    mean = (b1 * m + (1 - b1) * g) / (1 - b1**t)
    square = (b2 * v + (1 - b2) * g**2) / (1 - b2**t)
    return -rate * mean / (jnp.sqrt(square) + floor)


MOVED = dict(
    g=reals("n"), m=reals("n"), v=positive("n"), rate=positive(), floor=positive(), t=choice(1, 10)
)


@derivative(of=adam_move, wrt="g", at=MOVED)
def adam_derivative(g: Vector, m: Vector, v: Vector, rate: Scalar, floor: Scalar, t: int) -> Vector:
    """d m̂ = (1 - b₁)/(1 - b₁ᵗ) dg, d v̂ = 2 (1 - b₂) g/(1 - b₂ᵗ) dg, d√v̂ = d v̂/2√v̂;  hence with
    R = √v̂ + e: -a (m̂'/R - m̂ v̂'/(2√v̂ R²)).
    """
    b1, b2 = 0.9, 0.999
    mean = (b1 * m + (1 - b1) * g) / (1 - b1**t)
    root = jnp.sqrt((b2 * v + (1 - b2) * g**2) / (1 - b2**t))
    R = root + floor
    slope = (1 - b1) / (1 - b1**t)
    bend = (1 - b2) / (1 - b2**t) * g / root
    return -rate * (slope - mean / R * bend) / R


def adam_in_other_units(c: Scalar, g: Vector, m: Vector, v: Vector, rate: Scalar, t: int) -> Vector:
    """Adam's step with e = 0 where the loss is measured in other units: c g, c m and c² v."""
    return adam_move(c * g, c * m, c**2 * v, rate, jnp.zeros_like(rate), t)


@identity(
    of=adam_in_other_units,
    at=dict(
        c=nonzero(), g=reals("n"), m=reals("n"), v=positive("n"), rate=positive(), t=choice(1, 10)
    ),
)
def adam_scale_invariance(
    c: Scalar, g: Vector, m: Vector, v: Vector, rate: Scalar, t: int
) -> Vector:
    """m̂ takes the factor c, √v̂ takes |c|;  hence the same step (turned round if c < 0): Adam is
    invariant to the scale of the gradient.
    """
    return jnp.sign(c) * adam_move(g, m, v, rate, jnp.zeros_like(rate), t)
