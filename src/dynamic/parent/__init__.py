"""In the user's process, which never imports TensorFlow: starts the runs, and turns what they saw into judgements."""
