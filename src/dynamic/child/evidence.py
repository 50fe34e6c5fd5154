"""The evidence from the compared calls of a candidate (in the child process)."""

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

#: The first call of a new signature is compared, up to this many signatures.
SIGNATURES = 16
#: How many traces are kept for comparison with later ones.
PRINTS = 32
_numbers = itertools.count(1)
#: Ops whose effect on state outside of the variables can't be undone.
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
#: Ops that draw from their own random state. During a check, our random stream replaces nearly all of them.
DRAWS = frozenset(
    {
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
    }
)
UNRESTORABLE.update(dict.fromkeys(DRAWS, "it draws random numbers from the internal state of an op"))
ITERATION = frozenset({"IteratorGetNext", "IteratorGetNextSync", "IteratorGetNextAsOptional"})


class Check:
    """The check of one candidate so far."""

    def __init__(self, candidate: str) -> None:
        self.candidate = candidate
        self.calls = 0
        self.within = 0  # the calls that were made inside of a compared call of another candidate
        self.definitions = 0
        self.owners = Owners()
        self.compared = 0
        self.raised = 0  # compared calls that raised the same error both ways
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
        self.looked_of: Counter[int] = Counter()  # for each function object, the calls that could have been retraced
        self.functions: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self.relaxed: dict[Any, Any] = {}
        self.retraced = 0
        self.pending = 0
        self.due = 0  # the number of the next call that is compared in any case
        #: The candidates that were called inside of its calls: they are compared only when it is not.
        self.inner: set[str] = set()
        self.advances_iterators = False
        self.inputs: set[int] = set()
        self.reads_nothing = False  # it reads no tensor, variable or iterator, so it has only one state
        self.captured: list[str] = []
        #: Parts of the result of which the project reads only the value, and those that were a variable.
        self.results_read: Collection[str] = ()
        self.returned: set[str] = set()
        self.rehearsal: Rehearsed | None = None
        self.stability: Stability | None = None
        self.company = Company()

    @property
    def open(self) -> bool:
        """Whether the candidate is not refuted yet."""
        return not self.refutations

    def is_enough(self, compared: int) -> bool:
        """Whether the evidence suffices: ``compared`` calls and retraces, or all calls of a rare candidate."""
        rehearsal = self.rehearsal
        all_calls = rehearsal is not None and self.calls >= rehearsal.wanted
        wide = len(self.signatures) >= min(self.expected_signatures, SIGNATURES)
        awaits = self.stability is not None and self.stability.awaits
        return all_calls or (self.compared >= compared and self.retraced >= 3 and wide and not awaits)

    def number_of(self, function: Any) -> int:
        """A number for a function object. Each has its own traces: a factory may make one for each trial."""
        if function not in self.functions:
            self.functions[function] = next(_numbers)
        return self.functions[function]

    def keep_print(self, key: tuple[int, Any], printed: Any) -> None:
        """Keep a trace's fingerprint for comparison. If there are too many, those of other functions go first."""
        if len(self.prints) >= PRINTS:
            living = set(self.functions.values())
            other = [old for old in self.prints if old[0] != key[0]]
            gone = [old for old in other if old[0] not in living] or other[:1]
            for old in gone:
                del self.prints[old]
        if len(self.prints) < PRINTS:
            self.prints[key] = (printed, 1)

    def note_path(self, path: PathNote, error: Exception | None) -> int:
        """Count a call's path and return it; a call that raised has another path than a call that did not."""
        way = path.path if error is None else hash((path.path, type(error).__name__))
        self.paths[way] += 1
        return way

    def note_creation(self, made: int) -> bool:
        """Refute the candidate if variables were created since their number was ``made``; returns whether they were.

        Use it only for calls after the first one of their owner.
        """
        from . import variables

        number = variables.created() - made
        if number:
            reason = describe_creation(self.calls, 0, number, variables.names_since(made))
            self.refutations.setdefault("creation", reason)
        return bool(number)

    def note_effects(self, changes: Sequence[Change], beside: bool, lead: str = "") -> None:
        """Record the first of the changes as a refutation, or as a doubt if another thread may have caused it."""
        own = [change for change in changes if change.leaves_the_process]
        first = (own or list(changes))[0]
        words = lead + describe_effect(first.kind, first.subject, first.detail)
        words += f" ({first.place})" if first.place else ""
        if beside and not own:
            self.doubts.setdefault("beside", f"{words}{BESIDE}")
        else:
            self.refutations.setdefault("effect", words)

    def doubt_state(self, op: str) -> None:
        """Record that an op of the call has an effect that can't be undone."""
        self.doubts.setdefault("state", f"{UNRESTORABLE[op]}, which can't be restored for a comparison")

    def _objects(self) -> dict[str, int]:
        """The number of different objects of each parameter in the compared calls."""
        from .signatures import objects

        found: dict[str, set[Any]] = {}
        for key in self.signatures:
            for name, item in key:
                if held := objects(item):
                    found.setdefault(name, set()).add(held)
        return {name: len(each) for name, each in found.items()}

    def row(self) -> CheckedRow:
        """The check in the form that is sent to the parent."""
        return CheckedRow(
            calls=self.calls,
            compared=self.compared,
            raised=self.raised,
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
    """The results of repeated calls, for a candidate with too few calls (see ``rehearsing``).

    ``wanted`` is the number of real calls to repeat. ``built`` counts first calls that could not be compared because
    they built state for later calls. ``abandoned`` counts calls that failed eagerly from a perturbed state.
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
        """The record in the form that is sent to the parent."""
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
