"""The page a run ends in."""

from lab.report.page import Figure, Page, render

__all__ = ["Figure", "Page", "render"]
