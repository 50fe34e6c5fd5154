"""In the user's process, which never imports TensorFlow: lays the scratch copy, starts a child on it, and ends it."""
