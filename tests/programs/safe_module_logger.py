"""A trainer reports through its module's logger: TensorFlow's own logger fills its cache while it traces, no more."""
# truth: safe Trainer.train_step
import logging
import sys

import numpy as np
import tensorflow as tf

logger = logging.getLogger(__name__)


class Trainer:
    def __init__(self):
        self.w = tf.Variable(tf.zeros([3, 1]))

    def train_step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("a step over %d rows", x.shape[0])
        return loss

    def train_epoch(self, x, y, epoch):
        losses = [float(self.train_step(x, y)) for _ in range(8)]
        logger.info("epoch %d: loss %.5f", epoch, np.mean(losses))


logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
rng = np.random.default_rng(0)
trainer = Trainer()
x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
y = x @ tf.constant([[1.0], [-2.0], [0.5]])
for epoch in range(4):
    trainer.train_epoch(x, y, epoch)
