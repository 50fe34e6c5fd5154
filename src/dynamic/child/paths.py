"""Inside the child: which way a call went, told by the eager ops that it ran."""

from __future__ import annotations

import functools
import re
from collections import Counter
from typing import Any

from ... import tensorflow_internals

#: The names that TensorFlow gives to the functions that it traces: what they are for, a name, and running numbers.
GENERATED = re.compile(r"(__(?:inference|forward|backward)_.*?)(?:_\d+)+")
_FUNCTIONS = 4096


class Runaway(BaseException):
    """Ends a call that runs more ops than it may. A BaseException, so that ``except Exception`` lets it through."""


class PathNote:
    """Notes the eager ops that run while it is entered; with ``most``, a call that runs more than so many is ended.

    A path is the set of pairs of neighbouring ops: a branch taken otherwise shows in it, another number
    of turns of a loop does not. A traced function counts as one op, told by what it computes and not by its name:
    where a call makes the function (`tape.jacobian`, `tf.vectorized_map`, a `tf.function` in it), each call gives it
    another. What a comparison inside of it does besides the script's own call is not the script's: then ``muted`` is
    higher than it was when this was entered.
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
    """What a traced function computes: which op is fed by which. Equal for functions that differ in names only.

    Where that can't be read, the function's own name, which no other has.
    """
    try:
        definition = tensorflow_internals.function_definition(name)
    except Exception:  # what TensorFlow raises for a function that is gone depends on the release
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
    """An op inside of a function, with what the functions that it calls compute."""
    called = [value.func.name for _, value in sorted(node.attr.items()) if value.WhichOneof("value") == "func"]
    called += [function.name for _, value in sorted(node.attr.items()) for function in value.list.func]
    return " ".join([node.op, *(str(_content(name)) for name in called)])
