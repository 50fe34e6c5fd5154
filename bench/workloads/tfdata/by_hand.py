"""Recognize digits from a tf.data pipeline that shifts and blurs them, and a step that takes its batches."""

import argparse

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

AUTOTUNE = tf.data.AUTOTUNE


def to_image(flat, label):
    image = tf.reshape(tf.cast(flat, tf.float32), [8, 8, 1]) / 16.0
    return image, label


def augment(image, label, seed):
    """Shift by up to one pixel and add noise; the seed makes it the same in every run."""
    padded = tf.pad(image, [[1, 1], [1, 1], [0, 0]])
    image = tf.image.stateless_random_crop(padded, [8, 8, 1], seed=[seed, 0])
    noise = tf.random.stateless_normal([8, 8, 1], seed=[seed, 1], stddev=0.05)
    return tf.clip_by_value(image + noise, 0.0, 1.0), label


def make_datasets(batch_size):
    flat, labels = load_digits(return_X_y=True)
    labels = labels.astype("int32")
    train = tf.data.Dataset.from_tensor_slices((flat[:1400], labels[:1400])).map(to_image).cache()
    train = train.shuffle(1400, seed=9).repeat().enumerate()
    train = train.map(lambda n, example: augment(*example, n), num_parallel_calls=AUTOTUNE)
    test = tf.data.Dataset.from_tensor_slices((flat[1400:], labels[1400:])).map(to_image)
    return train.batch(batch_size).prefetch(AUTOTUNE), test.batch(397)


def make_model():
    return tf.keras.Sequential(
        [
            tf.keras.Input(shape=(8, 8, 1)),
            tf.keras.layers.Conv2D(8, 3, padding="same", activation="relu"),
            tf.keras.layers.MaxPooling2D(),
            tf.keras.layers.Conv2D(16, 3, padding="same", activation="relu"),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(10),
        ]
    )


def train(model, steps, batch_size):
    loss_fn = tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = tf.keras.optimizers.Adam(3e-3)

    @tf.function
    def train_step(images, labels):
        with tf.GradientTape() as tape:
            loss = loss_fn(labels, model(images, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables))
        return loss

    batches, test = make_datasets(batch_size)
    losses = []
    for step, (images, labels) in enumerate(batches.take(steps), start=1):
        losses.append(float(train_step(images, labels)))
        if step % 50 == 0:
            right = [np.argmax(model(x), axis=1) == y.numpy() for x, y in test]
            print(f"[{step}/{steps}] loss={np.mean(losses[-50:]):.4f} test={np.mean(right):.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch-size", type=int, default=32)
    args = parser.parse_args()
    tf.keras.utils.set_random_seed(9)
    train(make_model(), args.steps, args.batch_size)


if __name__ == "__main__":
    main()
