"""Gradient descent: landscapes to walk down, and what the walk does.

On a parabola of curvature L each step multiplies the distance to the bottom by 1 - aL, and that one
number says everything: 0 < aL < 2 arrives, aL = 1 arrives at once, aL = 2 jumps between two points
for ever. A quadratic is as many parabolas as it has eigenvalues, all walked with the same step.
"""

import jax
import jax.numpy as jnp
from jax.nn import sigmoid
from jaxtyping import Array, Float

from lab.derivation import derivative, gradient, hessian, identity, jacobian
from lab.domains import choice, interval, nonnegative, nonzero, positive, reals, spd

Scalar = Float[Array, ""]
Elementwise = Float[Array, "..."]
Vector = Float[Array, " n"]
Matrix = Float[Array, "n n"]
Point = Float[Array, " 2"]

# ----- landscapes -----


def parabola(x: Elementwise) -> Elementwise:
    """x², elementwise."""
    return x**2


@derivative(of=parabola, at=dict(x=reals("n")))
def parabola_derivative(x: Elementwise) -> Elementwise:
    """((x + h)² - x²) / h = 2x + h, which is 2x when h is gone."""
    return 2 * x


def ellipse(x: Vector, curvatures: Vector) -> Scalar:
    """Σ cᵢ xᵢ² / 2: a bowl with axes along the coordinates, of condition number max c / min c."""
    return jnp.sum(curvatures * x**2) / 2


@gradient(of=ellipse, wrt="x", at=dict(x=reals("n"), curvatures=reals("n")))
def ellipse_gradient(x: Vector, curvatures: Vector) -> Vector:
    """df = Σ cᵢ xᵢ dxᵢ. It points to the bottom only along an axis, or where all cᵢ agree."""
    return curvatures * x


@hessian(of=ellipse, wrt="x", at=dict(x=reals("n"), curvatures=reals("n")))
def ellipse_hessian(x: Vector, curvatures: Vector) -> Matrix:
    """The i-th partial derivative cᵢ xᵢ knows its own coordinate alone, hence diag(c)."""
    return jnp.diag(curvatures)


def absolute_sum(x: Vector) -> Scalar:
    """Σ |xᵢ|, the 1-norm."""
    return jnp.sum(jnp.abs(x))


@gradient(of=absolute_sum, at=dict(x=reals("n")), kinks="xᵢ == 0, where 0 is chosen from [-1, 1]")
def absolute_sum_gradient(x: Vector) -> Vector:
    """|x| is x or -x, so its slope is 1 or -1: as steep next to the bottom as far from it.

    At 0 every number between is a subgradient; 0 is the one that lets a walk which is there stay.
    """
    return jnp.sign(x)


def logistic_loss(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Float[Array, " n"], ridge: Scalar
) -> Scalar:
    """The mean of ln(1 + exp(-yᵢ xᵢᵀw)), labels y = ±1, plus ridge |w|² / 2.

    As ln(exp 0 + exp(-m)), which takes the greater exponent out and cannot overflow.
    """
    return jnp.mean(jnp.logaddexp(0.0, -y * (X @ w))) + ridge / 2 * (w @ w)


LOGISTIC = dict(w=reals("d"), X=reals("n d"), y=reals("n"), ridge=nonnegative())


@gradient(of=logistic_loss, wrt="w", at=LOGISTIC)
def logistic_loss_gradient(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Float[Array, " n"], ridge: Scalar
) -> Float[Array, " d"]:
    """mᵢ = yᵢ xᵢᵀw;  d ln(1 + e⁻ᵐ) = -e⁻ᵐ / (1 + e⁻ᵐ) dm = -s(-m) dm, dmᵢ = yᵢ xᵢᵀdw, and the ridge
    adds ridge w. Every sample pulls with the probability it was given of being the other class.
    """
    return -X.T @ (y * sigmoid(-y * (X @ w))) / y.size + ridge * w


@hessian(of=logistic_loss, wrt="w", at=LOGISTIC)
def logistic_loss_hessian(
    w: Float[Array, " d"], X: Float[Array, "n d"], y: Float[Array, " n"], ridge: Scalar
) -> Float[Array, "d d"]:
    """s' = s (1 - s), so d(-s(-m)) = s(m) s(-m) dm and H = Xᵀ diag(y² s(m) s(-m)) X / n + ridge I.

    s(m) s(-m) <= 1/4 bounds the curvature by that of XᵀX / 4n; the ridge bounds it from below.
    """
    m = y * (X @ w)
    weights = y**2 * sigmoid(m) * sigmoid(-m)
    return (X.T * weights) @ X / y.size + ridge * jnp.eye(w.size, dtype=w.dtype)


def rosenbrock(p: Point) -> Scalar:
    """(1 - x)² + 100 (y - x²)²: a curved valley, flat along its floor, steep across."""
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


@gradient(of=rosenbrock, at=dict(p=reals("2")))
def rosenbrock_gradient(p: Point) -> Point:
    """v = y - x², dv = dy - 2x dx;  df = -2 (1 - x) dx + 200 v (dy - 2x dx)."""
    x, y = p
    v = y - x**2
    return jnp.stack([-2 * (1 - x) - 400 * x * v, 200 * v])


@hessian(of=rosenbrock, at=dict(p=reals("2")))
def rosenbrock_hessian(p: Point) -> Float[Array, "2 2"]:
    """dv = dy - 2x dx;  d(-2 (1 - x) - 400 x v) = (2 - 400 v + 800 x²) dx - 400 x dy, and
    d(200 v) = 200 dy - 400 x dx.

    At the bottom (1, 1) the curvatures are 1001.6 and 0.4, a condition number of 2508.
    """
    x, y = p
    v = y - x**2
    return jnp.array([[2 - 400 * v + 800 * x**2, -400 * x], [-400 * x, jnp.full_like(x, 200)]])


# ----- one step on xᵀHx/2, of any length -----


def quadratic(x: Vector, H: Matrix) -> Scalar:
    """xᵀH x / 2 with H = Hᵀ."""
    return x @ H @ x / 2


def descent_step(x: Vector, H: Matrix, step: Scalar) -> Vector:
    """x - a H x, a step of gradient descent on xᵀH x / 2."""
    return x - step * (H @ x)


@jacobian(of=descent_step, wrt="x", at=dict(x=reals("n"), H=spd("n"), step=reals()))
def descent_step_jacobian(x: Vector, H: Matrix, step: Scalar) -> Matrix:
    """d(x - a H x) = (I - aH) dx. Its eigenvalues 1 - aLᵢ are the factors of the errors; the walk
    arrives if they all lie between -1 and 1, that is if 0 < a < 2 / max L.
    """
    return jnp.eye(x.size, dtype=x.dtype) - step * H


def loss_after_step(step: Scalar, x: Vector, H: Matrix) -> Scalar:
    """f(x - a ∇f(x)) for f = xᵀH x / 2, as a function of the step a.

    Its slope is the hypergradient of the step size.
    """
    return quadratic(descent_step(x, H, step), H)


@derivative(of=loss_after_step, wrt="step", at=dict(step=reals(), x=reals("n"), H=spd("n")))
def loss_after_step_derivative(step: Scalar, x: Vector, H: Matrix) -> Scalar:
    """x⁺ = x - a g moves by -g da, so df = -∇f(x⁺)ᵀg da: minus the product of two gradients in a
    row. A longer step would have been better as long as they agree.
    """
    return -(H @ descent_step(x, H, step)) @ (H @ x)


@hessian(of=loss_after_step, wrt="step", at=dict(step=reals(), x=reals("n"), H=spd("n")))
def loss_after_step_hessian(step: Scalar, x: Vector, H: Matrix) -> Scalar:
    """d(-gᵀH (x - a g)) = gᵀH g da, g = H x: a parabola in a, as curved as f is along g."""
    g = H @ x
    return g @ H @ g


def exact_step(x: Vector, H: Matrix) -> Scalar:
    """gᵀg / gᵀH g with g = H x: where the parabola a -> f(x - a g) is lowest."""
    g = H @ x
    return (g @ g) / (g @ H @ g)


@gradient(of=exact_step, wrt="x", at=dict(x=nonzero("n+1"), H=spd("n+1")))
def exact_step_gradient(x: Vector, H: Matrix) -> Vector:
    """a = p / q, p = gᵀg, q = gᵀH g;  da = (dp - a dq) / q = 2 (g - a H g)ᵀdg / q, dg = H dx.

    g - a H g is the next gradient. Orthogonal to g, so it costs nothing to go on along x.
    """
    g = H @ x
    q = g @ H @ g
    return 2 * H @ (g - (g @ g) / q * (H @ g)) / q


def exact_line_search(x: Vector, H: Matrix) -> Scalar:
    """f(x) - f(x - a g) with the exact step a, both losses computed."""
    return quadratic(x, H) - loss_after_step(exact_step(x, H), x, H)


@identity(of=exact_line_search, at=dict(x=nonzero("n"), H=spd("n")))
def exact_line_search_decrease(x: Vector, H: Matrix) -> Scalar:
    """f(x - a g) = f(x) - a gᵀg + a² gᵀH g / 2, and a = gᵀg / gᵀH g leaves -(gᵀg)² / (2 gᵀH g)."""
    g = H @ x
    return (g @ g) ** 2 / (2 * (g @ H @ g))


# ----- many steps on c x²/2 -----


def iterate(start: Scalar, step: Scalar, curvature: Scalar, steps: int) -> Scalar:
    """Where gradient descent on c x² / 2 is after so many steps, by taking them."""
    return jax.lax.scan(lambda x, _: (x - step * curvature * x, None), start, length=steps)[0]


ITERATE = dict(
    start=reals(), step=interval(0, 1.5), curvature=interval(0, 2), steps=choice(1, 2, 7, 20)
)


@identity(of=iterate, at=ITERATE)
def iterate_in_closed_form(start: Scalar, step: Scalar, curvature: Scalar, steps: int) -> Scalar:
    """x - a c x = (1 - ac) x each time, hence xₖ = (1 - ac)ᵏ x₀: a geometric sequence."""
    return (1 - step * curvature) ** steps * start


@derivative(of=iterate, wrt="start", at=ITERATE)
def iterate_start_derivative(start: Scalar, step: Scalar, curvature: Scalar, steps: int) -> Scalar:
    """xₖ = (1 - ac)ᵏ x₀ is linear in x₀: the start is forgotten at the rate of the descent."""
    return (1 - step * curvature) ** steps


@derivative(of=iterate, wrt="step", at=ITERATE)
def iterate_step_derivative(start: Scalar, step: Scalar, curvature: Scalar, steps: int) -> Scalar:
    """d(1 - ac)ᵏ x₀ = -k c (1 - ac)ᵏ⁻¹ x₀ da. After a second step it is zero at a = 1/c, the step
    that arrives at once, and for a > 2/c it outgrows the iterate itself by the factor k.
    """
    return -steps * curvature * (1 - step * curvature) ** (steps - 1) * start


def worst_factor(step: Elementwise, low: Elementwise, high: Elementwise) -> Elementwise:
    """max(|1 - a l|, |1 - a h|), l <= h: what a step leaves of the most stubborn error."""
    return jnp.maximum(jnp.abs(1 - step * low), jnp.abs(1 - step * high))


@derivative(
    of=worst_factor,
    wrt="step",
    at=dict(step=positive("n"), low=interval(0, 0.5, "n"), high=interval(0.5, 1, "n")),
    kinks="step == 2 / (low + high), the best step; and step == 1 / curvature if low == high",
)
def worst_factor_derivative(step: Elementwise, low: Elementwise, high: Elementwise) -> Elementwise:
    """Short steps, a < 2 / (l + h): 1 - a l is the greater, and falls by l. Longer ones: a h - 1,
    rising by h. The best step is where the two lines cross.
    """
    return jnp.where(step * (low + high) < 2, -low, high)


def best_worst_factor(low: Elementwise, high: Elementwise) -> Elementwise:
    """`worst_factor` at the step 2 / (l + h). The best fixed step on a quadratic."""
    return worst_factor(2 / (low + high), low, high)


@identity(of=best_worst_factor, at=dict(low=interval(0, 0.5, "n"), high=interval(0.5, 1, "n")))
def best_contraction(low: Elementwise, high: Elementwise) -> Elementwise:
    """1 - 2 l / (l + h) = (h - l) / (h + l) = (κ - 1) / (κ + 1), κ = h / l."""
    return (high - low) / (high + low)
