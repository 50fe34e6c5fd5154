"""The stages of a run, each with a function `run` that adds its results to the state of the run (`work`)."""
