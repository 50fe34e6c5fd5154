"""What a person sees of a run: how far it is while it works (`live`), and its result (`result`)."""
