"""Runs the user's program in a child process, on a scratch copy of the project.

``dynamic`` and ``measure`` both need this, so it is a package of its own: the scratch copy
(``scratch``), starting, listening to and ending a child (``launch``), and what runs inside the child
before and around the user's code (``child`` and the modules that it imports).
"""
