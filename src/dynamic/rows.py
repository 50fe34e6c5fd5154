"""What a child tells its parent of each candidate: rows that go over the line as JSON, the same on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self


class Row:
    """A row: what it holds goes over the line by the names of its fields."""

    def to_json(self) -> dict[str, Any]:
        """The row as it goes over the line."""
        return {each.name: _plain(getattr(self, each.name)) for each in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The row that came over the line; what it lacks has its default, and what it has no field for is left out."""
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
    """An effect that was seen: in how many sampled ``calls``, and in how many of them not the first of their owner.

    ``building`` counts those in which something was built, ``beside`` says that another thread may have had it.
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
    """The first later call that created variables: which, how many, some names; and how many more such calls."""

    call: int
    number: int
    names: Sequence[str]
    more: int


@dataclass(frozen=True, kw_only=True)
class ObservedRow(Row):
    """What the observing run saw of a candidate; seconds of wall time, a watched call's own overhead left out.

    ``squares`` is the sum of the squares of the calls' seconds, and ``window`` the time since the first of them.
    Of the owners of traces (a function object, a method's instance) the one with the most signatures is told.
    ``blind`` says why its calls could not be looked at, ``refusal`` why it can be no graph. ``whole`` is the parent's:
    whether the run came to the script's own end.
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
    """What the repeated calls of a candidate showed that is called too rarely."""

    repeats: int = 0
    abandoned: int = 0
    built: int = 0
    retraced: int = 0
    states: int = 0
    reads_nothing: bool = False


@dataclass(frozen=True, kw_only=True)
class CheckedRow(Row):
    """What the checking run saw of a candidate. Seconds are medians per call, None where none was timed.

    ``refutations`` and ``doubts`` are texts by their codes, the first of each. ``states``, ``paths`` and ``signatures``
    count distinct ones; ``owner_traces`` and ``owner_compared`` are of the owner that was traced most.
    """

    calls: int = 0
    compared: int = 0
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
