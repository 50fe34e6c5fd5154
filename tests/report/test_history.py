"""The results of checks in a file: appended to, read back, and told with the steps of the trend."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.records import Held, Interval, Report
from hybridize.report.history import Stepped, append, read, render


def line(number: int, ratio: float | None, commit: str = "") -> dict[str, object]:
    ends = (None, None) if ratio is None else (ratio * 0.98, ratio * 1.02)
    created = f"2026-01-{number + 1:02}T00:00:00+00:00"
    return {"created": created, "commit": commit, "status": "held", "ratio": ratio, "low": ends[0], "high": ends[1]}


def written(path: Path, *ratios: float | None) -> Path:
    path.write_text("".join(json.dumps(line(at, ratio, f"c{at}")) + "\n" for at, ratio in enumerate(ratios)))
    return path


def test_what_is_appended_is_read_back_in_the_order_of_time(tmp_path: Path, report: Report) -> None:
    path = tmp_path / "deep" / "h.jsonl"
    held = Held("held", ("train:step",), 0.1, now=Interval(3.0, 2.9, 3.1))
    append(path, replace(report, created="2026-01-02T00:00:00+00:00", held=held), "abc")
    append(path, replace(report, created="2026-01-01T00:00:00+00:00", held=Held("lost", (), 0.1)), "def")
    first, second = read(path)
    assert (first.commit, first.ratio) == ("def", None)
    assert (second.commit, second.ratio, second.low, second.high) == ("abc", 3.0, 2.9, 3.1)


def test_jobs_that_append_at_the_same_time_leave_whole_lines(tmp_path: Path, report: Report) -> None:
    long = replace(report, held=Held("held", ("train:step",), 0.1), message="long " * 2000)
    threads = [threading.Thread(target=append, args=(tmp_path / "h.jsonl", long)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read(tmp_path / "h.jsonl")) == 20


NEGATIVE = json.dumps({**line(0, 3.0), "ratio": -1.0})


@pytest.mark.parametrize("bad", ["{", "[]", '{"created": "x"}', NEGATIVE])
def test_a_line_that_is_no_result_is_named_by_its_number(tmp_path: Path, bad: str) -> None:
    path = written(tmp_path / "h.jsonl", 3.0)
    path.write_text(path.read_text() + "\n" + bad + "\n")
    with pytest.raises(ValueError, match=r"line 3 of .*h\.jsonl is not a result of a check"):
        read(path)


def test_the_trend_has_a_line_for_each_check_and_says_where_it_stepped(tmp_path: Path) -> None:
    lines = list(render(read(written(tmp_path / "h.jsonl", 3.0, None, 2.0)), {2: Stepped(3.0, 2.0, 0.01)}, 1.1))
    assert "c0" in lines[0] and "3.00x [2.94x, 3.06x]" in lines[0] and lines[0].endswith("#" * 30)
    assert lines[1].endswith("not measured")
    assert "-- 3.00x to 2.00x (-33%), p 0.01 --" in lines[2]
    assert lines[3].endswith("  " + "#" * 20)
    assert lines[-1] == "The speedup stepped 1 time, first seen at c2."


def test_no_step_is_said_with_how_many_checks_that_rests_on(tmp_path: Path) -> None:
    *_, last = render(read(written(tmp_path / "h.jsonl", 3.0, None, 3.0)), {}, 1.1)
    assert last == "The speedup did not change by 10% or more in 2 measured checks."
