"""Runs the user's program in a child process, on a scratch copy of the project.

``parent`` is what the process of the user's does, ``child`` what is done beside the script; neither imports the other.
What stands here is asked by both.
"""
