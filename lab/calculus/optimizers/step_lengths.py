"""How far to go: line search, Armijo and Wolfe, Polyak's step, Barzilai-Borwein, the Cauchy point.

A direction p that points downhill, ∇f.p < 0, leaves one number to choose. Rules that look at the
loss (Armijo, Wolfe) say which steps will do; those of Polyak and of Barzilai and Borwein make one
out of what the last gradients told; a trust region caps it.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from lab.calculus.optimizers.gradient_descent import exact_step, loss_after_step, quadratic
from lab.derivation import derivative, gradient, hessian, identity, jacobian, jvp
from lab.domains import interval, nonzero, positive, reals, spd

Scalar = Float[Array, ""]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]

# ----- the loss along a line -----


def log_cosh_sum(x: Vector) -> Scalar:
    """Σ ln cosh xᵢ, but for n ln 2: a bowl that is round at the bottom and straight far out."""
    return jnp.sum(jnp.logaddexp(x, -x))


def loss_along_line(step: Scalar, x: Vector, p: Vector) -> Scalar:
    """φ(a) = f(x + a p), what a line search sees, for f = `log_cosh_sum`."""
    return log_cosh_sum(x + step * p)


LINE = dict(step=reals(), x=reals("n"), p=reals("n"))


@derivative(of=loss_along_line, wrt="step", at=LINE)
def line_search_derivative(step: Scalar, x: Vector, p: Vector) -> Scalar:
    """dφ = ∇f(x + a p).p da, and d ln cosh x = tanh x dx;  hence tanh(x + a p).p: zero where the
    line touches a level set, and that is the step of an exact line search.
    """
    return jnp.tanh(x + step * p) @ p


@hessian(of=loss_along_line, wrt="step", at=LINE)
def line_search_second_derivative(step: Scalar, x: Vector, p: Vector) -> Scalar:
    """d(∇f(x + a p).p) = pᵀH p da;  hence Σ pᵢ² sech²(xᵢ + a pᵢ). With e = exp(-2|z|) it is
    sech² z = 4e/(1 + e)², which cannot overflow.
    """
    e = jnp.exp(-2 * jnp.abs(x + step * p))
    return jnp.sum(p**2 * 4 * e / (1 + e) ** 2)


# ----- which steps will do -----


def armijo_gap(step: Scalar, x: Vector, p: Vector, share: Scalar) -> Scalar:
    """f(x + a p) - f(x) - c a ∇f(x).p: Armijo's rule, sufficient decrease, holds where it is <= 0.

    The share c of the decrease that the slope promises is between 0 and 1, usually 1e-4.
    """
    promised = jnp.tanh(x) @ p
    return loss_along_line(step, x, p) - log_cosh_sum(x) - share * step * promised


@derivative(of=armijo_gap, wrt="step", at=LINE | dict(share=interval(0, 1)))
def armijo_gap_derivative(step: Scalar, x: Vector, p: Vector, share: Scalar) -> Scalar:
    """φ'(a) - c φ'(0);  hence (∇f(x + a p) - c ∇f(x)).p: (1 - c) φ'(0) < 0 to begin with, so that
    short steps always do.
    """
    return jnp.tanh(x + step * p) @ p - share * (jnp.tanh(x) @ p)


def loss_at_armijos_end(x: Vector, H: Matrix, share: Scalar) -> Scalar:
    """xᵀHx/2 after the longest step down the gradient that Armijo's rule admits."""
    return loss_after_step(2 * (1 - share) * exact_step(x, H), x, H)


@identity(of=loss_at_armijos_end, at=dict(x=nonzero("n"), H=spd("n"), share=interval(0, 1)))
def armijo_admits_twice_the_exact_step(x: Vector, H: Matrix, share: Scalar) -> Scalar:
    """φ(a) = f - a g.g + a² gᵀHg/2 is f - c a g.g where a = 2 (1 - c) g.g/gᵀHg;  hence there, just
    kept, f - 2c (1 - c) (g.g)²/gᵀHg: almost twice the best step still does for a small c.
    """
    g = H @ x
    return quadratic(x, H) - 2 * share * (1 - share) * (g @ g) ** 2 / (g @ H @ g)


def slope_at_wolfes_ends(x: Vector, H: Matrix, share: Scalar) -> Float[Array, " 2"]:
    """φ' of xᵀHx/2 down the gradient, at (1 - c) and (1 + c) times the exact step."""
    g = H @ x
    slope = lambda step: -(H @ (x - step * g)) @ g
    best = exact_step(x, H)
    return jnp.stack([slope((1 - share) * best), slope((1 + share) * best)])


@identity(of=slope_at_wolfes_ends, at=dict(x=nonzero("n"), H=spd("n"), share=interval(0, 1)))
def wolfe_admits_an_interval(x: Vector, H: Matrix, share: Scalar) -> Float[Array, " 2"]:
    """φ'(a) = -g.g (1 - a/a*) is a line through the exact step a*;  hence -c g.g and c g.g there:
    Wolfe's strong rule |φ'(a)| <= c |φ'(0)| admits what lies between, and no step too short.
    """
    g = H @ x
    return jnp.stack([-share, share]) * (g @ g)


def decrease_left_over(x: Vector, H: Matrix, smoothness: Scalar) -> Scalar:
    """f(x) - f(x - g/L) - |g|²/2L on xᵀHx/2: what a step 1/L gains beyond the descent lemma."""
    g = H @ x
    return quadratic(x, H) - loss_after_step(1 / smoothness, x, H) - (g @ g) / (2 * smoothness)


@identity(of=decrease_left_over, at=dict(x=reals("n"), H=spd("n"), smoothness=positive()))
def descent_lemma(x: Vector, H: Matrix, smoothness: Scalar) -> Scalar:
    """f(x - g/L) = f - g.g/L + gᵀHg/2L²;  hence gᵀ(L I - H) g/2L², not negative if no curvature
    exceeds L: f(x - g/L) <= f(x) - |g|²/2L, the descent lemma.
    """
    g = H @ x
    return g @ (smoothness * g - H @ g) / (2 * smoothness**2)


# ----- steps made of gradients -----


def polyak_step(x: Vector, H: Matrix) -> Scalar:
    """Polyak's step (f - f*)/|∇f|² on xᵀHx/2, where the least loss f* is 0."""
    g = H @ x
    return quadratic(x, H) / (g @ g)


@gradient(of=polyak_step, wrt="x", at=dict(x=nonzero("n+1"), H=spd("n+1")))
def polyak_step_gradient(x: Float[Array, " m"], H: Float[Array, "m m"]) -> Float[Array, " m"]:
    """a = f/g.g;  da = (df - a d(g.g))/g.g with df = g.dx, d(g.g) = 2 Hg.dx;  hence
    (g - 2a Hg)/g.g.
    """
    g = H @ x
    return (g - 2 * polyak_step(x, H) * (H @ g)) / (g @ g)


def distance_after_polyak(x: Vector, H: Matrix) -> Scalar:
    """The squared distance to the bottom of xᵀHx/2 after Polyak's step."""
    after = x - polyak_step(x, H) * (H @ x)
    return after @ after


@identity(of=distance_after_polyak, at=dict(x=nonzero("n"), H=spd("n")))
def polyak_step_comes_nearer(x: Vector, H: Matrix) -> Scalar:
    """|x - a g|² = |x|² - 2a g.x + a² g.g with g.x = 2f and a = f/g.g;  hence |x|² - 3 f²/g.g:
    nearer by a known amount (for any convex f at least f²/g.g, for there g.x >= f).
    """
    g = H @ x
    return x @ x - 3 * quadratic(x, H) ** 2 / (g @ g)


def barzilai_borwein_long(s: Vector, H: Matrix) -> Scalar:
    """s.s/s.y, the long step of Barzilai and Borwein, y = H s what the gradient changed by."""
    return (s @ s) / (s @ H @ s)


def barzilai_borwein_short(s: Vector, H: Matrix) -> Scalar:
    """s.y/y.y, the short step of Barzilai and Borwein, y = H s what the gradient changed by."""
    y = H @ s
    return (s @ y) / (y @ y)


SECANT = dict(s=nonzero("n+1"), H=spd("n+1"))


@gradient(of=barzilai_borwein_long, wrt=("s", "H"), at=SECANT)
def barzilai_borwein_long_gradient(
    s: Float[Array, " m"], H: Float[Array, "m m"]
) -> tuple[Float[Array, " m"], Float[Array, "m m"]]:
    """a = s.s/q, q = sᵀHs;  da = (2 s.ds - a dq)/q, dq = 2 Hs.ds + s sᵀ.dH;  hence
    2 (s - a Hs)/q, and -a s sᵀ/q.
    """
    a, q = barzilai_borwein_long(s, H), s @ H @ s
    return 2 * (s - a * (H @ s)) / q, -a * jnp.outer(s, s) / q


@gradient(of=barzilai_borwein_short, wrt=("s", "H"), at=SECANT)
def barzilai_borwein_short_gradient(
    s: Float[Array, " m"], H: Float[Array, "m m"]
) -> tuple[Float[Array, " m"], Float[Array, "m m"]]:
    """a = s.y/y.y;  da = (ds.y + (s - 2a y).dy)/y.y with dy = H ds + dH s;  hence with
    r = s - 2a y: (y + H r)/y.y, and r sᵀ/y.y.
    """
    y = H @ s
    r = s - 2 * barzilai_borwein_short(s, H) * y
    return (y + H @ r) / (y @ y), jnp.outer(r, s) / (y @ y)


def secant_curvature(x: Vector, s: Vector, H: Matrix) -> Scalar:
    """1/a for the long step: s.y/s.s, y the change of ∇f over the step s, f = xᵀHx/2 + Σ xᵢ⁴/4."""
    slope = lambda x: H @ x + x**3
    return s @ (slope(x + s) - slope(x)) / (s @ s)


@identity(of=secant_curvature, at=dict(x=reals("n"), s=nonzero("n"), H=spd("n")))
def barzilai_borwein_averages_curvature(x: Vector, s: Vector, H: Matrix) -> Scalar:
    """y = ∫ (H + 3 diag(x + ts)²) s dt over 0 < t < 1;  hence the Rayleigh quotient along s of the
    average Hessian, H + diag(3x² + 3x s + s²).
    """
    return s @ (H @ s + (3 * x**2 + 3 * x * s + s**2) * s) / (s @ s)


# ----- a trust region -----


def cauchy_point(radius: Scalar, g: Vector, B: Matrix) -> Vector:
    """The Cauchy point -t g: the least of g.d + dᵀBd/2 down the gradient, within a trust region.

    t = min(D/|g|, g.g/gᵀBg).
    """
    return -jnp.minimum(radius / jnp.linalg.norm(g), (g @ g) / (g @ B @ g)) * g


TRUSTED = dict(radius=positive(), g=nonzero("n"), B=spd("n"))
EDGE = "radius == |g|³/gᵀBg, where the edge is just reached"


@jacobian(of=cauchy_point, wrt="radius", at=TRUSTED, kinks=EDGE)
def cauchy_point_derivative(radius: Scalar, g: Vector, B: Matrix) -> Vector:
    """On the edge the point is -D g/|g|, inside the radius is not felt;  hence -g/|g| or 0."""
    u = g / jnp.linalg.norm(g)
    return jnp.where(radius < jnp.linalg.norm(g) * (g @ g) / (g @ B @ g), -u, 0)


@jvp(of=cauchy_point, wrt="g", at=TRUSTED, kinks=EDGE)
def cauchy_point_jvp(radius: Scalar, g: Vector, B: Matrix, tangent: Vector) -> Vector:
    """Edge: d(-D u) = -D/|g| (dg - u u.dg), u = g/|g|. Inside t = g.g/q, q = gᵀBg, and
    dt = 2 (g - t Bg).dg/q;  hence the one, or -t dg - dt g.
    """
    size, q = jnp.linalg.norm(g), g @ B @ g
    u, t = g / size, (g @ g) / q
    edge = -radius / size * (tangent - u * (u @ tangent))
    inside = -t * tangent - 2 * ((g - t * (B @ g)) @ tangent) / q * g
    return jnp.where(radius < t * size, edge, inside)
