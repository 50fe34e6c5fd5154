"""Summaries are recorded in every twentieth step; the condition stands around the call of the training step."""
# truth: unsafe Trainer.train_step kept-summary
# note: a graph keeps the condition of its trace, so it would record always or never
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.core.util import event_pb2


class Trainer:
    def __init__(self, logs):
        self.w = tf.Variable(tf.zeros([3, 1]))
        self.writer = tf.summary.create_file_writer(logs)

    def train_step(self, x, y, step):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.w - y) ** 2)
        self.w.assign_sub(0.05 * tape.gradient(loss, self.w))
        with self.writer.as_default():
            tf.summary.write("loss", loss, step=step)
        return loss


logs = tempfile.mkdtemp()
rng = np.random.default_rng(0)
trainer = Trainer(logs)
for number in range(100):
    x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
    with tf.summary.record_if(number % 20 == 0):
        step = tf.constant(number, tf.int64)
        loss = trainer.train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]), step)
    if number % 25 == 0:
        print(f"step {number}: loss {float(loss):.5f} w {trainer.w.numpy().ravel()}")
trainer.writer.close()

steps = []
for file in pathlib.Path(logs).iterdir():
    for record in tf.data.TFRecordDataset(str(file)):
        event = event_pb2.Event.FromString(record.numpy())
        if event.HasField("summary"):
            steps.append(event.step)
print("steps", sorted(steps))
