"""A step that writes summaries, of a step that a variable counts, by a writer that stays the same."""
# truth: safe train_step
import pathlib
import tempfile

import numpy as np
import tensorflow as tf
from tensorflow.core.util import event_pb2

logs = tempfile.mkdtemp()
writer = tf.summary.create_file_writer(logs)
rng = np.random.default_rng(0)
w = tf.Variable(tf.zeros([3, 1]))
step = tf.Variable(0, dtype=tf.int64)
tf.summary.experimental.set_step(step)


def train_step(x, y):
    step.assign_add(1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x @ w - y) ** 2)
    w.assign_sub(0.05 * tape.gradient(loss, w))
    tf.summary.write("loss", loss)
    return loss


for epoch in range(6):
    for _ in range(10):
        with writer.as_default():
            x = tf.constant(rng.normal(size=(16, 3)), tf.float32)
            loss = train_step(x, x @ tf.constant([[1.0], [-2.0], [0.5]]))
    print(f"epoch {epoch}: loss {float(loss):.5f} w {w.numpy().ravel()}")
writer.close()

steps = []
for file in pathlib.Path(logs).iterdir():
    for record in tf.data.TFRecordDataset(str(file)):
        event = event_pb2.Event.FromString(record.numpy())
        if event.HasField("summary"):
            steps.append(event.step)
print("steps", sorted(steps))
