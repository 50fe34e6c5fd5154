"""Knowledge about libraries (Python, NumPy, TensorFlow, Keras), and the flow of values through their calls."""
