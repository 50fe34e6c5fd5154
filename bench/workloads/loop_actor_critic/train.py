"""An actor and a critic on a walk along a line: `act` stores what `learn` reads, and `learn` does other work as well."""

import argparse

import numpy as np
import tensorflow as tf


class Walk:
    """A place on a line; each of two actions moves it, and the reward is for being near the origin."""

    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        self.place = self.rng.normal(0.0, 1.0, 3)
        return self.place.astype("float32")

    def step(self, action):
        drift = np.array([0.1, -0.05, 0.02]) if action else np.array([-0.1, 0.05, -0.02])
        self.place = 0.99 * self.place + drift + self.rng.normal(0.0, 0.02, 3)
        return self.place.astype("float32"), -float(np.square(self.place).sum())


class Agent:
    def __init__(self, rng):
        self.rng = rng
        self.actor = self.make_network(2)
        self.critic = self.make_network(1)
        self.actor_optimizer = tf.keras.optimizers.Adam(1e-3)
        self.critic_optimizer = tf.keras.optimizers.Adam(3e-3)
        self.states, self.actions, self.rewards = [], [], []
        self.losses = []

    def make_network(self, outputs):
        layers = [tf.keras.layers.Dense(32, activation="tanh") for _ in range(2)]
        return tf.keras.Sequential([tf.keras.Input(shape=(3,)), *layers, tf.keras.layers.Dense(outputs)])

    def act(self, state):
        logits = self.actor(tf.constant(state[None]))
        chances = tf.nn.softmax(logits)[0].numpy()
        action = int(self.rng.random() < chances[1])
        self.states.append(state)
        self.actions.append(action)
        return action

    def learn(self):
        """One update from what was stored since the last one."""
        if len(self.rewards) < 16:
            return
        states = np.array(self.states, "float32")
        actions = np.array(self.actions, "int32")
        returns, value = [], 0.0
        for reward in reversed(self.rewards):
            value = reward + 0.9 * value
            returns.append(value)
        returns = np.array(returns[::-1], "float32")
        with tf.GradientTape() as tape:
            values = self.critic(states)[:, 0]
            critic_loss = tf.reduce_mean(tf.square(returns - values))
        gradients = tape.gradient(critic_loss, self.critic.trainable_variables)
        self.critic_optimizer.apply_gradients(zip(gradients, self.critic.trainable_variables))
        with tf.GradientTape() as tape:
            logits = self.actor(states)
            costs = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=actions, logits=logits)
            actor_loss = tf.reduce_mean(costs * tf.stop_gradient(returns - values))
        gradients = tape.gradient(actor_loss, self.actor.trainable_variables)
        self.actor_optimizer.apply_gradients(zip(gradients, self.actor.trainable_variables))
        self.losses.append(float(critic_loss))
        self.states, self.actions, self.rewards = [], [], []


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2400)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    walk, agent = Walk(rng), Agent(rng)
    state = walk.reset()
    for step in range(1, args.steps + 1):
        state, reward = walk.step(agent.act(state))
        agent.rewards.append(reward)
        agent.learn()
        if step % 400 == 0:
            print(f"step {step}  loss {np.mean(agent.losses[-10:]):.4f}  reward {reward:.3f}")


if __name__ == "__main__":
    main()
