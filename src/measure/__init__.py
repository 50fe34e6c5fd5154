"""A/B timing of the original and the edited script, what drifted between them, and the statistics."""
