"""Run as `PYTHONPATH=. python examples/train.py`; `library` is a package without an __init__.py."""

import tensorflow as tf
from library import steps

data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(60):
    loss = steps.train_step(data, data[:, :1])
print("loss", float(loss))
