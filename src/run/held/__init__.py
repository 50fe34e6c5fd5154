"""Code that has its `tf.function`s already: whether it still has its speedup, and whether a change of it is safe."""
