"""A function that was given one object so far is asked what becomes of it when another one comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from test_trial import NAMES, SOURCE, Silence, ended, judgement

from hybridize.dynamic.parent import cold
from hybridize.options import Options
from hybridize.records import (
    Assumption,
    AssumptionKind,
    CheckedAssumption,
    Ending,
    Judgement,
    Reason,
    Scan,
    Target,
    Verdict,
)
from hybridize.run.renewed import LEAST_SECONDS, ask_for_second_objects
from hybridize.run.work import Work

LATE = "tf.function only supports singleton tf.Variables created on the first call."
CRASHED = {"error": LATE, "error_type": "ValueError", "error_place": "train.py:5"}

AGREED = Reason("agreed", "eager and graph agreed")


def doubted(name: str, *kinds: AssumptionKind, share: float = 0.8) -> Judgement:
    made = judgement(name, selected=False)
    open_ = tuple(
        CheckedAssumption(Assumption(kind, "network", "one"), Verdict.UNOBSERVED, "not seen") for kind in kinds
    )
    observation = replace(made.observation, share=share)
    reasons = (Reason("one-object", "the run was cut before a second object was passed"), AGREED)
    return replace(made, verdict=Verdict.INCONCLUSIVE, reasons=reasons, assumptions=open_, observation=observation)


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[dict[str, Judgement], list[str]]]:
    """What becomes of judgements where a run of the edited script ends in a certain way, and whose runs there were."""
    (tmp_path / "train.py").write_text(SOURCE)

    def ask(*judgements: Judgement, budget: float = 180.0, **outcome: Any) -> tuple[dict[str, Judgement], list[str]]:
        runs: list[str] = []

        def replay(run: Any, unit: Any, arms: Any, seconds: float, steps: int) -> dict[str, Any]:
            assert set(arms[0].files[0].def_lines) == {unit.candidate}, "the candidate alone is converted"
            assert seconds < budget
            runs.append(unit.candidate.rpartition(":")[2])
            return {arms[0].label: ended(Ending.RAISED if outcome else Ending.CUT, **outcome)}

        monkeypatch.setattr(cold, "replay", replay)
        root = str(tmp_path)
        target = Target(root, root, f"{root}/train.py")
        work = Work(Options(budget_seconds=budget), Silence(), target, tmp_path / "results")  # type: ignore[arg-type]
        work.add(judgements)
        scan = Scan(root, (), (), {"train.py": "train"}, frozenset(["train.py"]), frozenset(), 20, True)
        ask_for_second_objects(work, scan)
        return {name: work.judgements[f"train:{name}"] for name in NAMES if f"train:{name}" in work.judgements}, runs

    return ask


def test_one_that_fails_for_its_variables_is_refuted_by_name_and_line(asked: Any) -> None:
    found, runs = asked(doubted("one", AssumptionKind.SAME_OBJECT, AssumptionKind.SAME_OBJECT), **CRASHED)
    assert runs == ["one"] and found["one"].verdict is Verdict.REFUTED
    assert "another `network` creates variables at train.py:5" in found["one"].reasons[0].message
    assert found["one"].reasons[1:] == (AGREED,), "the doubt is settled"


@pytest.mark.parametrize(
    "outcome",
    [{}, {"error": "No such file", "error_type": "FileNotFoundError"}],
    ids=["it goes on", "what eager code may raise as well"],
)
def test_nothing_else_refutes(asked: Any, outcome: dict[str, str]) -> None:
    given = doubted("one", AssumptionKind.SAME_OBJECT)
    found, runs = asked(given, **outcome)
    assert runs == ["one"] and found["one"] == given


@pytest.mark.parametrize(
    "given",
    [
        doubted("one", AssumptionKind.SAME_OBJECT, AssumptionKind.STABLE),
        doubted("one"),
        doubted("one", AssumptionKind.SAME_OBJECT, share=0.01),
        replace(doubted("one", AssumptionKind.SAME_OBJECT), verdict=Verdict.CONFIRMED),
    ],
    ids=["another doubt", "no such doubt", "little time", "no doubt"],
)
def test_who_is_not_asked(asked: Any, given: Judgement) -> None:
    assert asked(given, **CRASHED) == ({"one": given}, [])


def test_the_longest_ones_are_asked_while_there_is_time(asked: Any) -> None:
    given = [replace(doubted(name, AssumptionKind.SAME_OBJECT)) for name in NAMES]
    longer = replace(given[2], observation=replace(given[2].observation, seconds=99.0))
    assert asked(given[0], given[1], longer)[1] == ["three", "one"]
    assert asked(given[0], budget=LEAST_SECONDS - 1.0)[1] == []
