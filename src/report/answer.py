"""The results of a run, in the order in which a reader asks: the gain, the tried candidates, and where the time goes
instead.

All formats for people take their sentences from here, so that no two of them show two numbers for one thing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from ..records import (
    AutoClustering,
    Benchmark,
    Cost,
    Drift,
    Function,
    FunctionKind,
    HostCost,
    Judgement,
    Peaks,
    Report,
    Verdict,
)
from .wording import (
    NOTABLE_SHARE,
    chosen_variant,
    count,
    duration,
    is_proposed,
    memory,
    own_share,
    ratio,
    speedup_of,
    words,
)

#: The codes of reasons why a confirmed candidate is not in the patch (``measure.selection``, ``run``).
NOT_WORTH_IT = frozenset({"covered", "not-worth-it", "not-run-cold"})
_LEFT_OUT = NOT_WORTH_IT | {"not-faster", "not-measured", "race", "drift", "caller-not-converted"}
#: Memory is reported if the edited script needs more by this factor.
_MORE_MEMORY = 1.1
#: If nothing is changed, at most this many lines of the user's files are named, with at least this share of the time.
_MOST_COSTS, _LEAST_SHARE = 3, 0.05

#: The usual remedy for each kind of work.
REMEDIES = {
    Cost.PREDICT: "Each call sets up its own loop over batches. For one batch, call the model: "
    "`model(x, training=False)`.",
    Cost.FIT: "Keras runs this as a graph already. `compile(steps_per_execution=…)` runs several steps in one call.",
    Cost.DATA: "Load and transform in parallel with training: `.map(…, num_parallel_calls=tf.data.AUTOTUNE)`, "
    "`.cache()`, `.prefetch(tf.data.AUTOTUNE)`.",
    Cost.NUMPY: "NumPy runs between the steps. Do this work once before the loop, or with TensorFlow operations.",
    Cost.CONVERSION: "Copying between NumPy and TensorFlow in each step waits for the step to end. Keep the values as "
    "tensors and read them only occasionally.",
    Cost.ENVIRONMENT: "The simulator is the bottleneck. Step several environments in one call (vectorize it).",
    Cost.WAITING: "The script waits here for another thread or process. Profile that one.",
    Cost.GRAPH: "This already runs as a graph. Larger batches, `jit_compile=True` or mixed precision may help.",
    Cost.TENSORFLOW: "These are eager TensorFlow operations. The reasons below say why they can't be in a graph.",
    Cost.LIBRARY: "",
    Cost.PYTHON: "",
}


class Tone(Enum):
    """The meaning of a row."""

    GOOD = "good"
    BAD = "bad"
    UNSURE = "unsure"
    PLAIN = "plain"


@dataclass(frozen=True)
class Row:
    """A fact with its label."""

    label: str
    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True)
class Tried:
    """A candidate on one line. The gain is empty if it was not measured for this candidate."""

    judgement: Judgement
    name: str
    verdict: str
    gain: str
    reason: str


def tone_of(report: Report) -> Tone:
    """The meaning of the outcome as a whole."""
    if report.exit_code not in (0, 130):
        return Tone.BAD
    return Tone.GOOD if report.plan.edits and report.status == "optimized" else Tone.PLAIN


def name_of(function: Function) -> str:
    """The name of a candidate: the lines of a step that is not a function, otherwise the id."""
    region = function.region
    if region is not None:
        what = "loop" if region.whole_loop else "step"
        last = f"–{region.last}" if region.last > region.first else ""
        return f"the {what} at {region.file}:{region.first}{last}"
    if function.kind is FunctionKind.SWITCH:
        return f"the switch at {function.file}:{function.line}"
    return function.id


def rows(report: Report, short: bool = False) -> list[Row]:
    """Return the measured facts: per step, whole run, break-even, drift, and the sample counts.

    With ``short``, an outcome without drift lists only what was compared.
    """
    found: list[Row] = []
    if report.benchmark is not None:
        found += benchmark_rows(report.benchmark)
    if report.drift is not None:
        found.append(_drift(report.drift, short))
    if report.benchmark is not None:
        found.append(_rests_on(report.benchmark, report))
    return found


def benchmark_rows(benchmark: Benchmark) -> list[Row]:
    """Return the results of the measurement, one fact per row. Facts that were not measured are left out."""
    found = [_per_step(benchmark)]
    if benchmark.by_clock:
        found.append(Row("Whole run", "takes as long as before, with more steps: the script stops after a fixed time"))
    elif benchmark.end_to_end_speedup is not None:
        whole = benchmark.end_to_end_speedup
        # If each step is faster, the confidence interval of a ratio below 1 covers 1.
        said = as_long(whole) if whole < 1 and benchmark.verdict == "faster" else faster(whole)
        ended = f"; {benchmark.ending}" if benchmark.ending else ""
        found.append(Row("Whole run", f"{said} {_scope(benchmark)}{ended}"))
    if benchmark.cold_start_seconds is not None:
        found.append(_break_even(benchmark))
    peaks = benchmark.peak_rss_bytes
    if peaks is not None and peaks.edited > _MORE_MEMORY * peaks.eager:
        found.append(Row("Memory", f"{_peaks(peaks)} at the peak", Tone.UNSURE))
    return found


def more_rows(benchmark: Benchmark) -> list[Row]:
    """Return the facts for ``-v``: memory, and the speedup of XLA auto-clustering alone."""
    found = []
    if benchmark.peak_rss_bytes is not None:
        found.append(Row("Memory", f"{_peaks(benchmark.peak_rss_bytes)} at the peak"))
    if benchmark.peak_device_bytes is not None:
        found.append(Row("On the device", f"{_peaks(benchmark.peak_device_bytes)} at the peak"))
    if benchmark.xla_auto_clustering is not None:
        found.append(Row("For comparison", _reference(benchmark.xla_auto_clustering)))
    return found


def faster(value: float) -> str:
    """Say a ratio of times in words: ``2.92x faster``, ``1.25x slower``."""
    return f"{ratio(value)} faster" if value >= 1 else f"{ratio(1 / value)} slower"


def as_long(value: float) -> str:
    """Say a ratio of times below 1 that the noise explains."""
    return f"as long as before, within the noise ({ratio(value)})"


def _per_step(benchmark: Benchmark) -> Row:
    interval = benchmark.speedup
    tone = {"faster": Tone.GOOD, "slower": Tone.BAD}.get(benchmark.verdict, Tone.UNSURE)
    if interval is None or not math.isfinite(interval.median):
        steady = benchmark.steady_state_speedup
        text = f"{ratio(steady)} measured, without an interval" if steady else "not measured"
    else:
        spread = f"{interval.level:.0%} interval {ratio(interval.low)} to {ratio(interval.high) or 'any'}"
        said = faster(interval.median) if benchmark.verdict in ("faster", "slower") else ratio(interval.median)
        text = f"{said} ({spread})"
    if benchmark.verdict != "faster":
        text += f": {benchmark.verdict}" + (f", {benchmark.reason}" if benchmark.reason else "")
    return Row("Per step", text, tone)


def _scope(benchmark: Benchmark) -> str:
    if benchmark.whole_script:
        return "from start to end"
    if benchmark.script_units is not None:
        return f"over all {count(benchmark.script_units, 'step')}, extrapolated from those that were run"
    return "over the part that was run, including start-up; the full script is longer"


def _break_even(benchmark: Benchmark) -> Row:
    seconds = benchmark.cold_start_seconds or 0.0
    if seconds <= 0:
        return Row("Breaks even", "immediately: it starts no later than the original", Tone.GOOD)
    costs = f"tracing costs {duration(seconds)} once"
    if benchmark.verdict != "faster":
        return Row("Tracing", f"costs {duration(seconds)} once")
    if benchmark.break_even_units is None:
        return Row("Breaks even", f"never; {costs}", Tone.UNSURE)
    return Row("Breaks even", f"after {count(benchmark.break_even_units, 'step')}; {costs}")


def _drift(drift: Drift, short: bool) -> Row:
    tone = {"none": Tone.GOOD, "drift": Tone.BAD}.get(drift.verdict, Tone.UNSURE)
    reason = drift.reason.partition("; ")[0] if short and drift.verdict == "none" else drift.reason
    return Row("Drift", f"{drift.verdict}: {reason}" if reason else drift.verdict, tone)


def _rests_on(benchmark: Benchmark, report: Report) -> Row:
    text = f"{count(len(benchmark.pairs), 'group')} of runs, {count(benchmark.units, 'step')}"
    unit = next((j.function for j in report.judgements if j.function.id == benchmark.unit), None)
    if unit is not None and unit.region is not None and unit.region.whole_loop:
        text += " (a step is one run of the whole loop)"
    if unit is None or unit.region is None:
        text += f" (calls of {benchmark.unit})"
    if benchmark.noise_floor is not None:
        text += f"; noise {ratio(benchmark.noise_floor)}"
    return Row("Measured in", text)


def _peaks(peaks: Peaks) -> str:
    return f"{memory(peaks.eager)} original, {memory(peaks.edited)} edited"


def _reference(found: AutoClustering) -> str:
    text = "XLA auto-clustering (a TensorFlow flag) on the original script, for comparison: "
    if found.speedup is None:
        return f"{text}not measured, {found.note}"
    return f"{text}{ratio(found.speedup)} (1 group, {count(found.units, 'step')})"


# The candidates


def tried(report: Report) -> list[Tried]:
    """Return the candidates worth listing: those in the patch, those that were tried, and those that take much of the
    time but were never proposed."""
    found = [_tried(judgement, report) for judgement in report.judgements if group_of(judgement) is Group.TRIED]
    order = [Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.NOT_PROPOSED]
    found.sort(
        key=lambda each: (
            not each.judgement.selected,
            order.index(each.judgement.verdict),
            -each.judgement.observation.share,
        )
    )
    return found


class Group(Enum):
    """How a function is listed: alone, or counted with others."""

    TRIED = "tried"
    NOT_NEEDED = "run inside a converted function"
    NOT_WORTH_IT = "not worth it"
    NEVER_CALLED = "never called"
    NOT_PROPOSED = "not proposed"


def group_of(judgement: Judgement) -> Group:
    """Say how a function is listed."""
    codes = {reason.code for reason in judgement.reasons}
    if judgement.selected:
        return Group.TRIED
    if not is_proposed(judgement):
        # A function that takes much of the time is listed, because it explains why the gain is not larger.
        takes_time = judgement.verdict is Verdict.NOT_PROPOSED and own_share(judgement) >= NOTABLE_SHARE
        return Group.TRIED if takes_time else Group.NOT_PROPOSED
    if judgement.verdict is Verdict.UNOBSERVED:
        return Group.NEVER_CALLED
    if judgement.verdict is Verdict.REFUTED or (
        judgement.verdict is Verdict.INCONCLUSIVE and "not-run-cold" not in codes
    ):
        return Group.TRIED
    if judgement.covered_by is not None or "covered" in codes:
        return Group.NOT_NEEDED
    return Group.NOT_WORTH_IT if codes & NOT_WORTH_IT else Group.TRIED


def counts(report: Report) -> list[tuple[Group, int]]:
    """The number of functions that are not listed alone, by reason."""
    groups = [group_of(judgement) for judgement in report.judgements]
    return [(group, groups.count(group)) for group in Group if group is not Group.TRIED and group in groups]


def _tried(judgement: Judgement, report: Report) -> Tried:
    name, gain = name_of(judgement.function), gain_of(judgement, report)
    reason = short_reason(judgement)
    if judgement.verdict is Verdict.NOT_PROPOSED:
        reason = f"{own_share(judgement):.0%} of the time is spent in it; {reason}"
    return Tried(judgement, name, judgement.verdict.value, gain, reason)


def gain_of(judgement: Judgement, report: Report) -> str:
    """The one speedup of a candidate: for the measured step, that of both scripts side by side; for others, that per
    call.

    It is empty for candidates that were measured together with others of the patch, and for those that were not
    confirmed. A compared call is timed while both versions are watched, so its figure is rough.
    """
    benchmark = report.benchmark
    if benchmark is not None and judgement.function.id == benchmark.unit:
        return ratio(benchmark.speedup.median if benchmark.speedup is not None else benchmark.steady_state_speedup)
    if judgement.selected or judgement.covered_by is not None or judgement.verdict is not Verdict.CONFIRMED:
        return ""
    value = ratio(speedup_of(chosen_variant(judgement, report)))
    return f"~{value}" if value else ""


def short_reason(judgement: Judgement) -> str:
    """The reason for a candidate's verdict, or for not being in the patch, as one clause."""
    if judgement.verdict is Verdict.CONFIRMED and not judgement.selected:
        for reason in reversed(judgement.reasons):
            if reason.code in _LEFT_OUT:
                return reason.message
    if judgement.reasons:
        return judgement.reasons[0].message
    function = judgement.function
    if function.blocker is not None:
        return f"{function.blocker.message} ({function.blocker.code})"
    return f"it is already a tf.function: {function.hybrid}" if function.hybrid is not None else ""


# Where the time goes instead


def costs(report: Report) -> list[HostCost]:
    """The lines of the user's files that take the most time, if nothing is changed."""
    if report.plan.edits or report.profile is None:
        return []
    return [cost for cost in report.profile.host_costs if cost.share >= _LEAST_SHARE][:_MOST_COSTS]


def cost_text(cost: HostCost) -> str:
    """Say what a line spends its time on."""
    called = f" calls {cost.called.replace(': ', '.')}" if cost.called else ""
    return f"{cost.place} in {cost.function}{called}"


def evidence(judgement: Judgement) -> list[str]:
    """All reasons, each with its evidence."""
    return words(judgement.reasons)
