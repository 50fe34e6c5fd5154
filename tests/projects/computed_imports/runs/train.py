"""Imports its model by a computed name, from a folder that only a run shows."""

import importlib
import sys

import tensorflow as tf

sys.path.append(sys.argv[1])
model = importlib.import_module("lin" + "ear")

data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(60):
    loss = model.train_step(data, data[:, :1])
print("loss", float(loss))
