"""Every test runs in float64, with strict promotion, and with warnings as errors (see pyproject.toml)."""

import jax

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_numpy_dtype_promotion", "strict")
