"""A metaclass and NumPy's module keep what each step counts: no class in the step's own line, and no module, does."""
# truth: unsafe train_step lost-append
import numpy as np
import tensorflow as tf


class Meta(type):
    seen = []


class Net(metaclass=Meta):
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))


np.steps = 0


def train_step(net, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ net.w - y) ** 2)
    net.w.assign_sub(0.05 * tape.gradient(loss, net.w))
    type(net).seen.append(x.shape[0])
    np.steps += 1
    return loss


rng = np.random.default_rng(0)
net = Net()
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for i in range(15):
    loss = train_step(net, x, y)
    if i % 5 == 4:
        print(f"step {i + 1}: loss {float(loss):.5f}")
print(len(Net.seen), "batches,", np.steps, "steps")
