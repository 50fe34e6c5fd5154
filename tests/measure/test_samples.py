"""What sampled stacks say: shares, how sure they are, and the bound that follows."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from hybridize.measure import samples
from hybridize.measure.samples import Frame, Tally, Thread
from hybridize.sandbox.protocol import HOOK_FILE, WAITING

MODULE = Frame("<module>", "train.py", 30)
STEP = Frame("train:step", HOOK_FILE, 9)
LOSS = Frame("train:loss", HOOK_FILE, 9)
WAIT = Frame(WAITING, HOOK_FILE, 1)
LOAD = Frame("load", "data.py", 4)


def thread(*stacks: tuple[Frame, ...], name: str = "MainThread") -> Thread:
    return Thread(name, stacks)


def speedscope(**changes: Any) -> str:
    frames = [{"name": "step", "file": "train.py", "line": 7, "col": None}, {"name": "thread (1)", "file": ""}]
    profile = {"type": "sampled", "name": "Thread 1", "unit": "seconds", "samples": [[1, 0], [1]], "weights": [1, 1]}
    return json.dumps({"shared": {"frames": frames}, "profiles": [profile], **changes})


def test_a_speedscope_profile_is_read_in_the_order_of_its_samples() -> None:
    step, outermost = Frame("step", "train.py", 7), Frame("thread (1)", "", 0)
    assert samples.parse(speedscope()) == (Thread("Thread 1", ((outermost, step), (outermost,))),)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", "3", speedscope(profiles=[{"name": "x", "samples": [[7]]}]), speedscope(shared={})]
)
def test_what_is_no_profile_is_an_error(text: str) -> None:
    with pytest.raises(ValueError):
        samples.parse(text)


def test_collapsed_stacks_are_a_line_for_each_distinct_stack() -> None:
    threads = samples.parse(speedscope())
    assert samples.collapse([*threads, *threads]) == "thread (1) 2\nthread (1);step (train.py:7) 2\n"


def test_a_name_can_not_break_a_collapsed_stack() -> None:
    odd = Frame("a;b", "c\nd.py", 1)
    assert samples.collapse([thread((odd,))]) == "a,b (c d.py:1) 1\n"


def test_a_candidate_counts_once_for_each_moment_however_deep() -> None:
    tallied = samples.tally([thread((MODULE, STEP, LOSS), (MODULE, STEP, STEP), (MODULE, LOAD), (MODULE,))])
    assert tallied == Tally(4, {"train:step": 2, "train:loss": 1})


def test_a_function_of_the_users_that_has_a_candidates_name_is_not_the_candidate() -> None:
    assert samples.tally([thread((Frame("train:step", "train.py", 9),))]).candidates == {}


def test_the_moments_are_those_of_a_thread_that_lived_all_along() -> None:
    idle = thread(*[(LOAD,)] * 4)
    short = thread((STEP,), (STEP,), name="replica")
    assert samples.tally([short, idle]) == Tally(4, {"train:step": 2})


def test_a_candidate_in_many_threads_takes_no_more_than_all_of_the_time() -> None:
    both = [thread((STEP,), (STEP,)), thread((STEP,), (LOAD,))]
    assert samples.tally(both) == Tally(2, {"train:step": 2})


def test_waiting_for_the_sampler_is_no_time_of_the_scripts() -> None:
    assert samples.tally([thread((MODULE, WAIT), (MODULE, STEP))]) == Tally(1, {"train:step": 1})


def test_nothing_seen_is_no_moment() -> None:
    assert samples.tally([]) == Tally(0, {})


def test_a_share_has_the_standard_error_of_a_proportion() -> None:
    # Known value: p = 0.8 of n = 100 gives sqrt(0.16 / 100) = 0.04.
    assert samples.share(Tally(100, {"train:step": 80}), "train:step") == (0.8, pytest.approx(0.04))
    assert samples.share(Tally(100, {}), "train:step") == (0.0, 0.0)


def test_too_few_moments_give_no_number() -> None:
    assert samples.share(Tally(samples.LEAST_MOMENTS - 1, {"train:step": 9}), "train:step") == (None, None)


@pytest.mark.slow
@pytest.mark.parametrize("number, moments", [(0, 60), (13, 60), (48, 60), (59, 60), (60, 60), (391, 412)])
def test_the_upper_end_is_that_of_wilsons_interval(number: int, moments: int) -> None:
    from scipy.stats import binomtest

    expected = binomtest(number, moments).proportion_ci(0.95, "wilson").high
    assert samples.upper_end(number / moments, moments) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("part, most", [(0.0, 1.0), (0.5, 2.0), (0.95, 20.0)])
def test_the_bound_is_amdahls(part: float, most: float) -> None:
    assert samples.bound(part) == pytest.approx(most)


def test_what_takes_all_of_the_time_has_no_bound() -> None:
    assert samples.bound(1.0) is None
    assert samples.bound(samples.upper_end(1.0, 300)) is None
    assert math.isfinite(samples.bound(0.999) or math.inf)
