"""Decides by running whether a candidate may run as a graph.

Inside the child: three roles (``observing``, ``checking``, ``replaying``) and their instruments
(``signatures``, ``effects``, ``variables``, ``streams``, ``graphs``, ``comparing``). In the parent:
``proof`` starts the runs and turns what they report into judgements.
"""
