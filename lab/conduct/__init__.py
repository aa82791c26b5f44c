"""A run from config to report: made, gone on with, or only helped along."""

from lab.conduct.ending import Ending
from lab.conduct.run import conduct, follow, of_run, resume

__all__ = ["Ending", "conduct", "follow", "of_run", "resume"]
