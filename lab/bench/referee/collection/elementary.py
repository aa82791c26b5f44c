"""Functions of one variable, applied entry by entry."""

# fmt: off
import jax
import jax.numpy as jnp
from jax.scipy.special import digamma, gammaln

from lab.bench.referee.case import Alt, Case
from lab.bench.referee.draws import at, magnitudes, normal, positive, signed, uniform
from lab.domains import interval, reals
from lab.domains import positive as positives


def horner(x):
    total = 0.0 * x
    for c in (1.0, -3.0, 0.5, 2.0):
        total = total * x + c
    return total


def wave_packet(x):
    return jnp.exp(-0.5 * x**2) * jnp.cos(3 * x)


CASES = [
    Case("cubic times sine", lambda x: x**3 * jnp.sin(x), lambda x: 3 * x**2 * jnp.sin(x) + x**3 * jnp.cos(x),
         at(normal(5)), kind="derivative", auto="sign factor constant region shape", domains=dict(x=reals("n")), slips=[
             ("missing_term", lambda x: 3 * x**2 * jnp.sin(x)),
             ("missing_term", lambda x: x**3 * jnp.cos(x)),
             ("sign", lambda x: 3 * x**2 * jnp.sin(x) - x**3 * jnp.cos(x)),
             ("missing_chain_factor|factor", lambda x: x**2 * jnp.sin(x) + x**3 * jnp.cos(x)),
             ("missing_chain_factor|missing_term|unknown", lambda x: 3 * x**2 * jnp.cos(x)),
         ]),
    Case("gaussian bump", lambda x: jnp.exp(-x**2), lambda x: -2 * x * jnp.exp(-x**2), at(normal(4)),
         kind="derivative", auto="constant region extra", domains=dict(x=reals("n")), slips=[
             ("sign", lambda x: 2 * x * jnp.exp(-x**2)),
             ("missing_chain_factor", lambda x: jnp.exp(-x**2)),
             ("missing_chain_factor|factor", lambda x: -x * jnp.exp(-x**2)),
             ("missing_chain_factor", lambda x: -2 * jnp.exp(-x**2)),
         ]),
    Case("log of one plus square", lambda x: jnp.log1p(x**2), lambda x: 2 * x / (1 + x**2), at(normal(6, scale=2.0)),
         kind="derivative", auto="sign constant region index", slips=[
             ("missing_chain_factor", lambda x: 1 / (1 + x**2)),
             ("missing_chain_factor|factor", lambda x: x / (1 + x**2)),
             ("missing_chain_factor|unknown", lambda x: 2 * x / (1 + x**2) ** 2),
             ("missing_chain_factor|constant|missing_term|unknown", lambda x: 2 / x),
         ]),
    Case("tangent", jnp.tan, lambda x: 1 + jnp.tan(x) ** 2, at(uniform(-1.2, 1.2)), kind="derivative",
         auto="factor constant region", slips=[
             ("missing_term", lambda x: jnp.tan(x) ** 2),
             ("missing_term|unknown|missing_chain_factor", lambda x: jnp.ones_like(x)),
             ("sign", lambda x: 1 - jnp.tan(x) ** 2),
             ("missing_chain_factor|unknown", lambda x: 1 / jnp.cos(x)),
         ]),
    Case("arctangent of a multiple", lambda x: jnp.arctan(3 * x), lambda x: 3 / (1 + 9 * x**2), at(normal(3)),
         kind="derivative", auto="sign constant", slips=[
             ("missing_chain_factor|factor", lambda x: 1 / (1 + 9 * x**2)),
             ("constant|missing_chain_factor|factor", lambda x: 3 / (1 + 3 * x**2)),
             ("constant|missing_chain_factor|factor|wrong_variable", lambda x: 3 / (1 + x**2)),
             ("constant", lambda x: 3 / (1 + 9.001 * x**2)),
         ]),
    Case("x to the x", lambda x: x**x, lambda x: x**x * (jnp.log(x) + 1), at(positive(4)), kind="derivative",
         auto="constant factor", domains=dict(x=interval(0.05, 5.0, "n")), slips=[
             ("missing_term", lambda x: x * x ** (x - 1)),
             ("missing_term", lambda x: x**x * jnp.log(x)),
             ("sign", lambda x: x**x * (jnp.log(x) - 1)),
             ("missing_chain_factor|missing_term|unknown", lambda x: x ** (x - 1)),
             ("region", lambda x: x**x * (jnp.log(jnp.maximum(x, 0.7)) + 1)),
         ]),
    Case("root of one plus square", lambda x: jnp.sqrt(1 + x**2), lambda x: x / jnp.sqrt(1 + x**2), at(normal(5, scale=3.0)),
         kind="derivative", auto="sign constant shape", slips=[
             ("factor", lambda x: 2 * x / jnp.sqrt(1 + x**2)),
             ("factor", lambda x: x / (2 * jnp.sqrt(1 + x**2))),
             ("missing_chain_factor", lambda x: 1 / (2 * jnp.sqrt(1 + x**2))),
             ("missing_chain_factor|unknown", lambda x: x * jnp.sqrt(1 + x**2)),
             ("region", lambda x: jnp.where(jnp.abs(x) > 4, jnp.sign(x), x / jnp.sqrt(1 + x**2))),
         ]),
    Case("sine over x", lambda x: jnp.sin(x) / x, lambda x: (x * jnp.cos(x) - jnp.sin(x)) / x**2,
         at(signed(uniform(0.5, 6.0, 4))), kind="derivative", auto="constant region", slips=[
             ("sign", lambda x: (x * jnp.cos(x) + jnp.sin(x)) / x**2),
             ("missing_term", lambda x: jnp.cos(x) / x),
             ("missing_chain_factor|factor", lambda x: jnp.cos(x) / x - jnp.sin(x) / x),
             ("missing_chain_factor|unknown|sign", lambda x: (x * jnp.sin(x) - jnp.cos(x)) / x**2),
         ]),
    Case("logit", lambda p: jnp.log(p / (1 - p)), lambda p: 1 / (p * (1 - p)), at(uniform(0.05, 0.95, 4)),
         kind="derivative", auto="factor constant", domains=dict(p=interval(0.01, 0.99, "n")), slips=[
             ("missing_term", lambda p: 1 / p),
             ("sign", lambda p: 1 / p - 1 / (1 - p)),
             ("missing_chain_factor|unknown", lambda p: (1 - p) / p),
             ("region", lambda p: jnp.where(p > 0.9, 1 / p, 1 / (p * (1 - p)))),
         ]),
    Case("cubic by Horner", horner, lambda x: 3 * x**2 - 6 * x + 0.5, at(normal(4)), kind="derivative",
         auto="sign region", slips=[
             ("missing_term", lambda x: 3 * x**2 - 6 * x),
             ("missing_term|constant|unknown|factor", lambda x: 3 * x**2 - 3 * x + 0.5),
             ("constant|factor", lambda x: 3 * x**2 - 6.001 * x + 0.5),
             ("extra_term", lambda x: 3 * x**2 - 6 * x + 2.5),
             ("sign", lambda x: 3 * x**2 + 6 * x + 0.5),
             ("index|factor|unknown|missing_chain_factor|constant", lambda x: 2 * x**2 - 3 * x + 0.5),
         ]),
    Case("damped oscillation", lambda t, a, w: jnp.exp(-a * t) * jnp.cos(w * t),
         lambda t, a, w: -jnp.exp(-a * t) * (a * jnp.cos(w * t) + w * jnp.sin(w * t)),
         at(positive(4), positive(), uniform(1.0, 3.0)), kind="derivative", auto="sign constant region", slips=[
             ("missing_term", lambda t, a, w: -w * jnp.exp(-a * t) * jnp.sin(w * t)),
             ("missing_term", lambda t, a, w: -a * jnp.exp(-a * t) * jnp.cos(w * t)),
             ("missing_chain_factor", lambda t, a, w: -jnp.exp(-a * t) * (a * jnp.cos(w * t) + jnp.sin(w * t))),
             ("sign", lambda t, a, w: -jnp.exp(-a * t) * (a * jnp.cos(w * t) - w * jnp.sin(w * t))),
             ("wrong_variable", lambda t, a, w: -jnp.exp(-a * t) * (w * jnp.cos(w * t) + a * jnp.sin(w * t))),
         ]),
    Case("error function", lambda x: jax.scipy.special.erf(x), lambda x: 2 / jnp.sqrt(jnp.pi) * jnp.exp(-x**2),
         at(normal(5)), kind="derivative", auto="region sign", slips=[
             ("constant|factor", lambda x: 1.128 * jnp.exp(-x**2)),
             ("constant|factor", lambda x: 1.12838 * jnp.exp(-x**2)),
             ("factor|constant", lambda x: 2 / jnp.pi * jnp.exp(-x**2)),
             ("factor|constant", lambda x: jnp.exp(-x**2)),
             ("constant|missing_chain_factor|factor|unknown", lambda x: 2 / jnp.sqrt(jnp.pi) * jnp.exp(-x**2 / 2)),
         ]),
    Case("log gamma", lambda x: jnp.sum(gammaln(x)), digamma, at(magnitudes(0.2, 20.0, 5)), auto="constant sign factor", slips=[
             ("missing_term|region|unknown", jnp.log),
             ("region|unknown", lambda x: jnp.where(x > 5, jnp.log(x) - 0.5 / x, digamma(x))),
             ("index|wrong_variable|constant|unknown|missing_term|extra_term", lambda x: digamma(x + 1)),
             ("missing_chain_factor|unknown|factor", lambda x: jnp.exp(gammaln(x)) * digamma(x)),
         ]),
    Case("wave packet", wave_packet, lambda x: -jnp.exp(-0.5 * x**2) * (x * jnp.cos(3 * x) + 3 * jnp.sin(3 * x)),
         lambda key: jax.random.normal(key, (7,)), kind="derivative", auto="constant region index", slips=[
             ("missing_term", lambda x: -3 * jnp.exp(-0.5 * x**2) * jnp.sin(3 * x)),
             ("missing_chain_factor|factor", lambda x: -jnp.exp(-0.5 * x**2) * (x * jnp.cos(3 * x) + jnp.sin(3 * x))),
             ("sign", lambda x: -jnp.exp(-0.5 * x**2) * (x * jnp.cos(3 * x) - 3 * jnp.sin(3 * x))),
             ("factor|missing_chain_factor", lambda x: -jnp.exp(-0.5 * x**2) * (2 * x * jnp.cos(3 * x) + 3 * jnp.sin(3 * x))),
         ]),
    Case("power with its exponent", lambda x, a: x**a, lambda x, a: (a * x ** (a - 1), x**a * jnp.log(x)),
         at(positive(), uniform(1.5, 3.5)), wrt=(0, 1), auto="sign factor zero", slips=[
             ("index|missing_chain_factor|constant|unknown|wrong_variable|factor", lambda x, a: (a * x**a, x**a * jnp.log(x))),
             ("missing_chain_factor", lambda x, a: (a * x ** (a - 1), x**a)),
             ("missing_chain_factor|factor|wrong_variable", lambda x, a: (x ** (a - 1), x**a * jnp.log(x))),
             ("wrong_variable", lambda x, a: (a * x ** (a - 1), x**a * jnp.log(a))),
             ("wrong_variable", lambda x, a: (x**a * jnp.log(x), a * x ** (a - 1))),
         ]),
    Case("inverse hyperbolic sine", jnp.arcsinh, lambda x: 1 / jnp.sqrt(x**2 + 1), at(normal(3, scale=4.0)), kind="derivative",
         auto="constant factor region", slips=[
             ("sign", lambda x: 1 / jnp.sqrt(jnp.abs(1 - x**2) + 1e-3)),
             ("missing_chain_factor|unknown", lambda x: 1 / (x**2 + 1)),
             ("missing_chain_factor|unknown", lambda x: 1 / jnp.cosh(x)),
             ("region", lambda x: jnp.where(x > 3, 1 / x, 1 / jnp.sqrt(x**2 + 1))),
             ("region", lambda x: jnp.where(jnp.abs(x) > 6, 1 / jnp.abs(x), 1 / jnp.sqrt(x**2 + 1))),
         ]),
    Case("half of a quotient", lambda x: (2 * x - 1) / (x**2 + 3), lambda x: (6 + 2 * x - 2 * x**2) / (x**2 + 3) ** 2,
         at(normal(5)), kind="derivative", auto="sign constant", domains=dict(x=reals("n")), slips=[
             ("missing_term", lambda x: 2 / (x**2 + 3)),
             ("sign", lambda x: (2 * (x**2 + 3) + (2 * x - 1) * 2 * x) / (x**2 + 3) ** 2),
             ("missing_chain_factor", lambda x: 6 + 2 * x - 2 * x**2),
             ("missing_chain_factor|unknown", lambda x: (6 + 2 * x - 2 * x**2) / (x**2 + 3)),
             ("missing_chain_factor|unknown|missing_term", lambda x: 2 / (2 * x)),
         ]),
    Case("fourth root", lambda x: x**0.25, lambda x: 0.25 * x**-0.75, at(positive(4)), kind="derivative",
         auto="sign extra", domains=dict(x=positives("n")), slips=[
             ("missing_chain_factor|factor", lambda x: x**-0.75),
             ("constant|missing_chain_factor|unknown|index", lambda x: 0.25 * x**-0.25),
             ("constant", lambda x: 0.25 * x**-0.7501),
             ("constant|factor", lambda x: 0.2501 * x**-0.75),
             ("constant|unknown|missing_chain_factor", Alt(lambda x: 4 * jnp.log1p(x))),
         ]),
]
