"""The parent process, which never imports TensorFlow: lays a scratch copy, starts a child on it, and ends it."""
