"""One function serves two models given as arguments, teacher and student: two signatures, two traces."""
# truth: safe fit_batch
import numpy as np
import tensorflow as tf


class Linear(tf.Module):
    def __init__(self, units):
        super().__init__()
        self.w = tf.Variable(tf.random.normal([3, units], stddev=0.3))
        self.head = tf.Variable(tf.random.normal([units, 1], stddev=0.3))

    def __call__(self, x):
        return tf.tanh(x @ self.w) @ self.head


def fit_batch(model, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    for variable, gradient in zip(model.trainable_variables, tape.gradient(loss, model.trainable_variables)):
        variable.assign_sub(0.05 * gradient)
    return loss


tf.random.set_seed(0)
rng = np.random.default_rng(0)
teacher, student = Linear(8), Linear(2)
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(16):
    teacher_loss = fit_batch(teacher, x, y)
    student_loss = fit_batch(student, x, teacher(x))
    if i % 4 == 3:
        print(f"step {i + 1}: teacher {float(teacher_loss):.5f} student {float(student_loss):.5f}")
