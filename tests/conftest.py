"""Every test runs in float64 with strict promotion; pyproject.toml makes warnings errors."""

import jax

import tests.typecheck  # noqa: F401 - pytest's type checking finds it by name

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
