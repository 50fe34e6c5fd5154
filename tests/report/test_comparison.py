"""Two reports side by side."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from hybridize.cli import main
from hybridize.records import Interval, Reason, Report, Verdict
from hybridize.report.comparison import compare, reason_now
from hybridize.report.document import to_text


def with_speedup(report: Report, *bounds: float) -> Report:
    assert report.benchmark is not None
    return replace(report, benchmark=replace(report.benchmark, speedup=Interval(*bounds)))


def test_a_report_beside_itself_has_changed_in_nothing(report: Report) -> None:
    found = compare(report, report)
    assert not found.setting and not found.candidates and not any(row.differs for row in found.numbers)
    assert "No change of the gain is shown" in found.conclusion
    assert "the same result for every candidate" in found.conclusion


@pytest.mark.parametrize(
    ("later", "said"),
    [
        ((2.0, 1.8, 2.2), "has fallen"),
        ((9.0, 8.0, 10.0), "has risen"),
        ((4.0, 3.0, 5.5), "No change of the gain is shown"),
    ],
)
def test_the_gain_has_changed_where_the_intervals_lie_apart(report: Report, later: Any, said: str) -> None:
    found = compare(with_speedup(report, 5.0, 4.0, 6.0), with_speedup(report, *later))
    assert said in found.conclusion and "5.00x" in found.conclusion


def test_a_gain_that_was_not_measured_is_compared_with_nothing(report: Report) -> None:
    found = compare(report, replace(report, benchmark=None))
    assert "because the second measured none" in found.conclusion
    assert ("speedup per step", "–") in [(row.name, row.after) for row in found.numbers]


def test_a_candidate_of_which_something_else_is_said_is_named(report: Report) -> None:
    first, *others = report.judgements
    why = Reason("effect", "it prints ('x')")
    other = replace(first, verdict=Verdict.REFUTED, selected=False, reasons=(why, *first.reasons))
    later = replace(report, judgements=(other, *others[1:]))
    found = compare(report, later)
    assert [(row.name, row.after) for row in found.candidates] == [
        (first.function.id, "refuted"),
        (others[0].function.id, "not there"),
    ]
    assert (
        reason_now(later, first.function.id) == "it prints ('x')"
        and "2 candidates with a different result" in found.conclusion
    )


def test_another_machine_or_version_is_said(report: Report) -> None:
    later = replace(report, environment={**report.environment, "tensorflow": "2.99.0"})
    assert [(row.name, row.after) for row in compare(report, later).setting] == [("tensorflow", "2.99.0")]


def test_the_command_prints_them_side_by_side(report: Report, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(to_text(with_speedup(report, 5.0, 4.0, 6.0)))
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "report.json").write_text(to_text(with_speedup(report, 2.0, 1.8, 2.2)))
    out, err = StringIO(), StringIO()
    assert main(["compare", str(tmp_path / "a.json"), str(tmp_path / "later")], out, err) == 0
    line = next(line for line in out.getvalue().splitlines() if line.startswith("speedup per step"))
    assert "5.00x [4.00x, 6.00x]" in line and "2.00x [1.80x, 2.20x]" in line
    assert out.getvalue().splitlines()[-1].startswith("The gain has fallen") and not err.getvalue()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["a.json"], "takes two reports"),
        (["a.json", "gone.json"], "There is no gone.json"),
        (["a.json", "no.json"], "is not a report of optimize"),
        (["a.json", "a.json", "--quick"], "There is no option --quick"),
    ],
)
def test_what_is_wrong_with_the_call_is_said_in_one_sentence(
    report: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(to_text(report))
    (tmp_path / "no.json").write_text("[]")
    err = StringIO()
    assert main(["compare", *arguments], StringIO(), err) == 2
    assert said in err.getvalue() and err.getvalue().count("\n") == 1
