"""Results out: one renderer a file. Renderers take records and give text; only `terminal` prints."""
