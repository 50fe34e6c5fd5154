"""Workflow commands for GitHub."""

from __future__ import annotations

import re
from dataclasses import replace

from reports import against_a_baseline

from hybridize.records import Reason
from hybridize.report.renderers import github

COMMAND = re.compile(r"::(?P<name>[a-z]+) (?P<properties>[^:\r\n]*)::(?P<data>[^\r\n]*)")
CODES = {"%0A": "\n", "%0D": "\r", "%3A": ":", "%2C": ",", "%25": "%"}


def decoded(text: str) -> str:
    return re.sub("%(0A|0D|3A|2C|25)", lambda found: CODES[found[0]], text)


def commands(report) -> list[tuple[str, dict[str, str], str]]:
    """What GitHub's runner makes of the output, which it takes line by line."""
    found = []
    for line in github.render(report, None).splitlines():
        match = COMMAND.fullmatch(line)
        assert match, line
        pairs = dict(each.split("=", 1) for each in match["properties"].split(","))
        found.append((match["name"], {key: decoded(value) for key, value in pairs.items()}, decoded(match["data"])))
    return found


def test_the_run_is_told_first_and_then_what_was_found_at_its_lines(report):
    first, step, refuted, unobserved = commands(report)
    assert first == ("notice", {"title": "hybridize"}, report.message)
    assert step[:2] == ("notice", {"file": "train.py", "line": "4", "title": "faster as a graph: step"})
    assert step[2].startswith("7.90x as fast; the graph gave") and step[2].endswith(" Apply the patch.")
    assert refuted[1]["title"].startswith("refuted: Trainer.") and "self.losses grew" in refuted[2]
    assert unobserved[2] == "never called in this run. Run a script that calls it."


def test_what_is_wrong_comes_before_all_else_for_github_shows_few(report):
    hybrid = replace(report.judgements[1].function, hybrid="@tf.function")
    wrong = replace(report.judgements[1], function=hybrid)
    told = commands(replace(report, judgements=(*report.judgements, wrong)))
    assert told[1][0] == "error" and told[1][1]["title"].startswith("tf.function refuted: ")


def test_a_lost_speedup_is_an_error_at_each_function_that_runs_otherwise(report):
    told = commands(against_a_baseline(report))
    assert [name for name, *_ in told[:3]] == ["error", "error", "error"]
    assert told[1][1] == {"file": "train.py", "line": "4", "title": "speedup lost: step"}
    assert told[1][2] == "train:step was traced 40 times, and 2 in the baseline: n: 1 then 2."
    # Its decorator is there, and a run refutes it.
    assert told[2][1]["title"].startswith("tf.function refuted: Trainer.")
    held = replace(against_a_baseline(report).held, verdict="held")
    assert "speedup lost" not in github.render(replace(against_a_baseline(report), held=held), None)


def test_a_run_that_ends_with_another_code_than_0_is_an_error(report):
    first, *_ = commands(replace(report, exit_code=1, message="It drifts."))
    assert first == ("error", {"title": "hybridize"}, "It drifts. (exit code 1)")


def test_text_of_the_users_is_no_command(report):
    odd = replace(
        report.judgements[1].function, file="a,b:c%0A.py", qualname="f\n::error file=x::y", line=7
    )
    reason = Reason("x", "50%\r\n::add-mask::x \x1b[31m \u202e %0A, a: b")
    told = commands(replace(report, judgements=(replace(report.judgements[1], function=odd, reasons=(reason,)),)))
    assert len(told) == 2
    name, properties, text = told[1]
    assert properties["file"] == "a,b:c%0A.py" and properties["line"] == "7"
    assert properties["title"] == "refuted: f\n::error file=x::y"
    assert "50%␍\n::add-mask::x ␛[31m \\u202e %0A, a: b" in text and name == "notice"
