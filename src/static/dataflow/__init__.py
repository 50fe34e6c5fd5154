"""The engine: which functions calls reach, and what flows through attributes, items, operators and calls."""
