"""What one stage hands the next: frozen dataclasses, no logic.

Paths named ``file`` are relative to the project's root, with ``/`` between the parts; ``line`` counts
from 1. A candidate's ``id`` is ``module:Qual.name`` (``train:Trainer.step``), the same in every stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum


class Action(Enum):
    """What is proposed for a function."""

    HYBRIDIZE = "hybridize"
    EXTRACT = "extract"
    DEHYBRIDIZE = "dehybridize"
    RECONFIGURE = "reconfigure"
    NONE = "none"


class Verdict(Enum):
    """What the runs say of a candidate, or of one assumption."""

    CONFIRMED = "confirmed"
    REFUTED = "refuted"
    UNOBSERVED = "unobserved"
    INCONCLUSIVE = "inconclusive"
    NOT_PROPOSED = "not-proposed"


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


@dataclass(frozen=True)
class Step:
    """One link in a chain of evidence."""

    file: str
    line: int
    note: str


@dataclass(frozen=True)
class Finding:
    """What the static analysis saw. ``certain`` findings refuse; the others became assumptions."""

    code: str
    message: str
    file: str
    line: int
    chain: tuple[Step, ...] = ()
    certain: bool = False


@dataclass(frozen=True)
class Assumption:
    """What is taken on trust until a run has checked it.

    ``subject`` is a parameter's name, an attribute or a callee. ``hint`` is, for ARGUMENT_TYPE, one of
    the values of ParameterKind. ``code`` is the finding that it comes from, if any.
    """

    kind: AssumptionKind
    subject: str
    statement: str
    code: str | None = None
    hint: str | None = None


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function and what source says of it. ``self`` and ``cls`` are left out."""

    name: str
    kind: ParameterKind
    evidence: tuple[Step, ...] = ()


@dataclass(frozen=True)
class Function:
    """A function of the project, as static analysis sees it.

    ``line`` is the line of ``def`` (not of the first decorator). ``hybrid`` says how the function is
    hybrid already (``"@tf.function(jit_compile=True)"``), or is None. The plain facts are None where
    source does not decide them. ``calls`` are the ids of the project's functions that it may call. ``results_read``
    are the parts of its result ("" for all of it, "[1]" for an item) of which all of the project reads the value
    alone, each with a place where it does. A candidate has a ``confidence``, what that ``rests_on`` (clauses of which
    the function is the subject), and a ``rank`` among all candidates, from 1.
    """

    id: str
    file: str
    line: int
    end_line: int
    module: str
    qualname: str
    kind: FunctionKind
    hybrid: str | None
    parameters: tuple[Parameter, ...]
    findings: tuple[Finding, ...]
    assumptions: tuple[Assumption, ...]
    proposal: Action
    blocker: Finding | None
    has_tensor_parameter: bool | None = None
    has_primitive_parameter: bool | None = None
    has_python_side_effects: bool | None = None
    is_recursive: bool | None = None
    computes_with_tensors: bool | None = None
    calls: tuple[str, ...] = ()
    results_read: tuple[tuple[str, str], ...] = ()
    confidence: Confidence | None = None
    rests_on: tuple[str, ...] = ()
    rank: int | None = None


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


@dataclass(frozen=True)
class Variant:
    """One way to convert: the keyword arguments of ``tf.function``, as (name, source text) pairs."""

    name: str = "graph"
    arguments: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Edit:
    """One change that a plan wants. ``line`` is the line of ``def`` in the original file."""

    candidate: str
    file: str
    line: int
    qualname: str
    action: Action = Action.HYBRIDIZE
    variant: Variant = Variant()


@dataclass(frozen=True)
class EditedFile:
    """A file with all its edits made, exactly as it will be run and written.

    ``def_lines`` maps the ids of the edited candidates to the line of their ``def`` in ``after``;
    ``line_map`` gives, for each line of ``before`` (index 0 is line 1), its line in ``after``.
    """

    file: str
    before: bytes
    after: bytes
    sha256_before: str
    def_lines: Mapping[str, int]
    line_map: tuple[int, ...]


@dataclass(frozen=True)
class Skip:
    """An edit that was not made, and the reason, as a sentence."""

    candidate: str
    reason: str


@dataclass(frozen=True)
class Network:
    """What the runs of a script may reach of the network.

    ``mode`` is the user's choice: deny, offline or allow. Offline, the ``first`` run may reach what it likes, and later
    ones reach the ``downloads`` (``host:port``) alone: what the first run only read from. ``remote_reads`` are the
    remote file systems (``gs://bucket``) that it read files of, ``library_ports`` the ports that C code of its own
    process connected to for that. ``refused`` is added to by each run: what it was refused, by name; ``stopped`` is
    added to where a run could not go on without.
    """

    mode: str = "offline"
    first: bool = True
    downloads: tuple[str, ...] = ()
    remote_reads: tuple[str, ...] = ()
    library_ports: tuple[int, ...] = ()
    refused: set[str] = field(default_factory=set, compare=False)
    stopped: set[str] = field(default_factory=set, compare=False)


@dataclass(frozen=True)
class Contacts:
    """What a run reached, or was refused, of what lies outside of this machine; each by a name for people.

    ``reached`` are all hosts (``host:port``), ``downloads`` those of them that were only read from. ``posted`` are
    servers on this machine that were sent something by HTTP. ``remote_writes`` and ``remote_reads`` are paths of remote
    file systems. ``trackers`` are the experiment trackers that were imported, and kept offline. ``refused`` is what
    the run was not let reach, ``stopped`` that of it which ended the run. ``kernel`` says whether the kernel watched
    the connections as well, of C code and of the programs that the script starts.
    """

    reached: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    remote_reads: tuple[str, ...] = ()
    remote_writes: tuple[str, ...] = ()
    library_ports: tuple[int, ...] = ()
    trackers: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    stopped: str = ""
    kernel: bool = True


@dataclass(frozen=True)
class Target:
    """The program to run, as its user would run it.

    ``root`` (the project), ``cwd`` and ``script`` are absolute; ``script`` is the file that becomes
    ``__main__``; ``module`` is set where the user would say ``python -m module``. ``network`` says what its runs may
    reach.
    """

    root: str
    cwd: str
    script: str
    arguments: tuple[str, ...] = ()
    module: str | None = None
    seed: int | None = None
    network: Network = field(default_factory=Network)


class Ending(Enum):
    """How a child process ended."""

    FINISHED = "finished"
    CUT = "cut"
    EXITED = "exited"
    RAISED = "raised"
    KILLED = "killed"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class RunOutcome:
    """What became of one child process.

    ``code`` is the exit status the script asked for (or minus the signal's number). ``error`` is the
    exception's type and message, ``error_place`` the user's line where it came from. ``lines`` are the
    printed lines kept (``lines_dropped`` counts the others). ``seconds`` is wall time. ``forkable`` says
    whether the script may be started from a process that has imported TensorFlow already, ``kernel_guard``
    whether the kernel kept the run from writing elsewhere, and not the hooks in Python alone. ``contacts`` is what it
    reached of the network; a run that failed because it was refused a connection counts as cut there.
    """

    ending: Ending
    code: int | None
    seconds: float
    log: str
    error: str | None = None
    error_type: str | None = None
    error_place: str | None = None
    lines: tuple[str, ...] = ()
    lines_dropped: int = 0
    units: int = 0
    tensorflow_imported: bool = False
    blocked_writes: tuple[str, ...] = ()
    peak_rss_bytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    forkable: bool = False
    kernel_guard: bool = True
    contacts: Contacts = field(default_factory=Contacts)


@dataclass(frozen=True)
class Effect:
    """A change that outlived a call: what changed (``self.losses``), how, and in which line if known."""

    kind: str
    subject: str
    detail: str
    place: str | None
    calls: int


@dataclass(frozen=True)
class Form:
    """What an argument, or a part of it, was in all calls that were seen: what an input signature must admit.

    ``kind`` is "tensor", "ragged", "sparse", "number", "list", "tuple", "dict" or "other", of which ``note`` says
    what it is. ``dtype`` is the name of a dtype, for a number of its Python type. ``shape`` has None for each
    axis that varied. ``items`` are the parts of a container with their keys. ``ragged_rank`` and ``splits`` (the
    dtype of the row splits) are a ragged tensor's. ``value`` is a number's first value as source text, and
    ``varies`` says whether it had another one later.
    """

    kind: str
    dtype: str = ""
    shape: tuple[int | None, ...] = ()
    items: tuple[tuple[str, Form], ...] = ()
    ragged_rank: int = 0
    splits: str = ""
    value: str = ""
    varies: bool = False
    note: str = ""


@dataclass(frozen=True)
class ObservedParameter:
    """What one parameter was really given: type names, dtypes, shapes, and how many distinct values.

    ``form`` is all of that together. ``position`` is the parameter's place among those that may be given by
    position, ``self`` left out (None where it has none), and ``in_every_call`` whether every call gave it.
    """

    name: str
    kinds: tuple[str, ...]
    dtypes: tuple[str, ...]
    shapes: tuple[str, ...]
    distinct_values: int
    form: Form | None = None
    position: int | None = None
    in_every_call: bool = True


@dataclass(frozen=True)
class Throw:
    """A switch for debugging, as a run saw it thrown.

    ``kind`` is "functions" (every ``tf.function``), "model" (what Keras traces of one), "data" (``tf.data``) or
    "version 1" (eager execution is switched off altogether); ``name`` is what was called, or for "model" the model's
    class. ``places`` are the lines of the project that did it, the innermost first, as (file, line).
    """

    kind: str
    name: str
    on: bool
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Batches:
    """The batches that ``Model.fit`` trained a class of models on, and how many of them eagerly.

    ``alone`` are those that the script gave one at a time, to ``train_on_batch``.
    """

    calls: int
    eager: int
    seconds: float
    alone: int = 0


@dataclass(frozen=True)
class KerasLoop:
    """The calls of one of Keras' own loops (``predict``) that a line of the project makes, and the seconds in them."""

    name: str
    place: str
    calls: int
    seconds: float


@dataclass(frozen=True)
class Modes:
    """How a run ran what is a graph by its source.

    ``eager`` and ``traced`` map ids of functions to how often their own code was entered by Python: eagerly, or
    while tracing; ``in_batches`` counts what was entered eagerly inside of a batch of ``Model.fit``. ``batches`` are
    those, by the model's class.
    """

    eager: Mapping[str, int] = field(default_factory=dict)
    in_batches: Mapping[str, int] = field(default_factory=dict)
    traced: Mapping[str, int] = field(default_factory=dict)
    batches: Mapping[str, Batches] = field(default_factory=dict)
    thrown: tuple[Throw, ...] = ()
    loops: tuple[KerasLoop, ...] = ()


@dataclass(frozen=True)
class Offspring:
    """The other Python processes that a run started, in which nothing is watched.

    ``started`` are the ways in which it did, each with the line of the project (``file:line``, empty where a library
    did by itself). ``share`` is their part of the processor time of all, from 0 to 1.
    """

    started: tuple[tuple[str, str], ...] = ()
    share: float = 0.0

    @property
    def words(self) -> str:
        """Where they are started, and how."""
        ways = [f"{place} ({how})" if place else f"a library ({how})" for how, place in self.started[:3]]
        return ", ".join(ways) + (f" and {len(self.started) - 3} more" if len(self.started) > 3 else "")


@dataclass(frozen=True)
class Observation:
    """What a run saw of one candidate. Seconds are inclusive of callees unless named own.

    ``first_seconds`` and ``last_seconds`` say when its first call began and its last one ended, after the first call
    of any candidate; ``overhead_seconds`` is what watching it took. ``draws`` are the types of the ops in it that drew
    random numbers.
    ``share`` is of the time since the first call of any candidate. ``share_at_most`` is the upper end of an interval,
    of the time since this one's first call; None where that is not known. ``callers`` counts the calls that each other
    candidate made, ``caller_seconds`` what these took; the key "" stands for all other code.
    """

    calls: int = 0
    seconds: float = 0.0
    own_seconds: float = 0.0
    share: float = 0.0
    ops_per_call: float = 0.0
    signatures: int = 0
    paths: int = 0
    traced_calls: int = 0
    function_objects: int = 0
    threads: int = 0
    parameters: tuple[ObservedParameter, ...] = ()
    effects: tuple[Effect, ...] = ()
    exceptions: tuple[str, ...] = ()
    result_types: tuple[str, ...] = ()
    callers: Mapping[str, int] = field(default_factory=dict)
    first_seconds: float = 0.0
    last_seconds: float = 0.0
    overhead_seconds: float = 0.0
    draws: tuple[str, ...] = ()
    caller_seconds: Mapping[str, float] = field(default_factory=dict)
    share_at_most: float | None = None


@dataclass(frozen=True)
class VariantResult:
    """One variant of one candidate as it was tried. ``outcome`` is confirmed, refuted or inconclusive.

    ``arguments`` are those of the `Variant`; ``reason`` says what the outcome rests on, or why it was not chosen.
    Seconds are None where none were measured.
    """

    name: str
    outcome: Verdict
    traces: int
    trace_seconds: float | None
    seconds_per_call: float | None
    eager_seconds_per_call: float | None
    max_rel_error: float | None
    retrace_causes: tuple[str, ...] = ()
    arguments: tuple[tuple[str, str], ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class CheckedAssumption:
    """An assumption with what the runs said of it; ``evidence`` carries its sample count."""

    assumption: Assumption
    verdict: Verdict
    evidence: str


class Move(Enum):
    """Whose move it is, where a verdict is to become another one."""

    USER = "user"
    BUDGET = "budget"
    NOBODY = "nobody"


@dataclass(frozen=True)
class Reason:
    """Why a candidate has its verdict, or is not in the patch.

    ``code`` is the same word for the same cause, for programs; ``message`` says it as a clause, and ``evidence`` what
    it rests on. ``place`` is a line of the user's (``file:line``) where there is one.
    """

    code: str
    message: str
    evidence: str = ""
    place: str = ""
    move: Move = Move.NOBODY


@dataclass(frozen=True)
class Judgement:
    """What is known of one candidate when the dynamic stage is done with it.

    ``variants`` are the ways to convert it that were tried, ``variant`` the one that it would be written as.
    """

    function: Function
    verdict: Verdict
    reasons: tuple[Reason, ...]
    observation: Observation = Observation()
    assumptions: tuple[CheckedAssumption, ...] = ()
    variants: tuple[VariantResult, ...] = ()
    covered_by: str | None = None
    selected: bool = False
    variant: Variant = Variant()


@dataclass(frozen=True)
class Interval:
    """A ratio with its confidence interval; an early decision rests on a wider one than 95% (``level``)."""

    median: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Pair:
    """One group of processes that took turns. Ratios are eager time over the other arm's time.

    ``turns`` holds, per turn, the units done and the seconds of each arm, in the order of ``arms``; the
    first ``warm_turns`` of them are left out of the ratios. ``ratio`` is None where too few turns were
    left; ``whole`` says whether the script ran to its own end in every arm, ``reason`` why a group is
    not complete. ``peak_device_bytes`` is the peak memory on the accelerators, 0 where there is none.
    """

    arms: tuple[str, ...]
    turns: tuple[tuple[int, tuple[float, ...]], ...]
    ratio: float | None
    eager_ratio: float | None
    startup_seconds: tuple[float, ...]
    total_seconds: tuple[float, ...]
    peak_rss_bytes: tuple[int, ...]
    peak_device_bytes: tuple[int, ...]
    complete: bool
    warm_turns: int = 0
    whole: bool = False
    reason: str = ""


class Unclear(Enum):
    """Why a measurement did not tell which script is faster."""

    BUDGET = "budget"
    NOISE = "noise"
    FEW_UNITS = "few-units"
    OTHER_UNITS = "other-units"
    HUNG = "hung"
    SCRIPT_FAILED = "script-failed"
    EDITED_FAILED = "edited-failed"


@dataclass(frozen=True)
class Crash:
    """The edited script's failure at a point that the original script goes past.

    ``error`` is one line; ``places`` are lines of the user's files (``file:line``), the one that raised it first.
    """

    error: str
    places: tuple[str, ...] = ()


@dataclass(frozen=True)
class AutoClustering:
    """What a flag alone gives: the original script, run with XLA's auto-clustering, in one group of turns.

    ``speedup`` is the ratio of plain time over its time per unit, without an interval; None where the script failed
    under the flag, which ``note`` then says.
    """

    speedup: float | None
    units: int
    note: str = ""


@dataclass(frozen=True)
class Benchmark:
    """The measured comparison of the original script with the script as edited.

    ``speedup`` is the steady state's ratio per unit with its interval over pairs; ``noise_floor`` the
    ratio that two identical eager processes showed (1.02: 2%). ``end_to_end_speedup`` covers the whole
    script, start-up and traces included: measured where ``whole_script`` says that all of it was run,
    otherwise reckoned for its ``script_units``, or, where these are not known, for the units that were run.
    ``cold_start_seconds`` is what the edited script pays once, more than the eager one does,
    until it is in its steady state. ``break_even_units`` is None where the change never pays. ``verdict``
    is "faster", "slower", "no difference" or "inconclusive", and ``reason`` says what it rests on. ``cause`` says why
    it is inconclusive; of a script that fails when edited (``crash``) no speed is told. ``by_clock``: the script trains
    until its clock says that it is enough, so it takes as long as before, and does more units in that time.
    """

    unit: str
    units: int
    pairs: tuple[Pair, ...]
    speedup: Interval | None
    noise_floor: float | None
    steady_state_speedup: float | None
    end_to_end_speedup: float | None
    cold_start_seconds: float | None
    break_even_units: int | None
    whole_script: bool
    verdict: str
    script_units: int | None = None
    peak_rss_bytes: tuple[int, int] | None = None
    peak_device_bytes: tuple[int, int] | None = None
    reason: str = ""
    xla_auto_clustering: AutoClustering | None = None
    cause: Unclear | None = None
    crash: Crash | None = None
    by_clock: bool = False


@dataclass(frozen=True)
class Metric:
    """A number followed through the eager and the edited run. ``verdict`` is none, drift or inconclusive.

    Over several seeds (level L3), values are means over ``seeds`` seeds, ``noise_floor`` is the margin, and
    ``low`` and ``high`` bound the mean difference.
    """

    name: str
    source: str
    baseline: float | None
    optimized: float | None
    difference: float | None
    noise_floor: float | None
    verdict: str
    low: float | None = None
    high: float | None = None
    seeds: int | None = None


@dataclass(frozen=True)
class Drift:
    """Whether anything that the script computes or prints has changed, at which level that was decided.

    ``verdict`` is "none", "drift", "inconclusive" or "not measured".
    """

    verdict: str
    level: str
    reason: str
    metrics: tuple[Metric, ...] = ()


@dataclass(frozen=True)
class Share:
    """The share of the training time that one candidate takes, callees included, by sampling; from 0 to 1.

    ``before`` is of the original script, ``after`` as edited, each with its standard error; None where there
    were too few samples. ``bound`` is the speedup of the whole that converting the candidate alone can't exceed by
    Amdahl's law, at the upper end of ``before``'s interval; None where there is no such bound.
    """

    candidate: str
    before: float | None = None
    before_error: float | None = None
    after: float | None = None
    after_error: float | None = None
    bound: float | None = None


@dataclass(frozen=True)
class Profile:
    """Where the time goes, before and after. ``reason`` says why there is none, or why a part is missing.

    ``samples_before`` and ``samples_after`` are the moments that were looked at since training had begun (None
    where no run was made), ``rate`` those per second. ``files`` are the names of what was left in the folder.
    """

    shares: tuple[Share, ...] = ()
    samples_before: int | None = None
    samples_after: int | None = None
    rate: int = 0
    files: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Plan:
    """The edits chosen, as data, and the patch that makes them (None where there are none)."""

    edits: tuple[Edit, ...] = ()
    files: tuple[EditedFile, ...] = ()
    diffs: tuple[str, ...] = ()
    patch_file: str | None = None


@dataclass(frozen=True)
class Report:
    """All that one run of the tool found: the contract is docs/report.md and report/schema.json.

    ``status`` is "optimized", "nothing-to-gain", "refuted", "drift", "script-failed", "usage",
    "interrupted" or "failed"; ``message`` the one sentence that a person should read first;
    ``exit_code`` what the command exits with. ``folder`` (absolute) is where the run left its results.
    """

    status: str
    message: str
    exit_code: int
    created: str
    command: tuple[str, ...]
    target: Target
    options: Mapping[str, object]
    environment: Mapping[str, str]
    budget_seconds: float
    spent_seconds: float
    judgements: tuple[Judgement, ...] = ()
    plan: Plan = Plan()
    benchmark: Benchmark | None = None
    drift: Drift | None = None
    profile: Profile | None = None
    timings: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    applied: bool = False
    folder: str | None = None
