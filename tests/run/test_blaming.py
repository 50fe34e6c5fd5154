"""Where a watched run fails, the script is blamed only if it fails unwatched too."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hybridize.records import Ending, RunOutcome
from hybridize.run.blaming import OutOfTime, find_culprits, seconds_to_fail

WATCHED = [f"train:f{number}" for number in range(11)]


class Script:
    """Fails when one of ``bad`` is watched, or two of ``pair`` are; ``runs`` counts how often it was run."""

    def __init__(self, bad: Sequence[str] = (), pair: Sequence[str] = (), always: bool = False) -> None:
        self.bad, self.pair, self.always = set(bad), set(pair), always
        self.runs = 0

    def __call__(self, watched: Sequence[str]) -> bool:
        self.runs += 1
        together = bool(self.pair) and self.pair.issubset(watched)
        return self.always or together or not self.bad.isdisjoint(watched)


def test_a_script_that_fails_by_itself_is_to_blame_after_one_run() -> None:
    script = Script(always=True)
    assert find_culprits(WATCHED, script) is None and script.runs == 1
    assert find_culprits([], Script()) is None


@pytest.mark.parametrize("bad", [WATCHED[:1], WATCHED[-1:], [WATCHED[2], WATCHED[7]], WATCHED[4:7]])
def test_the_functions_that_cannot_be_watched_are_found(bad: list[str]) -> None:
    script = Script(bad)
    assert sorted(find_culprits(WATCHED, script) or ()) == sorted(bad)
    assert script.runs <= 1 + 5 * len(bad)


def test_of_two_that_fail_together_one_is_enough() -> None:
    found = find_culprits(WATCHED, Script(pair=WATCHED[3:5]))
    assert found is not None and not Script(pair=WATCHED[3:5])([name for name in WATCHED if name not in found])


def test_where_many_cannot_be_watched_none_is() -> None:
    assert find_culprits(WATCHED, Script(WATCHED)) == WATCHED


def test_where_the_budget_ends_while_they_are_looked_for_none_is_watched() -> None:
    script, left = Script(WATCHED[2:3]), iter(range(3))

    def fails(watched: Sequence[str]) -> bool:
        if next(left, None) is None:
            raise OutOfTime
        return script(watched)

    assert find_culprits(WATCHED, fails) == WATCHED


def test_where_the_budget_ends_before_anything_is_known_that_is_said() -> None:
    failed = RunOutcome(Ending.RAISED, 1, 20.0, "log")
    with pytest.raises(OutOfTime):
        find_culprits(WATCHED, lambda _: bool(seconds_to_fail(failed, left=20.0)))


def test_a_run_to_see_whether_it_fails_ends_with_the_budget() -> None:
    failed = RunOutcome(Ending.RAISED, 1, 20.0, "log")
    assert seconds_to_fail(failed, left=100.0) == 50.0
    assert seconds_to_fail(failed, left=40.0) == 40.0
