"""Identifies the path of a call through its code by the eager ops that ran (in the child process)."""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Any

from ... import tensorflow_internals

#: The names that TensorFlow gives to traced functions: a purpose, a name, and serial numbers.
GENERATED = re.compile(r"(__(?:inference|forward|backward)_.*?)(?:_\d+)+")
_FUNCTIONS = 4096


class Runaway(BaseException):
    """Ends a call that runs more ops than it may. A BaseException, so that ``except Exception`` lets it through."""


class PathNote:
    """Records the eager ops that run while it is entered; raises Runaway in a call that runs more than ``most`` ops.

    A path is the set of pairs of consecutive ops: another branch changes it, another number of loop iterations does
    not. A traced function counts as one op, identified by its content and not by its name: if a call creates the
    function (`tape.jacobian`, `tf.vectorized_map`, a `tf.function` in it), its name changes from call to call. The
    additional calls of a nested comparison are not recorded: during them ``muted`` is higher than at the entry.
    """

    muted = 0

    def __init__(self, most: int | None = None) -> None:
        self.ops: Counter[str] = Counter()
        self._level = 0
        self._most = most
        self._pairs: set[tuple[str | int, str | int]] = set()
        self._last: str | int = ""

    @property
    def path(self) -> int:
        """A number for the path, equal for equal paths of this process."""
        return hash(frozenset(self._pairs))

    def _note(
        self, op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        if graph is None and PathNote.muted <= self._level:
            text = op_type if isinstance(op_type, str) else op_type.decode()
            generated = GENERATED.fullmatch(text)
            self.ops[generated[1] if generated else text] += 1
            if self._most is not None and self.ops.total() > self._most:
                raise Runaway
            told = _content(text) if generated else text
            self._pairs.add((self._last, told))
            self._last = told

    def __enter__(self) -> PathNote:
        self._level = PathNote.muted
        tensorflow_internals.add_op_callback(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        tensorflow_internals.remove_op_callback(self._note)


@functools.lru_cache(_FUNCTIONS)
def _content(name: str) -> str | int:
    """A number for a traced function's content, its edges between ops; equal if functions differ only in names.

    If the definition can't be read, the function's name, which is unique.
    """
    try:
        definition = tensorflow_internals.function_definition(name)
    except Exception:  # the error for a function that is gone depends on the release
        return name
    kinds = {argument.name: "an argument" for argument in definition.signature.input_arg}
    kinds.update({node.name: _kind(node) for node in definition.node_def})
    edges = {
        (kinds.get(source.lstrip("^").partition(":")[0], ""), kinds[node.name])
        for node in definition.node_def
        for source in node.input or [""]
    }
    results = {(kinds.get(source.partition(":")[0], ""), "a result") for source in definition.ret.values()}
    return hash(frozenset(edges | results))


def _kind(node: Any) -> str:
    """An op inside of a function, with the content of the functions that it calls."""
    called = [value.func.name for _, value in sorted(node.attr.items()) if value.WhichOneof("value") == "func"]
    called += [function.name for _, value in sorted(node.attr.items()) for function in value.list.func]
    return " ".join([node.op, *(str(_content(name)) for name in called)])
