"""What is known of libraries: Python, NumPy, TensorFlow, Keras, and how their calls move values."""
