"""What is so, found out without the referee: by differences, by neighbours, by single precision."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import nnls

from lab.bench.referee.case import derived

STEPS = 10.0 ** np.arange(-1.0, -8.0, -1.0)


class Subject:
    """A case with points drawn from its sampler, and (for a jvp or vjp) a tangent or cotangent."""

    def __init__(self, case, points, seed=0):
        self.case = case
        self.near, self.slope = {}, None
        self.single = not isinstance(case.wrt, tuple)
        self.places = (case.wrt,) if self.single else case.wrt
        rng = np.random.default_rng(seed)
        self.points = [self._with_extra(arrays(case.at(key)), rng) for key in keys(points, seed)]

    def _with_extra(self, args, rng):
        kind = self.case.kind
        if kind not in ("jvp", "vjp"):
            return args
        like = jax.eval_shape(self.case.of, *args) if kind == "vjp" else self.slots(args)
        return (*args, jax.tree.map(lambda x: jnp.asarray(rng.standard_normal(x.shape)), like))

    def slots(self, args):
        found = tuple(args[i] for i in self.places)
        return found[0] if self.single else found

    def value_at(self, args):
        """The size of the function's value, which limits what differences see."""
        given = args[:-1] if self.case.kind in ("jvp", "vjp") else args
        value = jax.tree.leaves(self.case.of(*given))
        return max(float(jnp.abs(leaf).max(initial=0.0)) for leaf in value)

    def reach(self, args):
        """The size of the largest argument differentiated."""
        leaves = jax.tree.leaves(self.slots(args))
        return max(float(jnp.abs(leaf).max(initial=0.0)) for leaf in leaves) + 1e-300

    def truth(self, args):
        """By automatic differentiation."""
        return derived(self.case.of, self.case.kind, self.case.wrt)(*args)

    def answers(self, hand, bits=64):
        """The leaves of the hand's answers at the points, or the exceptions raised."""
        with jax.enable_x64(bits == 64), np.errstate(all="ignore"):
            return [self._answer(hand, arrays(args, bits)) for args in self.points]

    def _answer(self, hand, args):
        try:
            said = hand(*args)
        except Exception as problem:
            return problem
        return [np.asarray(leaf, float) for leaf in jax.tree.leaves(said)]


def keys(count, seed):
    return jax.random.split(jax.random.key(seed), count)


def arrays(args, bits=64):
    args = args if isinstance(args, tuple) and not hasattr(args, "_fields") else (args,)
    kept = lambda x: isinstance(x, (bool, int, str))

    def array(x):
        if kept(x):
            return x
        x = np.asarray(x)
        kind = {"f": "float", "i": "int"}.get(x.dtype.kind)
        return jnp.asarray(x.astype(f"{kind}{bits}") if kind else x)

    return jax.tree.map(array, args)


def scales(answers):
    """What is usual for each leaf, over all points; entry by entry where the shapes agree."""
    told = [one for one in answers if not isinstance(one, Exception)]
    return [
        max(float(np.abs(one[i]).max(initial=0.0)) for one in told) for i in range(len(told[0]))
    ]


def gap(right, wrong, usual):
    """How far two answers part, against the size of the leaf at the point; 1e-9 of what is usual
    counts as nothing. Infinite for other shapes, for exceptions and for what is not finite.
    """
    if isinstance(wrong, Exception) or len(wrong) != len(right):
        return np.inf
    worst = 0.0
    for r, w, u in zip(right, wrong, usual, strict=True):
        if r.shape != w.shape or not np.isfinite(w).all():
            return np.inf
        each = np.abs(r - w) / (np.abs(r) + 1e-9 * u + 1e-300)
        whole = np.abs(r - w).max(initial=0.0) / (np.abs(r).max(initial=0.0) + 1e-9 * u + 1e-300)
        worst = max(worst, min(float(each.max(initial=0.0)), 1e3 * float(whole)))
    return worst


def by_differences(subject, args):
    """The answer by central differences: for each entry the candidates of a ladder of steps, as
    arrays ``[step, entries of output, entries of argument]``.
    """
    case = subject.case
    given, extra = (args[:-1], args[-1]) if case.kind in ("jvp", "vjp") else (args, None)
    flat, structure = jax.tree.flatten(subject.slots(given))
    sizes = np.cumsum([leaf.size for leaf in flat])[:-1]

    def value(vector):
        leaves = [p.reshape(l.shape) for p, l in zip(jnp.split(vector, sizes), flat, strict=True)]
        slots = jax.tree.unflatten(structure, leaves)
        full = list(given)
        for place, slot in zip(subject.places, (slots,) if subject.single else slots, strict=True):
            full[place] = slot
        of = jax.grad(case.of, case.wrt) if case.kind == "hessian" else case.of
        out = of(*full)
        if case.kind == "vjp":
            out = sum(jax.tree.leaves(jax.tree.map(lambda y, c: jnp.sum(y * c), out, extra)))
        return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(out)])

    at = np.concatenate([np.ravel(leaf) for leaf in flat])
    if case.kind == "jvp":
        ways = np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(extra)])[None]
        size = np.array([np.abs(at).max() + 1e-300])
    else:
        ways = np.eye(at.size)
        size = np.where(at == 0, np.abs(at).max() or 1.0, np.abs(at))
    ladder = STEPS[:, None] * size  # [step, way]
    small = STEPS[:, None] * np.minimum(size, 1.0)
    ladder = np.concatenate([ladder, small])
    moved = ladder[:, :, None] * ways
    values = jax.jit(jax.vmap(value))
    up, down = (
        np.asarray(values(jnp.asarray((at + s * moved).reshape(-1, at.size)))) for s in (1, -1)
    )
    slopes = (up - down).reshape(*ladder.shape, -1) / (2 * ladder[:, :, None])
    return np.moveaxis(slopes, 2, 1)


def agrees_with_differences(subject, args, answer, close=2e-6):
    """Whether every entry of the answer is what some step of the ladder measures."""
    slopes = by_differences(subject, args)
    if subject.case.kind == "derivative":
        ways = slopes.shape[2]
        slopes = np.stack([slopes[:, k, k] for k in range(ways)], 1)[:, None]
    claimed = np.concatenate([leaf.reshape(slopes.shape[1], -1) for leaf in answer], 1)
    if subject.case.kind == "jvp":
        claimed = np.concatenate([leaf.reshape(-1) for leaf in answer])[:, None]
    usual = np.abs(claimed).max()
    errors = np.abs(slopes - claimed)
    errors = np.where(np.isfinite(errors), errors, np.inf).min(0)
    noise = 1e-15 * np.abs(subject.value_at(args)) / (0.1 * subject.reach(args))
    return bool(np.all(errors <= close * (np.abs(claimed) + usual) + noise))


def neighbours(subject, index, count=48):
    """Gradients next to a point, one a row; kept, since every mistake of a case asks for them."""
    if index in subject.near:
        return subject.near[index]
    args = subject.points[index]
    flat, structure = jax.tree.flatten(subject.slots(args))
    rng = np.random.default_rng(index)
    signs = lambda shape: rng.choice([-1.0, -0.5, 0.7, 1.0], shape) * rng.random(shape)
    moved = [leaf + 1e-6 * signs((count, *leaf.shape)) for leaf in flat]

    if subject.slope is None:

        def slope(leaves, rest):
            full = list(rest)
            slots = jax.tree.unflatten(structure, leaves)
            for place, slot in zip(
                subject.places, (slots,) if subject.single else slots, strict=True
            ):
                full[place] = slot
            grad = derived(subject.case.of, subject.case.kind, subject.case.wrt)(*full)
            return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(grad)])

        subject.slope = jax.jit(jax.vmap(slope, in_axes=(0, None)))
    subject.near[index] = np.asarray(subject.slope(moved, args))
    return subject.near[index]


def valid_at_kink(subject, index, answer, right, close=2e-5):
    """Whether a gradient lies in the convex hull of the gradients next to the point, or supports
    the function from below; where there is no kink, whether it is the right one.
    """
    if isinstance(answer, Exception) or [a.shape for a in answer] != [r.shape for r in right]:
        return False
    claimed = np.concatenate([leaf.ravel() for leaf in answer])
    if not np.isfinite(claimed).all():
        return False
    near = neighbours(subject, index)
    size = np.abs(near).max() + 1e-300
    if np.ptp(near, axis=0).max() < 1e-4 * size:
        return gap(right, answer, scales([right])) < 1e-8
    if subject.case.kind == "derivative":
        slack = close * size
        return bool(np.all((claimed >= near.min(0) - slack) & (claimed <= near.max(0) + slack)))
    system = np.concatenate([near.T / size, 10 * np.ones((1, len(near)))])
    _, distance = nnls(system, np.append(claimed / size, 10.0))
    return bool(distance <= close) or supports(subject, index, answer, size)


def supports(subject, index, answer, size, count=400):
    """Whether ``f(x + d) >= f(x) + g.d`` for short steps ``d`` all around."""
    args = subject.points[index]
    flat, structure = jax.tree.flatten(subject.slots(args))
    rng = np.random.default_rng(index)
    steps = [1e-5 * rng.standard_normal((count, *leaf.shape)) for leaf in flat]

    def value(*leaves):
        full = list(args)
        slots = jax.tree.unflatten(structure, leaves)
        for place, slot in zip(subject.places, (slots,) if subject.single else slots, strict=True):
            full[place] = slot
        return subject.case.of(*full)

    there = np.asarray(jax.vmap(value)(*[leaf + d for leaf, d in zip(flat, steps, strict=True)]))
    slope = sum((d * g).reshape(count, -1).sum(1) for d, g in zip(steps, answer, strict=True))
    length = np.sqrt(sum((d**2).reshape(count, -1).sum(1) for d in steps))
    return bool(np.all(there - np.asarray(value(*flat)) - slope >= -1e-3 * size * length))
