"""Inside the child: the iterators over tf.data pipelines, snapshotted and put back where that can be had.

A pipeline with a Python generator or a Python function in it can't be put back; the comparison of a call
that advances one is then given up rather than made with other elements.
"""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

from ... import tensorflow_internals

_FAIL_ON_EXTERNAL_STATE = 2
_known: weakref.WeakSet[Any] = weakref.WeakSet()
#: Why no iterator can be put back with this TensorFlow; empty where they can.
blind = ""

State = list[tuple[Any, Any]]


def track() -> None:
    """Start to track; must run before the script makes its first iterator."""
    global blind
    try:
        base = tensorflow_internals.iterator_class()
    except tensorflow_internals.MissingName as error:
        blind = str(error)
        return
    original = base.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _known.add(self)

    base.__init__ = __init__


def adopt() -> None:
    """Take in the iterators that were made before `track`."""
    with contextlib.suppress(tensorflow_internals.MissingName):
        base = tensorflow_internals.iterator_class()
        _known.update(found for found in gc.get_objects() if issubclass(type(found), base))


def forget() -> None:
    """Know of no iterator any more."""
    _known.clear()


def snapshot() -> State | None:
    """The positions of all live iterators that have one; None where any of them can't be saved."""
    global blind
    if blind:
        return None
    state: State = []
    for iterator in list(_known):
        try:
            state.append(tensorflow_internals.save_iterator(iterator, _FAIL_ON_EXTERNAL_STATE))
        except tensorflow_internals.MissingName as error:
            blind = str(error)
            return None
        except Exception:  # what TensorFlow raises depends on the pipeline's parts
            return None
    return state


def restore(state: State) -> None:
    """Put every iterator back to a snapshot."""
    for resource, saved in state:
        tensorflow_internals.load_iterator(resource, saved)
