"""The original script, watched: what counts in every call, and what only in calls after the first."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.dynamic.child.observing import Observer
from hybridize.dynamic.parent import judging
from hybridize.dynamic.rows import ObservedRow

pytestmark = pytest.mark.slow  # TensorFlow is imported


@pytest.fixture
def observe(tf: Any, tracked: Any) -> Callable[..., Any]:
    """Watches functions of one name; gives the hook and the row that an observing run would report."""

    def make() -> tuple[Callable[..., Any], Callable[[], Any]]:
        folder = str(Path(__file__).parent)
        child = SimpleNamespace(
            job={"project": (folder, folder), "candidates": {"f": {}}},
            request_cut=lambda reason: None,
            boundary=lambda: None,
            finder=SimpleNamespace(after=lambda module, then: None),
        )
        observer = Observer(child)  # type: ignore[arg-type]

        def row() -> Any:
            return ObservedRow.from_json(observer.report()["candidates"]["f"])

        return lambda function: observer.wrap("f", function), row

    return make


def train(tf: Any, model: Any, optimizer: Any, x: Any) -> Any:
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(model(x) ** 2)
    gradients = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
    return loss


def make_model(tf: Any) -> Any:
    return tf.keras.Sequential([tf.keras.Input([3]), tf.keras.layers.Dense(2)])


def test_variables_of_a_second_optimizer_are_seen_in_a_call_that_is_not_looked_at(tf: Any, observe: Any) -> None:
    hook, row = observe()
    step = hook(lambda model, optimizer, x: train(tf, model, optimizer, x))
    x = tf.ones((4, 3))
    for _ in range(2):
        model, optimizer = make_model(tf), tf.keras.optimizers.SGD(0.1, momentum=0.9)
        for _ in range(20):  # call 21 is none of the sampled ones
            step(model, optimizer, x)
    seen = row()
    assert seen.creation.call == 21 and seen.creation.more == 0
    assert seen.creation.number == 2, "a momentum for the kernel and one for the bias"
    assert "momentum" in seen.creation.names[0]
    assert seen.parameters["model"]["objects"] == seen.parameters["optimizer"]["objects"] == 2
    assert seen.parameters["x"]["objects"] == 0


class Critic:
    def __init__(self) -> None:
        self.weight: Any = None
        self.calls = 0
        self.rate = 0.0

    def value(self, x: Any) -> Any:
        import tensorflow as tf

        if self.weight is None:
            self.rate = random.random()
            self.weight = tf.Variable(tf.ones((3, 1)))
        return x @ self.weight

    def counted(self, x: Any) -> Any:
        self.calls += 1
        return self.value(x)


def test_each_instance_of_a_class_may_build_in_a_first_call_of_its_own(tf: Any, observe: Any) -> None:
    hook, row = observe()
    value = hook(Critic.value)
    for critic in (Critic(), Critic(), Critic()):
        for _ in range(3):
            value(critic, tf.ones((2, 3)))
    seen = row()
    assert seen.creation is None and not judging.lasting_effects(seen)
    assert seen.owners == 3 and seen.owner_signatures == 1 and seen.owner_calls == 3


def test_an_effect_in_the_second_call_of_any_instance_is_seen(tf: Any, observe: Any) -> None:
    hook, row = observe()
    counted = hook(Critic.counted)
    critics = [Critic() for _ in range(9)]
    for _ in range(2):
        for critic in critics:
            counted(critic, tf.ones((2, 3)))
    assert [effect.subject for effect in judging.lasting_effects(row())] == ["self.calls"]


def test_what_a_call_does_that_builds_in_a_later_call_is_told_as_building(tf: Any, observe: Any) -> None:
    hook, row = observe()
    value = hook(Critic.value)
    critic = Critic()
    for call in range(6):
        if call == 3:  # what is looked at, and rebuilds
            critic.weight = None
        value(critic, tf.ones((2, 3)))
    seen = row()
    assert seen.creation.call == 4
    assert not judging.lasting_effects(seen), "the random number that it drew is a part of it"


def test_each_function_object_may_build_in_a_first_call_of_its_own(tf: Any, observe: Any) -> None:
    hook, row = observe()

    def make_step() -> Callable[[Any], Any]:
        made: list[Any] = []

        def step(x: Any) -> Any:
            if not made:
                made.append(tf.Variable(1.0))
            return x * made[0]

        return step

    for _ in range(2):
        step = hook(make_step())
        for _ in range(4):
            step(tf.ones(2))
    seen = row()
    assert seen.creation is None and seen.owners == 2 and not judging.lasting_effects(seen)


def test_a_class_that_cannot_be_hashed_is_refused_with_the_reason(tf: Any, observe: Any) -> None:
    class Equal(Critic):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    hook, row = observe()
    value = hook(Critic.value)
    critic = Equal()
    for _ in range(3):
        value(critic, tf.ones((2, 3)))
    assert "can't be hashed" in row().refusal
