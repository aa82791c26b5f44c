"""Compiled programs are kept between runs: the same check or loop starts in half the time.

So is memory, between one result and the next.
"""

import ctypes
import os
import sys
from pathlib import Path


def folder() -> Path:
    """``$JAX_COMPILATION_CACHE_DIR``, or ``derivative-lab/compiled`` in the user's cache folder."""
    chosen = os.environ.get("JAX_COMPILATION_CACHE_DIR")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(chosen) if chosen else home / "derivative-lab" / "compiled"


def keep() -> None:
    """Have JAX keep what it compiles in this process; where no folder can be made, it does not."""
    _small_loops_are_one_kernel()
    _freed_memory_stays()
    import jax

    try:
        folder().mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return
    jax.config.update("jax_compilation_cache_dir", str(folder()))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", 0)


def in_one_piece() -> None:
    """Have XLA compile each program as a whole; before JAX computes anything.

    By itself it cuts a program into pieces for as many cores as there are, which costs a seventh
    more: nothing is gained by it where each core has a process of its own.
    """
    _say_to_xla("xla_cpu_parallel_codegen_split_count", "1")


def _small_loops_are_one_kernel() -> None:
    """Have XLA compile a loop whose steps touch up to 128 KiB into one piece of machine code.

    By itself it does so up to some hundreds of bytes, and takes the operations of larger steps one
    at a time, half a microsecond each: a descent in ten dimensions is then thirty times slower.
    Beyond the limit its libraries for products of matrices are better than loops. It has to be said
    before JAX computes anything.
    """
    _say_to_xla("xla_backend_extra_options", "xla_cpu_small_while_loop_byte_threshold=131072")


def _say_to_xla(option: str, value: str) -> None:
    """What ``$XLA_FLAGS`` says already is left as it is."""
    said = os.environ.get("XLA_FLAGS", "")
    if option not in said:
        os.environ["XLA_FLAGS"] = f"{said} --{option}={value}".strip()


# The numbers of mallopt(3) in glibc, and how much: no array up to the first is mapped by itself
# (glibc allows no more), and less than the second is never handed back.
_MAPPED, _TRIMMED = (-3, 2**25), (-1, 2**27)


def _freed_memory_stays() -> None:
    """Have the memory of results that are gone serve the next ones, instead of the system's.

    What is handed back comes again as pages that are made and zeroed one by one, at the first touch
    of each: for a loop that records a few numbers of every step that takes longer than the steps.
    Only glibc is asked, and only where ``$MALLOC_TRIM_THRESHOLD_`` does not say otherwise.
    """
    if sys.platform == "linux" and "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        set_ = getattr(ctypes.CDLL(None), "mallopt", None)
        for name, value in (_MAPPED, _TRIMMED):
            if set_ is not None:
                set_(name, value)
