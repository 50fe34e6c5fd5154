"""One run of the tool: what is known so far, the order of the stages, and how it ends."""
