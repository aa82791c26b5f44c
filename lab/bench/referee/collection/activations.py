"""Activation functions, with the constants that are remembered wrongly."""

# fmt: off
import jax
import jax.numpy as jnp

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, normal, signed, sometimes, uniform
from lab.domains import reals

ROOT = 0.7978845608028654  # sqrt(2/pi)
SELU_A, SELU_L = 1.6732632423543772, 1.0507009873554805
sigmoid = jax.nn.sigmoid
wide = sometimes(normal(6, scale=2.0), signed(uniform(60.0, 120.0, 6)))


def gelu_with(outer=ROOT, inner=0.044715):
    return lambda x: 0.5 * x * (1 + jnp.tanh(outer * (x + inner * x**3)))


def gelu_slope(x, outer=ROOT, inner=0.044715, three=3.0):
    t = jnp.tanh(outer * (x + inner * x**3))
    return 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * outer * (1 + three * inner * x**2)


def phi(x):
    return jnp.exp(-0.5 * x**2) / jnp.sqrt(2 * jnp.pi)


def cdf(x):
    return 0.5 * (1 + jax.scipy.special.erf(x / jnp.sqrt(2.0)))


def mish(x):
    return x * jnp.tanh(jax.nn.softplus(x))


def mish_slope(x, inner=sigmoid):
    t = jnp.tanh(jax.nn.softplus(x))
    return t + x * (1 - t**2) * inner(x)


def selu_with(a=SELU_A, l=SELU_L):
    return lambda x: l * jnp.where(x > 0, x, a * jnp.expm1(jnp.minimum(x, 0.0)))


def selu_slope(x, a=SELU_A, l=SELU_L):
    return l * jnp.where(x > 0, 1.0, a * jnp.exp(jnp.minimum(x, 0.0)))


CASES = [
    Case("sigmoid", lambda x: 1 / (1 + jnp.exp(-x)), lambda x: sigmoid(x) * (1 - sigmoid(x)), at(normal(5, scale=2.0)),
         kind="derivative", auto="sign factor constant region", domains=dict(x=reals("n")), slips=[
             ("missing_chain_factor", lambda x: sigmoid(x)),
             ("missing_chain_factor|missing_term", lambda x: 1 - sigmoid(x)),
             ("wrong_variable|missing_chain_factor|unknown", lambda x: x * (1 - x)),
             ("wrong_variable|missing_chain_factor|unknown", lambda x: sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x)))),
             ("missing_term|missing_chain_factor|unknown|sign|constant", lambda x: sigmoid(x) * (1 + sigmoid(x))),
         ]),
    Case("sigmoid far out", sigmoid, lambda x: sigmoid(x) * sigmoid(-x), at(wide), kind="derivative", slips=[
             ("unstable", lambda x: jnp.exp(-x) / (1 + jnp.exp(-x)) ** 2),
             ("unstable", lambda x: jnp.exp(x) / (1 + jnp.exp(x)) ** 2),
             ("region", lambda x: jnp.where(jnp.abs(x) > 2, 0.0, sigmoid(x) * sigmoid(-x))),
         ]),
    Case("hyperbolic tangent", jnp.tanh, lambda x: 1 - jnp.tanh(x) ** 2, at(normal(6)), kind="derivative",
         auto="sign constant region shape", domains=dict(x=reals("n")), slips=[
             ("missing_chain_factor|unknown|constant", lambda x: 1 - jnp.tanh(x)),
             ("sign", lambda x: 1 + jnp.tanh(x) ** 2),
             ("wrong_variable|missing_chain_factor|unknown", lambda x: 1 - x**2),
             ("missing_chain_factor|unknown|sign", lambda x: jnp.tanh(x) * (1 - jnp.tanh(x))),
             ("missing_term|missing_chain_factor", lambda x: jnp.ones_like(x)),
         ]),
    Case("softplus", jax.nn.softplus, sigmoid, at(wide), kind="derivative", auto="factor constant region", slips=[
             ("unstable", lambda x: jnp.exp(x) / (1 + jnp.exp(x))),
             ("sign|wrong_variable", lambda x: sigmoid(-x)),
             ("missing_chain_factor", lambda x: sigmoid(x) * sigmoid(-x)),
             ("region", lambda x: jnp.where(x > 0, 1.0, sigmoid(x))),
             ("region", lambda x: jnp.where(x > 20, 0.0, sigmoid(x))),
         ]),
    Case("swish", lambda x: x * sigmoid(x), lambda x: sigmoid(x) * (1 + x * sigmoid(-x)), at(normal(5, scale=3.0)),
         kind="derivative", auto="sign constant extra", domains=dict(x=reals("n")), slips=[
             ("missing_term", sigmoid),
             ("missing_term", lambda x: x * sigmoid(x) * sigmoid(-x)),
             ("sign", lambda x: sigmoid(x) * (1 - x * sigmoid(-x))),
             ("missing_chain_factor", lambda x: sigmoid(x) * (1 + x)),
             ("missing_chain_factor", lambda x: sigmoid(x) + x * sigmoid(-x)),
         ]),
    Case("swish with a slope", lambda x, b: jnp.sum(x * sigmoid(b * x)),
         lambda x, b: (sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)), jnp.sum(x**2 * sigmoid(b * x) * sigmoid(-b * x))),
         at(normal(5), uniform(0.5, 2.0)), wrt=(0, 1), auto="sign zero constant", slips=[
             ("missing_chain_factor", lambda x, b: (sigmoid(b * x) * (1 + x * sigmoid(-b * x)), jnp.sum(x**2 * sigmoid(b * x) * sigmoid(-b * x)))),
             ("missing_chain_factor", lambda x, b: (sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)), jnp.sum(x * sigmoid(b * x) * sigmoid(-b * x)))),
             ("broadcast_sum|shape", lambda x, b: (sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)), x**2 * sigmoid(b * x) * sigmoid(-b * x))),
             ("batch_factor|broadcast_sum", lambda x, b: (sigmoid(b * x) * (1 + b * x * sigmoid(-b * x)), jnp.mean(x**2 * sigmoid(b * x) * sigmoid(-b * x)))),
         ]),
    Case("gelu by tanh", gelu_with(), gelu_slope, at(normal(6, scale=1.5)), kind="derivative", auto="sign region factor",
         domains=dict(x=reals("n")), slips=[
             ("constant", lambda x: gelu_slope(x, outer=0.7979)),
             ("constant", lambda x: gelu_slope(x, outer=0.797885)),
             ("constant", lambda x: gelu_slope(x, inner=0.0447)),
             ("constant", Alt(gelu_with(outer=0.8))),
             ("constant|unknown|missing_chain_factor", lambda x: gelu_slope(x, inner=0.44715)),
             ("missing_chain_factor|factor|constant", lambda x: gelu_slope(x, three=1.0)),
             ("constant|missing_chain_factor|factor", lambda x: gelu_slope(x, three=2.0)),
             ("constant|unknown", lambda x: cdf(x) + x * phi(x)),
             ("constant|unknown", lambda x: sigmoid(1.702 * x) * (1 + 1.702 * x * sigmoid(-1.702 * x))),
         ]),
    Case("gelu exactly", lambda x: x * cdf(x), lambda x: cdf(x) + x * phi(x), at(normal(4, scale=2.0)), kind="derivative",
         auto="constant region", slips=[
             ("missing_term", cdf),
             ("missing_term", lambda x: x * phi(x)),
             ("missing_chain_factor", lambda x: cdf(x) + phi(x)),
             ("sign", lambda x: cdf(x) - x * phi(x)),
             ("factor|constant", lambda x: cdf(x) + x * jnp.exp(-0.5 * x**2) / jnp.sqrt(jnp.pi)),
             ("constant|factor", lambda x: cdf(x) + x * 0.3989 * jnp.exp(-0.5 * x**2)),
             ("constant|unknown", gelu_slope),
         ]),
    Case("mish", mish, mish_slope, at(normal(5, scale=2.0)), kind="derivative", auto="factor constant region", slips=[
             ("missing_chain_factor", lambda x: mish_slope(x, inner=lambda x: 1.0)),
             ("missing_term", lambda x: jnp.tanh(jax.nn.softplus(x))),
             ("missing_chain_factor|unknown", lambda x: mish_slope(x, inner=lambda x: sigmoid(x) * sigmoid(-x))),
             ("sign", lambda x: 2 * jnp.tanh(jax.nn.softplus(x)) - mish_slope(x)),
         ]),
    Case("selu", selu_with(), selu_slope, at(normal(6)), kind="derivative", auto="sign constant shape", slips=[
             ("constant", lambda x: selu_slope(x, a=1.6733)),
             ("constant|factor", lambda x: selu_slope(x, l=1.0507)),
             ("constant|missing_chain_factor|factor", lambda x: selu_slope(x, l=1.0)),
             ("region|constant|missing_chain_factor|factor", lambda x: selu_slope(x, a=1.0)),
             ("region", lambda x: SELU_L * jnp.ones_like(x)),
             ("region", lambda x: SELU_L * jnp.where(x > 0, 1.0, SELU_A * jnp.expm1(jnp.minimum(x, 0.0)))),
         ]),
    Case("elu", lambda x, a: jnp.sum(jnp.where(x > 0, x, a * jnp.expm1(jnp.minimum(x, 0.0)))),
         lambda x, a: jnp.where(x > 0, 1.0, a * jnp.exp(jnp.minimum(x, 0.0))), at(normal(5), uniform(1.1, 2.0)),
         auto="sign index", slips=[
             ("region", lambda x, a: jnp.where(x > 0, 1.0, jnp.exp(jnp.minimum(x, 0.0)))),
             ("region", lambda x, a: jnp.where(x > 0, 1.0, a)),
             ("region", lambda x, a: jnp.where(x > 0, 1.0, 0.0)),
             ("region", lambda x, a: jnp.where(x > 0, x, a * jnp.exp(jnp.minimum(x, 0.0)))),
             ("region", lambda x, a: jnp.where(x > -1, 1.0, a * jnp.exp(jnp.minimum(x, 0.0)))),
         ]),
    Case("leaky relu", lambda x: jnp.sum(jnp.where(x > 0, x, 0.01 * x)), lambda x: jnp.where(x > 0, 1.0, 0.01), at(normal(7)),
         auto="sign factor shape", domains=dict(x=reals("n")), slips=[
             ("region", lambda x: jnp.where(x > 0, 1.0, 0.0)),
             ("region|constant", lambda x: jnp.where(x > 0, 1.0, 0.1)),
             ("region", lambda x: jnp.where(x > 0, 1.0, -0.01)),
             ("region|constant", lambda x: jnp.where(x > 0, 1.0, 0.0101)),
             ("region", lambda x: jnp.where(x > 0, 1.0, jnp.where(x < -1, 0.0, 0.01))),
             ("region", lambda x: jnp.where(x > 0.1, 1.0, 0.01)),
         ]),
    Case("softsign", lambda x: x / (1 + jnp.abs(x)), lambda x: 1 / (1 + jnp.abs(x)) ** 2, at(normal(5, scale=2.0)),
         kind="derivative", auto="constant factor region", slips=[
             ("missing_chain_factor|missing_term", lambda x: 1 / (1 + jnp.abs(x))),
             ("region", lambda x: 1 / (1 + x) ** 2),
             ("sign", lambda x: 1 / (1 + jnp.abs(x)) + jnp.abs(x) / (1 + jnp.abs(x)) ** 2),
             ("missing_chain_factor|unknown", lambda x: 1 / (1 + x**2)),
         ]),
    Case("log of sigmoid", lambda x: jnp.mean(jax.nn.log_sigmoid(x)), lambda x: sigmoid(-x) / x.size, at(wide), auto="sign", slips=[
             ("unstable", lambda x: jnp.exp(-x) / (1 + jnp.exp(-x)) / x.size),
             ("unstable", lambda x: sigmoid(x) * (1 - sigmoid(x)) / sigmoid(x) / x.size),
             ("batch_factor", lambda x: sigmoid(-x)),
             ("sign|wrong_variable|unknown", lambda x: sigmoid(x) / x.size),
             ("missing_chain_factor", lambda x: 1 / sigmoid(x) / x.size),
             ("missing_chain_factor", lambda x: sigmoid(x) * sigmoid(-x) / x.size),
         ]),
    Case("gated linear unit", lambda a, b: a * sigmoid(b),
         lambda a, b, ct: (ct * sigmoid(b), ct * a * sigmoid(b) * (1 - sigmoid(b))), at(normal(3, 4), normal(3, 4)),
         kind="vjp", wrt=(0, 1), auto="sign factor zero", domains=dict(a=reals("n d"), b=reals("n d")), slips=[
             ("missing_chain_factor", lambda a, b, ct: (sigmoid(b), a * sigmoid(b) * (1 - sigmoid(b)))),
             ("missing_chain_factor", lambda a, b, ct: (ct * sigmoid(b), ct * a * sigmoid(b))),
             ("missing_chain_factor", lambda a, b, ct: (ct * sigmoid(b), ct * sigmoid(b) * (1 - sigmoid(b)))),
             ("wrong_variable", lambda a, b, ct: (ct * sigmoid(a), ct * a * sigmoid(b) * (1 - sigmoid(b)))),
             ("wrong_variable", lambda a, b, ct: (ct * a * sigmoid(b) * (1 - sigmoid(b)), ct * sigmoid(b))),
         ]),
]
