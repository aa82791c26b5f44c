"""Compiled programs are kept between runs: the same check or loop starts in half the time."""

import os
from pathlib import Path


def folder() -> Path:
    """``$JAX_COMPILATION_CACHE_DIR``, or ``derivative-lab/compiled`` in the user's cache folder."""
    chosen = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen) if chosen else home / "derivative-lab" / "compiled"


def keep() -> None:
    """Have JAX keep what it compiles in this process; where no folder can be made, it does not."""
    import jax

    try:
        folder().mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)
