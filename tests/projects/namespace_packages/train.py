"""`company` holds packages alone, and none of them has an __init__.py."""

import company.vision.model
import tensorflow as tf

data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(60):
    loss = company.vision.model.train_step(data, data[:, :1])
print("loss", float(loss))
