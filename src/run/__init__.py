"""One run of the tool: its state, the order of the stages, and how it ends."""
