"""Whether a ratio has changed between two measurements, and the steps in a series of ratios. Pure functions of numbers.

Both use logarithms, so that a loss and the gain that cancels it are equally large.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, variance

from ..records import Benchmark, Interval
from .statistics import student_quantile
from .summary import steady_logs, usable

#: The probability of a false positive: calling two equal series different.
ALPHA = 0.05
#: The standard deviation of the log ratio between two measurements of one program, in addition to the spread of the
#: groups of each: a measurement takes a minute or two, and the machine is in one state during it.
SESSION = 0.02
#: With more degrees of freedom, Student's distribution is the normal one.
MOST_FREEDOM = 1e6
#: With more values, the exact distribution of the U test takes too long to compute.
LONGEST_EXACT = 200


def logs_of(benchmark: Benchmark) -> list[float]:
    """The logarithms of a benchmark's ratios, one for each group of processes. The speedup is computed from these."""
    return steady_logs(usable(benchmark.pairs))[0]


def change(before: Sequence[float], now: Sequence[float], alpha: float = ALPHA) -> Interval | None:
    """The ratio now over the ratio before, with its confidence interval at 1 - ``alpha``. Both are given as logarithms.

    None with fewer than two groups of either. The interval is that of Welch's test of two means whose variances may
    differ (Welch, Biometrika 34, 1947), with SESSION as a known part of the variance.
    """
    if len(before) < 2 or len(now) < 2:
        return None
    mean = fmean(now) - fmean(before)
    parts = [variance(series) / len(series) for series in (before, now)]
    whole = sum(parts) + 2 * SESSION**2
    guessed = sum(part**2 / (len(series) - 1) for part, series in zip(parts, (before, now), strict=True))
    freedom = min(whole**2 / guessed, MOST_FREEDOM) if guessed > 0 else MOST_FREEDOM
    reach = student_quantile(1 - alpha / 2, freedom) * math.sqrt(whole)
    low, high = max(mean - reach, -300.0), min(mean + reach, 300.0)
    return Interval(math.exp(mean), math.exp(low), math.exp(high), 1 - alpha)


def judge(found: Interval | None, fail_on: float) -> str:
    """Whether a change is a loss of ``fail_on`` (0.1: a tenth) or more: ``lost``, ``held`` or ``inconclusive``.

    "lost" if the whole confidence interval is below 1 and the estimate is a loss of at least ``fail_on``. "held" if
    the interval excludes such a loss.
    """
    if found is None:
        return "inconclusive"
    if found.high < 1 and found.median <= 1 - fail_on:
        return "lost"
    return "held" if found.low > 1 - fail_on else "inconclusive"


@dataclass(frozen=True)
class Step:
    """A step in a series. ``at`` is the position of the first value after it. ``before`` and ``after`` are the medians
    on both sides, up to the next step. ``p_value`` is the probability of such a step in a series without steps.
    """

    at: int
    before: float
    after: float
    p_value: float


def steps(values: Sequence[float], factor: float = 1.1, alpha: float = ALPHA) -> list[Step]:
    """The steps by ``factor`` or more in a series of ratios, in order.

    The series is split in two where the ranks of both parts differ most (the U test of Mann and Whitney, Annals of
    Mathematical Statistics 18, 1947), and each part is split again. A split counts if its p value is significant after
    Bonferroni's correction for all possible places, and if the medians of both sides differ by ``factor``.
    """
    found = sorted(_splits([math.log(value) for value in values], 0, factor, alpha))
    edges = [0, *(at for at, _ in found), len(values)]
    return [
        Step(at, median(values[edges[number] : at]), median(values[at : edges[number + 2]]), p_value)
        for number, (at, p_value) in enumerate(found)
    ]


def _splits(logs: Sequence[float], offset: int, factor: float, alpha: float) -> list[tuple[int, float]]:
    """The positions of the steps, with their p values."""
    least = _fewest(alpha)
    places = range(least, len(logs) - least + 1)
    if not places:
        return []
    tried = [(min(1.0, len(places) * u_test(logs[:at], logs[at:])), at) for at in places]
    p_value, _ = best = min(tried)
    # Among places with the same p value, take the one with the largest difference of medians.
    at = max((at for p, at in tried if p == best[0]), key=lambda at: abs(median(logs[at:]) - median(logs[:at])))
    if p_value >= alpha or abs(median(logs[at:]) - median(logs[:at])) < math.log(factor):
        return []
    left = _splits(logs[:at], offset, factor, alpha)
    return [*left, (offset + at, p_value), *_splits(logs[at:], offset + at, factor, alpha)]


def _fewest(alpha: float) -> int:
    """The fewest values on each side with which the test can be significant."""
    number = 2
    while 2 / math.comb(2 * number, number) >= alpha:
        number += 1
    return number


def u_test(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p value of the U test of two series, computed by ``scipy.stats.mannwhitneyu``.

    It is exact without ties, and uses the normal approximation otherwise.
    """
    from scipy.stats import mannwhitneyu

    both = [*one, *other]
    # All splits of a series use one method, because their p values are compared.
    exact = len(set(both)) == len(both) <= LONGEST_EXACT
    return float(mannwhitneyu(one, other, alternative="two-sided", method="exact" if exact else "asymptotic").pvalue)
