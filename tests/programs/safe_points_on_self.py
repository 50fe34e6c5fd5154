"""A physics-informed network that keeps its points, many of them, as tensors on itself; its slots share one name."""
# truth: safe Solver.train_step
import numpy as np
import tensorflow as tf


class Solver:
    def __init__(self, points):
        rng = np.random.default_rng(0)
        self.x = tf.constant(rng.uniform(-1.0, 1.0, (points, 1)), tf.float32)
        self.weights = [
            tf.Variable(rng.normal(size=shape).astype("float32") * 0.5) for shape in ((1, 12), (12, 12), (12, 1))
        ]
        self.optimizer = tf.keras.optimizers.Adam(0.01)

    def network(self, x):
        for weight in self.weights[:-1]:
            x = tf.tanh(x @ weight)
        return x @ self.weights[-1]

    def residual(self):
        with tf.GradientTape() as tape:
            tape.watch(self.x)
            value = self.network(self.x)
        return tape.gradient(value, self.x) - tf.cos(3.0 * self.x)

    def train_step(self):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(self.residual()))
        self.optimizer.apply_gradients(zip(tape.gradient(loss, self.weights), self.weights))
        return loss


solver = Solver(2000)
for i in range(60):
    loss = solver.train_step()
    if i % 20 == 19:
        print(f"step {i + 1}: loss {float(loss):.4f}")
