import tensorflow as tf


class Trainer:
    def __init__(self):
        self.weights = tf.Variable(tf.ones([4, 1]))

    def step(self, x, y):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.matmul(x, self.weights) - y) ** 2)
        self.weights.assign_sub(0.1 * tape.gradient(loss, self.weights))
        return loss


def train(data):
    trainer = Trainer()
    for _ in range(60):
        loss = trainer.step(data, data[:, :1])
    return loss
