"""Upper bounds of the gain from converting, by Amdahl's law, from the observed run's shares of the time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records import Judgement
from .costs import base_result
from .statistics import FALSE_POSITIVES, student_quantile

#: With fewer calls, their variance is not known well, and the share's interval is that of a proportion.
MANY_CALLS = 10
#: Half the width of an interval in standard errors.
WIDTH = 2.0
#: Processes of one script differ in speed by at least about this (as a standard deviation of log ratios), also on a
#: quiet machine; and a number of groups that no measurement has.
SPREAD, MANY_GROUPS = 0.02, 100


def share_at_most(calls: int, seconds: float, squares: float, window: float) -> float:
    """The upper end of the confidence interval of the calls' share of the time since the first of them began.

    ``seconds`` and ``squares`` are the sums of the calls' seconds and of their squares. ``window`` is the seconds since
    the first call began.
    """
    if not calls or window <= 0:
        return 1.0
    share = min(1.0, seconds / window)
    if calls < MANY_CALLS:
        return _wilson(share, calls)
    variance = max(0.0, squares - seconds**2 / calls) / (calls - 1)
    return min(1.0, share + WIDTH * math.sqrt(calls * variance) / window)


def _wilson(share: float, number: int) -> float:
    """The upper end of Wilson's confidence interval for a proportion."""
    square = WIDTH**2
    middle = share + square / (2 * number)
    reach = WIDTH * math.sqrt(share * (1 - share) / number + square / (4 * number**2))
    return min(1.0, (middle + reach) / (1 + square / number))


def why_hopeless(judgements: Sequence[Judgement], min_speedup: float) -> str | None:
    """Why converting all of these can't make the script ``min_speedup`` times as fast; None if it might."""
    shares = _shares(judgements)
    if not shares:
        return None
    share = sum(shares)
    best = _gain(share)
    if best >= min_speedup:
        return None
    who = judgements[0].function.id if len(judgements) == 1 else "the functions that could be converted"
    takes = "takes" if len(judgements) == 1 else "take"
    return (
        f"{who} {takes} {share:.1%} of the time at most, so the script could be {best:.2f} times as fast at best, and "
        f"--min-speedup asks for {min_speedup:.2f}"
    )


def expected_gain(judgements: Sequence[Judgement]) -> float:
    """How many times as fast the steps can be with all of these, by the check's timings; infinite if not known."""
    shares = _shares(judgements)
    if not shares:
        return math.inf
    saved = 0.0
    for judgement, share in zip(judgements, shares, strict=True):
        result = base_result(judgement)
        if result is None or not result.seconds_per_call or not result.eager_seconds_per_call:
            return math.inf
        saved += share * max(0.0, 1 - result.seconds_per_call / result.eager_seconds_per_call)
    return _gain(saved)


def groups_needed(gain: float, min_speedup: float) -> int:
    """The fewest groups of runs whose confidence interval around ``gain`` can lie above ``min_speedup``.

    It assumes that the log ratios of groups have a standard deviation of SPREAD. MANY_GROUPS if none suffices.
    """
    for groups in range(2, MANY_GROUPS):
        reach = student_quantile(1 - FALSE_POSITIVES / 2, groups - 1) * SPREAD / math.sqrt(groups)
        if gain >= min_speedup * math.exp(reach):
            return groups
    return MANY_GROUPS


def _shares(judgements: Sequence[Judgement]) -> list[float]:
    """Each candidate's share of the time at most, outside of the others; empty if one is not known."""
    names = {judgement.function.id for judgement in judgements}
    shares = []
    for judgement in judgements:
        seen = judgement.observation
        if seen.share_at_most is None:
            return []
        # Calls from another of these functions are already in that function's time.
        total = sum(seen.callers.values())
        outside = sum(number for caller, number in seen.callers.items() if caller not in names)
        shares.append(seen.share_at_most * (outside / total if total else 1.0))
    return shares


def _gain(share: float) -> float:
    return 1 / (1 - share) if share < 1 else math.inf
