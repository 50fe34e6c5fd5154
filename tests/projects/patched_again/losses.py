import tensorflow as tf


def square(prediction, y):
    return tf.reduce_mean((prediction - y) ** 2)


def absolute(prediction, y):
    return tf.reduce_mean(tf.abs(prediction - y))


loss = square
