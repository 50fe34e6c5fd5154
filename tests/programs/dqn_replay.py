"""A DQN in the usual shape: replay() returns early while the memory is small, then samples it with random."""
# truth: unsafe Agent.replay early-return
import random
from collections import deque

import numpy as np
import tensorflow as tf


class Agent:
    def __init__(self):
        self.memory = deque(maxlen=50)
        self.w1 = tf.Variable(tf.random.normal([3, 8], stddev=0.4))
        self.w2 = tf.Variable(tf.random.normal([8, 2], stddev=0.4))

    def q_values(self, states):
        return tf.nn.relu(states @ self.w1) @ self.w2

    def act(self, state):
        if random.random() < 0.3:
            return random.randrange(2)
        return int(tf.argmax(self.q_values(tf.constant(state[None, :])), axis=1)[0])

    def replay(self, batch_size):
        if len(self.memory) < batch_size:
            return None
        batch = random.sample(self.memory, batch_size)
        states = np.stack([item[0] for item in batch])
        actions = np.array([item[1] for item in batch])
        rewards = np.array([item[2] for item in batch], np.float32)
        next_states = np.stack([item[3] for item in batch])
        targets = rewards + 0.9 * tf.reduce_max(self.q_values(tf.constant(next_states)), axis=1)
        with tf.GradientTape() as tape:
            chosen = tf.gather(self.q_values(tf.constant(states)), actions, axis=1, batch_dims=1)
            loss = tf.reduce_mean((tf.stop_gradient(targets) - chosen) ** 2)
        variables = [self.w1, self.w2]
        for variable, gradient in zip(variables, tape.gradient(loss, variables)):
            variable.assign_sub(0.1 * gradient)
        return loss


random.seed(0)
tf.random.set_seed(0)
rng = np.random.default_rng(0)
agent = Agent()
state = rng.normal(size=3).astype("float32")
for i in range(40):
    action = agent.act(state)
    next_state = (0.8 * state + 0.3 * rng.normal(size=3)).astype("float32")
    agent.memory.append((state, action, float(next_state[action]), next_state))
    loss = agent.replay(8)
    state = next_state
    if i % 8 == 7:
        print(f"step {i + 1}: loss", "none yet" if loss is None else f"{float(loss):.4f}")
print("weight norm", f"{float(tf.norm(agent.w1)):.4f}")
