"""Compares a baseline's speedup with that of the current code, and finds the functions and reasons. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...measure.change import change, judge, logs_of
from ...measure.costs import base_result
from ...records import (
    Action,
    Benchmark,
    Edit,
    Function,
    Held,
    Interval,
    Judgement,
    Otherwise,
    Report,
    VariantResult,
    Verdict,
)
from ...report.wording import count, ratio

#: The parts of the environment whose change is reported. The ratios are compared all the same.
TELLING = ("platform", "processor", "cpus", "python", "tensorflow", "keras", "numpy", "flags")
#: The smallest loss of the decorated functions' share of the time that is reported.
NOTABLE_LOSS = 0.05
#: The order in which differences are reported.
_ORDER = ("refuted", "undecorated", "gone", "ran-eagerly", "not-called", "slower", "retraced", "new")


@dataclass(frozen=True)
class Now:
    """The findings of a run about the current code.

    ``known`` are the current functions of the project, by id. ``eager`` maps decorated functions that ran eagerly to
    the cause. ``arguments`` are the script's.
    """

    known: Mapping[str, Function]
    judgements: Mapping[str, Judgement]
    benchmark: Benchmark | None
    environment: Mapping[str, str]
    arguments: tuple[str, ...] = ()
    eager: Mapping[str, str] = field(default_factory=dict)


def names_of(baseline: Report) -> list[str]:
    """The current ids of the functions whose decorators gave the baseline's ratio."""
    return list(_names(baseline))


def _names(baseline: Report) -> dict[str, str]:
    """The current ids of these functions, each with its id in the baseline."""
    if baseline.held is not None:
        return {name: name for name in baseline.held.functions}
    return {_name(edit): edit.candidate for edit in baseline.plan.edits if edit.action is Action.HYBRIDIZE}


def _name(edit: Edit) -> str:
    """The id of a function after its edit. A function that was outlined from statements gets a new one."""
    if edit.region is None:
        return edit.candidate
    owner = f"{edit.region.owner}." if edit.region.owner else ""
    return f"{edit.candidate.partition(':')[0]}:{owner}{edit.region.name}"


def hold(baseline: Report, now: Now, fail_on: float) -> Held:
    """Compare the current code with a baseline. ``fail_on`` is the share of the ratio whose loss fails."""
    before = baseline.benchmark
    found = None
    if before is not None and now.benchmark is not None and now.benchmark.crash is None:
        found = change(logs_of(before), logs_of(now.benchmark))
    held = _names(baseline)
    then = {judgement.function.id: judgement for judgement in baseline.judgements}
    told = [each for name, old in held.items() for each in _otherwise(name, then.get(old), now, fail_on)]
    verdict = judge(found, fail_on)
    standing = [name for name in held if name in now.known and now.known[name].is_decorated]
    if held and not standing:
        # No decorated function is left that could be timed.
        verdict = "lost"
    told += _new(held, baseline.judgements, now.known.values())
    told.sort(key=lambda each: (not each.fails, _ORDER.index(each.kind)))
    if verdict != "lost":
        # The times of single functions come from the check, and are too noisy to report a loss that the ratio lacks.
        told = [each for each in told if each.kind != "slower"]
    return Held(
        verdict=verdict,
        functions=tuple(standing),
        fail_on=fail_on,
        before=before.speedup if before is not None else None,
        now=now.benchmark.speedup if now.benchmark is not None else None,
        change=found,
        graph_share_before=graph_share(baseline.judgements, held.values()),
        graph_share=graph_share(now.judgements.values(), standing) if standing else 0.0,
        elsewhere=tuple(_elsewhere(baseline, now)),
        otherwise=tuple(told),
        baseline=baseline.created,
    )


def graph_share(judgements: Iterable[Judgement], names: Iterable[str]) -> float | None:
    """The share of the eager run's training time that was spent in these functions, nested calls counted once.

    None if no run has observed any of them.
    """
    chosen = set(names)
    found = [each for each in judgements if each.function.id in chosen and each.observation.calls]
    if not found:
        return None
    return min(1.0, sum(each.observation.share * _outside(each, chosen) for each in found))


def _outside(judgement: Judgement, chosen: set[str]) -> float:
    """The share of a function's time in calls that did not come from the others."""
    seconds = judgement.observation.caller_seconds
    whole = sum(seconds.values())
    if whole <= 0:
        return 1.0
    return sum(part for caller, part in seconds.items() if caller not in chosen) / whole


def _otherwise(name: str, before: Judgement | None, now: Now, fail_on: float) -> list[Otherwise]:
    function, judgement = now.known.get(name), now.judgements.get(name)
    if function is None:
        return [Otherwise(name, "gone", "is no longer in the project: it was removed, renamed or moved")]
    if not function.is_decorated:
        how = f"; it is now a tf.function in another way ({function.hybrid})" if function.hybrid else ""
        return [Otherwise(name, "undecorated", f"is no longer decorated ({function.file}:{function.line}){how}")]
    if name in now.eager:
        return [Otherwise(name, "ran-eagerly", f"ran eagerly although it is decorated, because of {now.eager[name]}")]
    if judgement is None or judgement.function.proposal is not Action.HYBRIDIZE:
        # Its decorator could not be removed, so the run gives no information about it.
        return []
    if judgement.verdict is Verdict.REFUTED:
        known = before is not None and before.verdict is Verdict.REFUTED
        why = judgement.reasons[0].message if judgement.reasons else "a run refuted it"
        return [Otherwise(name, "refuted", f"is refuted: {why}", fails=not known)]
    if not judgement.observation.calls:
        if before is not None and not before.observation.calls:
            return []
        return [Otherwise(name, "not-called", "was not called in the observed run")]
    return [each for each in (_retraced(name, before, judgement), _slower(name, before, judgement, fail_on)) if each]


def _retraced(name: str, before: Judgement | None, now: Judgement) -> Otherwise | None:
    then, found = (None if before is None else base_result(before)), base_result(now)
    if then is None or found is None or found.traces <= then.traces or not found.retrace_causes:
        return None
    times = count(found.traces, "time")
    return Otherwise(
        name, "retraced", f"was traced {times}, and {then.traces:,} in the baseline: {found.retrace_causes[-1]}"
    )


def _slower(name: str, before: Judgement | None, now: Judgement, fail_on: float) -> Otherwise | None:
    one, other = (None if judgement is None else _gain(base_result(judgement)) for judgement in (before, now))
    if one is None or other is None or other > (1 - fail_on) * one:
        return None
    return Otherwise(name, "slower", f"gains less per call: {ratio(other)}, {ratio(one)} in the baseline")


def _gain(result: VariantResult | None) -> float | None:
    if result is None or not result.seconds_per_call or not result.eager_seconds_per_call:
        return None
    return result.eager_seconds_per_call / result.seconds_per_call


def _new(held: Mapping[str, str], before: Sequence[Judgement], known: Iterable[Function]) -> list[Otherwise]:
    """The decorated functions that were not decorated in the baseline."""
    old = {*held, *(each.function.id for each in before if each.function.hybrid is not None)}
    why = "is decorated but not in the baseline, so it is included in both versions; --update-baseline adds it"
    return [Otherwise(f.id, "new", why) for f in known if f.is_decorated and f.id not in old]


def _elsewhere(baseline: Report, now: Now) -> list[str]:
    found = []
    for name in TELLING:
        one, other = baseline.environment.get(name), now.environment.get(name)
        # A value that the baseline or the run did not record can't be compared.
        if one is not None and other is not None and one != other:
            found.append(f"{name} {other or 'none'}, not {one or 'none'}")
    if baseline.command.target.arguments != now.arguments:
        one, other = (" ".join(each) or "none" for each in (baseline.command.target.arguments, now.arguments))
        found.append(f"arguments {other}, not {one}")
    return found


def interval(found: Interval | None) -> str:
    """A ratio with its interval, for a sentence."""
    return "not measured" if found is None else f"{ratio(found.median)} [{ratio(found.low)}, {ratio(found.high)}]"


def conclusion(held: Held) -> str:
    """A few sentences about the baseline's speedup now: held or lost, in which function, and why."""
    both = f"{interval(held.now)} now, {interval(held.before)} in the baseline"
    loss = ""
    if held.change is not None:
        low, high = 1 - held.change.high, 1 - held.change.low
        loss = f", a loss of {1 - held.change.median:.0%} [{low:.0%}, {high:.0%}]"
    said = {
        "lost": f"The speedup is lost: {both}{loss}.",
        "held": f"The speedup is held: {both}.",
        "inconclusive": f"It is not decided whether the speedup is held: {both}{loss}.",
    }[held.verdict]
    parts = [said, *(f"{each.candidate} {each.message}." for each in held.otherwise)]
    if held.now is None and any(each.fails for each in held.otherwise):
        # Refuted functions were not timed, so there is no new ratio to report.
        parts = [*parts[1:], f"The speedup was {interval(held.before)} in the baseline."]
    share, before = held.graph_share, held.graph_share_before
    if share is not None and before is not None and share < before - NOTABLE_LOSS:
        parts.append(f"The functions cover {share:.0%} of the training time, and {before:.0%} in the baseline.")
    if held.elsewhere:
        where = "; ".join(held.elsewhere)
        parts.append(f"The baseline was measured elsewhere ({where}), so only the ratios are compared.")
    return " ".join(parts)
