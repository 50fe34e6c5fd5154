"""The step of `tf.summary` is set once an epoch, and the training step writes summaries without naming it."""
# truth: unsafe train_step kept-summary
# note: a graph keeps the step of its trace, so all summaries would be those of the first epoch
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.core.util import event_pb2

logs = tempfile.mkdtemp()
writer = tf.summary.create_file_writer(logs)
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    tf.summary.write("loss", loss)
    return loss


with writer.as_default():
    for epoch in range(8):
        tf.summary.experimental.set_step(epoch)
        for _ in range(10):
            x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
            loss = train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]))
        print(f"epoch {epoch}: loss {float(loss):.5f} w {w.numpy().ravel()}")
writer.close()

steps = set()
for file in pathlib.Path(logs).iterdir():
    for record in tf.data.TFRecordDataset(str(file)):
        event = event_pb2.Event.FromString(record.numpy())
        if event.HasField("summary"):
            steps.add(event.step)
print("steps", sorted(steps))
