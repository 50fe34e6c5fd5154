import tensorflow as tf

weights = tf.Variable(tf.ones([4, 1]))


def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((tf.matmul(x, weights) - y) ** 2)
    weights.assign_sub(0.1 * tape.gradient(loss, weights))
    return loss
