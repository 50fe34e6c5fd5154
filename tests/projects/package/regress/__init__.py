"""A package whose modules import one another relatively."""

from .model import Line

__all__ = ["Line"]
