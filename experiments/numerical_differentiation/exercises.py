"""Exercises on numerical_differentiation: two errors that fight over h.

(f(x+h) - f(x-h)) / 2h misses f'(x) by h²/6 f''' (truncation) and about eps |f| / h (rounding).
An error a h^p + b/h is least where truncation grows as fast as rounding falls.
Im f(x + ih) / h subtracts nothing: f(x + ih) = f + ih f' - h²/2 f'' - ...
"""

import jax.numpy as jnp

# ----- what a scheme misses -----


def central_of_cube(x, h):
    """Easy: the error of a scheme.

    The central quotient ((x+h)³ - (x-h)³) / 2h, simplified so that it may be asked at h = 0.
    """
    ...


def rounding_alone(eps, h):
    """Easy: noise.

    A loss is about as large as its slope, and known to a relative eps. About what relative error
    does rounding alone put on its central difference with step h? (Try eps = 1.2e-7, h = 1e-5.)
    """
    ...


def power_of_eps():
    """Medium: how many digits there are to gain.

    The least error of a five-point difference (truncation like h⁴) is about eps to which power?
    """
    ...


# ----- the best step -----


def step_error(h, a, b):
    """Truncation a h² and rounding b/h."""
    return a * h**2 + b / h


def step_error_slope(h, a, b):
    """Easy: a sum of powers.

    The derivative of `step_error` with respect to the step h.
    """
    ...


def best_central_step(value, third, eps):
    """Medium: the best step.

    The best step of a central difference where |f| is `value` and |f'''| is `third` (both may be
    given with a sign). `jnp.cbrt` is the cube root.
    """
    ...


# ----- the complex step -----


def bump(x):
    return jnp.sin(x) / (1 + x**2)


def bump_slope(x):
    """Medium: the complex step.

    The slope of `bump` at x, which may be an array, without a formula for it: Im bump(x + ih) / h
    with a tiny h. `jax.lax.complex(x, y)` makes x + iy of two arrays of one shape.
    """
    ...


def fooled(x):
    """Hard: where the complex step fails.

    A function of x, made of jax.numpy, that has a slope at x = 1, which a central difference finds
    and the complex step does not. (It will be called with real and with complex numbers.)
    """
    ...


# ----- checking a gradient -----


def relative_errors(claimed, measured):
    """Medium: gradient checks.

    Entry by entry, the difference of two gradients relative to the larger of the two entries in
    size. Where both entries are 0 it is 0.
    """
    ...


def verdicts(claimed, measured):
    """Hard: gradient checks.

    For each entry 1 if it is suspicious, else 0: if its relative error, as above, exceeds 1e-4, and
    its absolute error exceeds 1e-9 as well, since noise makes small entries disagree.
    """
    ...
