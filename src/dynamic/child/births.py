"""Inside the child: the variables in the order in which they are made, and the values that they begin with.

A model that is built inside a graph's first call draws its initial weights in another order than eager code does, or
from other seeds. That is another random initialization, and no fault of the graph. To see whether it is all that
differs, a run is given the initial values of another run, by the order in which it makes its variables.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from .streams import STREAM

# Of all values together, so many bytes are handed on at most; with more there is no such run.
MOST_BYTES = 64 << 20
_KINDS = "fiub"


class Births:
    """Notes each variable as it is made: its name, its shape, its dtype, and, where ``keep``, its value.

    ``given`` are the values (as `encoded`) by the number of the variable, from 0 in the order of creation. A variable
    that was given one draws nothing: its initializer is not called.
    """

    def __init__(self, given: Mapping[str, Mapping[str, Any]], keep: bool) -> None:
        self.given, self.keep = given, keep
        self.rows: list[dict[str, Any]] = []
        self.bytes = 0
        # For as long as the process lives.
        self._scope = tf.variable_creator_scope(self._create)
        self._scope.__enter__()

    def _create(self, next_creator: Callable[..., Any], **options: Any) -> Any:
        if options.get("name") == STREAM:
            # Made by the first draw, which a run that is given its values makes later.
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
    """An array as JSON has it."""
    data = base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")
    return {"dtype": array.dtype.str, "shape": list(array.shape), "data": data}


def decoded(value: Mapping[str, Any]) -> Any:
    """The array of `encoded`."""
    flat = np.frombuffer(base64.b64decode(value["data"]), dtype=np.dtype(value["dtype"]))
    return flat.reshape(value["shape"]).copy()
