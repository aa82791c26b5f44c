"""Every test runs in float64 with strict promotion; pyproject.toml makes warnings errors."""

import os

# Tests compile far more than they compute: spare the compiler its optimizations.
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")

import jax

import tests.typecheck  # noqa: F401 - pytest's type checking finds it by name

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
