"""Runs the user's program in a child process, on a scratch copy of the project.

``parent`` runs in the process that the user started, ``child`` runs in the script's process; neither imports the
other. Both import the modules of this folder.
"""
