"""A training as a config describes it: the same for one run and for each of many."""

from collections.abc import Mapping
from types import ModuleType
from typing import Any

import jax
from jaxtyping import Array, Key

from lab.training import stopping
from lab.training.descent.named import build
from lab.training.problem import Problem, in_precision
from lab.training.recording import recording
from lab.training.step import Training, training

# No step has this number, and no batch is drawn by it.
_PROJECTION = 2**32 - 1


def posed(
    module: ModuleType, settings: Mapping[str, Any], root: Key[Array, ""], dtype: Any
) -> tuple[Problem, Key[Array, ""]]:
    """The problem that the experiment poses, and the key of its batches, all from the run's key."""
    key, batch_key = jax.random.split(root)
    return in_precision(module.problem(key, **settings), dtype), batch_key


def trained(problem: Problem, values: Mapping[str, Any], key: Key[Array, ""]) -> Training:
    """The training of the problem by the config's optimizer, recorded and stopped as it says."""
    # apart from the key of the batches, which stays as it is
    recorded = recording(problem, values["record"], jax.random.fold_in(key, _PROJECTION))
    return training(
        recorded,
        build(values["optimizer"]),
        gradient=values["gradient"],
        key=key,
        rules=stopping.rules(values["stop"]),
    )
