"""A traced function carried out by NumPy, at one point: where it is asked once, compiling it would
cost a hundred times as much."""

from collections.abc import Callable, Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax.extend import core
from scipy import special

from lab.referee.programs.traced import INLINED, scan_counts_of, typed

MOST = 10_000  # rounds of a loop
Array = Any
Ask = Callable[..., Array]  # of a step's parameters, and what enters

ENTRYWISE: dict[str, Callable[..., Array]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "max": np.maximum, "min": np.minimum,
    "add_any": np.add, "pow": np.power, "neg": np.negative, "sign": np.sign, "floor": np.floor,
    "ceil": np.ceil, "abs": np.abs, "exp": np.exp, "exp2": np.exp2, "log": np.log,
    "log1p": np.log1p, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "tanh": np.tanh, "sinh": np.sinh, "cosh": np.cosh, "asin": np.arcsin, "acos": np.arccos,
    "atan": np.arctan, "atan2": np.arctan2, "logistic": special.expit, "sqrt": np.sqrt,
    "cbrt": np.cbrt, "rsqrt": lambda x: 1 / np.sqrt(x), "square": np.square, "erf": special.erf,
    "erfc": special.erfc, "lgamma": special.gammaln, "eq": np.equal, "ne": np.not_equal,
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "is_finite": np.isfinite, "real": np.real, "imag": np.imag, "conj": np.conj,
    "stop_gradient": np.asarray, "copy": np.asarray, "copy_p": np.asarray,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "select_n": lambda which, *cases: (
        np.where(which, cases[1], cases[0]) if len(cases) == 2 else np.choose(which, cases)
    ),
}  # fmt: skip
LOGICAL = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert}
REDUCING = {
    "reduce_sum": np.sum, "reduce_max": np.max, "reduce_min": np.min, "reduce_prod": np.prod,
    "reduce_and": np.all, "reduce_or": np.any,
}  # fmt: skip
RUNNING: dict[str, Any] = {
    "cumsum": np.add, "cumprod": np.multiply, "cummax": np.maximum, "cummin": np.minimum,
    "cumlogsumexp": np.logaddexp,
}  # fmt: skip


class TooLongError(Exception):
    """A loop does not come to its end."""


def reckoned(closed: Any, leaves: Sequence[Array]) -> list[Array]:
    """What a traced program answers at one point."""
    jaxpr = closed.jaxpr
    values: dict[Any, Array] = dict(zip(jaxpr.constvars, closed.consts, strict=True))
    values |= zip(jaxpr.invars, leaves, strict=True)
    read = lambda atom: typed(atom) if isinstance(atom, core.Literal) else values[atom]
    for equation in jaxpr.eqns:
        out = _carried_out(equation, [read(atom) for atom in equation.invars])
        values |= zip(equation.outvars, out, strict=True)
    return [np.asarray(read(atom)) for atom in jaxpr.outvars]


def _carried_out(equation: Any, operands: list[Array]) -> Sequence[Array]:
    primitive, params = equation.primitive, equation.params
    name = primitive.name
    if name in ENTRYWISE:
        out = ENTRYWISE[name](*operands)
        return [np.asarray(out, equation.outvars[0].aval.dtype)]
    if name in OWN:
        return [np.asarray(OWN[name](params, *operands), equation.outvars[0].aval.dtype)]
    if name in LOGICAL:
        return [LOGICAL[name](*map(np.asarray, operands))]
    if name in INLINED:
        inner = params[INLINED[name]]
        return reckoned(inner if hasattr(inner, "jaxpr") else core.ClosedJaxpr(inner, ()), operands)
    if name in LOOPS:
        return LOOPS[name](equation, operands)
    if name.startswith("debug"):
        return []
    if name == "div" and np.issubdtype(equation.outvars[0].aval.dtype, np.inexact):
        return [np.asarray(np.divide(*operands))]
    if name == "integer_pow":
        base, power = np.asarray(operands[0]), params["y"]
        return [base**power if power >= 0 else 1 / base ** float(-power)]
    out = primitive.bind(*map(jnp.asarray, operands), **primitive.get_bind_params(params))
    return [_plain(x) for x in (out if primitive.multiple_results else [out])]


def _plain(x: Any) -> Array:
    return np.asarray(x) if isinstance(getattr(x, "dtype", None), np.dtype) else x


def _spread(params: Any, x: Array, *_: Any) -> Array:
    shape, kept = params["shape"], params["broadcast_dimensions"]
    thin = [1] * len(shape)
    for axis, length in zip(kept, np.shape(x), strict=True):
        thin[axis] = length
    return np.broadcast_to(np.reshape(x, thin), shape)


def _product(params: Any, a: Array, b: Array) -> Array:
    (of_a, of_b), (along_a, along_b) = params["dimension_numbers"]
    letters = iter(range(np.ndim(a) + np.ndim(b)))
    first, second = [-1] * np.ndim(a), [-1] * np.ndim(b)
    for pairs in (zip(along_a, along_b, strict=True), zip(of_a, of_b, strict=True)):
        for i, j in pairs:
            first[i] = second[j] = next(letters)
    batch = [first[i] for i in along_a]
    summed = {first[i] for i in of_a}
    first = [next(letters) if one < 0 else one for one in first]
    second = [next(letters) if one < 0 else one for one in second]
    left = [one for one in (*first, *second) if one not in batch and one not in summed]
    return np.einsum(np.asarray(a), first, np.asarray(b), second, [*batch, *left])


def _running(of: Any) -> Ask:
    def run(params: Any, x: Array) -> Array:
        axis = params["axis"]
        x = np.flip(x, axis) if params["reverse"] else x
        made = of.accumulate(x, axis=axis)
        return np.flip(made, axis) if params["reverse"] else made

    return run


def _sliced(params: Any, x: Array) -> Array:
    bounds = (params["start_indices"], params["limit_indices"])
    strides = params["strides"] or (None,) * np.ndim(x)
    return x[tuple(map(slice, *bounds, strides))]


def _padded(params: Any, x: Array, with_what: Array) -> Array:
    shape, into, out_of = [], [], []
    for length, (low, high, inner) in zip(np.shape(x), params["padding_config"], strict=True):
        shape.append(length + max(length - 1, 0) * inner + low + high)
        places = [low + k * (inner + 1) for k in range(length)]
        kept = [k for k, place in enumerate(places) if 0 <= place < shape[-1]]
        into.append([places[k] for k in kept])
        out_of.append(kept)
    made = np.full(shape, with_what)
    if all(out_of) or not shape:
        made[np.ix_(*into)] = np.asarray(x)[np.ix_(*out_of)]
    return made


def _cut_at(params: Any, x: Array, *at: Array) -> Array:
    sizes = params["slice_sizes"]
    first = [min(max(int(i), 0), n - s) for i, n, s in zip(at, np.shape(x), sizes, strict=True)]
    return x[tuple(slice(i, i + s) for i, s in zip(first, sizes, strict=True))]


def _counted(params: Any) -> Array:
    shape, along = params["shape"], params["dimension"]
    thin = [n if axis == along else 1 for axis, n in enumerate(shape)]
    return np.broadcast_to(np.arange(shape[along]).reshape(thin), shape)


OWN: dict[str, Ask] = {
    "broadcast_in_dim": _spread,
    "dot_general": _product,
    "slice": _sliced,
    "pad": _padded,
    "dynamic_slice": _cut_at,
    "iota": _counted,
    "convert_element_type": lambda params, x: x,
    "reshape": lambda params, x: np.reshape(x, params["new_sizes"]),
    "squeeze": lambda params, x: np.squeeze(x, params["dimensions"]),
    "expand_dims": lambda params, x: np.expand_dims(x, params["dimensions"]),
    "transpose": lambda params, x: np.transpose(x, params["permutation"]),
    "rev": lambda params, x: np.flip(x, params["dimensions"]),
    "concatenate": lambda params, *xs: np.concatenate(xs, params["dimension"]),
    "argmax": lambda params, x: np.argmax(x, params["axes"][0]),
    "argmin": lambda params, x: np.argmin(x, params["axes"][0]),
    **{
        name: lambda params, x, of=of: of(x, axis=tuple(params["axes"]))
        for name, of in REDUCING.items()
    },
    **{name: _running(of) for name, of in RUNNING.items()},
}


def _scanned(equation: Any, operands: list[Array]) -> Sequence[Array]:
    params = equation.params
    constants, carried = scan_counts_of(params)
    fixed, carry = operands[:constants], list(operands[constants : constants + carried])
    slices, made = operands[constants + carried :], []
    rounds = range(params["length"])
    if params["length"] > MOST:
        raise TooLongError
    for k in reversed(rounds) if params["reverse"] else rounds:
        out = reckoned(params["jaxpr"], [*fixed, *carry, *(np.asarray(x)[k] for x in slices)])
        carry = out[:carried]
        made.append(out[carried:])
    made = made[::-1] if params["reverse"] else made
    kept = [variable.aval for variable in equation.outvars[carried:]]
    stacked = [
        np.stack([one[k] for one in made]) if made else np.zeros(aval.shape, aval.dtype)
        for k, aval in enumerate(kept)
    ]
    return [*carry, *stacked]


def _while(equation: Any, operands: list[Array]) -> Sequence[Array]:
    params = equation.params
    first, second = params["cond_nconsts"], params["body_nconsts"]
    ahead, around = operands[:first], operands[first : first + second]
    at = list(operands[first + second :])
    for _ in range(MOST):
        if not reckoned(params["cond_jaxpr"], [*ahead, *at])[0]:
            return at
        at = reckoned(params["body_jaxpr"], [*around, *at])
    raise TooLongError


def _branched(equation: Any, operands: list[Array]) -> Sequence[Array]:
    branches = equation.params["branches"]
    which = min(max(int(operands[0]), 0), len(branches) - 1)
    return reckoned(branches[which], operands[1:])


LOOPS: dict[str, Callable[[Any, list[Array]], Sequence[Array]]] = {
    "scan": _scanned,
    "while": _while,
    "cond": _branched,
}
