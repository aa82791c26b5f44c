"""Every test runs in float64 with strict promotion; pyproject.toml makes warnings errors."""

import os
from functools import cache
from importlib.metadata import version

# Tests compile far more than they compute: spare the compiler its optimizations.
QUICK = ["--xla_backend_optimization_level=0"]
if version("jaxlib").startswith("0.10."):  # later ones do not know it, and stop at a flag unknown
    QUICK.append("--xla_cpu_use_fusion_emitters=false")
os.environ.setdefault("XLA_FLAGS", " ".join(QUICK))

import jax  # noqa: E402
import pytest  # noqa: E402

import tests.typecheck  # noqa: E402, F401 - pytest's type checking finds it by name

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")


@cache
def gpu_is_visible() -> bool:
    try:
        return bool(jax.devices("gpu"))
    except RuntimeError:
        return False


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("gpu") and not gpu_is_visible():
        pytest.skip("no GPU is visible to JAX")


@pytest.fixture(autouse=True, scope="session")
def no_finder_is_forgiven() -> None:
    """What fails while it looks for the reason of a mistake is a fault, and here it is told."""
    from lab.referee import naming

    naming.FORGIVEN = ()
