"""A role of the child: it hashes the sequence of a run's eager operations, and the values of the variables.

Two runs of one program have the same hashes. So have a script and its copy in which statements became a function that
is not converted. The generated names of TensorFlow's functions differ from call to call, and are cut.
"""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ... import tensorflow_internals
from ...sandbox.child.binding import bind, disguise
from ...sandbox.child.child import Child

#: The hash is recorded after every EVERY operations; the variables' hash when the number of records is a power of two.
EVERY = 250
#: The chain is recorded after every UPDATES operations that change a variable or draw random numbers. The operations
#: between two of them may be in any order.
UPDATES = 25
_UPDATING = re.compile(r"Assign\w*VariableOp|Resource(Sparse)?Apply|ResourceScatter|(Stateful|Stateless)?Random")
_PASSING = ("__inference_", "__forward_", "__backward_")


class Operations:
    """The record of a run."""

    def __init__(self, child: Child) -> None:
        self.child = child
        self.count = 0
        self.hash = hashlib.blake2b(digest_size=8)
        self.marks: list[str] = []
        # The sum of the operations' own hashes does not depend on their order; the chain holds it at each update.
        self.sum = 0
        self.updates = 0
        self.chain = hashlib.blake2b(digest_size=8)
        self.chained: list[tuple[int, str]] = []
        self.values: dict[int, str] = {}
        self.calls: dict[str, int] = {}
        self.done: dict[str, int] = {}
        self.iterated: dict[str, set[str]] = {}
        self.kept: dict[tuple[str, int], tuple[Any, Any]] = {}
        self.main = threading.get_ident()
        self.owner = os.getpid()
        self.looking = False
        self.ready = False

    def prepare(self, _module: Any) -> None:
        """Called when TensorFlow has been imported."""
        from . import streams, variables

        tensorflow_internals.probe()
        variables.track()
        streams.install_for(self.child.job)
        tensorflow_internals.add_op_callback(self.note)
        self.ready = True

    def note(
        self,
        op_type: Any,
        inputs: Sequence[Any],
        attributes: Any,
        outputs: Sequence[Any],
        op_name: Any = None,
        graph: Any = None,
    ) -> None:
        """Record one operation; TensorFlow calls this after it."""
        if graph is not None or self.looking or threading.get_ident() != self.main or os.getpid() != self.owner:
            return
        kind = op_type if isinstance(op_type, str) else op_type.decode()
        for name in _PASSING:
            kind = kind.partition(name)[0]
        said = f"{kind}{_described(inputs)}{_described(outputs)}".encode()
        self.hash.update(said)
        own = hashlib.blake2b(said, digest_size=8).digest()
        self.sum = (self.sum + int.from_bytes(own)) % (1 << 64)
        self.count += 1
        if _UPDATING.match(kind):
            self.updates += 1
            self.chain.update(own + self.sum.to_bytes(8))
            if self.updates % UPDATES == 0:
                self.chained.append((self.count, self.chain.hexdigest()))
        if self.count % EVERY == 0:
            self.marks.append(self.hash.hexdigest())
            number = self.count // EVERY
            if number & (number - 1) == 0:
                self.values[self.count] = self.variables()

    def variables(self) -> str:
        """A hash of all variables' exact values, in the order of their creation."""
        from . import variables

        found = hashlib.blake2b(digest_size=8)
        self.looking = True
        try:
            for value in variables.snapshot().values():
                array = variables.as_array(value)
                found.update(f"{array.dtype}{array.shape}".encode())
                found.update(array.tobytes() if array.dtype.kind != "O" else repr(array.tolist()).encode())
        finally:
            self.looking = False
        return found.hexdigest()

    def wrap(self, candidate: str, function: Any) -> Callable[..., Any]:
        """Count the calls of a function, and record the number of operations at the end of the second one."""
        call = bind(function)
        place = self.child.job.get("iterated", {}).get(candidate)

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.child.boundary()
            if place is not None:
                self._note_iterated(candidate, args, *place)
            result = call(args, kwargs)
            self.calls[candidate] = self.calls.get(candidate, 0) + 1
            if self.calls[candidate] <= 2:
                self.done[candidate] = self.count
            return result

        return disguise(counted, function)

    def _note_iterated(self, candidate: str, args: Sequence[Any], position: int, attribute: str = "") -> None:
        """Record the type of the object that a loop iterates: an argument of the call, or an attribute of it."""
        import tensorflow as tf

        value = owner = args[position] if position < len(args) else None
        if attribute:
            value = getattr(owner, "__dict__", {}).get(attribute)
        is_known = isinstance(value, tf.data.Dataset) and type(value).__module__.startswith("tensorflow.")
        kind = "tf.data.Dataset" if is_known else type(value).__name__
        if attribute and self.kept.setdefault((candidate, id(owner)), (owner, value))[1] is not value:
            kind = "one data set after the other"
        self.iterated.setdefault(candidate, set()).add(kind)

    def progress(self) -> dict[str, Any]:
        """The functions of which a call has ended, while the run goes on."""
        return {"reached": list(self.done)}

    def report(self) -> dict[str, Any]:
        """The record, with the variables' hash at the end."""
        return {
            "operations": self.count,
            "hash": self.hash.hexdigest(),
            "marks": self.marks,
            "sum": self.sum,
            "updates": self.updates,
            "chained": self.chained,
            "chain": self.chain.hexdigest(),
            "values": {str(count): value for count, value in self.values.items()},
            "last": self.variables() if self.ready else "",
            "calls": self.calls,
            "done": self.done,
            "iterated": {candidate: sorted(kinds) for candidate, kinds in self.iterated.items()},
        }


def _described(tensors: Sequence[Any]) -> list[tuple[str, tuple[int | None, ...]]]:
    return [(each.dtype.name, tuple(each.shape)) for each in tensors or () if hasattr(each, "shape")]


def install(child: Child) -> None:
    """Make the child a run that records its operations."""
    sequence = Operations(child)
    child.wrap = sequence.wrap
    child.summary = sequence.progress
    child.finish = sequence.report
    child.finder.after("tensorflow", sequence.prepare)
