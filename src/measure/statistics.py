"""The statistics of a measurement with their sources. Pure functions of numbers.

Ratios of times are compared as natural logarithms, so that a ratio and its inverse are equally far from 0, and
multiplicative noise becomes additive.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

from ..records import Interval

# The probability, over all looks together, of calling two identical scripts different.
FALSE_POSITIVES = 0.05


def student_quantile(probability: float, freedom: float) -> float:
    """The t with P(T <= t) = ``probability`` for Student's distribution with ``freedom`` degrees.

    Source: Student, "The probable error of a mean", Biometrika 6 (1908); computed by
    ``scipy.special.stdtrit``, which imports in milliseconds where ``scipy.stats`` takes a second.
    """
    from scipy.special import stdtrit

    return float(stdtrit(freedom, probability))


def student_probability(value: float, freedom: int) -> float:
    """P(T <= ``value``) for Student's distribution with ``freedom`` degrees (``scipy.special.stdtr``)."""
    from scipy.special import stdtr

    return float(stdtr(freedom, value))


def standard_error(values: Sequence[float]) -> float:
    """The standard error of the mean, s / sqrt(n), of two or more values."""
    return stdev(values) / math.sqrt(len(values))


def mean_interval(values: Sequence[float], alpha: float = 0.05) -> tuple[float, float]:
    """The two-sided t confidence interval of the mean of two or more values, at level 1 - ``alpha``.

    Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 1.3.5.2.
    """
    reach = student_quantile(1 - alpha / 2, len(values) - 1) * standard_error(values)
    mean = fmean(values)
    return mean - reach, mean + reach


def ratio_interval(log_ratios: Sequence[float], alpha: float = 0.05) -> Interval:
    """The median ratio of two or more groups, with the t interval of the mean of their logarithms.

    For up to seven groups at 95%, the median is always inside the interval, because its distance from the mean is at
    most s * sqrt((n - 1) / n) (Hotelling and Solomons, Annals of Mathematical Statistics 3, 1932). For more groups it
    is inside in all but contrived cases.
    """
    low, high = mean_interval(log_ratios, alpha)
    # Two very different groups give bounds that overflow a float.
    bounds = math.exp(max(low, -300.0)), math.exp(min(high, 300.0))
    return Interval(math.exp(median(log_ratios)), *bounds, level=1 - alpha)


def noise_floor(log_ratios: Sequence[float]) -> float:
    """The ratio (at least 1) between two identical arms, over one or more groups.

    It is the distance of the mean log ratio from 0, but at least the mean's standard error, because the mean may be
    near 0 by chance on a noisy machine.
    """
    away = abs(fmean(log_ratios))
    if len(log_ratios) > 1:
        away = max(away, standard_error(log_ratios))
    return math.exp(away)


def mean_log(values: Sequence[float]) -> float:
    """The mean logarithm of one or more positive values (the logarithm of their geometric mean)."""
    return fmean(math.log(value) for value in values)


def pseudomedian(values: Sequence[float]) -> float:
    """The median of the means of all pairs of values, including each value with itself.

    It is robust: up to 29% of the values may be arbitrary. For normal noise it needs a twentieth more values than the
    mean for the same precision, and the median needs half as many again. Source: Hodges and Lehmann, Annals of
    Mathematical Statistics 34 (1963).
    """
    means = [(first + second) / 2 for at, first in enumerate(values) for second in values[at:]]
    return median(means)


def pseudomedian_error(values: Sequence[float]) -> float:
    """A robust estimate of the standard error of the pseudomedian of two or more values.

    sqrt(pi / 3) * sigma / sqrt(n) holds for normal noise (Hodges and Lehmann, as above); sigma is 1.4826
    times the median absolute deviation (Hampel, Journal of the American Statistical Association 69, 1974).
    """
    middle = median(values)
    sigma = 1.4826 * median(abs(value - middle) for value in values)
    return math.sqrt(math.pi / 3) * sigma / math.sqrt(len(values))


def without_slowest(values: Sequence[float], share: float = 0.1) -> list[int]:
    """The positions in ``values`` without the largest ``share`` of them (at least one)."""
    drop = max(1, math.ceil(share * len(values) - 1e-9))
    ranked = sorted(range(len(values)), key=lambda position: values[position])
    return sorted(ranked[: len(values) - drop])


def planned_looks(groups: int) -> tuple[tuple[int, float], ...]:
    """The interim looks at the result, as (groups done, alpha).

    A look after every group would call identical scripts different far more often than in 5% of the cases (Armitage,
    McPherson and Rowe, Journal of the Royal Statistical Society A 132, 1969). So there are few looks, fixed in advance,
    and their alphas add up to 5%. By Bonferroni's inequality that bounds the total error, even if the looks depend on
    each other. Most of it is kept for the last look, as O'Brien and Fleming (Biometrics 35, 1979) advise: only an
    obvious gain stops early.
    """
    if groups <= 3:
        return ((groups, FALSE_POSITIVES),)
    if groups < 8:
        return ((3, 0.01), (groups, FALSE_POSITIVES - 0.01))
    return ((3, 0.01), (6, 0.01), (groups, FALSE_POSITIVES - 0.02))


def least_deviation(deviation: float, freedom: int, alpha: float) -> float:
    """The lower confidence limit, at level 1 - ``alpha``, of a standard deviation estimated as ``deviation``.

    Source: NIST/SEMATECH e-Handbook of Statistical Methods, section 7.2.3.1; the chi-square quantile is
    ``scipy.special.chdtri``.
    """
    from scipy.special import chdtri

    return deviation * math.sqrt(freedom / float(chdtri(freedom, alpha)))


@dataclass(frozen=True)
class Equivalence:
    """The outcome of two one-sided tests: the larger p value, and the 1 - 2 alpha confidence interval of the mean.

    ``different`` says that the mean is outside the margin. If neither flag is set, the values do not decide.
    """

    equivalent: bool
    different: bool
    p_value: float
    low: float
    high: float


def check_equivalence(
    differences: Sequence[float], margin: float, alpha: float = 0.05, comparisons: int = 1
) -> Equivalence:
    """Whether the mean of two or more paired differences lies within ±``margin`` (TOST), or beyond it.

    Source: Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15 (1987). A mean lies beyond the margin if its
    whole interval does. If it is one of several ``comparisons``, that interval is at alpha / ``comparisons`` on each
    side (Bonferroni), because one difference is enough to report drift. Calling all of them equivalent needs no such
    correction (Berger, Technometrics 24, 1982). Identical differences (standard error 0) are decided by their value
    alone.
    """
    freedom = len(differences) - 1
    mean, error = fmean(differences), standard_error(differences)
    if error == 0:
        inside = abs(mean) <= margin
        return Equivalence(inside, not inside, 0.0 if inside else 1.0, mean, mean)
    above = 1 - student_probability((mean + margin) / error, freedom)
    below = student_probability((mean - margin) / error, freedom)
    low, high = mean_interval(differences, 2 * alpha)
    least, most = mean_interval(differences, 2 * alpha / comparisons)
    p_value = max(above, below)
    return Equivalence(p_value < alpha, least > margin or most < -margin, p_value, low, high)
