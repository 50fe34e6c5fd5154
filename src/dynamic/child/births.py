"""Records the initial values of the variables in the order of their creation, and can set them (in the child process).

A model that is built inside a graph's first call draws its initial weights in another order than eager code does, or
from other seeds. That is another random initialization, not a fault of the graph. To see whether it is the only
difference, a run gets the initial values of another run, by the order of creation.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from .streams import STREAM

# The largest total size of the recorded values; further values are not recorded.
MOST_BYTES = 64 << 20
_KINDS = "fiub"


class Births:
    """Records each variable at its creation: its name, its shape, its dtype, and with ``keep`` its value.

    ``given`` maps numbers of variables, from 0 in the order of creation, to values (as `encoded`). Such a variable
    draws nothing: its initializer is not called.
    """

    def __init__(self, given: Mapping[str, Mapping[str, Any]], keep: bool) -> None:
        self.given, self.keep = given, keep
        self.rows: list[dict[str, Any]] = []
        self.bytes = 0
        # It stays entered until the process ends.
        self._scope = tf.variable_creator_scope(self._create)
        self._scope.__enter__()

    def _create(self, next_creator: Callable[..., Any], **options: Any) -> Any:
        if options.get("name") == STREAM:
            # The first draw creates it, and a run with given values draws later.
            return next_creator(**options)
        row: dict[str, Any] = {}
        number = len(self.rows)
        self.rows.append(row)
        given = self.given.get(str(number))
        if given is not None:
            options["initial_value"] = decoded(given)
        variable = next_creator(**options)
        row.update(name=str(variable.name).removesuffix(":0"), dtype=variable.dtype.name, shape=str(variable.shape))
        if self.keep and tf.executing_eagerly():
            array = np.asarray(variable.numpy())
            self.bytes += array.nbytes
            if array.dtype.kind in _KINDS and self.bytes <= MOST_BYTES:
                row["value"] = encoded(array)
        return variable


def encoded(array: Any) -> dict[str, Any]:
    """An array as a JSON object."""
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def decoded(value: Mapping[str, Any]) -> Any:
    """The array of `encoded`."""
    flat = np.frombuffer(base64.b64decode(value["data"]), dtype=np.dtype(value["dtype"]))
    return flat.reshape(value["shape"]).copy()
