"""Code that is already decorated: whether it still has its speedup, and whether a change to it is safe."""
