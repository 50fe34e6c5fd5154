"""A plan is run cold as a whole; what fails is found among its candidates, and the others keep their verdicts."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hybridize.dynamic.parent import cold
from hybridize.dynamic.parent.runs import Seen
from hybridize.options import Options
from hybridize.records import (
    Action,
    Contacts,
    Ending,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Reason,
    RunOutcome,
    Scan,
    Target,
    VariantResult,
    Verdict,
)
from hybridize.run import trial as trial_module
from hybridize.run.pacing import UNITS as COLD_UNITS
from hybridize.run.trial import ColdTrial
from hybridize.run.work import Work

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
    return Judgement(
        function, Verdict.CONFIRMED, (Reason("agreed", "eager and graph agreed"),), seen, selected=selected
    )


def report(units: int = COLD_UNITS, losses: Sequence[Sequence[float]] = DRAWN, **more: Any) -> dict[str, Any]:
    return {"units": units, "scalars": list(losses)[:units], "digests": {}, "traces": {}, **more}


def ended(ending: Ending = Ending.CUT, code: int = 0, changes: dict[str, Any] | None = None, **more: Any) -> Seen:
    return Seen(RunOutcome(ending, code, 3.0, "log", **more), report(**(changes or {})))


OURS = Seen(RunOutcome(Ending.CUT, 0, 3.0, "log"), report(0), ("Traceback\n  ...\nNameError: x\n",))


@pytest.fixture
def laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A project of three candidates, and runs that end as a function of the edited ones' names says."""
    (tmp_path / "train.py").write_text(SOURCE)

    def lay(behave: Callable[..., Seen], *confirmed: Judgement, **options: Any) -> Any:
        runs: list[tuple[str, set[str]]] = []

        def replay(
            run: Any, unit: Any, arms: Any, seconds: float, steps: int, reach: Any = (), patience: Any = ()
        ) -> dict[str, Seen]:
            seen = {}
            for arm in arms:
                label = arm.label
                edited = {name.partition(":")[2] for file in arm.files for name in file.def_lines}
                runs.append((label, edited))
                wants_label = len(inspect.signature(behave).parameters) > 1
                seen[label] = behave(edited, label) if wants_label else behave(edited)
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


@pytest.mark.slow
@pytest.mark.parametrize(
    ("failing", "verdict", "words"),
    [
        (ended(Ending.RAISED, 1, error_type="ValueError", error="singleton"), Verdict.REFUTED, "raises ValueError"),
        (ended(Ending.KILLED, -11), Verdict.REFUTED, "killed by signal 11"),
        (ended(changes={"unread": "TensorFlow has no `x`"}), Verdict.INCONCLUSIVE, "could not be read: TensorFlow has"),
        (ended(Ending.EXITED, 1), Verdict.REFUTED, "exit status 1"),
        (ended(changes={"leaks": ["self.mask"]}), Verdict.REFUTED, "self.mask"),
        (ended(changes={"losses": [[0.5]] * COLD_UNITS}), Verdict.REFUTED, "computed different numbers"),
        (OURS, Verdict.INCONCLUSIVE, "hybridize's own cold run failed (NameError: x)"),
    ],
)  # fmt: skip
def test_the_candidate_that_a_plan_fails_for_is_found(laid: Any, failing: Seen, verdict: Verdict, words: str) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: failing if "two" in edited else ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": verdict, "three": Verdict.CONFIRMED}
    refuted = work.judgements["train:two"]
    assert words in refuted.reasons[0].message and not refuted.selected
    assert runs[-1][1] == {"one", "three"}, "what stands has been run in exactly that form"
    assert drift is not None and drift.verdict == "none"


@pytest.mark.slow
def test_of_candidates_that_fail_only_together_the_hottest_and_what_stands_with_it_is_kept(laid: Any) -> None:
    chosen = [judgement("one", 5.0), judgement("two", 20.0), judgement("three", 10.0)]
    broken = ended(Ending.RAISED, 1, error_type="ValueError", error="x")
    work, trial, runs = laid(lambda edited: broken if {"two", "three"} <= edited else ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED, "three": Verdict.REFUTED}
    assert "it agrees alone, but not together with train:two: " in work.judgements["train:three"].reasons[0].message
    assert runs[-1][1] == {"one", "two"}, "what stands has been run in exactly that form"
    assert drift is not None and drift.verdict == "none"


def test_a_single_candidate_is_not_run_again_to_find_it(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, runs = laid(lambda edited: ended(Ending.KILLED, -9) if edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged"]
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_what_the_cold_run_never_called_is_not_confirmed(laid: Any) -> None:
    """An evaluation that comes after the last unit that was run: the run says nothing of its first, traced call."""
    chosen = [judgement("one"), judgement("two", seconds=1.0)]
    work, trial, runs = laid(lambda edited: ended(changes={"reached": {"two": 0, "train:two": 0}}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.INCONCLUSIVE}
    assert "did not reach a call of it" in work.judgements["train:two"].reasons[0].message
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
    assert drift is not None and (drift.verdict, drift.level) == ("inconclusive", "L2")
    assert "differs between two runs of the original script" in drift.reason
    assert verdicts(work) == {"one": Verdict.CONFIRMED}, "the calls that were compared decide"
    assert work.judgements["train:one"].reasons[-1].code == "no-two-runs-alike"


def test_where_two_runs_of_the_script_begin_alike_calls_do_not_stand_in_for_them(laid: Any) -> None:
    """The script is chaotic: a rounding error grows to the size of the value at once."""
    chosen = [judgement("one")]

    def behave(edited: set[str], label: str) -> Seen:
        far = 0.7 if label.startswith("nudged") else 0.6 if edited else 0.5
        return ended(changes={"losses": [[far + unit] for unit in range(COLD_UNITS)]})

    work, trial, _ = laid(behave, *chosen)
    drift = trial.settle(chosen, "plan")
    assert drift is not None and (drift.verdict, drift.level) == ("inconclusive", "L0")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("lost", ["a line", "the end"])
def test_what_needs_no_numbers_is_compared_in_a_script_that_does_not_repeat_itself(laid: Any, lost: str) -> None:
    chosen = [judgement("one")]
    count = iter(range(1000))

    def behave(edited: set[str]) -> Seen:
        said: dict[str, Any] = {} if lost == "the end" or edited else {"lines": ("epoch is done",)}
        raised = {"ending": Ending.RAISED, "error_type": "ValueError"} if lost == "the end" and edited else {}
        return ended(changes={"losses": [[float(next(count))]] * COLD_UNITS}, **said, **raised)

    work, trial, _ = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_before_a_difference_is_called_drift_rounding_is_imitated_in_more_than_one_way(laid: Any) -> None:
    """The edited run differs from the first nudged run, and does as another one does: that is rounding."""
    chosen = [judgement("one")]
    other = [[0.9 / (unit + 1)] for unit in range(COLD_UNITS)]

    def behave(edited: set[str], label: str) -> Seen:
        rows = {unit: {"w#1": [1.0, 1.0, 0.3 + unit / 9]} for unit in (1, 2, 3, 5)}
        return ended(changes={"losses": other if edited or label == "nudged-3" else DRAWN, "digests": rows})

    work, trial, runs = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged", "twin", "nudged-2", "nudged-3"]
    assert verdicts(work) == {"one": Verdict.CONFIRMED}


def test_without_time_to_imitate_rounding_again_no_difference_refutes(
    laid: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [judgement("one")]
    different = ended(changes={"losses": [[0.5]] * COLD_UNITS})
    work, trial, runs = laid(lambda edited: different if edited else ended(), *chosen)
    monkeypatch.setattr(Work, "left", property(lambda self: 60.0 if len(runs) < 3 else 1.0))
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}
    assert "whether rounding explains that" in work.judgements["train:one"].reasons[0].message


@pytest.mark.parametrize("done", [6, 19])
def test_an_edited_script_that_hangs_is_not_confirmed_as_far_as_it_went(laid: Any, done: int) -> None:
    chosen = [judgement("one")]
    hung = ended(changes={"units": done, "waited": 40.0})
    work, trial, _ = laid(lambda edited: hung if edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}
    assert f"did {done} steps and then waited 40 s for the next; the original did 60: it hangs" in (
        work.judgements["train:one"].reasons[0].message
    )


def test_a_unit_that_takes_as_long_in_the_original_is_no_hang(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: ended(changes={"units": 6, "waited": 40.0}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED}


# A run that was too slow.

SLOW = "only its first {} steps were compared"


@pytest.mark.slow
@pytest.mark.parametrize("done", [2, 12, 25])
@pytest.mark.parametrize("slow", [{"one", "two"}, set()], ids=["edited", "eager"])
def test_what_ran_too_slowly_is_compared_as_far_as_it_went_and_that_is_said(
    laid: Any, slow: set[str], done: int
) -> None:
    """A trace that takes long, on a machine that is slow: nothing speaks against the edits, and they are measured."""
    chosen = [judgement("one"), judgement("two", 5.0)]
    work, trial, runs = laid(lambda edited: ended(changes={"units": done if edited == slow else COLD_UNITS}), *chosen)
    drift = trial.settle(chosen, "plan")
    assert ran(runs) == [{"one", "two"}], "nothing is divided for the time"
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED}
    assert all(SLOW.format(done) in each.reasons[-1].message for each in work.judgements.values())
    assert drift is not None and drift.verdict == "none"


def test_of_a_run_that_did_what_was_wanted_no_extent_is_told(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: ended(), *chosen)
    trial.settle(chosen, "plan")
    assert "only" not in work.judgements["train:one"].reasons[-1].message


@pytest.mark.parametrize("done", [0, 1])
@pytest.mark.parametrize("late", [{"one", "two"}, set()], ids=["edited", "eager"])
def test_a_run_that_came_to_no_call_after_the_first_says_nothing_and_is_not_divided(
    laid: Any, late: set[str], done: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [150.0]
    monkeypatch.setattr(Work, "left", property(lambda self: left[0]))
    chosen = [judgement("one"), judgement("two", 5.0)]

    def behave(edited: set[str]) -> Seen:
        left[0] = 0.0
        return ended(changes={"units": done if edited == late else COLD_UNITS})

    work, trial, runs = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert ran(runs) == [{"one", "two"}]
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE, "two": Verdict.INCONCLUSIVE}
    who = "the edited script" if late else "the script"
    assert f"the budget ended before {who} had done 2 steps" in work.judgements["train:one"].reasons[0].message


def test_what_differs_in_the_few_units_that_were_run_is_refuted_all_the_same(laid: Any) -> None:
    chosen = [judgement("one")]
    other = {"units": 3, "losses": [[0.9]] * 3}
    work, trial, _ = laid(lambda edited: ended(changes=other if edited else {}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_a_script_that_ends_without_a_call_of_the_unit_is_not_said_to_lack_time(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: ended(Ending.FINISHED, changes={"units": 0}), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}
    assert "ended without a call of train:one" in work.judgements["train:one"].reasons[0].message


def test_one_that_is_too_slow_alone_does_not_keep_the_others_from_being_asked(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]

    def behave(edited: set[str]) -> Seen:
        if edited == set(NAMES):
            return BROKEN
        return ended(changes={"units": 0} if "one" in edited else {})

    work, trial, runs = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE, "two": Verdict.CONFIRMED, "three": Verdict.CONFIRMED}
    assert runs[-1][1] == {"two", "three"}


def test_a_plan_that_stood_is_not_lost_to_one_that_was_too_slow(laid: Any) -> None:
    chosen = [judgement("one", 20.0), judgement("two"), judgement("three", 5.0)]
    slow = ended(changes={"units": 1})
    work, trial, runs = laid(lambda edited: slow if "three" in edited else ended(), *chosen)
    trial.settle(chosen[:2], "plan")
    drift = trial.settle(chosen, "plan-2")
    assert ran(runs) == [{"one", "two"}, set(NAMES)]
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED, "three": Verdict.INCONCLUSIVE}
    assert drift is not None and drift.verdict == "none"


REFUSED = Contacts(refused=("hooks.example:443",), stopped="hooks.example:443")


@pytest.mark.parametrize(
    "early",
    [
        ended(changes={"units": 0}, contacts=REFUSED),
        ended(Ending.RAISED, 1, {"units": 0}, error_type="CommError", contacts=replace(REFUSED, stopped="")),
    ],
    ids=["for that", "by an error of its own"],
)
def test_a_script_that_ends_for_a_refusal_is_not_run_again_and_refutes_nobody(laid: Any, early: Seen) -> None:
    chosen = [judgement("one"), judgement("two", 5.0)]
    work, trial, _ = laid(lambda edited: early, *chosen)
    trial.seconds = 10.0
    trial.settle(chosen, "plan")
    assert set(verdicts(work).values()) == {Verdict.INCONCLUSIVE} and trial.seconds == 10.0
    reason = work.judgements["train:one"].reasons[0].message
    assert "connection to hooks.example:443 was refused" in reason and "--network allow" in reason


def test_a_script_that_is_refused_a_connection_when_it_has_trained_is_compared_until_then(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, _ = laid(lambda edited: ended(changes={"units": 20}, contacts=REFUSED), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED}


def test_an_edited_script_that_fails_after_a_refusal_of_its_own_is_not_refuted(laid: Any) -> None:
    chosen = [judgement("one")]
    failed = ended(Ending.RAISED, 1, error_type="CommError", error="timeout", contacts=Contacts(refused=("host:443",)))
    work, trial, _ = laid(lambda edited: failed if edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.INCONCLUSIVE}
    assert "after its connection to host:443 was refused" in work.judgements["train:one"].reasons[0].message


def test_an_edited_script_that_fails_where_the_original_was_refused_the_same_is_refuted(laid: Any) -> None:
    chosen = [judgement("one")]
    both = Contacts(refused=("host:443",))
    failed = ended(Ending.RAISED, 1, error_type="ValueError", error="no", contacts=both)
    work, trial, _ = laid(lambda edited: failed if edited else ended(contacts=both), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_no_cold_run_is_begun_when_the_budget_is_spent(laid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [judgement(name) for name in NAMES]
    broken = ended(Ending.RAISED, 1, error_type="ValueError", error="x")
    work, trial, runs = laid(lambda edited: broken if "two" in edited else ended(), *chosen)
    monkeypatch.setattr(Work, "left", property(lambda self: 60.0 if len(runs) < 4 else 1.0))
    trial.settle(chosen, "plan")
    assert [edited for _, edited in runs if edited] == [set(NAMES), {"one"}]
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.INCONCLUSIVE, "three": Verdict.INCONCLUSIVE}
    assert "the budget ended before it was run" in work.judgements["train:two"].reasons[0].message
    assert [j.function.qualname for j in work.selected()] == ["one"], "which has run in just that form, and agreed"


def test_the_references_are_run_once_for_all_plans(laid: Any) -> None:
    one, two = judgement("one"), judgement("two", selected=False)
    _, trial, runs = laid(lambda edited: ended(), one, two)
    trial.settle([one], "plan")
    trial.settle([two], "rest")
    assert [label for label, _ in runs] == ["plan", "eager", "nudged", "rest"]


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
    inside = Reason("covered", "not needed: it runs inside train:one, which is converted")
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
    assert not any("train:one" in reason.message for reason in work.judgements["train:two"].reasons)
    assert "it runs inside train:two" in work.judgements["train:three"].reasons[-1].message


@pytest.mark.slow
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


@pytest.mark.slow
def test_what_stands_of_a_plan_is_not_run_again(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: BROKEN if "two" in edited else ended(), *chosen)
    trial.settle_plan(chosen)
    assert {j.function.qualname for j in work.selected()} == {"one", "three"} == runs[-1][1]
    assert len(ran(runs)) == 5, "all, each alone, and those that stand"


# Whom a failure names.


def stale(*names: str) -> Seen:
    """A run in whose traces some functions hold stale weights."""
    return ended(changes={"traces": {f"train:{name}": {"count": 1, "fault": "weights"} for name in names}})


def test_whom_a_failure_names_is_taken_out_first(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: stale("two") if "two" in edited else ended(), *chosen)
    drift = trial.settle(chosen, "plan")
    assert ran(runs) == [set(NAMES), {"one", "three"}], "nobody is run alone"
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.REFUTED, "three": Verdict.CONFIRMED}
    assert "would never see trained weights" in work.judgements["train:two"].reasons[0].message
    assert drift is not None and drift.verdict == "none"


def test_all_that_have_stale_weights_are_taken_out_at_once(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: stale(*(edited - {"one"})) if edited - {"one"} else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert ran(runs) == [set(NAMES), {"one"}]
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.REFUTED, "three": Verdict.REFUTED}


def raised_in(name: str) -> Seen:
    place = f"train.py:{5 + 4 * NAMES.index(name)}"
    return ended(Ending.RAISED, 1, error_type="ValueError", error="singleton", error_place=place)


def test_who_stands_where_the_script_failed_is_the_first_suspect(laid: Any) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: raised_in("three") if "three" in edited else ended(), *chosen)
    trial.settle(chosen, "plan")
    assert ran(runs) == [set(NAMES), {"one", "two"}]
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED, "three": Verdict.REFUTED}
    assert "raises ValueError: singleton at train.py:13" in work.judgements["train:three"].reasons[0].message


@pytest.mark.slow
def test_a_suspect_is_not_refuted_where_the_rest_fails_without_it(laid: Any) -> None:
    """What one leaves behind another trips over: the error's place is no proof."""
    chosen = [judgement(name) for name in NAMES]

    def behave(edited: set[str]) -> Seen:
        if "one" not in edited:
            return ended()
        return raised_in("three") if "three" in edited else BROKEN

    work, trial, runs = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED, "two": Verdict.CONFIRMED, "three": Verdict.CONFIRMED}
    assert runs[-1][1] == {"two", "three"}


# When the time is over.


def test_a_plan_that_stood_is_not_lost_to_a_more_ambitious_one_that_ran_out_of_time(
    laid: Any, nested: list[Judgement], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As two and three stand, and the plan that takes in what ran inside of the refuted one is not decided."""
    one, two, three = nested
    alone = replace(three, selected=True, covered_by=None, observation=replace(three.observation, callers={}))
    hot = replace(two, reasons=two.reasons, observation=replace(two.observation, callers={"train:one": 1000}))
    work, trial, runs = laid(lambda edited: BROKEN if "one" in edited else ended(), one, hot, alone)
    monkeypatch.setattr(Work, "left", property(lambda self: 60.0 if len(ran(runs)) < 3 else 1.0))
    drift = trial.settle_plan(work.selected())
    assert ran(runs) == [{"one", "three"}, {"one"}, {"three"}]
    assert [j.function.qualname for j in work.selected()] == ["three"]
    assert verdicts(work)["three"] is Verdict.CONFIRMED and verdicts(work)["one"] is Verdict.REFUTED
    assert drift is not None and drift.verdict == "none"


def test_a_plan_that_fails_for_the_time_alone_is_not_divided(laid: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [judgement(name) for name in NAMES]
    work, trial, runs = laid(lambda edited: ended(), *chosen)
    monkeypatch.setattr(Work, "left", property(lambda self: 1.0))
    trial.settle(chosen, "plan")
    assert not runs
    assert all("the budget ended" in judgement.reasons[0].message for judgement in work.judgements.values())


def test_of_a_second_plan_that_ran_out_of_time_the_first_is_what_is_left(
    laid: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = [judgement("one"), judgement("two", 20.0), judgement("three", 5.0)]
    work, trial, runs = laid(lambda edited: BROKEN if "three" in edited else ended(), *chosen)
    trial.settle(chosen[:2], "plan")
    monkeypatch.setattr(Work, "left", property(lambda self: 60.0 if len(ran(runs)) < 2 else 1.0))
    drift = trial.settle(chosen, "plan-2")
    assert ran(runs) == [{"one", "two"}, set(NAMES)]
    assert verdicts(work) == {"one": Verdict.CONFIRMED, "two": Verdict.CONFIRMED, "three": Verdict.INCONCLUSIVE}
    assert drift is not None and drift.verdict == "none"


def test_parts_of_what_had_stale_weights_are_not_planned_next(laid: Any, nested: list[Judgement]) -> None:
    """A layer that a model calls is built as the model is: its weights would be stale as well."""
    work, trial, runs = laid(lambda edited: stale(*edited), *nested)
    trial.settle_plan(work.selected())
    assert ran(runs) == [{"one"}] and work.selected() == []
    assert verdicts(work)["two"] is Verdict.CONFIRMED, "which is for the run of what is not in the plan"


# Initial weights.

APART = {"digests": {unit: {"w#1": [1.0, 1.0, 0.9 + unit / 90]} for unit in (1, 2, 3, 5)}}
THERE = {"digests": {unit: {"w#1": [1.0, 1.0, 0.1 + unit / 90]} for unit in (1, 2, 3, 5)}}
OTHER_LOSSES = [[0.9 / (unit + 1)] for unit in range(COLD_UNITS)]
BORN = {"births": [{"name": "w", "shape": "(1,)", "dtype": "float32", "value": "W"}]}


def begins_elsewhere(agrees: bool) -> Callable[[set[str], str], Seen]:
    def behave(edited: set[str], label: str) -> Seen:
        given = label.endswith("-given")
        if not edited or (given and agrees):
            return ended(changes={**THERE, **BORN})
        return ended(changes={**APART, **BORN, "losses": OTHER_LOSSES})

    return behave


def test_another_random_initialization_is_no_drift_where_all_agrees_from_the_same_one(laid: Any) -> None:
    chosen = [judgement("one")]
    work, trial, runs = laid(begins_elsewhere(agrees=True), *chosen)
    drift = trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.CONFIRMED}
    assert [label for label, _ in runs][-5:] == [
        "plan-births", "births", "plan-given", "eager-given", "nudged-given",
    ]  # fmt: skip
    assert drift is not None and drift.verdict == "none" and "different initial values" in drift.reason
    assert any("different initial values" in reason.message for reason in work.judgements["train:one"].reasons)


def test_what_differs_from_the_same_initial_weights_too_is_refuted(laid: Any) -> None:
    """As where initial weights are baked in: the variables are given, and what was drawn is computed with."""
    chosen = [judgement("one")]
    work, trial, _ = laid(begins_elsewhere(agrees=False), *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED}


def test_a_difference_that_comes_later_is_not_asked_for_its_initial_weights(laid: Any) -> None:
    chosen = [judgement("one")]

    def behave(edited: set[str]) -> Seen:
        return ended(changes={**THERE, "losses": OTHER_LOSSES if edited else DRAWN})

    work, trial, runs = laid(behave, *chosen)
    trial.settle(chosen, "plan")
    assert verdicts(work) == {"one": Verdict.REFUTED}
    assert not any("births" in label for label, _ in runs)


def called_by(name: str, seconds: float, **callers: int) -> Judgement:
    made = judgement(name, seconds)
    named = {f"train:{caller}" if caller != "script" else "": calls for caller, calls in callers.items()}
    return replace(made, observation=replace(made.observation, callers=named))


@pytest.mark.parametrize(
    ("callers", "within"),
    [
        ({"script": 4}, ()),
        ({"script": 4, "two": 8}, ("train:two",)),
        ({"two": 8}, ()),
        ({"script": 4, "helper": 8}, ()),
    ],
    ids=["called by the script", "by another as well", "by another alone", "by what is no candidate"],
)
def test_units_are_calls_outside_of_what_may_be_converted(
    laid: Any, callers: dict[str, int], within: tuple[str, ...]
) -> None:
    _, trial, _ = laid(lambda edited: ended(), called_by("one", 20.0, **callers), called_by("two", 10.0, script=8))
    assert trial.unit.within == within
