"""All that is known of one function, as text."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hybridize.records import Move, Reason, Verdict
from hybridize.report.explanation import explain, find


@pytest.mark.parametrize(
    "asked, names",
    [
        ("train:step", ["step"]),
        ("step", ["step"]),
        ("log_and_validate_everything_on_the_holdout_set", ["Trainer.log_and_validate_everything_on_the_holdout_set"]),
        ("train.py:5", ["step"]),
        ("other.py:5", []),
        ("train.py:999", []),
        ("nothing", []),
    ],
)
def test_a_function_is_found_by_its_id_its_name_or_a_line_of_it(report, asked, names):
    short = tuple(
        replace(each, function=replace(each.function, end_line=each.function.line + 1)) for each in report.judgements
    )
    assert [j.function.qualname for j in find(replace(report, judgements=short), asked)] == names


def test_everything_that_is_known_is_told(report):
    text = explain(report.judgements[0], report)
    for part in (
        "train:step  (train.py:4–5)",
        "confirmed, in the patch",
        "the graph gave what eager gave in 40 of 40 calls",
        "7.90x, measured side by side",
        "4,000 calls, 2 signatures",
        "x: Tensor; float32; (32, 10) (17, 10); 4,000 distinct values",
        "called by train:main (4,000)",
        "HYB102 train.py:6: may append to a list (the run checks it)",
        "confirmed: log keeps nothing (4,000 calls)",
        "tf.function(): confirmed, 2 traces, 800 ms tracing",
        "retraced because of x: (17, 10)",
        "    def step(x):",
    ):
        assert part in text, part


def test_it_says_whose_move_it_is_and_why_a_function_was_not_proposed(report):
    judged = replace(report.judgements[1], reasons=(Reason("so", "it has too few calls", move=Move.BUDGET),))
    assert "longer --budget" in explain(replace(judged, verdict=Verdict.INCONCLUSIVE), report)
    assert "prints the loss (HYB101)" in explain(report.judgements[3], report)


@pytest.mark.parametrize("width", [40, 60, 120])
def test_lines_fit_the_terminal_and_hostile_text_does_nothing(report, width):
    judged = replace(report.judgements[0], reasons=(Reason("so", "\x1b[2J " + "word " * 90, "\u202e"),))
    text = explain(judged, report, width)
    assert max(map(len, text.splitlines())) <= width
    assert text.replace("\n", "").isprintable() and "␛[2J" in text
