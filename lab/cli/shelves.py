"""Names for completion and for suggestions, found without importing JAX."""


def configs() -> list[str]:
    """The shipped configs and those of the current folder."""
    from lab.config import configs

    return [*configs()]


def topics() -> list[str]:
    """The topics of the catalogue."""
    from lab.catalogue import topics

    return [topic.name for topic in topics()]


def derivations() -> list[str]:
    """The derivations of the catalogue."""
    from lab.catalogue import entries

    return [entry.name for entry in entries()]


def sheets() -> list[str]:
    """The topics that have exercises."""
    from lab.exercises.sheets import names

    return [*names()]


def lessons() -> list[str]:
    """The topics that have a lesson."""
    from lab.lessons.found import topics

    return [*topics()]
