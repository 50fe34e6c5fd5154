"""Find eager TensorFlow 2 code that should run as a graph, prove that it may, and write the change."""

__version__ = "0.1.0"
