"""Exercises: a sheet of questions, what is asked of each answer, and what is said of a wrong one.

A sheet is two files of an experiment's folder. ``exercises.py`` is what the learner gets, word for
word: functions to look at, and questions, which are functions with a docstring and no body.
``solutions.py`` answers them, and says of each how it is judged, its hints, and the wrong answers
that people give:

    from lab.exercises import Hint, Wrong, beside, exercise

Reading order: `sheets` (questions, read without running them), `record` (what a solution carries),
`judge` (an answer on trial: `derivatives`, `values`, `conditions`), `discreet` (what a learner is
not told), `progress` (what is kept), `check` (a whole sheet), `show`."""

from lab.exercises.record import Exercise as Exercise
from lab.exercises.record import Hint as Hint
from lab.exercises.record import Wrong as Wrong
from lab.exercises.record import beside as beside
from lab.exercises.record import exercise as exercise
