"""An actor-critic remembers its action on self: learn() goes on reinforcing the action of its first trace.

Half of the actions are right by luck, so a few sampled calls may agree.
"""
# truth: unsafe Actor.learn baked-attribute
import numpy as np
import tensorflow as tf


class Actor:
    def __init__(self):
        self.w = tf.Variable(tf.random.normal([4, 2], stddev=0.3))
        self.value_w = tf.Variable(tf.zeros([4, 1]))
        self.action = None

    def choose_action(self, state, draw):
        probabilities = tf.nn.softmax(state @ self.w)[0]
        self.action = int(draw > float(probabilities[0]))
        return self.action

    def learn(self, state, reward):
        with tf.GradientTape() as tape:
            advantage = reward - (state @ self.value_w)[0, 0]
            log_probability = tf.nn.log_softmax(state @ self.w)[0, self.action]
            loss = advantage**2 - log_probability * tf.stop_gradient(advantage)
        gradients = tape.gradient(loss, [self.w, self.value_w])
        self.w.assign_sub(0.2 * gradients[0])
        self.value_w.assign_sub(0.2 * gradients[1])
        return loss


tf.random.set_seed(0)
rng = np.random.default_rng(4)
actor = Actor()
for i in range(32):
    state = tf.constant(rng.normal(size=(1, 4)), tf.float32)
    action = actor.choose_action(state, rng.uniform())
    loss = actor.learn(state, tf.constant(1.0 if action == 1 else -0.5))
    if i % 8 == 7:
        print(f"step {i + 1}: loss {float(loss):.4f}")
