"""Inside the child: the iterators over tf.data pipelines, snapshotted and put back where that can be had.

A pipeline with a Python generator or a Python function in it can't be put back; the comparison of a call
that advances one is then given up rather than made with other elements.
"""

from __future__ import annotations

import weakref
from typing import Any

from tensorflow.python.data.ops import iterator_ops
from tensorflow.python.ops import gen_dataset_ops

_FAIL_ON_EXTERNAL_STATE = 2
_known: weakref.WeakSet[Any] = weakref.WeakSet()

State = list[tuple[Any, Any]]


def track() -> None:
    """Start to track; must run before the script makes its first iterator."""
    base = iterator_ops.OwnedIterator
    original = base.__init__

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _known.add(self)

    base.__init__ = __init__


def snapshot() -> State | None:
    """The positions of all live iterators that have one; None where any of them can't be saved."""
    state: State = []
    for iterator in list(_known):
        try:
            resource = iterator._iterator_resource
            saved = gen_dataset_ops.serialize_iterator(resource, external_state_policy=_FAIL_ON_EXTERNAL_STATE)
        except Exception:  # what TensorFlow raises depends on the pipeline's parts
            return None
        state.append((resource, saved))
    return state


def restore(state: State) -> None:
    """Put every iterator back to a snapshot."""
    for resource, saved in state:
        gen_dataset_ops.deserialize_iterator(resource, saved)
