"""A plan is run cold as a whole; what fails is found among its candidates, and the others keep their verdicts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize import trial as trial_module
from hybridize.dynamic import cold
from hybridize.dynamic.runs import Seen
from hybridize.options import Options
from hybridize.records import (
    Action,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    RunOutcome,
    Scan,
    Target,
    VariantResult,
    Verdict,
)
from hybridize.trial import COLD_UNITS, ColdTrial
from hybridize.work import Work

NAMES = ("one", "two", "three")
SOURCE = "import tensorflow as tf\n\n\n" + "".join(f"def {name}(x):\n    return x * 2.0\n\n\n" for name in NAMES)
DRAWN = [[0.5 / (unit + 1)] for unit in range(COLD_UNITS)]


class Silence:
    """A watcher that nobody looks at."""

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


def judgement(name: str, seconds: float = 10.0, selected: bool = True) -> Judgement:
    line = 4 + 4 * NAMES.index(name)
    kind = FunctionKind.FUNCTION
    function = Function(
        f"train:{name}", "train.py", line, line + 1, "train", name, kind, None, (), (), (), Action.HYBRIDIZE, None
    )
    seen = Observation(calls=1000, seconds=seconds)
    return Judgement(function, Verdict.CONFIRMED, ("eager and graph agreed",), seen, selected=selected)


def report(units: int = COLD_UNITS, losses: Sequence[Sequence[float]] = DRAWN, **more: Any) -> dict[str, Any]:
    return {"units": units, "scalars": list(losses)[:units], "digests": {}, "traces": {}, **more}


def ended(ending: Ending = Ending.CUT, code: int = 0, changes: dict[str, Any] | None = None, **more: Any) -> Seen:
    return Seen(RunOutcome(ending, code, 3.0, "log", **more), report(**(changes or {})))


OURS = Seen(RunOutcome(Ending.CUT, 0, 3.0, "log"), report(0), ("Traceback\n  ...\nNameError: x\n",))


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A project of three candidates, and runs that end as a function of the edited ones' names says."""
    (tmp_path / "train.py").write_text(SOURCE)

    def lay(behave: Callable[[set[str]], Seen], *confirmed: Judgement, **options: Any) -> Any:
        runs: list[tuple[str, set[str]]] = []

        def replay(run: Any, unit: Any, arms: Any, seconds: float, steps: int, reach: Any = ()) -> dict[str, Seen]:
            seen = {}
            for label, files, _ in arms:
                edited = {name.partition(":")[2] for file in files for name in file.def_lines}
                runs.append((label, edited))
                seen[label] = behave(edited)
            return seen

        monkeypatch.setattr(cold, "replay", replay)
        root = str(tmp_path)
        target = Target(root, root, f"{root}/train.py")
        work = Work(Options(budget_seconds=180.0, **options), Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
        work.add(confirmed)
        scan = Scan(root, (), (), {"train.py": "train"}, frozenset(["train.py"]), frozenset(), 20, True)
        trial = ColdTrial(work, scan, max(confirmed, key=lambda j: j.observation.seconds), confirmed)
        return work, trial, runs

    return lay


@pytest.mark.parametrize(("steps", "most"), [(1, 1), (3, 3), (None, COLD_UNITS)])
def test_a_cold_run_does_no_more_units_than_the_user_wants(laid: Any, steps: int | None, most: int) -> None:
    _, trial, _ = laid(lambda edited: ended(), judgement("one"), steps=steps)
    assert 1 <= trial.steps <= most


def test_a_cold_run_of_as_few_units_as_the_user_wants_is_enough(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, runs = laid(lambda edited: ended(changes={"units": 3}), *chosen, steps=3)
    assert trial.settle(chosen, "plan") is not None
    assert verdicts(work)["one"] is Verdict.CONFIRMED and len(runs) == 3


EXHAUSTED = ended(Ending.RAISED, 1, error_type="ResourceExhaustedError", error="OOM when allocating tensor")


@pytest.mark.parametrize("crowded", [{"one"}, set()], ids=["edited", "eager"])
def test_a_run_that_finds_no_memory_beside_others_is_run_again_alone(laid: Any, crowded: set[str]) -> None:
    chosen = [judgement("one")]
    seen = iter([EXHAUSTED])
    work, trial, runs = laid(lambda edited: next(seen, ended()) if edited == crowded else ended(), *chosen)
    assert trial.settle(chosen, "plan") is not None
    assert verdicts(work)["one"] is Verdict.CONFIRMED
    assert len(runs) == 4 and runs[-1][1] == crowded


def test_a_script_that_finds_no_memory_when_edited_also_alone_is_refuted(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: EXHAUSTED if edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work)["one"] is Verdict.REFUTED


def verdicts(work: Work) -> dict[str, Verdict]:
    return {judgement.function.qualname: judgement.verdict for judgement in work.judgements.values()}


def test_a_plan_that_runs_as_the_script_does_stands(laid: Any) -> None:
    chosen = [judgement("one"), judgement("two")]
    work, trial, runs = laid(lambda edited: ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert drift is not None and drift.verdict == "none"
    assert runs == [("plan", {"one", "two"}), ("eager", set()), ("nudged", set())]
    assert all(verdict is Verdict.CONFIRMED for verdict in verdicts(work).values())


@pytest.mark.parametrize(
    ("failing", "verdict", "words"),
    [
        (ended(Ending.RAISED, 1, error_type="ValueError", error="singleton"), Verdict.REFUTED, "raises ValueError"),
        (ended(Ending.KILLED, -11), Verdict.REFUTED, "killed by signal 11"),
        (ended(changes={"unread": "TensorFlow has no `x`"}), Verdict.INCONCLUSIVE, "could not be read: TensorFlow has"),
        (ended(Ending.EXITED, 1), Verdict.REFUTED, "exit status 1"),
        (ended(changes={"leaks": ["self.mask"]}), Verdict.REFUTED, "self.mask"),
        (ended(changes={"losses": [[0.5]] * COLD_UNITS}), Verdict.REFUTED, "parts from the script"),
        (ended(changes={"units": 2}), Verdict.INCONCLUSIVE, "no further than 2 units"),
        (ended(changes={"units": 0}), Verdict.INCONCLUSIVE, "no further than 0 units"),
        (OURS, Verdict.INCONCLUSIVE, "hybridize's own cold run failed (NameError: x)"),
    ],
)  # fmt: skip
def test_the_candidate_that_a_plan_fails_for_is_found(laid: Any, failing: Seen, verdict: Verdict, words: str) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: failing if "two" in edited else ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": verdict, "three": Verdict.CONFIRMED}
    refuted = work.judgements["train:two"]
    assert words in refuted.reasons[0] and not refuted.selected
    assert runs[-1][1] == {"one", "three"}, "what stands has been run in exactly that form"
    assert drift is not None and drift.verdict == "none"


def test_of_candidates_that_fail_only_together_the_hottest_and_what_stands_with_it_is_kept(laid: Any) -> None:
    chosen = [judgement("one", 5.0), judgement("two", 20.0), judgement("three", 10.0)]
    broken = ended(Ending.RAISED, 1, error_type="ValueError", error="x")
    work, trial, runs = laid(lambda edited: broken if {"two", "three"} <= edited else ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED, "three": Verdict.REFUTED}
    assert "alone it agrees, but not together with train:two: " in work.judgements["train:three"].reasons[0]
    assert runs[-1][1] == {"one", "two"}, "what stands has been run in exactly that form"
    assert drift is not None and drift.verdict == "none"


def test_a_single_candidate_is_not_run_again_to_find_it(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, runs = laid(lambda edited: ended(Ending.KILLED, -9) if edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged"]
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_what_the_cold_run_never_called_is_not_confirmed(laid: Any) -> None:
    """An evaluation that comes after the last unit that was run: nothing is known of its first, traced call."""
    chosen = [judgement("one"), judgement("two", seconds=1.0)]
    work, trial, runs = laid(lambda edited: ended(changes={"reached": {"two": 0, "train:two": 0}}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.INCONCLUSIVE}
    assert "did not come to a call of it" in work.judgements["train:two"].reasons[0]
    assert runs[-1][1] == {"one"}, "and the plan without it has been run"


def test_a_script_that_fails_by_itself_refutes_nobody(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: ended(changes={"units": 0, "losses": []}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}


def test_only_where_runs_differ_is_it_asked_whether_the_script_repeats_itself(laid: Any) -> None:
    chosen = [judgement("one")]
    count = iter(range(100))

    def behave(edited: set[str]) -> Seen:
        return ended(changes={"losses": [[float(next(count))]] * COLD_UNITS})

    work, trial, runs = laid(behave, *chosen)
    drift = trial.settle(chosen, "plan")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged", "twin"]
    assert drift is not None and drift.verdict == "inconclusive"
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("slow", ["eager", "edited"])
def test_a_run_that_came_nowhere_is_given_twice_as_long_where_the_budget_has_that(laid: Any, slow: str) -> None:
    chosen = [judgement("one")]

    def behave(edited: set[str]) -> Seen:
        late = bool(edited) == (slow == "edited") and trial.seconds < 15.0
        return ended(changes={"units": 1} if late else {})

    work, trial, runs = laid(behave, *chosen)
    trial.seconds = 10.0
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED} and drift is not None and drift.verdict == "none"
    assert trial.seconds == 20.0 and runs[-1][1] == ({"one"} if slow == "edited" else set())


def test_no_cold_run_is_begun_when_the_budget_is_spent(laid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [judgement(name) for name in NAMES]
    broken = ended(Ending.RAISED, 1, error_type="ValueError", error="x")
    work, trial, runs = laid(lambda edited: broken if "two" in edited else ended(), *chosen)
    monkeypatch.setattr(Work, "left", property(lambda self: 60.0 if len(runs) < 4 else 1.0))
    trial.settle(chosen, "plan")
    assert [edited for _, edited in runs if edited] == [set(NAMES), {"one"}]
    assert set(verdicts(work).values()) == {Verdict.INCONCLUSIVE}
    assert "the budget ended before it was run cold" in work.judgements["train:two"].reasons[0]


def test_the_references_are_run_once_for_all_plans(laid: Any) -> None:
    one, two = judgement("one"), judgement("two", selected=False)
    _, trial, runs = laid(lambda edited: ended(), one, two)
    trial.settle([one], "plan")
    trial.settle([two], "rest")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged", "rest"]


@pytest.mark.parametrize(("seconds", "steps", "expected"), [(10.0, None, 60), (10.0, 8, 8), (5000.0, None, 5)])
def test_so_many_units_are_run_as_the_budget_allows(
    laid: Any, seconds: float, steps: int | None, expected: int
) -> None:
    _, trial, _ = laid(lambda edited: ended(), judgement("one", seconds=seconds), steps=steps)
    assert trial.steps == expected


@pytest.fixture
def nested() -> list[Judgement]:
    """Three candidates of which each runs inside of the one before it, the outermost chosen."""
    one, two, three = (
        judgement(name, seconds, name == "one") for name, seconds in zip(NAMES, (10.0, 8.0, 6.0), strict=True)
    )
    graph = VariantResult("graph", Verdict.CONFIRMED, 1, 0.1, 0.001, 0.01, None)
    laid = [
        replace(each, observation=replace(each.observation, callers=callers, share=share), variants=(graph,))
        for each, callers, share in [(one, {}, 1.0), (two, {"train:one": 1000}, 0.8), (three, {"train:two": 1000}, 0.6)]
    ]
    inside = "not needed: it runs inside train:one, which is converted"
    return [laid[0], *(replace(each, reasons=(*each.reasons, inside), covered_by="train:one") for each in laid[1:])]


BROKEN = ended(Ending.RAISED, 1, error_type="ValueError", error="singleton")


def ran(runs: list[tuple[str, set[str]]]) -> list[set[str]]:
    return [edited for _, edited in runs if edited]


def test_what_ran_inside_of_a_caller_that_did_not_stand_is_chosen_and_run(laid: Any, nested: list[Judgement]) -> None:
    work, trial, runs = laid(lambda edited: BROKEN if "one" in edited else ended(), *nested)
    drift = trial.settle_plan(work.selected())
    assert verdicts(work) == {"one": Verdict.REFUTED, "two": Verdict.CONFIRMED, "three": Verdict.CONFIRMED}
    assert [j.function.qualname for j in work.selected()] == ["two"]
    assert ran(runs) == [{"one"}, {"two"}], "what is written has run in just that form"
    assert drift is not None and drift.verdict == "none"
    assert work.judgements["train:two"].covered_by is None
    assert not any("train:one" in reason for reason in work.judgements["train:two"].reasons)
    assert "it runs inside train:two" in work.judgements["train:three"].reasons[-1]


@pytest.mark.parametrize("most", [1, 2, 3])
def test_no_plan_is_left_that_was_not_run(
    laid: Any, nested: list[Judgement], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """However often a plan may be made anew: what is selected at the end is what ran last, or nothing."""
    monkeypatch.setattr(trial_module, "MOST_PLANS", most)
    work, trial, runs = laid(lambda edited: BROKEN if edited & set(NAMES[:most]) else ended(), *nested)
    trial.settle_plan(work.selected())
    assert work.selected() == []
    assert ran(runs) == [{name} for name in NAMES[:most]]


def test_what_stands_of_a_plan_is_not_run_again(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: BROKEN if "two" in edited else ended(), *chosen)
    trial.settle_plan(chosen)
    assert {j.function.qualname for j in work.selected()} == {"one", "three"} == runs[-1][1]
    assert len(ran(runs)) == 5, "all, each alone, and those that stand"
