"""Each fold of a cross-validation makes a model and an optimizer and hands them to the one step that all share."""
# truth: unsafe train_step late-variables
# note: the second fold's variables are made in a later trace, which tf.function forbids; the first fold does well
import numpy as np
import tensorflow as tf

FOLDS, STEPS = 3, 30


def train_step(model, optimizer, x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((model(x) - y) ** 2)
    variables = model.trainable_variables
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
    return loss


def run_fold(number, x, y):
    tf.keras.utils.set_random_seed(number)
    model = tf.keras.Sequential([tf.keras.Input((3,)), tf.keras.layers.Dense(1)])
    optimizer = tf.keras.optimizers.SGD(0.05, momentum=0.9)
    inside = np.arange(48) % FOLDS != number
    for step in range(STEPS):
        loss = train_step(model, optimizer, tf.constant(x[inside]), tf.constant(y[inside]))
        if step % 10 == 9:
            print(f"fold {number} step {step + 1}: loss {float(loss):.5f}")
    return float(tf.reduce_mean((model(x[~inside]) - y[~inside]) ** 2))


rng = np.random.default_rng(0)
x = rng.normal(size=(48, 3)).astype(np.float32)
y = x @ np.array([[1.0], [-2.0], [0.5]], np.float32)
print(f"mean over folds {np.mean([run_fold(number, x, y) for number in range(FOLDS)]):.6f}")
