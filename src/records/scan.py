"""The results of the static analysis."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from .notes import AsObject, Key, LeftOut, Limit, Line


class Action(Enum):
    """What is proposed for a function."""

    HYBRIDIZE = "hybridize"
    EXTRACT = "extract"
    DEHYBRIDIZE = "dehybridize"
    RECONFIGURE = "reconfigure"
    NONE = "none"


class Group(Enum):
    """The kind of problem that a rule finds. When several rules refuse a function, the first group is named first."""

    EFFECTS = "Python side effects and state"
    TRACING = "Tracing raises an error"
    KERAS = "Keras and variables"
    RESULTS = "Results differ"
    BENEFIT = "Nothing to gain"
    HYBRIDS = "Functions that are already a tf.function"


class Confidence(Enum):
    """How strongly the source indicates a candidate. HIGH: a training step, or tensor operations that are called in a
    loop or by a step. MEDIUM: other operations on known tensors. LOW: possible tensor operations."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class FunctionKind(Enum):
    """How a function is defined, which decides how it can be decorated.

    SWITCH is not a function but a line that makes graph code run eagerly. An edit may remove it.
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
    """The kind of value that a parameter receives, according to the source."""

    TENSOR = "tensor"
    ARRAY = "array"
    SCALAR = "scalar"
    CONTAINER = "container"
    SYMBOLIC = "symbolic"
    OBJECT = "object"
    UNKNOWN = "unknown"


class AssumptionKind(Enum):
    """The kind of an assumption, which decides how a run checks it.

    ARGUMENT_TYPE: every argument has the expected type. NO_EFFECT: a call changes no Python state that outlives it.
    STABLE: the Python state that it reads does not change between calls, so the trace stays the same. BOUNDED_TRACES:
    the number of traces does not grow with the calls. TRACEABLE: tracing raises no error. SAME_RESULT: the graph and
    eager code compute the same. NO_CREATION: no variable is created after the first call. SAME_OBJECT: a parameter
    receives one object in all calls.
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
    """What the line shows."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding of the static analysis."""

    code: str
    """The rule's code; `optimize explain CODE` describes it."""
    message: str
    """The problem, or the possible problem."""
    file: str
    """The file, relative to the project."""
    line: Line
    """The line, from 1."""
    chain: tuple[Step, ...] = ()
    """The chain of calls that leads to it."""
    certain: bool = False
    """Whether it refuses the candidate. Otherwise it becomes an assumption that a run checks."""
    group: Annotated[Group | None, LeftOut("the code tells it")] = None
    """What its rule is about."""


@dataclass(frozen=True, slots=True)
class Assumption:
    """An assumption that a run must check."""

    kind: AssumptionKind
    """The kind of check."""
    subject: str
    """The parameter, attribute or callee that it concerns."""
    statement: str
    """The assumption as a sentence."""
    code: str | None = None
    """The rule whose finding it comes from; null if there is none."""
    hint: str | None = None
    """For `argument-type`, the assumed kind of parameter."""


@dataclass(frozen=True)
class Parameter:
    """A parameter of a candidate, except `self` and `cls`."""

    name: str
    """Its name."""
    kind: ParameterKind
    """The kind of value that it receives, according to the source."""
    evidence: tuple[Step, ...] = ()
    """The lines that show this; none for a function that was refused."""


#: The function of TensorFlow by which a call passes a Python number that changes, or an array that meets tensors, and
#: what it converts.
CONVERSION = "convert_to_tensor"
_CONVERTED = re.compile(rf"^[\w.]+\.{CONVERSION}\((.*?)(?:, [\w.]+\.float32)?\)$", re.DOTALL)


@dataclass(frozen=True)
class Region:
    """Statements that can be moved into a function."""

    file: str
    """The file, relative to the project."""
    first: Line
    """The line of the first statement."""
    last: Line
    """The last line of the last statement."""
    name: str
    """The name of the new function."""
    parameters: tuple[str, ...]
    """The names of its parameters."""
    results: tuple[str, ...]
    """The names that it returns."""
    moved: tuple[tuple[int, int], ...]
    """Statements inside the region that must run in Python, as first and last line. They are moved after the call."""
    place: Line
    """The line before which the function is inserted."""
    owner: str = ""
    """The class whose method it becomes; empty for a function."""
    receiver: str = ""
    """The first parameter of that method, usually `self`; empty for a function."""
    whole_loop: bool = False
    """Whether it is a whole loop around training steps."""
    given: tuple[tuple[str, str], ...] = ()
    """More parameters, for Python state that changes between calls and for values that NumPy computes: each is the
    parameter's name and what the call passes, such as `beta` and `self.beta`."""
    ahead: tuple[tuple[int, int], ...] = ()
    """Statements inside the region that must run in Python, as first and last line. They are moved before the call."""
    expression: str = ""
    """If only an expression of the statement becomes the function: its source, in the notation of `ast.unparse`."""

    @property
    def replaced(self) -> tuple[tuple[str, str], ...]:
        """Of what is given, each parameter's name and the expression that it replaces in the region.

        That is what the call passes, without a conversion to a tensor.
        """
        return tuple((name, _CONVERTED.sub(r"\1", source)) for name, source in self.given)


@dataclass(frozen=True)
class Refuted:
    """Why a run has refuted a function. It decides which part of it may still become a function."""

    lines: frozenset[int]
    """The lines in the function that are the reason; empty if they are not known."""
    by_state: bool = False
    """Whether the reason is Python state that its trace reads. The part must then get such state as an argument."""


@dataclass(frozen=True)
class Function:
    """A function of the project, with its static facts."""

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
    """How it is defined. A `switch` is not a function but a line that makes graph code run eagerly, such as
    `run_eagerly=True`. The edit removes it."""
    hybrid: str | None
    """How it is already a tf.function, such as `@tf.function(jit_compile=True)`; null if it is eager."""
    parameters: tuple[Parameter, ...]
    """Its parameters, in order."""
    findings: tuple[Finding, ...]
    """The findings: all certain ones, and the nearest uncertain ones."""
    assumptions: Annotated[tuple[Assumption, ...], Key("assumed")]
    """The assumptions of the static analysis. `assumptions` has the verdicts of the runs on them."""
    proposal: Annotated[Action, Key("action")]
    """The proposed action."""
    blocker: Finding | None
    """The finding that prevents a proposal; null if there is a proposal."""
    has_tensor_parameter: bool | None = None
    """Whether a parameter receives a tensor; null if the source does not decide it."""
    has_primitive_parameter: bool | None = None
    """Whether a parameter receives a Python number; null if the source does not decide it."""
    has_python_side_effects: bool | None = None
    """Whether a call changes Python state that outlives it; null if the source does not decide it."""
    is_recursive: bool | None = None
    """Whether it may call itself, directly or indirectly; null if the source does not decide it."""
    computes_with_tensors: bool | None = None
    """Whether it computes with tensors; null if the source does not decide it."""
    fingerprint: Annotated[str | None, Key("source_fingerprint")] = None
    """A content hash of its source and of its callees in the project; null if the source was not found."""
    calls: tuple[str, ...] = ()
    """The ids of the project functions that it may call."""
    results_read: Annotated[tuple[tuple[str, str], ...], AsObject()] = ()
    """The parts of its result (`""` for all of it, `[1]` for an item) whose value alone the project reads, each with a
    line that reads it."""
    confidence: Confidence | None = None
    """How strongly the source indicates a candidate; null if nothing is proposed."""
    rests_on: tuple[str, ...] = ()
    """The reasons for the confidence: clauses whose subject is the candidate."""
    rank: Annotated[int, Limit("minimum", 1)] | None = None
    """Its rank among all candidates of the scan, from 1; null if nothing is proposed."""
    region: Region | None = None
    """The statements of a step that is not a function yet; null for a function."""
    more: Annotated[tuple[tuple[str, int], ...], AsObject()] = ()
    """The number of uncertain lines that `findings` omits, by rule code."""

    @property
    def is_decorated(self) -> bool:
        """Whether a decorator makes it a tf.function."""
        return self.hybrid is not None and self.hybrid.startswith("@")


@dataclass(frozen=True)
class Scan:
    """The result of the static stage. ``warnings`` name the files that could not be analysed, and why.

    ``modules`` maps each analysed file to its dotted name. ``reachable`` are the files that the entry script imports,
    directly or not (all files if no entry was given). ``assigned_attributes`` are all names ``a`` of an assignment
    ``x.a = …`` in the project: the attributes that its code may change.
    """

    root: str
    functions: tuple[Function, ...]
    warnings: tuple[str, ...]
    modules: Mapping[str, str]
    reachable: frozenset[str]
    assigned_attributes: frozenset[str]
    lines: int
    uses_tensorflow: bool
