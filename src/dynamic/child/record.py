"""The observing run's record of one candidate, and its form for the parent (in the child process)."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ...sandbox.child.clock import perf_counter
from ..rows import CreationRow, EffectRow, ObservedRow
from .calls import Company
from .effects import Change
from .owners import Owners
from .reads import Reading

if TYPE_CHECKING:
    from .forms import Arguments


class Found:
    """An observed side effect, its number of calls, and the number of those that were not the first call of their
    owner.

    A call that creates variables counts as building. Its other side effects belong to that, and only the variables
    count.
    """

    def __init__(self, change: Change) -> None:
        self.change = change
        self.calls: set[int] = set()
        self.later = 0
        self.building = 0

    def row(self, beside: bool) -> EffectRow:
        """The side effect in the form that is sent to the parent."""
        change = self.change
        return EffectRow(
            kind=change.kind,
            subject=change.subject,
            detail=change.detail,
            place=change.place,
            calls=len(self.calls),
            later=self.later,
            building=self.building,
            beside=beside,
        )


class Record:
    """The record of one candidate so far."""

    def __init__(self, candidate: str, hints: dict[str, str]) -> None:
        self.candidate = candidate
        self.hints = hints
        self.calls = 0
        self.seconds = 0.0
        self.own_seconds = 0.0
        self.squares = 0.0  # the sum of the squares of the calls' seconds
        self.traced_calls = 0
        self.threads: set[int] = set()
        self.definitions = 0
        self.signatures: Counter[Any] = Counter()
        self.paths: Counter[int] = Counter()
        self.ops: Counter[str] = Counter()
        self.op_calls = 0
        self.effects: dict[tuple[str, str], Found] = {}
        self.creations = 0  # later calls that created variables
        self.creation: dict[str, Any] = {}  # the first of them
        self.owners = Owners()
        self.refusal = ""
        self.effect_calls = 0
        self.beside: set[tuple[str, str]] = set()  # effects that another thread may have caused
        self.blind = ""
        self.exceptions: Counter[str] = Counter()
        self.result_types: Counter[str] = Counter()
        self.callers: Counter[str] = Counter()
        self.caller_seconds: dict[str, float] = {}
        self.parameters: dict[str, dict[str, set[Any]]] = {}
        self.arguments: Arguments | None = None
        self.misfits: dict[str, str] = {}
        self.fitting: Counter[str] = Counter()
        self.reading: Reading | None = None
        self.company = Company()
        self.overhead = 0.0
        self.first = self.last = 0.0
        self.due = False

    def row(self, begun: float, overhead: float) -> ObservedRow:
        """The record so far. ``begun`` is the time of the first call of any candidate.

        ``overhead`` is the total cost of watching. If the measured window is too short, a share can only come out too
        high.
        """
        return ObservedRow(
            first_seconds=self.first - begun if self.calls else 0.0,
            last_seconds=self.last - begun if self.last else 0.0,
            overhead_seconds=self.overhead,
            calls=self.calls,
            seconds=self.seconds,
            own_seconds=self.own_seconds,
            squares=self.squares,
            window=perf_counter() - self.first - overhead if self.first else 0.0,
            traced_calls=self.traced_calls,
            threads=len(self.threads),
            function_objects=self.definitions,
            **self.owners.as_dict(self.calls),
            creation=CreationRow(**self.creation, more=self.creations - 1) if self.creation else None,
            refusal=self.refusal,
            signatures=len(self.signatures),
            paths=len(self.paths),
            ops=dict(self.ops.most_common(400)),
            op_calls=self.op_calls,
            effects=tuple(found.row(key in self.beside) for key, found in self._foremost()),
            effect_calls=self.effect_calls,
            blind=self.blind,
            exceptions=dict(self.exceptions.most_common(5)),
            result_types=dict(self.result_types.most_common(5)),
            callers=dict(self.callers),
            caller_seconds=dict(self.caller_seconds),
            parameters={
                name: {
                    **{
                        what: len(found) if what in ("values", "objects") else sorted(map(str, found))[:8]
                        for what, found in seen.items()
                    },
                    **(self.arguments.of(name) if self.arguments is not None else {}),
                }
                for name, seen in self.parameters.items()
            },
            misfits=self.misfits,
            fitting=dict(self.fitting),
            reads=self.reading.as_dict() if self.reading is not None else None,
        )

    def _foremost(self) -> list[tuple[tuple[str, str], Found]]:
        """The effects that are told: of many, first those that another call than a first one had."""
        return sorted(self.effects.items(), key=lambda each: not each[1].later)[:20]
