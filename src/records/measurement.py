"""The speed of the script as it stands and as edited, whether its results differ, and where its time goes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Annotated

from .notes import Count, Fraction, Limit, OneOf, Positive, Seconds, Unsure

_Ratio = Annotated[Positive, Unsure()]
_Time = Annotated[float, Unsure()]
_Least1 = Annotated[float, Limit("minimum", 1)]
_Length = Annotated[int, Limit("minimum", 1)]


@dataclass(frozen=True)
class Interval:
    """A ratio with its confidence interval."""

    median: _Ratio
    """The estimate."""
    low: _Ratio
    """The interval's low end."""
    high: _Ratio
    """The interval's high end."""
    level: Fraction = 0.95
    """The interval's confidence: 0.95, or more where an early look at the pairs decided."""


@dataclass(frozen=True)
class TimedTurn:
    """One turn: every arm did the same units of work, one after the other."""

    units: Count
    """The units of work done by each arm."""
    seconds: tuple[_Time, ...]
    """The seconds of each arm, in the order of `arms`."""


@dataclass(frozen=True)
class Pair:
    """One group of processes that took turns."""

    arms: tuple[str, ...]
    """The arms' names."""
    turns: tuple[TimedTurn, ...]
    """The turns, in the order in which they were taken."""
    ratio: Positive | None
    """Eager time over edited time, per unit, in the steady state; null where too few turns were left."""
    eager_ratio: Positive | None
    """One eager process over the other eager one; null where there was only one."""
    startup_seconds: tuple[_Time, ...]
    """Seconds of each arm until its first unit of work."""
    total_seconds: tuple[_Time, ...]
    """Seconds of each arm in all of its own time."""
    peak_rss_bytes: tuple[Count, ...]
    """The peak memory of each arm."""
    peak_device_bytes: tuple[Count, ...]
    """The peak memory of each arm on the accelerators; 0 where there is none."""
    complete: bool
    """Whether the group did all its turns."""
    warm_turns: Count = 0
    """How many of the first turns are left out of the ratios."""
    whole: bool = False
    """Whether the script ran to its own end in every arm."""
    reason: str = ""
    """Why the group is not complete; empty where it is."""
    late_turns: tuple[Count, ...] = ()
    """The turns, counted from 0, in which the edited arm seems to have traced once more."""


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
    """How the edited script failed in the measurement, at a point that the original script goes past."""

    error: str
    """The error, in one line."""
    places: tuple[str, ...] = ()
    """The lines of the edited script that the error names (`file:line`), the one that raised it first."""


@dataclass(frozen=True)
class AutoClustering:
    """The original script with and without `TF_XLA_FLAGS="--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"`, in one group
    of turns.
    """

    speedup: Positive | None
    """Time without the flag over time with it, per unit in the steady state, without an interval; null where the script
    failed under it."""
    units: Count
    """How many units of work each arm did."""
    note: str = ""
    """How the script failed under the flag; empty where it did not."""


@dataclass(frozen=True)
class Peaks:
    """Peak memory in bytes."""

    eager: Count
    """Of the eager script."""
    edited: Count
    """Of the edited one."""


@dataclass(frozen=True)
class Benchmark:
    """The original script against the edited one. All ratios are eager time over edited time: above 1 is faster."""

    unit: str
    """The id of the candidate one call of which is a unit of work."""
    units: Count
    """How many units of work each arm did, all turns together."""
    pairs: tuple[Pair, ...]
    """The groups of processes that were measured."""
    speedup: Interval | None
    """Per unit of work in the steady state, with its interval over pairs; null where there are too few."""
    noise_floor: _Least1 | None
    """The ratio that two identical eager processes showed here (1.02: 2%); null where it could not be measured."""
    steady_state_speedup: Positive | None
    """Per unit of work in the steady state, without an interval."""
    end_to_end_speedup: Positive | None
    """Over the whole script, start-up and traces included: measured, or reckoned from the steady state; over the units
    that were run where the script's length is not known."""
    cold_start_seconds: float | None
    """What the edited script pays once, more than the eager one, until its steady state."""
    break_even_units: Count | None
    """After how many units the edit has paid for itself; null where it never does, or that is not known."""
    whole_script: bool
    """Whether all of the script was run; otherwise the end to end speedup is reckoned for its units, or covers those
    that were run."""
    verdict: Annotated[str, OneOf(("faster", "slower", "no difference", "inconclusive"))]
    """What the measurement says."""
    script_units: _Length | None = None
    """The units of the whole script, where they are known."""
    peak_rss_bytes: Peaks | None = None
    """Peak memory of both; null where it was not measured."""
    peak_device_bytes: Peaks | None = None
    """Peak memory of both on the accelerators; null where there is none."""
    reason: str = ""
    """What the verdict rests on."""
    xla_auto_clustering: AutoClustering | None = None
    """What a flag alone gives, for reference; null where it was not measured."""
    cause: Unclear | None = None
    """Why the measurement is inconclusive; null where it is not."""
    crash: Crash | None = None
    """How the edited script failed where the original script did not, so that no speed is told; null where it did not
    fail."""
    by_clock: bool = False
    """Whether the script trains until its clock says that it is enough: it takes as long as before, and does more units
    in that time."""


@dataclass(frozen=True)
class Metric:
    """A number followed through the eager and the edited run."""

    name: str
    """Its name."""
    source: str
    """Where it comes from: `unit` (a result of the unit), `variable`, `printed`, `metric` (`--metric`), `keras` (a
    metric or a history)."""
    baseline: float | None
    """Its value in the eager run."""
    optimized: float | None
    """Its value in the edited run."""
    difference: float | None
    """How far they are apart."""
    noise_floor: float | None
    """How far two eager runs are apart; over several seeds the margin: the standard deviation of the eager runs, or
    what rounding does."""
    verdict: Annotated[str, OneOf(("none", "drift", "inconclusive"))]
    """What that means."""
    low: float | None = None
    """Over several seeds: the low end of the 95% interval of the mean difference, which the equivalence test needs."""
    high: float | None = None
    """Its high end."""
    seeds: Count | None = None
    """Over how many seeds the values are means, compared seed by seed (`--drift-runs`); null for a number of one
    run."""


@dataclass(frozen=True)
class Course:
    """A number that the unit of work returned, unit by unit, in the original and in the edited script. Both began with
    the same variables and drew from the same random stream.
    """

    name: str
    """Its name, as in `metrics`."""
    units: tuple[Count, ...]
    """The units of work that the values are of, counted from 1; of a long run some of them, evenly spaced."""
    eager: tuple[_Time, ...]
    """Its values in the original script."""
    edited: tuple[_Time, ...]
    """Its values in the edited script."""
    noise: tuple[_Time, ...] = ()
    """How far the other runs of the original script are from the first one, at most; empty where there were none."""


@dataclass(frozen=True)
class Drift:
    """Whether anything that the script computes or prints has changed."""

    verdict: Annotated[str, OneOf(("none", "drift", "inconclusive", "not measured"))]
    """The outcome."""
    level: str
    """The level of comparison that decided: `L0` the script's own runs differ, `L3` final numbers over several seeds,
    `L4` what one run computes and prints."""
    reason: str
    """Why, with its sample count."""
    metrics: tuple[Metric, ...] = ()
    """The numbers that were followed."""
    courses: tuple[Course, ...] = ()
    """The results of the unit of work, such as the loss, unit by unit."""


@dataclass(frozen=True)
class Share:
    """The share of the training time that a candidate takes, callees included: wall time, from 0 to 1."""

    candidate: str
    """The candidate's id."""
    before: Fraction | None = None
    """Its share in the original script; null where there were too few samples."""
    before_error: Seconds | None = None
    """The standard error of that."""
    after: Fraction | None = None
    """Its share in the script as edited; null where there were too few samples or no such run."""
    after_error: Seconds | None = None
    """The standard error of that."""
    bound: _Least1 | None = None
    """The speedup of training as a whole that converting this candidate alone can't exceed (Amdahl's law), at the upper
    end of the 95% interval of `before`; null where that is all of the time."""


class Cost(Enum):
    """What kind of work a line of the user's files spends its time on."""

    PREDICT = "predict"
    FIT = "fit"
    DATA = "data"
    NUMPY = "numpy"
    CONVERSION = "conversion"
    ENVIRONMENT = "environment"
    WAITING = "waiting"
    GRAPH = "graph"
    TENSORFLOW = "tensorflow"
    LIBRARY = "library"
    PYTHON = "python"


@dataclass(frozen=True)
class HostCost:
    """A line of the project's files and what the original script spends its time on there."""

    place: str
    """The line, as `file:line`."""
    function: str
    """The name of the function that the line is in."""
    share: Fraction
    """Its share of the time, from 0 to 1: in these samples it is the innermost line of the project's on the stack."""
    kind: Cost
    """The kind of work: `predict` and `fit` are loops of Keras, `data` is an input pipeline, `numpy` is NumPy,
    `conversion` is copying between NumPy and TensorFlow, `environment` is a simulator, `waiting` is a lock or a queue,
    `graph` is a `tf.function`, `tensorflow` are its other operations, `library` is another library, `python` is the
    line itself."""
    called: str = ""
    """The function that the line calls there, and its package; empty where that is not known."""


@dataclass(frozen=True)
class Profile:
    """Where the time goes: one run of the original script and one of it as edited, each sampled by py-spy from when
    training had begun.
    """

    shares: tuple[Share, ...] = ()
    """The candidates that were followed, the one with the largest share first; empty where there is no profile."""
    samples_before: Count | None = None
    """How many moments of the original script were looked at; null where none were."""
    samples_after: Count | None = None
    """How many moments of the script as edited; null where none were."""
    rate: Count = 0
    """Samples per second that were asked for."""
    files: tuple[str, ...] = ()
    """The files of the results folder that hold the stacks."""
    reason: str = ""
    """Why there is no profile, or why a part of it is missing; empty otherwise."""
    host_costs: tuple[HostCost, ...] = ()
    """Where the time of the original script goes, by lines of the project's files, the largest shares first."""
