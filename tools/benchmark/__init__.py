"""Parts of tools/benchmark.py.

lesson.py    the cells, in each language
plan.py      which cells a kernel runs, in which order, and how they are timed
session.py   one running kernel, spoken to as a front end does
processes.py memory and activity of a kernel's whole process tree
pages.py     the HTTP server that the lesson's cells call
rounds.py    carries the plans out, the kernels in turn
report.py    the figures, the Markdown table, and what is said about the machine
chart.py     the SVG plot
"""
