import launching
import numpy as np
import tensorflow as tf


class Trainer:
    def __init__(self, config):
        self.config = config
        self.weights = tf.Variable(tf.zeros([config.width, 1]))

    def step(self, x):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((x @ self.weights - 1.0) ** 2)
        self.weights.assign_sub(self.config.rate * tape.gradient(loss, self.weights))
        return loss


@launching.main(config="config.json")
def main(config):
    generator = np.random.default_rng(0)
    trainer = Trainer(config)
    with open("losses.txt", "w") as log:
        for _ in range(config.steps):
            loss = trainer.step(tf.constant(generator.normal(size=(8, config.width)), tf.float32))
            log.write(f"{float(loss):.6f}\n")
    print(f"loss {float(loss):.5f}")


if __name__ == "__main__":
    main()
