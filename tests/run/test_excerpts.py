"""The source of what was tried is kept as it was before any edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hybridize.records import (
    Action,
    EditedFile,
    Function,
    FunctionKind,
    Judgement,
    Observation,
    Plan,
    Region,
    Target,
    Verdict,
)
from hybridize.run.excerpts import MOST_COLUMNS, MOST_LINES, with_sources

NOTHING = Plan()
SOURCE = "import x\n\n\nclass A:\n    def step(self):\n        return 1\n\n\nfor i in y:\n    a = 1\n    b = 2\n"


def work(tmp_path: Path, judgement: Judgement, plan: Plan = NOTHING) -> Any:
    target = Target(str(tmp_path), str(tmp_path), str(tmp_path / "train.py"))
    return SimpleNamespace(judgements={judgement.function.id: judgement}, plan=plan, target=target)


def judged(**changes: Any) -> Judgement:
    facts: dict[str, Any] = {"line": 5, "end_line": 6, "kind": FunctionKind.METHOD, "proposal": Action.HYBRIDIZE}
    facts |= changes
    line, end, kind, proposal = facts["line"], facts["end_line"], facts["kind"], facts["proposal"]
    function = Function(
        "train:A.step", "train.py", line, end, "train", "A.step", kind, None, (), (), (), proposal, None,
        region=facts.get("region"),
    )  # fmt: skip
    return Judgement(function, Verdict.CONFIRMED, (), Observation(calls=facts.get("calls", 9)))


def source(tmp_path: Path, judgement: Judgement, plan: Plan = NOTHING) -> str:
    return with_sources(work(tmp_path, judgement, plan))[0].source


@pytest.fixture(autouse=True)
def script(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SOURCE)


def test_a_method_is_shown_without_its_indentation(tmp_path: Path) -> None:
    assert source(tmp_path, judged()) == "def step(self):\n    return 1"


def test_a_region_is_shown_and_a_switch_is_one_line(tmp_path: Path) -> None:
    region = Region("train.py", 10, 11, "step", (), (), (), 9)
    assert source(tmp_path, judged(region=region)) == "a = 1\nb = 2"
    assert source(tmp_path, judged(kind=FunctionKind.SWITCH)) == "def step(self):"


def test_what_was_not_tried_and_what_can_not_be_read_have_none(tmp_path: Path) -> None:
    assert source(tmp_path, judged(calls=0)) == source(tmp_path, judged(proposal=Action.NONE)) == ""
    (tmp_path / "train.py").unlink()
    assert source(tmp_path, judged()) == ""


def test_of_an_edited_file_the_lines_before_the_edit_are_shown(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("@tf.function\n" * 9)
    plan = Plan(files=(EditedFile("train.py", SOURCE.encode(), b"", "0" * 64, {}, ()),))
    assert source(tmp_path, judged(), plan) == "def step(self):\n    return 1"


def test_a_long_source_is_cut(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(("x" * 1000 + "\n") * 1000)
    lines = source(tmp_path, replace(judged(line=1, end_line=999))).splitlines()
    assert len(lines) == MOST_LINES and {len(line) for line in lines} == {MOST_COLUMNS}
