"""The stages of a run, each with a function `run` that adds to what is known (`work`)."""
