"""Decides by running whether a candidate may run as a graph.

A run has two sides: the ``parent`` starts it and judges, the ``child`` watches the script from within. What both must
say in the same words stands beside them (`wording`, `late`).
"""
