"""Combines the groups of a benchmark: the ratio per unit, the one-time cost, and the whole script.

docs/measuring.md explains the method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

from ..records import Benchmark, Edit, Interval, Pair, Peaks, TimedTurn
from .statistics import mean_log, noise_floor, ratio_interval, without_slowest
from .turns import SINGLE_TURNS

EAGER, TWIN, EDITED = "eager", "eager twin", "edited"
# Slow turns count if they reduce the gain by these factors: on average over the groups, and in every group.
SLOW_TURNS_MEAN, SLOW_TURNS_EACH = 1.25, 1.1


@dataclass(frozen=True)
class Tail:
    """The known seconds after the last unit of the whole script, such as a second phase or a test.

    ``leaving`` is the time that a process takes to end after its script has ended. The timed runs do not contain it.
    ``known`` says whether the seconds are those of a run of the whole script.
    """

    eager: float = 0.0
    edited: float = 0.0
    leaving: float = 0.0
    known: bool = False


NO_TAIL = Tail()
#: A confidence interval says nothing if its upper end exceeds the lower by this factor.
VAGUE = 10.0


def usable(pairs: Sequence[Pair]) -> list[Pair]:
    """The groups with enough turns for a ratio."""
    return [pair for pair in pairs if pair.ratio is not None]


def summarize(
    unit: Edit,
    pairs: Sequence[Pair],
    alpha: float,
    min_speedup: float,
    length: int | None = None,
    tail: Tail = NO_TAIL,
) -> Benchmark:
    """The result of all groups, with a confidence interval at level 1 - ``alpha``, computed from the pairs alone.

    ``length`` is the number of units of the whole script, if known, and ``tail`` the time after the last of them.
    """
    measured = usable(pairs)
    own = [pair.eager_ratio for pair in pairs if pair.eager_ratio is not None]
    floor = noise_floor([math.log(ratio) for ratio in own]) if own else None
    logs, slow_turns = steady_logs(measured)
    speedup = ratio_interval(logs, alpha) if len(logs) > 1 else None
    verdict, reason = decide(speedup, floor, min_speedup)
    if slow_turns:
        reason += "; recurring slow turns are counted"
    cold, eager_unit, edited_unit = _cold_start(measured, slow_turns)
    break_even = None
    if verdict == "faster" and cold is not None and eager_unit > edited_unit:
        break_even = max(0, math.ceil(cold / (eager_unit - edited_unit)))
    end_to_end, whole = _end_to_end(pairs, length, tail)
    over_all = _end_to_end_interval(measured, length, tail, alpha) if length is not None else None
    if verdict == "faster" and over_all is not None and over_all.high < 1:
        verdict = "slower" if over_all.high * max(floor or 1.0, min_speedup) < 1 else "no difference"
        reason = (
            f"each step is faster ({reason}), but the script's {length:,} steps are too few to make up for the "
            f"tracing: {over_all.median:.2f}x end to end, {over_all.low:.3g} to {over_all.high:.3g}"
        )
    elif verdict == "faster" and over_all is not None and over_all.low < 1:
        if over_all.high > VAGUE * over_all.low:
            reason += f"; {len(measured)} groups are too few for an interval over the script's own {length:,} steps"
        else:
            reason += (
                f"; over the script's own {length:,} steps the edited script may not recover the cost of tracing: "
                f"{over_all.low:.3g} to {over_all.high:.3g} end to end"
            )
    return Benchmark(
        unit=unit.candidate,
        units=sum(turn.units for pair in pairs for turn in pair.turns),
        pairs=tuple(replace(pair, late_turns=_late_turns(pair)) if pair.ratio is not None else pair for pair in pairs),
        speedup=speedup,
        noise_floor=floor,
        steady_state_speedup=math.exp(median(logs)) if logs else None,
        end_to_end_speedup=end_to_end,
        cold_start_seconds=cold,
        break_even_units=break_even,
        whole_script=whole,
        verdict=verdict,
        script_units=length,
        peak_rss_bytes=_peaks(pairs, lambda pair: pair.peak_rss_bytes),
        peak_device_bytes=_peaks(pairs, lambda pair: pair.peak_device_bytes),
        reason=reason,
    )


def decide(speedup: Interval | None, floor: float | None, min_speedup: float) -> tuple[str, str]:
    """The verdict on a speedup, and its reason. ``floor`` and ``min_speedup`` are ratios (1.05: 5%)."""
    if speedup is None:
        return "inconclusive", "an interval needs two complete groups"
    if floor is None:
        return "inconclusive", "two eager processes could not be compared, so the noise is unknown"
    least = max(floor, min_speedup)
    inside = f"the interval {speedup.low:.3g} to {speedup.high:.3g}"
    if speedup.low > least:
        return "faster", f"{inside} is above {least:.3g}"
    if speedup.high < 1 / floor:
        return "slower", f"{inside} is below {1 / floor:.3g}"
    if speedup.high < least and speedup.low > 1 / least:
        return "no difference", f"{inside} is within {1 / least:.3g} to {least:.3g}"
    return "inconclusive", f"{inside} does not exceed {least:.3g}"


def steady_logs(pairs: Sequence[Pair]) -> tuple[list[float], bool]:
    """The groups' log ratios, and whether slow turns are counted.

    The pseudomedian of the turns is robust, so it ignores what happens in few of them, such as a retrace in every fifth
    turn, or an evaluation that takes as long in both arms. If the totals show a clearly smaller gain in every group,
    they are used instead.
    """
    logs = [math.log(pair.ratio) for pair in pairs if pair.ratio is not None]
    totals = [_total_log(pair) for pair in pairs]
    lost = [log - total for log, total in zip(logs, totals, strict=True)]
    slow = bool(lost) and fmean(lost) > math.log(SLOW_TURNS_MEAN) and min(lost) > math.log(SLOW_TURNS_EACH)
    return (totals, True) if slow else (logs, False)


def _steady(pair: Pair) -> Sequence[TimedTurn]:
    return pair.turns[pair.warm_turns : len(pair.turns) - (1 if pair.whole else 0)]


def _unit_seconds(pair: Pair, position: int) -> tuple[list[float], list[int]]:
    """The seconds per unit of one arm in each steady turn, and the turns that are not among its slowest."""
    seconds = [turn.seconds[position] / turn.units for turn in _steady(pair)]
    return seconds, without_slowest(seconds)


def _total_log(pair: Pair) -> float:
    """The log ratio of the seconds per unit over all steady turns except each arm's slowest tenth."""
    rates = []
    for position in range(len(pair.arms)):
        seconds, kept = _unit_seconds(pair, position)
        rates.append(fmean(seconds[turn] for turn in kept))
    edited = rates.pop(pair.arms.index(EDITED))
    return mean_log(rates) - math.log(edited)


def _cold_start(pairs: Sequence[Pair], slow_turns: bool) -> tuple[float | None, float, float]:
    """The one-time cost of the edited arm compared with the eager ones, and the seconds per unit of both (medians).

    The one-time cost is the time of the first units beyond that of the steady state, and the time of later traces
    (`_late`). The start-up counts only if the edited arm's is longer than all others in every group, for example
    because another candidate is traced there: start-ups of two processes differ by more than a trace costs.
    """
    costs, eager_units, edited_units, starts, noise = [], [], [], [], [0.0]
    for pair in pairs:
        once, rates = [], []
        for position in range(len(pair.arms)):
            seconds, kept = _unit_seconds(pair, position)
            rate = fmean(seconds[turn] for turn in kept) if slow_turns else median(seconds)
            once.append(sum(turn.seconds[position] - turn.units * rate for turn in pair.turns[:SINGLE_TURNS]))
            rates.append(rate)
        edited = pair.arms.index(EDITED)
        steady = _steady(pair)
        late = sum(steady[at].seconds[edited] - steady[at].units * rates[edited] for at in _late(pair))
        edited_units.append(rates.pop(edited))
        edited_once = once.pop(edited) + late
        eager_units.append(fmean(rates))
        costs.append(edited_once - fmean(once))
        startups = list(pair.startup_seconds)
        starts.append(startups.pop(edited) - max(startups))
        noise.append(max(startups) - min(startups))
    if not costs:
        return None, 0.0, 0.0
    start = median(starts) if min(starts) > 0 and median(starts) > max(noise) else 0.0
    return median(costs) + start, median(eager_units), median(edited_units)


def _late(pair: Pair) -> list[int]:
    """The steady turns in which the edited arm probably retraced.

    Such a turn is one of the arm's slowest, and exceeded its usual time by more than any turn of an eager arm. Noise of
    the machine and rare work of the script affect all arms, the latter in the same turns.
    """
    edited = pair.arms.index(EDITED)
    excess = []
    for position in range(len(pair.arms)):
        seconds, kept = _unit_seconds(pair, position)
        usual = median(seconds)
        excess.append([turn.seconds[position] - turn.units * usual for turn in _steady(pair)])
        if position == edited:
            slowest = set(range(len(seconds))) - set(kept)
    most = max(max(turns) for position, turns in enumerate(excess) if position != edited)
    return sorted(at for at in slowest if excess[edited][at] > most)


def _late_turns(pair: Pair) -> tuple[int, ...]:
    """The positions of these turns among all turns of the group."""
    return tuple(pair.warm_turns + at for at in _late(pair))


def _end_to_end(pairs: Sequence[Pair], length: int | None, tail: Tail) -> tuple[float | None, bool]:
    """The ratio of the time for the whole script, and whether all of it was run.

    It is the median over the groups. Those that were cut are extrapolated. Without the script's length, the ratio is
    that of all turns and start-ups.
    """
    compared = [pair for pair in pairs if EDITED in pair.arms and EAGER in pair.arms]
    whole = [pair for pair in compared if pair.whole]
    # Groups with only their first turns are left out, because these are traces and warm-up. One whole run alone says
    # little: a single pause of the machine may change its ratio by a half.
    cut = [pair for pair in usable(compared) if not pair.whole] if tail.known or not whole else []
    logs = [_whole_log(pair, length, tail) for pair in (*whole, *cut)]
    return (math.exp(median(logs)), bool(whole)) if logs else (None, False)


def _end_to_end_interval(pairs: Sequence[Pair], length: int, tail: Tail, alpha: float) -> Interval | None:
    """The ratio of the time for the whole script, with its confidence interval over groups. Whole runs count as
    measured, others are extrapolated.
    """
    logs = [_whole_log(pair, length, tail) for pair in pairs]
    return ratio_interval(logs, alpha) if len(logs) > 1 else None


def _whole_log(pair: Pair, length: int | None, tail: Tail) -> float:
    """The log ratio of the seconds from a process's start to its end, or of all turns if the script's end is unknown.
    """
    totals = list(pair.total_seconds)
    if not pair.whole and length is not None:
        totals = _extrapolate(pair, length, tail)
    if pair.whole or length is not None:
        totals = [total + tail.leaving for total in totals]
    edited = totals.pop(pair.arms.index(EDITED))
    return mean_log(totals) - math.log(edited)


def _extrapolate(pair: Pair, length: int, tail: Tail) -> list[float]:
    """The seconds that each arm would take for ``length`` units and the tail after them.

    All steady turns count, including slow ones: an evaluation after each epoch is part of the script, takes as long in
    both arms, and lowers the ratio. Only turns with a trace, which is a one-time cost, are left out.
    """
    late = set(_late(pair))
    turns = [turn for at, turn in enumerate(_steady(pair)) if at not in late]
    left = max(0, length - sum(turn.units for turn in pair.turns))
    done = sum(turn.units for turn in turns)
    return [
        total
        + left * sum(turn.seconds[position] for turn in turns) / done
        + (tail.edited if name == EDITED else tail.eager)
        for position, (name, total) in enumerate(zip(pair.arms, pair.total_seconds, strict=True))
    ]


def _peaks(pairs: Sequence[Pair], bytes_of: Callable[[Pair], Sequence[int]]) -> Peaks | None:
    """The largest peak memory of the eager arms and of the edited one, in bytes; None if it was not measured."""
    peaks = [peak for pair in pairs for peak in zip(pair.arms, bytes_of(pair), strict=True) if peak[1]]
    eager = [peak for name, peak in peaks if name != EDITED]
    edited = [peak for name, peak in peaks if name == EDITED]
    return Peaks(max(eager), max(edited)) if eager and edited else None
