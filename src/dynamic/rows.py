"""The child's report on each candidate: rows that travel to the parent as JSON, with the same classes on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

#: With so many compared calls and retraces, a candidate leaves the time of a check to those that have fewer, and a
#: check does not go beyond its time for it.
SETTLED_COMPARED, SETTLED_RETRACED = 6, 3

class Row:
    """A row whose JSON form has the names of its fields as keys."""

    def to_json(self) -> dict[str, Any]:
        """The row as a JSON object."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The row of a JSON object; missing keys get their defaults, unknown keys are ignored."""
        known = {each.name: each.metadata.get("row") for each in fields(cls)}  # type: ignore[arg-type]
        return cls(**{name: _read(known[name], value) for name, value in data.items() if name in known})


def _plain(value: Any) -> Any:
    if isinstance(value, Row):
        return value.to_json()
    return [_plain(one) for one in value] if isinstance(value, tuple) else value


def _read(kind: type[Row] | None, value: Any) -> Any:
    read = kind.from_json if kind is not None else lambda one: one
    if isinstance(value, list):
        return tuple(map(read, value))
    return value if value is None else read(value)


@dataclass(frozen=True, kw_only=True)
class EffectRow(Row):
    """An observed effect: the number of sampled ``calls`` with it, and of those after their owner's first (``later``).

    ``building`` counts the calls with it that also built something; ``beside``: another thread may have caused it.
    """

    kind: str
    subject: str
    detail: str
    place: str | None = None
    calls: int
    later: int
    building: int = 0
    beside: bool = False


@dataclass(frozen=True, kw_only=True)
class CreationRow(Row):
    """The first later call that created variables: its number, how many, some names; ``more`` counts further calls."""

    call: int
    number: int
    names: Sequence[str]
    more: int


@dataclass(frozen=True, kw_only=True)
class ObservedRow(Row):
    """The observing run's results for a candidate; times are seconds of wall time without the watching's overhead.

    ``squares`` is the sum of the squares of the calls' seconds, ``window`` the seconds since the first call.
    ``owner_signatures`` and ``owner_calls`` are of the owner of traces (a function object, a method's instance) with
    the most signatures. ``blind`` says why its calls could not be sampled, ``refusal`` why it cannot be a graph. The
    parent sets ``whole``: whether the run reached the script's own end.
    """

    calls: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    overhead_seconds: float = 0.0
    first_seconds: float = 0.0
    last_seconds: float = 0.0
    squares: float = 0.0
    window: float = 0.0
    traced_calls: int = 0
    threads: int = 0
    function_objects: int = 0
    owners: int = 0
    late_owners: int = 0
    owner_signatures: int = 0
    owner_calls: int = 0
    creation: CreationRow | None = field(default=None, metadata={"row": CreationRow})
    refusal: str = ""
    signatures: int = 0
    paths: int = 0
    ops: Mapping[str, int] = field(default_factory=dict)
    op_calls: int = 0
    effects: tuple[EffectRow, ...] = field(default=(), metadata={"row": EffectRow})
    effect_calls: int = 0
    blind: str = ""
    exceptions: Mapping[str, int] = field(default_factory=dict)
    result_types: Mapping[str, int] = field(default_factory=dict)
    callers: Mapping[str, int] = field(default_factory=dict)
    caller_seconds: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    misfits: Mapping[str, str] = field(default_factory=dict)
    fitting: Mapping[str, int] = field(default_factory=dict)
    reads: Mapping[str, Any] | None = None
    whole: bool = False


@dataclass(frozen=True, kw_only=True)
class RehearsedRow(Row):
    """The results of the repeated calls of a candidate with too few calls."""

    repeats: int = 0
    abandoned: int = 0
    built: int = 0
    retraced: int = 0
    states: int = 0
    reads_nothing: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckedRow(Row):
    """The checking run's results for a candidate. Seconds are medians per call, None if none was timed.

    ``refutations`` and ``doubts`` map codes to the first text of each. ``raised`` counts compared calls that raised the
    same error both ways. ``states``, ``compared_paths`` and ``signatures`` count distinct ones; ``owner_traces`` and
    ``owner_compared`` are of the owner with the most traces.
    """

    calls: int = 0
    compared: int = 0
    raised: int = 0
    states: int = 0
    reads_nothing: bool = False
    refutations: Mapping[str, str] = field(default_factory=dict)
    doubts: Mapping[str, str] = field(default_factory=dict)
    eager_seconds: float | None = None
    graph_seconds: float | None = None
    trace_seconds: float = 0.0
    max_error: float = 0.0
    traces: int = 0
    owner_traces: int = 0
    owner_compared: int = 0
    causes: Sequence[str] = ()
    signatures: int = 0
    objects: Mapping[str, int] = field(default_factory=dict)
    compared_paths: int = 0
    unseen_path_calls: int = 0
    retraced: int = 0
    captured: Sequence[str] = ()
    returned: Sequence[str] = ()
    rehearsal: RehearsedRow | None = field(default=None, metadata={"row": RehearsedRow})
    reads: Mapping[str, Any] | None = None
