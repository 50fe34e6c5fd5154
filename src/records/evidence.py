"""The observations of the candidates, and their verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

from .notes import AsObject, Count, Inline, Key, OneOf, Seconds
from .plan import Variant
from .scan import Assumption, Function


class Verdict(Enum):
    """The verdict of the runs on a candidate, or on one assumption."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNOBSERVED = "unobserved"
    INCONCLUSIVE = "inconclusive"
    NOT_PROPOSED = "not-proposed"


@dataclass(frozen=True)
class Effect:
    """A change that outlived a call."""

    kind: str
    """The kind of change."""
    subject: str
    """What changed, such as `self.losses`."""
    detail: str
    """How it changed."""
    place: str | None
    """The line that did it, if known."""
    calls: Count
    """The number of inspected calls that showed it."""


@dataclass(frozen=True)
class Form:
    """The common form of an argument, or of a part of it, over all observed calls: what an input signature must accept.
    """

    kind: str
    """`tensor`, `ragged`, `sparse`, `number`, `list`, `tuple`, `dict`, or `other` (described in `note`)."""
    dtype: str = ""
    """The name of its dtype; for a number, of its Python type."""
    shape: tuple[int | None, ...] = ()
    """Its shape, with null for each axis that varied."""
    items: tuple[tuple[str, Form], ...] = ()
    """The parts of a container: a key and a form each."""
    ragged_rank: Count = 0
    """The ragged rank of a ragged tensor."""
    splits: str = ""
    """The dtype of a ragged tensor's row splits."""
    value: str = ""
    """The first value of a number, as source text."""
    varies: bool = False
    """Whether a number had a different value later."""
    note: str = ""
    """A description, if `kind` is `other`."""


@dataclass(frozen=True)
class ObservedParameter:
    """The arguments that one parameter received in the observed run."""

    name: str
    """Its name."""
    kinds: tuple[str, ...]
    """The names of the argument types."""
    dtypes: tuple[str, ...]
    """The dtypes of the arguments."""
    shapes: tuple[str, ...]
    """The shapes of the arguments."""
    distinct_values: Count
    """The number of distinct values."""
    form: Form | None = None
    """The common form of all arguments; null if there is none."""
    position: Count | None = None
    """Its position among the positional parameters, without `self`; null if it is keyword-only."""
    in_every_call: bool = True
    """Whether every call passed it."""


@dataclass(frozen=True)
class Observation:
    """The observations of a run of the eager script. Seconds include callees, except in `own_seconds`."""

    calls: Count = 0
    """The number of calls. If it is 0, all other fields are empty."""
    seconds: Seconds = 0.0
    """The seconds spent in all calls together."""
    own_seconds: Seconds = 0.0
    """The same, without its callees."""
    share: Seconds = 0.0
    """Its share of the observed time since the first call of any candidate, from 0 to 1."""
    ops_per_call: Seconds = 0.0
    """Eager TensorFlow operations per call."""
    signatures: Count = 0
    """The number of signatures that `tf.function` would distinguish."""
    paths: Count = 0
    """The number of distinct op sequences."""
    traced_calls: Count = 0
    """The number of calls during the tracing of another function."""
    function_objects: Count = 0
    """The number of function objects with its code. More than 1: it is redefined."""
    threads: Count = 0
    """The number of threads that called it."""
    parameters: tuple[ObservedParameter, ...] = ()
    """The arguments that its parameters received."""
    effects: tuple[Effect, ...] = ()
    """Side effects that outlived a call."""
    exceptions: tuple[str, ...] = ()
    """The exceptions that it raised."""
    result_types: tuple[str, ...] = ()
    """The names of its result types."""
    callers: Mapping[str, Count] = field(default_factory=dict)
    """The number of calls per calling function. `""` stands for all code that is not a candidate."""
    first_seconds: float = 0.0
    """The start of its first call, in seconds after the first call of any candidate."""
    last_seconds: float = 0.0
    """The end of its last call, in seconds after the first call of any candidate."""
    overhead_seconds: float = 0.0
    """The cost of watching it, in seconds."""
    draws: tuple[str, ...] = ()
    """The types of its operations that drew random numbers."""
    caller_seconds: Mapping[str, Seconds] = field(default_factory=dict)
    """The seconds of these calls per calling function."""
    share_at_most: Seconds | None = None
    """The upper end of a confidence interval of its share of the time since its first call; null if not known."""


@dataclass(frozen=True)
class VariantResult:
    """A variant of the conversion that was tried."""

    name: str
    """Its name. `graph` is the plain `@tf.function`."""
    outcome: Annotated[Verdict, OneOf(("confirmed", "refuted", "inconclusive"))]
    """The verdict on it."""
    traces: Count
    """The number of traces."""
    trace_seconds: Seconds | None
    """The total seconds of tracing; null if not measured."""
    seconds_per_call: Seconds | None
    """Seconds per call after tracing; null if not measured."""
    eager_seconds_per_call: Seconds | None
    """Seconds per eager call, for the same calls; null if not measured."""
    max_rel_error: Seconds | None
    """The largest relative difference of any result; null if none was compared."""
    retrace_causes: tuple[str, ...] = ()
    """For each trace after the first: the argument that caused it, and how it changed."""
    arguments: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The keyword arguments of `tf.function`, as source text."""
    reason: str = ""
    """The evidence for the outcome, and the result of the measurement."""


@dataclass(frozen=True)
class CheckedAssumption:
    """An assumption about the candidate, and the verdict of the runs on it."""

    assumption: Annotated[Assumption, Inline()]
    verdict: Verdict
    """The verdict of the runs."""
    evidence: str
    """The evidence, with its sample count."""


class Move(Enum):
    """What could change a verdict: an edit by the user, a larger budget, or nothing."""

    USER = "user"
    BUDGET = "budget"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Reason:
    """Why a candidate has its verdict, or is not in the patch."""

    code: str
    """A stable identifier of the cause, for programs."""
    message: str
    """The cause, as a clause."""
    evidence: str = ""
    """The evidence; empty if there is none."""
    place: str = ""
    """A line of the user's code (`file:line`); empty if there is none."""
    move: Move = Move.NOBODY
    """What could change the verdict: an edit by the user, a larger budget, or nothing."""


@dataclass(frozen=True)
class Judgement:
    """A function that was considered, and the findings about it."""

    function: Annotated[Function, Inline()]
    verdict: Verdict
    """The verdict of the runs. `unobserved`: it was never called, so nothing is claimed and nothing is changed."""
    reasons: Annotated[tuple[Reason, ...], Key("why")]
    """The reasons for the verdict, the most important first, for programs. `reasons` has the sentences."""
    observation: Annotated[Observation, Key("observed")] = Observation()
    """The observations of the observed run."""
    assumptions: tuple[CheckedAssumption, ...] = ()
    """The assumptions about it, and the verdicts of the runs on them."""
    variants: tuple[VariantResult, ...] = ()
    """The variants that were tried."""
    covered_by: str | None = None
    """The converted caller that it runs inside; its own conversion would gain nothing."""
    selected: bool = False
    """Whether the plan changes it."""
    variant: Annotated[Variant, Key("written_as")] = field(default_factory=Variant)
    """The variant that is written, or would be written."""
    source: str = ""
    """Its original source, for a candidate that was tried; only the first lines if it is long."""
