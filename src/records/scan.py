"""What the static stage says of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from .notes import AsObject, Key, Limit, Line


class Action(Enum):
    """What is proposed for a function."""

    HYBRIDIZE = "hybridize"
    EXTRACT = "extract"
    DEHYBRIDIZE = "dehybridize"
    RECONFIGURE = "reconfigure"
    NONE = "none"


class Confidence(Enum):
    """How much of the source speaks for a candidate: HIGH are training steps, and tensor work that is called in a loop
    or by a step; MEDIUM is other work on known tensors; LOW is what may be such work.
    """

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FunctionKind(Enum):
    """How a function is defined, which decides how it can be decorated.

    SWITCH is no function: it is a line that makes graph code run eagerly, and that an edit may take away.
    """

    FUNCTION = "function"
    METHOD = "method"
    STATICMETHOD = "staticmethod"
    CLASSMETHOD = "classmethod"
    PROPERTY = "property"
    NESTED = "nested"
    LAMBDA = "lambda"
    SWITCH = "switch"


class ParameterKind(Enum):
    """What a parameter holds, as far as source shows."""

    TENSOR = "tensor"
    ARRAY = "array"
    SCALAR = "scalar"
    CONTAINER = "container"
    SYMBOLIC = "symbolic"
    OBJECT = "object"
    UNKNOWN = "unknown"


class AssumptionKind(Enum):
    """What a run must check, and so by which instrument it is settled.

    ARGUMENT_TYPE: every call's argument fits a type hint. NO_EFFECT: a call changes nothing in Python
    that outlives it. STABLE: what is read from Python does not change between calls (the trace stays
    the same). BOUNDED_TRACES: the number of traces does not grow with the calls. TRACEABLE: tracing
    raises nothing. SAME_RESULT: the graph gives what eager gives. NO_CREATION: no variable is created
    after the first call. SAME_OBJECT: a parameter is given one object in all calls.
    """

    ARGUMENT_TYPE = "argument-type"
    NO_EFFECT = "no-effect"
    STABLE = "stable"
    BOUNDED_TRACES = "bounded-traces"
    TRACEABLE = "traceable"
    SAME_RESULT = "same-result"
    NO_CREATION = "no-creation"
    SAME_OBJECT = "same-object"


@dataclass(frozen=True, slots=True)
class Step:
    """One link in a chain of evidence."""

    file: str
    """The file, relative to the project."""
    line: Line
    """The line, from 1."""
    note: str
    """What is seen there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the static analysis saw."""

    code: str
    """The rule's code; `optimize explain CODE` says more."""
    message: str
    """What is wrong, or may be."""
    file: str
    """The file, relative to the project."""
    line: Line
    """The line, from 1."""
    chain: tuple[Step, ...] = ()
    """How the analysis came to it."""
    certain: bool = False
    """Whether it refuses the candidate; otherwise it is an assumption for the run to check."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """What is taken on trust until a run has checked it."""

    kind: AssumptionKind
    """By which instrument it is checked."""
    subject: str
    """A parameter's name, an attribute or a callee."""
    statement: str
    """The assumption as a sentence."""
    code: str | None = None
    """The finding that it comes from, if any."""
    hint: str | None = None
    """For `argument-type`, the parameter kind assumed."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a candidate (`self` and `cls` are left out): what source says, and what a run saw."""

    name: str
    """Its name."""
    kind: ParameterKind
    """What source says that it holds."""
    evidence: tuple[Step, ...] = ()
    """Why source says so."""


@dataclass(frozen=True)
class Region:
    """Statements that can become a function of their own."""

    file: str
    """The file, relative to the project."""
    first: Line
    """The line of the first statement, in the user's file."""
    last: Line
    """The last line of the last statement."""
    name: str
    """The name that the function gets."""
    parameters: tuple[str, ...]
    """The names that it is given."""
    results: tuple[str, ...]
    """The names that it gives back."""
    moved: tuple[tuple[int, int], ...]
    """Statements in the middle that must run in Python, as first and last line; they go behind the call."""
    place: Line
    """The line before which the function is put."""
    owner: str = ""
    """The class of which it becomes a method; empty for a function."""
    receiver: str = ""
    """The first parameter of that method, `self` by custom; empty for a function."""


@dataclass(frozen=True)
class Function:
    """A function of the project, as static analysis sees it."""

    id: Annotated[str, Limit("pattern", "^[^:]+:.+$")]
    """`module:Qual.name`, the same in every stage and in `--only` and `--skip`."""
    file: str
    """The file, relative to the project."""
    line: Line
    """The line of its `def` (not of the first decorator)."""
    end_line: int
    """Its last line."""
    module: str
    """The dotted name of its module."""
    qualname: str
    """Its name in the module, such as `Trainer.step`."""
    kind: FunctionKind
    """How it is defined. A `switch` is no function: it is a line that makes graph code run eagerly, like
    `run_eagerly=True`, and the edit takes it away."""
    hybrid: str | None
    """How it is already a tf.function, such as `@tf.function(jit_compile=True)`; null if it is eager."""
    parameters: tuple[Parameter, ...]
    """Its parameters, in order."""
    findings: tuple[Finding, ...]
    """What the static analysis saw: all that is certain, and of what is doubtful the lines nearest to it."""
    assumptions: Annotated[tuple[Assumption, ...], Key("assumed")]
    """What static analysis takes on trust; `assumptions` has what the runs said of it."""
    proposal: Annotated[Action, Key("action")]
    """What is proposed for it."""
    blocker: Finding | None
    """The finding that keeps static analysis from proposing anything; null where something is proposed."""
    has_tensor_parameter: bool | None = None
    """Whether a parameter is given a tensor; null where source does not decide it."""
    has_primitive_parameter: bool | None = None
    """Whether a parameter is given a Python number; null where source does not decide it."""
    has_python_side_effects: bool | None = None
    """Whether a call changes something in Python that outlives it; null where source does not decide it."""
    is_recursive: bool | None = None
    """Whether it may call itself, directly or not; null where source does not decide it."""
    computes_with_tensors: bool | None = None
    """Whether it computes with tensors; null where source does not decide it."""
    fingerprint: Annotated[str | None, Key("source_fingerprint")] = None
    """A content hash of its source and of what it calls in the project; null where its source could not be found."""
    calls: tuple[str, ...] = ()
    """The ids of the project's functions that it may call."""
    results_read: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The parts of its result (`""` for all of it, `[1]` for an item) of which the project reads nothing but the value,
    each with a place where it does."""
    confidence: Confidence | None = None
    """How much of the source speaks for a candidate; null where nothing is proposed."""
    rests_on: tuple[str, ...] = ()
    """What that rests on: clauses of which the candidate is the subject."""
    rank: Annotated[int, Limit("minimum", 1)] | None = None
    """Its place among all candidates of the scan, from 1; null where nothing is proposed."""
    region: Region | None = None
    """The statements that it is, where it is no function yet; null for a function."""
    more: Annotated[tuple[tuple[str, int], ...], AsObject()] = ()
    """How many more lines of doubt it reaches than `findings` tells, by the rule's code."""


@dataclass(frozen=True)
class Scan:
    """The static stage's result. ``warnings`` name the files that could not be analysed, and why.

    ``modules`` maps each analysed file to its dotted name. ``reachable`` are the files that the entry
    script imports, directly or not (all files where no entry was given). ``assigned_attributes`` are
    all names ``a`` of some ``x.a = …`` in the project: what the project's own code may change.
    """

    root: str
    functions: tuple[Function, ...]
    warnings: tuple[str, ...]
    modules: Mapping[str, str]
    reachable: frozenset[str]
    assigned_attributes: frozenset[str]
    lines: int
    uses_tensorflow: bool
