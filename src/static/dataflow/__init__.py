"""The engine: the targets of calls, and the flow of values through attributes, items, operators and calls."""
