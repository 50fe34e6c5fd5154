"""Upper bounds of the gain from converting, by Amdahl's law, from the observed run's shares of the time."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ..records import Judgement

#: With fewer calls, their variance is not known well, and the share's interval is that of a proportion.
MANY_CALLS = 10
#: Half the width of an interval in standard errors.
WIDTH = 2.0


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
    names = {judgement.function.id for judgement in judgements}
    share = 0.0
    for judgement in judgements:
        seen = judgement.observation
        if seen.share_at_most is None:
            return None
        # Calls from another of these functions are already in that function's time.
        total = sum(seen.callers.values())
        outside = sum(number for caller, number in seen.callers.items() if caller not in names)
        share += seen.share_at_most * (outside / total if total else 1.0)
    best = 1 / (1 - share) if share < 1 else math.inf
    if not judgements or best >= min_speedup:
        return None
    who = judgements[0].function.id if len(judgements) == 1 else "the functions that could be converted"
    takes = "takes" if len(judgements) == 1 else "take"
    return (
        f"{who} {takes} {share:.1%} of the time at most, so the script could be {best:.2f} times as fast at best, and "
        f"--min-speedup asks for {min_speedup:.2f}"
    )
