"""State that changes once, ten steps before the end of the training, each time read in another way."""
# truth: unsafe by_property baked-attribute
# truth: unsafe by_flag baked-branch
# truth: unsafe by_item baked-global
# truth: unsafe by_default baked-attribute
# truth: unsafe Trainer.by_schedule baked-attribute
# truth: unsafe Trainer.by_result late-state
import numpy as np
import tensorflow as tf

STEPS = 240
REGULARIZED = False
CONFIG = {"optimizer": {"rate": 0.02, "name": "sgd"}, "steps": STEPS}

rng = np.random.default_rng(0)
weights = [tf.Variable(tf.zeros([3])) for _ in range(6)]


class Settings:
    def __init__(self, rate):
        self._rate = rate

    @property
    def rate(self):
        return self._rate


class Flat:
    def __init__(self, rate):
        self.now = rate

    def value(self):
        return self.now


SETTINGS, FALLBACK = Settings(0.02), Settings(0.02)


def descend(weight, x, rate):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean((x * weight - 1.0) ** 2)
    weight.assign_sub(rate * tape.gradient(loss, weight))


def by_property(x):
    descend(weights[0], x, SETTINGS.rate)


def by_flag(x):
    descend(weights[1], x, 0.02)
    if REGULARIZED:
        weights[1].assign(weights[1] * 0.99)


def by_item(x):
    options = CONFIG["optimizer"]
    descend(weights[2], x, options["rate"])


def by_default(x, settings=FALLBACK):
    descend(weights[3], x, settings.rate)


def find(settings):
    return settings["found"]


class Trainer:
    def __init__(self):
        self.schedule = Flat(0.02)
        self.found = {"found": Flat(0.02)}
        self.seen = 0

    def by_schedule(self, x):
        descend(weights[4], x, self.schedule.value())

    def by_result(self, x):
        descend(weights[5], x, find(self.found).now)


class Callback:
    def on_step(self, step, trainer):
        global REGULARIZED
        trainer.seen += 1
        if step == STEPS - 10:
            REGULARIZED = True
            SETTINGS._rate = FALLBACK._rate = CONFIG["optimizer"]["rate"] = 0.002
            trainer.schedule.now = trainer.found["found"].now = 0.002


trainer, callback = Trainer(), Callback()
for step in range(STEPS):
    callback.on_step(step, trainer)
    x = tf.constant(rng.normal(size=3), tf.float32)
    by_property(x)
    by_flag(x)
    by_item(x)
    by_default(x)
    trainer.by_schedule(x)
    trainer.by_result(x)
    if step % 10 == 9:
        print(step, *(w.numpy() for w in weights))
