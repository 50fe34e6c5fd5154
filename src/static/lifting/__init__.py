"""Finds statements of functions and modules that can become functions, with their parameters and results."""
