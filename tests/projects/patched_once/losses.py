import tensorflow as tf


def loss(prediction, y):
    return tf.reduce_mean((prediction - y) ** 2)
