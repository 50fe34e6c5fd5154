"""Balance a pole on a cart with deep Q-learning: a replay buffer in NumPy, the network in TensorFlow."""

import argparse
import math

import numpy as np
import tensorflow as tf


class CartPole:
    """The classical cart and pole: a state of four numbers, two actions, one point a step."""

    def __init__(self, rng):
        self.rng = rng

    def reset(self):
        self.state = self.rng.uniform(-0.05, 0.05, 4)
        self.age = 0
        return self.state.astype("float32")

    def step(self, action):
        position, speed, angle, spin = self.state
        push = 10.0 if action == 1 else -10.0
        sine, cosine = math.sin(angle), math.cos(angle)
        force = (push + 0.05 * spin**2 * sine) / 1.1
        torque = (9.8 * sine - cosine * force) / (0.5 * (4.0 / 3.0 - 0.1 * cosine**2 / 1.1))
        acceleration = force - 0.05 * torque * cosine / 1.1
        change = np.array([speed, acceleration, spin, torque])
        self.state = self.state + 0.02 * change
        self.age += 1
        fallen = abs(self.state[0]) > 2.4 or abs(self.state[2]) > 0.21
        return self.state.astype("float32"), 1.0, fallen, fallen or self.age >= 200


class Agent:
    def __init__(self, rng, capacity=5000, batch_size=64):
        self.rng = rng
        self.batch_size = batch_size
        self.capacity = capacity
        self.memory = []
        self.online = self.make_network()
        self.target = self.make_network()
        self.optimizer = tf.keras.optimizers.Adam(2e-3)
        self.sync()

    def make_network(self):
        return tf.keras.Sequential(
            [
                tf.keras.Input(shape=(4,)),
                tf.keras.layers.Dense(48, activation="relu"),
                tf.keras.layers.Dense(48, activation="relu"),
                tf.keras.layers.Dense(2),
            ]
        )

    def sync(self):
        self.target.set_weights(self.online.get_weights())

    @tf.function
    def values(self, states):
        return self.online(states)

    def act(self, state, epsilon):
        if self.rng.random() < epsilon:
            return int(self.rng.integers(2))
        return int(tf.argmax(self.values(tf.constant(state[None])), axis=1)[0])

    def remember(self, *transition):
        self.memory.append(transition)
        if len(self.memory) > self.capacity:
            self.memory.pop(0)

    def sample(self):
        picks = self.rng.integers(0, len(self.memory), self.batch_size)
        columns = zip(*(self.memory[pick] for pick in picks))
        states, actions, rewards, followers, ends = (np.array(column) for column in columns)
        return (
            tf.constant(states),
            tf.constant(actions, tf.int32),
            tf.constant(rewards, tf.float32),
            tf.constant(followers),
            tf.constant(ends, tf.float32),
        )

    @tf.function
    def update(self, states, actions, rewards, followers, ends):
        """One step of double Q-learning on a batch; everything is a tensor."""
        best = tf.argmax(self.online(followers), axis=1, output_type=tf.int32)
        later = tf.gather(self.target(followers), best, axis=1, batch_dims=1)
        wanted = rewards + 0.9 * (1.0 - ends) * later
        with tf.GradientTape() as tape:
            taken = tf.gather(self.online(states), actions, axis=1, batch_dims=1)
            error = wanted - taken
            loss = tf.reduce_mean(tf.where(tf.abs(error) < 1.0, 0.5 * error**2, tf.abs(error) - 0.5))
        weights = self.online.trainable_variables
        gradients = tape.gradient(loss, weights)
        self.optimizer.apply_gradients(zip(gradients, weights))
        return loss

    def learn(self):
        """Sample the memory and update; nothing until there is enough to sample from."""
        if len(self.memory) < 2 * self.batch_size:
            return None
        return self.update(*self.sample())

    def imitate(self):
        """A head start: lean towards the side on which the pole falls. Samples and trains in one place."""
        picks = self.rng.integers(0, len(self.memory), self.batch_size)
        states = np.array([self.memory[pick][0] for pick in picks])
        wanted = (states[:, 2] + 0.3 * states[:, 3] > 0).astype("int32")
        with tf.GradientTape() as tape:
            logits = self.online(tf.constant(states))
            loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=wanted, logits=logits))
        weights = self.online.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))
        return loss


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=700)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    tf.keras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    world, agent = CartPole(rng), Agent(rng)
    state, score, scores, losses = world.reset(), 0.0, [], []
    for step in range(1, args.steps + 1):
        action = agent.act(state, epsilon=max(0.02, 0.5 - step / 400))
        follower, reward, fallen, over = world.step(action)
        agent.remember(state, action, reward, follower, fallen)
        state, score = follower, score + reward
        if over:
            scores.append(score)
            state, score = world.reset(), 0.0
        loss = agent.imitate() if 64 <= step < 96 else agent.learn()
        if loss is not None:
            losses.append(float(loss))
        if step % 50 == 0:
            agent.sync()
        if step % 100 == 0:
            mean = np.mean(losses[-100:]) if losses else float("nan")
            print(f"step {step}  loss {mean:.4f}  last scores {np.mean(scores[-10:] or [score]):.1f}")


if __name__ == "__main__":
    main()
