"""Reads a project: finds its files, names its modules and resolves its imports."""
