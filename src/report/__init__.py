"""The output of results, with one renderer per file. Renderers turn records into text; only `terminal` prints."""
