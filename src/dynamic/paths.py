"""Inside the child: which way a call went, told by the eager ops that it ran."""

from __future__ import annotations

from collections import Counter
from typing import Any

from .. import tensorflow_internals


class Runaway(BaseException):
    """Ends a call that runs more ops than it may. A BaseException, so that ``except Exception`` lets it through."""


class PathNote:
    """Notes the eager ops that run while it is entered; with ``most``, a call that runs more than so many is ended.

    A path is the set of pairs of neighbouring ops: a branch taken otherwise shows in it, another number
    of turns of a loop does not. What a comparison inside of it does besides the script's own call is not the
    script's: then ``muted`` is higher than it was when this was entered.
    """

    muted = 0

    def __init__(self, most: int | None = None) -> None:
        self.ops: Counter[str] = Counter()
        self._level = 0
        self._most = most
        self._pairs: set[tuple[str, str]] = set()
        self._last = ""

    @property
    def path(self) -> int:
        """A number for the path, equal for equal paths of this process."""
        return hash(frozenset(self._pairs))

    def _note(
        self, op_type: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None
    ) -> None:
        if graph is None and PathNote.muted <= self._level:
            text = op_type if isinstance(op_type, str) else op_type.decode()
            self.ops[text] += 1
            if self._most is not None and self.ops.total() > self._most:
                raise Runaway
            self._pairs.add((self._last, text))
            self._last = text

    def __enter__(self) -> PathNote:
        self._level = PathNote.muted
        tensorflow_internals.add_op_callback(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        tensorflow_internals.remove_op_callback(self._note)
