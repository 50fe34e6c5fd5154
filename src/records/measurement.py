"""The speed of the original and the edited script, the comparison of their results, and their profile."""

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
    """The low end of the interval."""
    high: _Ratio
    """The high end of the interval."""
    level: Fraction = 0.95
    """The confidence level: 0.95, or higher if an early look decided."""


@dataclass(frozen=True)
class TimedTurn:
    """One turn: every process ran the same steps, one process after the other."""

    units: Count
    """The number of steps that each process ran."""
    seconds: tuple[_Time, ...]
    """The seconds of each process, in the order of `arms`."""


@dataclass(frozen=True)
class Pair:
    """One group of processes that took turns."""

    arms: tuple[str, ...]
    """The names of the processes."""
    turns: tuple[TimedTurn, ...]
    """The turns, in order."""
    ratio: Positive | None
    """Eager time divided by edited time, per step in the steady state; null if there were too few turns."""
    eager_ratio: Positive | None
    """The time of one eager process divided by that of the other; null if there was only one."""
    startup_seconds: tuple[_Time, ...]
    """The seconds of each process until its first step."""
    total_seconds: tuple[_Time, ...]
    """The total seconds of each process in its own turns."""
    peak_rss_bytes: tuple[Count, ...]
    """The peak memory of each process."""
    peak_device_bytes: tuple[Count, ...]
    """The peak memory of each process on accelerators; 0 if there are none."""
    complete: bool
    """Whether the group completed all its turns."""
    warm_turns: Count = 0
    """The number of first turns that the ratios exclude."""
    whole: bool = False
    """Whether the script ran to its end in every process."""
    reason: str = ""
    """The reason if the group is not complete; otherwise empty."""
    late_turns: tuple[Count, ...] = ()
    """The turns, counted from 0, in which the edited script seems to have retraced."""


class Unclear(Enum):
    """The reason why a measurement did not decide which script is faster."""

    BUDGET = "budget"
    NOISE = "noise"
    FEW_UNITS = "few-units"
    OTHER_UNITS = "other-units"
    HUNG = "hung"
    SCRIPT_FAILED = "script-failed"
    EDITED_FAILED = "edited-failed"


@dataclass(frozen=True)
class Crash:
    """A failure of the edited script, at a point that the original passes."""

    error: str
    """The error, in one line."""
    places: tuple[str, ...] = ()
    """The lines of the edited script that the error names (`file:line`), the one that raised it first."""
    timed: bool = True
    """Whether it was being timed. Otherwise it was run once to its end, with nothing hooked."""


@dataclass(frozen=True)
class AutoClustering:
    """The original script with and without `TF_XLA_FLAGS="--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit"`, in one group
    of turns."""

    speedup: Positive | None
    """Time without the flag divided by time with it, per step in the steady state, without an interval; null if the
    script failed with the flag."""
    units: Count
    """The number of steps that each process ran."""
    note: str = ""
    """The failure of the script with the flag; empty if it did not fail."""


@dataclass(frozen=True)
class Peaks:
    """Peak memory in bytes."""

    eager: Count
    """The peak of the original script."""
    edited: Count
    """The peak of the edited script."""


@dataclass(frozen=True)
class Benchmark:
    """The comparison of the original and the edited script. All ratios are eager time divided by edited time: above 1
    is faster."""

    unit: str
    """The id of the candidate whose call is one step (unit of work)."""
    units: Count
    """The number of steps that each process ran, in all turns together."""
    pairs: tuple[Pair, ...]
    """The groups of processes that were measured."""
    speedup: Interval | None
    """The speedup per step in the steady state, with its interval over groups; null if there are too few groups."""
    noise_floor: _Least1 | None
    """The ratio of two identical eager processes (1.02: 2%); null if not measured."""
    steady_state_speedup: Positive | None
    """The speedup per step in the steady state, without an interval."""
    end_to_end_speedup: Positive | None
    """The speedup of the whole script, including start-up and traces: measured, or extrapolated from the steady state.
    If the length of the script is not known, it covers the steps that were run."""
    cold_start_seconds: float | None
    """The seconds that the edited script needs once, beyond the eager script, before its steady state."""
    break_even_units: Count | None
    """The number of steps after which the edit has paid off; null if it never does, or if this is not known."""
    whole_script: bool
    """Whether a group ran the whole script. If none did, the end-to-end speedup is extrapolated, or covers the steps
    that were run. With several groups, it is their median."""
    verdict: Annotated[str, OneOf(("faster", "slower", "no difference", "inconclusive"))]
    """The verdict of the measurement."""
    script_units: _Length | None = None
    """The number of steps of the whole script; null if not known."""
    peak_rss_bytes: Peaks | None = None
    """The peak memory of both scripts; null if not measured."""
    peak_device_bytes: Peaks | None = None
    """The peak memory of both scripts on accelerators; null if there are none."""
    reason: str = ""
    """The evidence for the verdict."""
    xla_auto_clustering: AutoClustering | None = None
    """The speedup of XLA auto-clustering alone, for comparison; null if not measured."""
    cause: Unclear | None = None
    """The reason if the measurement is inconclusive; otherwise null."""
    crash: Crash | None = None
    """The failure of the edited script at a point that the original passes; null if there was none. No speedup is
    reported then."""
    by_clock: bool = False
    """Whether the script trains for a fixed time. It then takes as long as before, and runs more steps."""
    ending: str = ""
    """How the runs ended, if not alike (such as after different numbers of steps); otherwise empty."""


@dataclass(frozen=True)
class Metric:
    """A number that was compared between the eager and the edited run."""

    name: str
    """Its name."""
    source: str
    """Its source: `unit` (a result of the step), `variable`, `printed`, `metric` (`--metric`), or `keras` (a metric or
    a history)."""
    baseline: float | None
    """Its value in the eager run."""
    optimized: float | None
    """Its value in the edited run."""
    difference: float | None
    """The difference between both values."""
    noise_floor: float | None
    """The difference between two eager runs. Over several seeds: the margin, which is the standard deviation of the
    eager runs or the effect of rounding."""
    verdict: Annotated[str, OneOf(("none", "drift", "inconclusive"))]
    """The verdict on this number."""
    low: float | None = None
    """Over several seeds: the low end of the 95% interval of the mean difference."""
    high: float | None = None
    """The high end of that interval."""
    seeds: Count | None = None
    """The number of seeds over which the values are means (`--drift-runs`); null for a number from one run."""


@dataclass(frozen=True)
class Course:
    """A number that the step returned, step by step, in the original and in the edited script. Both started with the
    same variables and used the same random stream."""

    name: str
    """Its name, as in `metrics`."""
    units: tuple[Count, ...]
    """The steps of the values, counted from 1. A long run is sampled evenly."""
    eager: tuple[_Time, ...]
    """Its values in the original script."""
    edited: tuple[_Time, ...]
    """Its values in the edited script."""
    noise: tuple[_Time, ...] = ()
    """The largest difference between the other runs of the original script and the first one; empty if there were none.
    """


@dataclass(frozen=True)
class Drift:
    """The comparison of what both scripts compute and print."""

    verdict: Annotated[str, OneOf(("none", "drift", "inconclusive", "not measured"))]
    """The outcome."""
    level: str
    """The level of comparison that decided: `L0` runs of the original differ, `L2` so do they, but calls from the same
    state agree, `L3` final numbers over several seeds, `L4` everything that one run computes and prints."""
    reason: str
    """The reason, with its sample count."""
    metrics: tuple[Metric, ...] = ()
    """The compared numbers."""
    courses: tuple[Course, ...] = ()
    """The results of the step, such as the loss, step by step."""


@dataclass(frozen=True)
class Share:
    """The share of training time of a candidate, including callees: wall-clock time, from 0 to 1."""

    candidate: str
    """The candidate's id."""
    before: Fraction | None = None
    """Its share in the original script; null if there were too few samples."""
    before_error: Seconds | None = None
    """The standard error of this share."""
    after: Fraction | None = None
    """Its share in the edited script; null if there were too few samples or no such run."""
    after_error: Seconds | None = None
    """The standard error of this share."""
    bound: _Least1 | None = None
    """The largest possible speedup of the whole training from converting this candidate alone (Amdahl's law), at the
    upper end of the 95% interval of `before`; null if that is all of the time."""


class Cost(Enum):
    """The kind of work that a line of the user's files spends time on."""

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
    """A line of the project's files, and the time that the original script spends there."""

    place: str
    """The line, as `file:line`."""
    function: str
    """The name of the function that the line is in."""
    share: Fraction
    """Its share of the time, from 0 to 1: the fraction of samples in which it is the innermost project line on the
    stack."""
    kind: Cost
    """The kind of work: `predict` and `fit` are Keras loops, `data` is an input pipeline, `numpy` is NumPy,
    `conversion` is copying between NumPy and TensorFlow, `environment` is a simulator, `waiting` is a lock or a queue,
    `graph` is a `tf.function`, `tensorflow` is any other TensorFlow operation, `library` is another library, `python`
    is the line itself."""
    called: str = ""
    """The function that the line calls, with its package; empty if not known."""


@dataclass(frozen=True)
class Profile:
    """The profile: one run of the original and one of the edited script, each sampled by py-spy after training has
    started."""

    shares: tuple[Share, ...] = ()
    """The profiled candidates, the largest share first; empty if there is no profile."""
    samples_before: Count | None = None
    """The number of samples of the original script; null if there are none."""
    samples_after: Count | None = None
    """The number of samples of the edited script; null if there are none."""
    rate: Count = 0
    """The requested samples per second."""
    files: tuple[str, ...] = ()
    """The files in the results folder that contain the stacks."""
    reason: str = ""
    """The reason if the profile or a part of it is missing; otherwise empty."""
    host_costs: tuple[HostCost, ...] = ()
    """The time of the original script by lines of the project's files, the largest share first."""
