"""The instructor's kit: slides, live-coding notebooks, graded assignments and plans, all made from the lessons.

- `lesson`: what a lesson consists of, and how long each piece takes.
- `slides`, `live`, `graded`: a notebook of each kind from a lesson.
- `plans`: which sections of which lessons fit into a class of a given length.
- `timing`: the rule for times.

The command line is `tools/teach.py`.
"""
