"""Real data that scikit-learn brings along, split, scaled, and dealt out in batches.

Whole data sets are numpy arrays in float64, and what is computed of them once is computed there;
``minibatches`` puts them on the device in the precision of the run.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped, UInt32

from lab.errors import BadInput, suggestion

_Array: TypeAlias = np.ndarray | Array

_NAMES = ("digits", "diabetes", "breast_cancer", "wine", "iris")


class Dataset(NamedTuple):
    """Rows of features and what is to be told from them.

    ``targets`` are the classes 0, 1, ... where ``target_names`` name them, and numbers where there
    are no names.
    """

    inputs: Float[np.ndarray, "n d"]
    targets: Shaped[np.ndarray, " n"]
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]


def load(name: str) -> Dataset:
    """One of scikit-learn's bundled data sets: digits, diabetes, breast_cancer, wine or iris.

    Features are as collected: diabetes in its own units rather than scikit-learn's scaled ones.
    Raises ``BadInput`` for another name.
    """
    if name not in _NAMES:
        raise BadInput(f"no data set {name!r}{suggestion(name, _NAMES)}")
    from sklearn import datasets  # a second to import, and not every experiment has data

    options = {"scaled": False} if name == "diabetes" else {}
    bunch = getattr(datasets, f"load_{name}")(**options)
    classes = tuple(str(target) for target in getattr(bunch, "target_names", ()))
    return Dataset(
        np.asarray(bunch.data, np.float64),
        np.asarray(bunch.target, np.int64 if classes else np.float64),
        tuple(str(feature) for feature in bunch.feature_names),
        classes,
    )


def split(
    key: Key[Array, ""],
    dataset: Dataset,
    test_fraction: float = 0.2,
    *,
    stratified: bool | None = None,
) -> tuple[Dataset, Dataset]:
    """Train and test sets, drawn by the key and by nothing else; the rows keep their order.

    ``stratified`` gives every class its share of the test set, to within one row; by default it is
    done where there are classes. Raises ``BadInput`` for a fraction that leaves either set empty,
    and for strata without classes.
    """
    rows = len(dataset.targets)
    classes = dataset.target_names
    if stratified and not classes:
        raise BadInput("stratified: the targets are numbers, not classes; take stratified=False")
    # Random bits, unlike random floats, are the same in both precisions.
    shuffled = np.asarray(jax.random.bits(key, (rows,), jnp.uint32))
    by_class = classes and stratified is not False
    order = np.lexsort((shuffled, dataset.targets if by_class else np.zeros(rows)))
    # Every (1/fraction)-th row of the order: sorted by class, each class gives its share.
    taken = np.floor(np.arange(rows + 1) * test_fraction + 0.5)
    tested = np.zeros(rows, bool)
    tested[order] = np.diff(taken) > 0
    if not 0 < tested.sum() < rows:
        raise BadInput(
            f"test_fraction={test_fraction} of {rows} rows leaves {rows - tested.sum()} to train "
            f"on and {tested.sum()} to test on; take a fraction such as 0.2"
        )
    return _rows(dataset, ~tested), _rows(dataset, tested)


def standardise(train: Dataset, *others: Dataset) -> tuple[Dataset, ...]:
    """All sets with mean 0 and deviation 1 in every feature of ``train``; its statistics serve all.

    A feature that is constant in ``train`` has no deviation, and is only shifted.
    """
    return _affine(train.inputs.mean(axis=0), train.inputs.std(axis=0), train, *others)


def rescale(train: Dataset, *others: Dataset) -> tuple[Dataset, ...]:
    """All sets shifted and scaled so that every feature of ``train`` runs from 0 to 1."""
    low = train.inputs.min(axis=0)
    return _affine(low, train.inputs.max(axis=0) - low, train, *others)


def minibatches(
    inputs: Shaped[_Array, "n ..."],
    targets: Shaped[_Array, "n ..."],
    size: int,
) -> Callable[[Any, Any], tuple[Array, Array]]:
    """``batch(key, step) -> (inputs, targets)`` of ``size`` rows, each epoch in a new random order.

    An epoch has ``n // size`` steps and sees no row twice; the ``n % size`` rows left over are
    others each time. Floats are put in the precision of the run, in whose context this is called.

    Raises ``BadInput`` for a size that the rows do not fill.
    """
    rows = len(inputs)
    if not 1 <= size <= rows:
        raise BadInput(f"a batch of {size} from {rows} rows: take a size from 1 to {rows}")
    steps_per_epoch = rows // size
    all_inputs, all_targets = jnp.asarray(inputs), jnp.asarray(targets)

    def batch(key: Key[Array, ""], step: Int[Array, ""]) -> tuple[Array, Array]:
        epoch, position = jnp.divmod(step, steps_per_epoch)
        positions = (position * size + jnp.arange(size, dtype=step.dtype)).astype(jnp.uint32)
        chosen = shuffled(jax.random.fold_in(key, epoch), positions, rows)
        return _at(all_inputs, chosen), _at(all_targets, chosen)

    return batch


def shuffled(key: Key[Array, ""], positions: UInt32[Array, " k"], size: int) -> UInt32[Array, " k"]:
    """The entries at ``positions`` of a random permutation of 0, ..., size - 1, and no others.

    A batch needs a few entries, and sorting all of them would take longer than the step they are
    for. So the permutation is computed entry by entry: write a position as ``(l, r)``, with
    ``l < a``, ``r < b`` and ``a b >= size``. Adding to one half a function of the other can be
    undone, hence it permutes the pairs, and so do several such rounds after each other (a Feistel
    network, Luby and Rackoff 1988). An entry that leaves the range is permuted until it is back:
    on its cycle each returns to a place of its own (Black and Rogaway 2002).
    """
    a = max(1, int(np.ceil(np.sqrt(size))))
    b = -(-size // a)
    keys = jax.random.bits(key, (_ROUNDS, 2), jnp.uint32)

    def permuted(entries: Array) -> Array:
        left, right = entries // jnp.uint32(b), entries % jnp.uint32(b)
        for round_keys in keys:
            left = (left + _mixed(right ^ round_keys[0]) % jnp.uint32(a)) % jnp.uint32(a)
            right = (right + _mixed(left ^ round_keys[1]) % jnp.uint32(b)) % jnp.uint32(b)
        return left * jnp.uint32(b) + right

    def outside(entries: Array) -> Array:
        return jnp.any(entries >= size)

    def again(entries: Array) -> Array:
        return jnp.where(entries >= size, permuted(entries), entries)

    return jax.lax.while_loop(outside, again, permuted(positions))


# Four rounds are a strong pseudo-random permutation if the mixing is random; ours is a hash.
_ROUNDS = 4


def _mixed(bits: UInt32[Array, " k"]) -> UInt32[Array, " k"]:
    """The finalizer of MurmurHash3 (Appleby): each bit of the result depends on all bits given."""
    bits = (bits ^ (bits >> jnp.uint32(16))) * jnp.uint32(0x85EBCA6B)
    bits = (bits ^ (bits >> jnp.uint32(13))) * jnp.uint32(0xC2B2AE35)
    return bits ^ (bits >> jnp.uint32(16))


def _at(rows: Array, chosen: UInt32[Array, " k"]) -> Array:
    # A checked gather takes half as long again as an unchecked one, in every step.
    return rows.at[chosen].get(mode="promise_in_bounds")


def _rows(dataset: Dataset, chosen: np.ndarray) -> Dataset:
    return dataset._replace(inputs=dataset.inputs[chosen], targets=dataset.targets[chosen])


def _affine(shift: np.ndarray, scale: np.ndarray, *datasets: Dataset) -> tuple[Dataset, ...]:
    scale = np.where(scale > 0, scale, 1.0)
    return tuple(each._replace(inputs=(each.inputs - shift) / scale) for each in datasets)
