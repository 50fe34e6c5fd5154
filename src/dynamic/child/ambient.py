"""State of TensorFlow itself that a trace reads (in the child process).

A graph keeps the seed of its trace: after the script has set another one with ``tf.random.set_seed``, the graph begins
with the numbers of its own seed again. It also keeps what the functions of ``tf.summary`` found: the step, the writer,
and whether to record.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from ... import tensorflow_internals

SEED = "seed of tf.random"
#: The attributes of TensorFlow's state for ``tf.summary``, with their names in reports.
_OF_SUMMARIES = {
    "is_recording": "tf.summary.record_if",
    "step": "step of tf.summary",
    "writer": "default writer of tf.summary",
}
#: The functions that set such state, by their last names, with the attribute that they set. `as_default` is left out:
#: nearly every round of a loop calls it, for the same writer.
SETTERS = {
    "record_if": "is_recording",
    "set_as_default": "writer",
    "set_random_seed": "seed",
    "set_seed": "seed",
    "set_step": "step",
}


class Given:
    """The seed that the script has set last; None if it has set none."""

    def __init__(self) -> None:
        self.seed: int | None = None


class Place(NamedTuple):
    """Where such state is: an attribute of an object. ``label`` is its name in reports."""

    holder: object
    attribute: str
    label: str


given = Given()
_listeners: list[Callable[[], None]] = []


def places(seeded: bool, summaries: bool) -> Iterator[Place]:
    """The state that code reads which draws random numbers (``seeded``), or writes ``summaries``."""
    if seeded:
        yield Place(given, "seed", SEED)
    if summaries:
        state = tensorflow_internals.summary_state()
        for attribute, label in _OF_SUMMARIES.items():
            yield Place(state, attribute, label)


def is_held_by(holder: object) -> bool:
    """Whether an object holds such state."""
    return holder is given or holder is tensorflow_internals.loaded_summary_state()


def follow_seed(listener: Callable[[], None] | None = None) -> None:
    """Keep ``given`` up to date from now on. ``listener`` is called when the script sets a seed, even the same one."""
    _hook()
    if listener is not None and listener not in _listeners:
        _listeners.append(listener)


@functools.cache
def _hook() -> None:
    tensorflow_internals.follow_seed(_take)


def _take(seed: Any) -> None:
    try:
        given.seed = int(seed)
    except (TypeError, ValueError, OverflowError):  # None, or what TensorFlow itself will refuse
        given.seed = None
    for listener in _listeners:
        listener()
