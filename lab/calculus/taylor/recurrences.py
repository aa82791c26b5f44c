"""Taylor coefficients to any order, from the equation a function solves.

Differentiating k times by rote costs more with every k. An equation such as f' = 1 - f² gives the
next coefficient from those before: multiply the series out (a product of series has coefficients
Σ aᵢ b_{k-i}) and compare powers of x. In double precision, as arrays c with c[k] belonging to xᵏ.
"""

from math import factorial, log, pi, sqrt

import numpy as np
from jaxtyping import Float

Coefficients = Float[np.ndarray, " n"]


def exponential(order: int) -> Coefficients:
    """f' = f:  (k + 1) c_{k+1} = c_k;  hence 1/k!."""
    return np.array([1 / factorial(k) for k in range(order + 1)])


def sine(order: int) -> Coefficients:
    """f'' = -f, odd;  hence the odd half of the exponential's, signs alternating."""
    return exponential(order) * np.array([0, 1, 0, -1])[np.arange(order + 1) % 4]


def logarithm(order: int) -> Coefficients:
    """Of ln(1 + x): (1 + x) f' = 1:  (k + 1) c_{k+1} = -k c_k;  hence (-1)ᵏ⁺¹/k."""
    k = np.arange(1, order + 1)
    return np.concatenate([[0.0], -((-1.0) ** k) / k])


def bell(order: int) -> Coefficients:
    """Of 1/(1 + x²): (1 + x²) f = 1:  c_k = -c_{k-2};  hence 1, 0, -1, 0, 1, ..."""
    return np.array([1.0, 0, -1, 0])[np.arange(order + 1) % 4]


def square_root(order: int) -> Coefficients:
    """Of √(1 + x): 2 (1 + x) f' = f:  hence c_{k+1} = c_k (1/2 - k)/(k + 1)."""
    c = [1.0]
    for k in range(order):
        c.append(c[-1] * (0.5 - k) / (k + 1))
    return np.array(c)


def hyperbolic_tangent(order: int) -> Coefficients:
    """f' = 1 - f²:  hence (k + 1) c_{k+1} = [k = 0] - Σ cᵢ c_{k-i}, from c₀ = 0."""
    c = [0.0]
    for k in range(order):
        c.append(((k == 0) - np.dot(c, c[::-1])) / (k + 1))
    return np.array(c)


def sigmoid(order: int) -> Coefficients:
    """s(x) = (1 + tanh(x/2))/2;  hence half of tanh's coefficients over 2ᵏ, and 1/2 first."""
    c = hyperbolic_tangent(order) / 2.0 ** np.arange(1, order + 2)
    return c + np.eye(1, order + 1)[0] / 2


def softplus(order: int) -> Coefficients:
    """f' = s, the sigmoid:  hence c_k = s_{k-1}/k and c₀ = ln 2."""
    return np.concatenate([[log(2)], sigmoid(order)[:-1] / np.arange(1, order + 1)])


def error_function(order: int) -> Coefficients:
    """f' = 2/√π e^(-x²), whose coefficients are (-1)ʲ/j! at x²ʲ:  hence those over k, one later."""
    slopes = [0.0 if k % 2 else (-1) ** (k // 2) / factorial(k // 2) for k in range(order)]
    return np.concatenate([[0.0], 2 / sqrt(pi) * np.array(slopes) / np.arange(1, order + 1)])
