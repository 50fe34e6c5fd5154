"""A decorator that reads the code of the function below it: names, count and defaults of its parameters."""

import functools

import tensorflow as tf

weights = tf.Variable(tf.ones([4, 1]))


def scaled(name, factor):
    """Multiplies one argument, found by its name."""

    def decorate(function):
        place = function.__code__.co_varnames.index(name)
        assert place < function.__code__.co_argcount and function.__defaults__ == (0.5,)

        @functools.wraps(function)
        def call(*args):
            return function(*args[:place], args[place] * factor, *args[place + 1 :])

        return call

    return decorate


@scaled("values", 2.0)
def penalty(kind, values, rate=0.5):
    return rate * tf.reduce_sum(values**2) if kind == "l2" else rate * tf.reduce_sum(tf.abs(values))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, weights) - y) ** 2) + 0.01 * penalty("l2", weights)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss


data = tf.random.stateless_normal([32, 4], [1, 2])
for _ in range(60):
    loss = train_step(data, data[:, :1])
print("loss", float(loss))
