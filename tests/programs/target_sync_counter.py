"""A target network is synchronized at every eighth call by a counter on self: in a graph never.

The weights of the online network agree until the first synchronization is missed.
"""
# truth: unsafe Agent.train_step step-counter
import numpy as np
import tensorflow as tf


class Agent:
    def __init__(self):
        self.online = tf.Variable(tf.random.normal([3, 2], stddev=0.4))
        self.target = tf.Variable(self.online)
        self.updates = 0

    def train_step(self, states, rewards, next_states):
        goal = rewards + 0.9 * tf.reduce_max(next_states @ self.target, axis=1)
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean((tf.reduce_max(states @ self.online, axis=1) - goal) ** 2)
        self.online.assign_sub(0.1 * tape.gradient(loss, self.online))
        self.updates += 1
        if self.updates % 8 == 0:
            self.target.assign(self.online)
        return loss


tf.random.set_seed(0)
rng = np.random.default_rng(0)
agent = Agent()
states = tf.constant(rng.normal(size=(16, 3)), tf.float32)
rewards = tf.constant(rng.normal(size=16), tf.float32)
next_states = tf.constant(rng.normal(size=(16, 3)), tf.float32)
for i in range(32):
    loss = agent.train_step(states, rewards, next_states)
    if i % 8 == 7:
        print(f"step {i + 1}: loss {float(loss):.5f}")
