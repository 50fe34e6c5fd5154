"""The display of a run for a person: its progress (`live`) and its result (`result`)."""
