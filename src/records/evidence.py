"""What the runs saw of the candidates, and the verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

from .notes import AsObject, Count, Inline, Key, OneOf, Seconds
from .plan import Variant
from .scan import Assumption, Function


class Verdict(Enum):
    """What the runs say of a candidate, or of one assumption."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNOBSERVED = "unobserved"
    INCONCLUSIVE = "inconclusive"
    NOT_PROPOSED = "not-proposed"


@dataclass(frozen=True)
class Effect:
    """A change that outlived a call."""

    kind: str
    """What kind of change."""
    subject: str
    """What changed, such as `self.losses`."""
    detail: str
    """How it changed."""
    place: str | None
    """The line that did it, if known."""
    calls: Count
    """In how many of the calls looked at it was seen."""


@dataclass(frozen=True)
class Form:
    """What an argument, or a part of it, was in all calls that were seen: what an input signature must admit."""

    kind: str
    """`tensor`, `ragged`, `sparse`, `number`, `list`, `tuple`, `dict`, or `other`, of which `note` says what it is."""
    dtype: str = ""
    """The name of its dtype, for a number of its Python type."""
    shape: tuple[int | None, ...] = ()
    """Its shape; null for each axis that varied."""
    items: tuple[tuple[str, Form], ...] = ()
    """The parts of a container, each a key and its form."""
    ragged_rank: Count = 0
    """The ragged rank of a ragged tensor."""
    splits: str = ""
    """The dtype of a ragged tensor's row splits."""
    value: str = ""
    """The first value of a number, as source text."""
    varies: bool = False
    """Whether a number had another value later."""
    note: str = ""
    """What it is, where `kind` is `other`."""


@dataclass(frozen=True)
class ObservedParameter:
    """What one parameter was really given."""

    name: str
    """Its name."""
    kinds: tuple[str, ...]
    """The names of the types that it was given."""
    dtypes: tuple[str, ...]
    """The dtypes that it was given."""
    shapes: tuple[str, ...]
    """The shapes that it was given."""
    distinct_values: Count
    """How many distinct values it was given."""
    form: Form | None = None
    """All of that together; null where it could not be put together."""
    position: Count | None = None
    """Its place among the parameters that may be given by position, without `self`; null where it has none."""
    in_every_call: bool = True
    """Whether every call gave it."""


@dataclass(frozen=True)
class Observation:
    """What a run of the eager script saw. Seconds include callees unless named own."""

    calls: Count = 0
    """How often it was called. 0: it was never called, and everything else here is empty."""
    seconds: Seconds = 0.0
    """The seconds spent in it, all calls together."""
    own_seconds: Seconds = 0.0
    """The same without its callees."""
    share: Seconds = 0.0
    """The share of the observed run's time since the first call of any candidate, from 0 to 1."""
    ops_per_call: Seconds = 0.0
    """Eager TensorFlow operations per call."""
    signatures: Count = 0
    """How many distinct signatures `tf.function` would tell apart."""
    paths: Count = 0
    """How many distinct sequences of operations were run."""
    traced_calls: Count = 0
    """How many calls came while something else was being traced."""
    function_objects: Count = 0
    """How many function objects its code had (more than 1: it is defined again and again)."""
    threads: Count = 0
    """From how many threads it was called."""
    parameters: tuple[ObservedParameter, ...] = ()
    """What its parameters were given."""
    effects: tuple[Effect, ...] = ()
    """Changes that outlived a call."""
    exceptions: tuple[str, ...] = ()
    """The exceptions that left it."""
    result_types: tuple[str, ...] = ()
    """The names of the types that it returned."""
    callers: Mapping[str, Count] = field(default_factory=dict)
    """Calls per calling function; `""` stands for all code that is no candidate."""
    first_seconds: float = 0.0
    """When its first call began, in seconds after the first call of any candidate."""
    last_seconds: float = 0.0
    """When its last call ended, in seconds after the first call of any candidate."""
    overhead_seconds: float = 0.0
    """What watching it took, in seconds."""
    draws: tuple[str, ...] = ()
    """The types of the operations in it that drew random numbers."""
    caller_seconds: Mapping[str, Seconds] = field(default_factory=dict)
    """The seconds of these calls per calling function."""
    share_at_most: Seconds | None = None
    """The upper end of an interval of its share of the time since its first call; null: not known."""


@dataclass(frozen=True)
class VariantResult:
    """One way to convert the candidate, as it was tried."""

    name: str
    """Its name: `graph` is the bare `@tf.function`."""
    outcome: Annotated[Verdict, OneOf(("confirmed", "refuted", "inconclusive"))]
    """What became of it."""
    traces: Count
    """How often it was traced."""
    trace_seconds: Seconds | None
    """The seconds that tracing took, all together; null where they were not measured."""
    seconds_per_call: Seconds | None
    """Seconds per call once traced; null where they were not measured."""
    eager_seconds_per_call: Seconds | None
    """Seconds per eager call, on the same calls; null where they were not measured."""
    max_rel_error: Seconds | None
    """The largest relative difference of any number that it gave; null where none was compared."""
    retrace_causes: tuple[str, ...] = ()
    """For the traces after the first, which argument caused them and how."""
    arguments: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The keyword arguments of `tf.function`, as source text."""
    reason: str = ""
    """What the outcome rests on, and what the measurement said of it."""


@dataclass(frozen=True)
class CheckedAssumption:
    """What the candidate takes on trust, and what the runs said of it."""

    assumption: Annotated[Assumption, Inline()]
    verdict: Verdict
    """What the runs said."""
    evidence: str
    """What that rests on, with its sample count."""


class Move(Enum):
    """Whose move it is, where a verdict is to become another one."""

    USER = "user"
    BUDGET = "budget"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Reason:
    """Why a candidate has its verdict, or is not in the patch."""

    code: str
    """The same word for the same cause, for programs."""
    message: str
    """What is so, as a clause."""
    evidence: str = ""
    """What that rests on; empty where there is nothing to say of it."""
    place: str = ""
    """A line of the user's (`file:line`); empty where there is none."""
    move: Move = Move.NOBODY
    """Whose move it is, where the verdict is to become another one."""


@dataclass(frozen=True)
class Judgement:
    """A function that was considered, and what is known of it."""

    function: Annotated[Function, Inline()]
    verdict: Verdict
    """What the runs say of it. `unobserved`: it was never called, so nothing is claimed and nothing is changed."""
    reasons: Annotated[tuple[Reason, ...], Key("why")]
    """Why it has its verdict, the weightiest first, for programs; `reasons` says it in words."""
    observation: Annotated[Observation, Key("observed")] = Observation()
    """What the observed run saw of it."""
    assumptions: tuple[CheckedAssumption, ...] = ()
    """What it takes on trust, and what the runs said of it."""
    variants: tuple[VariantResult, ...] = ()
    """The ways to convert it that were tried."""
    covered_by: str | None = None
    """The converted caller that it runs inside of, which leaves nothing to gain here."""
    selected: bool = False
    """Whether the plan changes it."""
    variant: Annotated[Variant, Key("written_as")] = field(default_factory=Variant)
    """The way to convert it that would be written, or is, if the plan changes it."""
    source: str = ""
    """Its source in the original file, for a candidate that was tried; the first lines of a long one."""
