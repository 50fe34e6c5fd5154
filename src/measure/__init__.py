"""A/B timing of the script as it stands and as edited, what drifted between them, and the statistics."""
