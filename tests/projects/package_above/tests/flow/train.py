import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))

import tensorflow as tf
from flownet import Trainer

trainer = Trainer(4)
data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(60):
    loss = trainer.train_step(data, data[:, :1])
print("loss", float(loss))
