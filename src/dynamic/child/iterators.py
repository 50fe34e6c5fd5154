"""Snapshots and restores the iterators over tf.data pipelines, if possible (in the child process).

A pipeline with a Python generator or a Python function in it can't be restored. Then a call that advances it is not
compared, because the graph would get other elements.
"""

from __future__ import annotations

import contextlib
import gc
import weakref
from typing import Any

from ... import tensorflow_internals

_FAIL_ON_EXTERNAL_STATE = 2
_known: weakref.WeakSet[Any] = weakref.WeakSet()
#: Why no iterator can be restored with this TensorFlow; empty if they can.
blind = ""

State = list[tuple[Any, Any]]


def track() -> None:
    """Start to track; call it before the script makes its first iterator."""
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
    """Also track the iterators that were made before `track`."""
    with contextlib.suppress(tensorflow_internals.MissingName):
        base = tensorflow_internals.iterator_class()
        _known.update(found for found in gc.get_objects() if issubclass(type(found), base))


def forget() -> None:
    """Stop tracking all current iterators."""
    _known.clear()


def snapshot() -> State | None:
    """The positions of all live iterators; None if one of them can't be saved."""
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
        except Exception:  # TensorFlow's error depends on the pipeline's parts
            return None
    return state


def restore(state: State) -> None:
    """Restore every iterator of a snapshot."""
    for resource, saved in state:
        tensorflow_internals.load_iterator(resource, saved)
