"""Inside the child: what the compared calls of a candidate have shown so far."""

from __future__ import annotations

import itertools
import weakref
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

from ..rows import CheckedRow, RehearsedRow
from ..wording import BESIDE, describe_creation, describe_effect
from .calls import Company
from .effects import Change
from .owners import Owners
from .paths import PathNote
from .stability import Stability

#: A call of a signature that has not been compared is compared, up to so many signatures.
SIGNATURES = 16
#: How many traces are kept to compare later ones with.
PRINTS = 32
_numbers = itertools.count(1)
#: Ops whose effect on a state outside of the variables can't be taken back.
UNRESTORABLE = {
    "LookupTableInsertV2": "it changes a lookup table",
    "LookupTableImportV2": "it changes a lookup table",
    "LookupTableRemoveV2": "it changes a lookup table",
    **dict.fromkeys(("QueueDequeueV2", "QueueDequeueManyV2", "QueueDequeueUpToV2"), "it takes from a queue"),
    **dict.fromkeys(("QueueEnqueueV2", "QueueEnqueueManyV2"), "it adds to a queue"),
    **dict.fromkeys(("BarrierTakeMany", "Unstage", "OrderedMapUnstage", "MapUnstage"), "it takes from a staging area"),
    **dict.fromkeys(("BarrierInsertMany", "Stage", "OrderedMapStage", "MapStage"), "it adds to a staging area"),
    **dict.fromkeys(("ReaderReadV2", "ReaderReadUpToV2"), "it reads from a file position"),
    "EagerPyFunc": "it calls back into Python (tf.py_function)",
    "PyFunc": "it calls back into Python (tf.numpy_function)",
    "EagerPyFuncStateless": "it calls back into Python (tf.py_function)",
    "PyFuncStateless": "it calls back into Python (tf.numpy_function)",
}
# Ops that draw from a random state of their own, which no stream of ours stands in for.
UNRESTORABLE.update(
    dict.fromkeys(
        (
            "AllCandidateSampler",
            "FixedUnigramCandidateSampler",
            "FractionalAvgPool",
            "FractionalMaxPool",
            "LearnedUnigramCandidateSampler",
            "LogUniformCandidateSampler",
            "Multinomial",
            "ParameterizedTruncatedNormal",
            "RandomCrop",
            "RandomGamma",
            "RandomPoissonV2",
            "RandomShuffle",
            "RandomStandardNormal",
            "RandomUniform",
            "RandomUniformInt",
            "SampleDistortedBoundingBox",
            "SampleDistortedBoundingBoxV2",
            "ThreadUnsafeUnigramCandidateSampler",
            "TruncatedNormal",
            "UniformCandidateSampler",
        ),
        "it draws random numbers from the internal state of an op",
    )
)
ITERATION = frozenset({"IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional"})


class Check:
    """What has been checked of one candidate so far."""

    def __init__(self, candidate: str) -> None:
        self.candidate = candidate
        self.calls = 0
        self.within = 0  # of the calls, those inside of a compared call of another candidate
        self.definitions = 0
        self.owners = Owners()
        self.compared = 0
        self.states = 0
        self.refutations: dict[str, str] = {}
        self.doubts: dict[str, str] = {}
        self.eager_seconds: list[float] = []
        self.graph_seconds: list[float] = []
        self.trace_seconds: list[float] = []
        self.max_error = 0.0
        self.traces = 0
        self.causes: list[str] = []
        self.keys: list[tuple[int, Any]] = []
        self.signatures: set[Any] = set()
        self.expected_signatures = 1
        self.paths: Counter[int] = Counter()
        self.compared_paths: Counter[int] = Counter()
        self.prints: dict[tuple[int, Any], tuple[Any, int]] = {}
        self.looked_of: Counter[int] = Counter()  # for how many calls of each function object a trace was thought of
        self.functions: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self.relaxed: dict[Any, Any] = {}
        self.retraced = 0
        self.pending = 0
        self.due = 0  # the number of the call that is compared next, whatever it is
        #: The candidates that were called inside of its calls: they are compared where it is not.
        self.inner: set[str] = set()
        self.advances_iterators = False
        self.inputs: set[int] = set()
        self.reads_nothing = False  # no tensor, variable or iterator: one state is all that there is
        self.captured: list[str] = []
        #: Parts of the result of which the project reads the value alone, and where a variable was found to be one.
        self.results_read: Collection[str] = ()
        self.returned: set[str] = set()
        self.rehearsal: Rehearsed | None = None
        self.stability: Stability | None = None
        self.company = Company()

    @property
    def open(self) -> bool:
        """Whether there is still something to find out."""
        return not self.refutations

    def is_enough(self, compared: int) -> bool:
        """Whether it has been compared that often; a candidate of few calls, in all of them."""
        rehearsal = self.rehearsal
        all_calls = rehearsal is not None and self.calls >= rehearsal.wanted
        wide = len(self.signatures) >= min(self.expected_signatures, SIGNATURES)
        awaits = self.stability is not None and self.stability.awaits
        return all_calls or (self.compared >= compared and self.retraced >= 3 and wide and not awaits)

    def number_of(self, function: Any) -> int:
        """A number for a function object. Each has traces of its own: a factory makes one for each trial."""
        if function not in self.functions:
            self.functions[function] = next(_numbers)
        return self.functions[function]

    def keep_print(self, key: tuple[int, Any], printed: Any) -> None:
        """Keep a trace's fingerprint to compare later ones with. The first to go are those of other functions."""
        if len(self.prints) >= PRINTS:
            living = set(self.functions.values())
            other = [old for old in self.prints if old[0] != key[0]]
            gone = [old for old in other if old[0] not in living] or other[:1]
            for old in gone:
                del self.prints[old]
        if len(self.prints) < PRINTS:
            self.prints[key] = (printed, 1)

    def note_path(self, path: PathNote, error: Exception | None) -> int:
        """Count a call's path; a call that raised went another way than any that did not."""
        way = path.path if error is None else hash((path.path, type(error).__name__))
        self.paths[way] += 1
        return way

    def note_creation(self, made: int) -> bool:
        """Refute where variables were created since ``made`` had been; ``made`` was taken before a call after the
        first of its owner.
        """
        from . import variables

        number = variables.created() - made
        if number:
            reason = describe_creation(self.calls, 0, number, variables.names_since(made))
            self.refutations.setdefault("creation", reason)
        return bool(number)

    def note_effects(self, changes: Sequence[Change], beside: bool, lead: str = "") -> None:
        """Take the first of the changes for what refutes; where other threads ran, what they may have changed for
        a doubt.
        """
        own = [change for change in changes if change.leaves_the_process]
        first = (own or list(changes))[0]
        words = lead + describe_effect(first.kind, first.subject, first.detail)
        words += f" ({first.place})" if first.place else ""
        if beside and not own:
            self.doubts.setdefault("beside", f"{words}{BESIDE}")
        else:
            self.refutations.setdefault("effect", words)

    def doubt_state(self, op: str) -> None:
        """Note that an op of the call has an effect that can't be taken back."""
        self.doubts.setdefault("state", f"{UNRESTORABLE[op]}, which can't be restored for a comparison")

    def _objects(self) -> dict[str, int]:
        """How many different objects each parameter had in the calls that were compared."""
        from .signatures import objects

        found: dict[str, set[Any]] = {}
        for key in self.signatures:
            for name, item in key:
                if held := objects(item):
                    found.setdefault(name, set()).add(held)
        return {name: len(each) for name, each in found.items()}

    def row(self) -> CheckedRow:
        """The check as it goes over the line."""
        return CheckedRow(
            calls=self.calls,
            compared=self.compared,
            states=self.states,
            reads_nothing=self.reads_nothing,
            refutations=self.refutations,
            doubts=self.doubts,
            eager_seconds=_median(self.eager_seconds),
            graph_seconds=_median(self.graph_seconds),
            trace_seconds=sum(self.trace_seconds),
            max_error=self.max_error,
            traces=self.traces,
            owner_traces=self.owners.most_traced().traces,
            owner_compared=self.owners.most_traced().compared,
            causes=self.causes[:10],
            signatures=len(self.signatures),
            objects=self._objects(),
            compared_paths=len(self.compared_paths),
            unseen_path_calls=sum(n for p, n in self.paths.items() if p not in self.compared_paths),
            retraced=self.retraced,
            captured=self.captured[:10],
            returned=sorted(self.returned),
            rehearsal=self.rehearsal.row() if self.rehearsal is not None else None,
            reads=self.stability.as_dict() if self.stability is not None else None,
        )


class Rehearsed:
    """What the repeated calls of a candidate showed that is called too rarely (see ``rehearsing``).

    ``wanted`` is how many real calls there are to repeat; ``built`` counts a first call that could not be compared
    because it built what later ones find; ``abandoned`` the calls that eager could not make from a moved state.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.repeats = 0
        self.abandoned = 0
        self.built = 0
        self.retraced = 0
        self.states: set[int] = set()
        self.reads_nothing = False

    def row(self) -> RehearsedRow:
        """The record as it goes over the line."""
        return RehearsedRow(
            repeats=self.repeats,
            abandoned=self.abandoned,
            built=self.built,
            retraced=self.retraced,
            states=len(self.states),
            reads_nothing=self.reads_nothing,
        )


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
