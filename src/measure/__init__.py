"""A/B timing of the original and the edited script, the drift between their results, and the statistics."""
