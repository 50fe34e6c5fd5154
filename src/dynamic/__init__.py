"""Decides by running a candidate whether it may run as a graph.

``parent`` starts the runs and judges them; ``child`` watches the script from inside. Both import the modules of this
folder.
"""
