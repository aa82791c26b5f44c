"""The collection: right derivations and the mistakes that people make, by topic.

A topic is a file here with a list ``CASES``; it is found, not registered. A third of the cases is
held out, by their names: whoever improves the referee looks at the tuned ones only, and the numbers
of the held-out ones then say how well it does on what it has never seen."""

import functools
import importlib
import pkgutil

from lab.bench.referee.case import Case


@functools.cache
def collection() -> tuple[Case, ...]:
    """Every case of every topic."""
    topics = (module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{topic}") for topic in sorted(topics)]
    return tuple(case for module in modules for case in getattr(module, "CASES", ()))
