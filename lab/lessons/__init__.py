"""Lessons: a topic's `lesson.py`, a marimo notebook, opened in the browser or run without one.

A lesson reads like a story: words, a widget, a figure, a trial. What lessons share stands here:
`found` (which there are), `browser` (opening one), `trial` (a learner's formula before the
referee), `page` (what a page is made of). marimo is imported when a page is made, and not before.
"""
