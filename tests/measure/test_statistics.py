"""The statistics against values from the literature, and against scipy.stats."""

import math
import random

import pytest

from hybridize.measure import statistics


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(1, 12.7062), (2, 4.3027), (4, 2.7764), (9, 2.2622), (30, 2.0423)]
)
def test_the_quantiles_of_student_are_those_of_the_printed_tables(freedom: int, quantile: float) -> None:
    assert statistics.student_quantile(0.975, freedom) == pytest.approx(quantile, abs=5e-5)


def test_the_interval_of_the_mean_is_the_one_of_the_nist_handbook() -> None:
    """ZARR13.DAT, section 1.3.5.2: 195 values, mean 9.261460, standard deviation 0.022789."""
    half = 0.022789 * math.sqrt(194 / 195)
    values = [9.261460 - half, 9.261460 + half] * 97 + [9.261460]
    low, high = statistics.mean_interval(values, 0.05)
    assert (low, high) == (pytest.approx(9.258242, abs=2e-5), pytest.approx(9.264679, abs=2e-5))


@pytest.mark.slow
def test_the_interval_of_the_mean_is_the_one_of_scipy() -> None:
    from scipy import stats

    values = [0.11, 0.07, 0.13, 0.02, 0.09]
    expected = stats.t.interval(0.9, 4, loc=sum(values) / 5, scale=stats.sem(values))
    assert statistics.mean_interval(values, 0.1) == pytest.approx(expected)


def test_ratios_are_averaged_as_logarithms_so_that_a_ratio_and_its_inverse_cancel() -> None:
    interval = statistics.ratio_interval([math.log(2), math.log(0.5)])
    assert interval.median == pytest.approx(1.0)
    assert interval.low * interval.high == pytest.approx(1.0)


def test_an_interval_of_groups_that_differ_wildly_is_still_a_number() -> None:
    interval = statistics.ratio_interval([-90.0, 90.0])
    assert interval.low > 0
    assert math.isfinite(interval.high)


@pytest.mark.slow
def test_the_median_of_few_groups_lies_inside_of_their_interval() -> None:
    numbers = random.Random(1)
    for _ in range(500):
        logs = [numbers.expovariate(1.0) ** 3 for _ in range(numbers.randint(2, 7))]
        interval = statistics.ratio_interval(logs)
        assert interval.low <= interval.median <= interval.high


def test_the_noise_floor_is_the_ratio_that_two_eager_processes_showed() -> None:
    assert statistics.noise_floor([math.log(1.04)]) == pytest.approx(1.04)
    assert statistics.noise_floor([math.log(1 / 1.04)]) == pytest.approx(1.04)
    assert statistics.noise_floor([0.05, 0.05, 0.05]) == pytest.approx(math.exp(0.05))


@pytest.mark.slow
def test_the_noise_floor_is_no_less_than_its_own_uncertainty() -> None:
    from scipy import stats

    assert statistics.noise_floor([0.1, -0.1, 0.1, -0.1]) == pytest.approx(math.exp(stats.sem([0.1, -0.1] * 2)))


def test_the_pseudomedian_is_the_one_of_hollander_and_wolfe() -> None:
    """The depression scores of Hollander and Wolfe (1973), table 3.1; R's wilcox.test gives -0.46."""
    before = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
    after = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
    differences = [second - first for first, second in zip(before, after, strict=True)]
    assert statistics.pseudomedian(differences) == pytest.approx(-0.46, abs=5e-3)


def test_the_pseudomedian_ignores_one_turn_that_went_wrong() -> None:
    turns = [0.09, 0.10, 0.11, 0.10, 0.09, 0.11, 0.10]
    assert statistics.pseudomedian([*turns, 50.0]) == pytest.approx(0.10, abs=0.01)


@pytest.mark.slow
def test_the_error_of_the_pseudomedian_is_its_spread_over_many_samples() -> None:
    from scipy import stats

    numbers = random.Random(2)
    samples = [[numbers.gauss(0, 0.2) for _ in range(40)] for _ in range(300)]
    spread = stats.tstd([statistics.pseudomedian(sample) for sample in samples])
    claimed = sum(statistics.pseudomedian_error(sample) for sample in samples) / len(samples)
    assert claimed == pytest.approx(spread, rel=0.15)


def test_the_slowest_tenth_is_dropped_and_at_least_one() -> None:
    assert statistics.without_slowest([1, 9, 2, 3]) == [0, 2, 3]
    assert statistics.without_slowest([5.0] * 18 + [7.0, 8.0]) == list(range(18))


@pytest.mark.parametrize("groups", range(1, 30))
def test_the_looks_together_spend_no_more_than_five_percent(groups: int) -> None:
    looks = statistics.planned_looks(groups)
    assert math.fsum(alpha for _, alpha in looks) == pytest.approx(0.05)
    assert all(alpha > 0 for _, alpha in looks)
    assert looks[-1][0] == groups


def test_no_early_look_is_taken_before_three_groups() -> None:
    assert all(at >= 3 for groups in range(4, 30) for at, _ in statistics.planned_looks(groups))


@pytest.mark.slow
@pytest.mark.parametrize("margin", [0.5, 1.0, 3.0])
def test_equivalence_is_the_two_one_sided_tests_of_schuirmann(margin: float) -> None:
    from scipy import stats

    differences = [0.31, -0.42, 0.15, 0.77, -0.05, 0.22, 0.40]
    above = stats.ttest_1samp(differences, -margin, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, margin, alternative="less").pvalue
    found = statistics.check_equivalence(differences, margin)
    assert found.p_value == pytest.approx(max(above, below))
    assert found.equivalent == (max(above, below) < 0.05)
    assert found.equivalent == (-margin < found.low and found.high < margin)


@pytest.mark.slow
@pytest.mark.parametrize("comparisons", [1, 4])
def test_what_lies_beyond_the_margin_is_told_by_student_and_bonferroni(comparisons: int) -> None:
    from scipy import stats

    differences = [1.31, 0.58, 1.15, 1.77, 0.95, 1.22, 1.40]
    beyond = [stats.ttest_1samp(differences, margin, alternative="greater").pvalue for margin in (0.9, 1.0)]
    for margin, p_value in zip((0.9, 1.0), beyond, strict=True):
        found = statistics.check_equivalence(differences, margin, comparisons=comparisons)
        assert found.different == (p_value < 0.05 / comparisons)
        mirrored = statistics.check_equivalence([-value for value in differences], margin, comparisons=comparisons)
        assert mirrored.different == found.different
    assert beyond[0] < 0.05 / 1 and not beyond[0] < 0.05 / 4, "the margin must tell one comparison from four"


@pytest.mark.slow
def test_equivalent_means_are_called_different_no_more_often_than_they_may_be() -> None:
    from scipy import stats

    numbers = random.Random(3)
    accused = 0
    for _ in range(1000):
        eager, edited = ([numbers.gauss(0, 1) for _ in range(4)] for _ in range(2))
        differences = [other - one for one, other in zip(eager, edited, strict=True)]
        accused += statistics.check_equivalence(differences, stats.tstd(eager)).different
    assert accused / 1000 <= 0.05


@pytest.mark.slow
def test_the_lower_limit_of_a_deviation_is_that_of_the_chi_square_interval() -> None:
    from scipy import stats

    for freedom, alpha in ((2, 0.025), (9, 0.05)):
        limit = 3.0 * math.sqrt(freedom / stats.chi2.ppf(1 - alpha, freedom))
        assert statistics.least_deviation(3.0, freedom, alpha) == pytest.approx(limit)


def test_identical_differences_are_decided_by_their_value() -> None:
    assert statistics.check_equivalence([0.1, 0.1, 0.1], 0.2).equivalent
    assert not statistics.check_equivalence([0.3, 0.3, 0.3], 0.2).equivalent
    assert statistics.check_equivalence([0.3, 0.3, 0.3], 0.2).different
    assert statistics.check_equivalence([0.0, 0.0, 0.0], 0.0).equivalent
