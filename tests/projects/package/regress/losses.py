import tensorflow as tf


def mean_square(one, other):
    return tf.reduce_mean((one - other) ** 2)
