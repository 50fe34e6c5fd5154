"""The verdicts as SARIF, held against the schema of the standard."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from reports import against_a_baseline

from hybridize.records import Reason, Verdict
from hybridize.report.renderers import sarif
from hybridize.report.scan import sarif as scan_sarif

SCHEMA = json.loads((Path(__file__).parents[2] / "schemas" / "sarif-2.1.0.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)


def logged(report) -> dict:
    document = json.loads(sarif.render(report, None))
    VALIDATOR.validate(document)
    return document["runs"][0]


def fingerprints(run) -> list[str]:
    return [result["partialFingerprints"]["hybridize/v1"] for result in run["results"]]


def test_every_report_fits_the_schema(examples):
    for report in examples.values():
        logged(report)


def test_a_scan_fits_the_schema(scan):
    document = json.loads("".join(scan_sarif.render(scan, {"HYB101": "Prints"})))
    VALIDATOR.validate(document)
    assert document["runs"][0]["results"]


def test_each_verdict_that_asks_for_something_is_a_result(report):
    run = logged(report)
    told = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert told == [("faster-as-graph", "warning"), ("refuted", "note"), ("unobserved", "note")]
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == {rule for rule, _ in told}
    first, second, _ = (result["message"]["text"] for result in run["results"])
    assert first.startswith("train:step: confirmed, 7.90x as fast: the graph gave what eager gave")
    assert first.endswith(" Apply the patch.") and "self.losses grew" in second


def test_what_was_applied_is_no_alert_any_more(report):
    run = logged(replace(report, plan=replace(report.plan, applied=True)))
    assert "faster-as-graph" not in {result["ruleId"] for result in run["results"]}


def wrong_hybrid(report):
    """A function that the user decorated, and that the runs refute."""
    known = report.judgements[1]
    hybrid = replace(known.function, hybrid="@tf.function")
    return replace(report, judgements=(replace(known, function=hybrid),))


def test_a_tf_function_of_the_users_that_is_refuted_is_an_error(report):
    (result,) = logged(wrong_hybrid(report))["results"]
    assert (result["ruleId"], result["level"]) == ("wrong-as-graph", "error")


def test_a_lost_speedup_has_a_result_at_each_function_that_runs_otherwise(report):
    run = logged(against_a_baseline(report))
    told = [(result["ruleId"], result["level"]) for result in run["results"]]
    assert told[:2] == [("speedup-lost", "error"), ("wrong-as-graph", "error")]
    assert "was traced 40 times" in run["results"][0]["message"]["text"]


def test_paths_are_relative_to_the_top_of_the_repository(report, tmp_path):
    (tmp_path / ".git").mkdir()
    target = replace(report.command.target, root=str(tmp_path / "a b" / "project"))
    run = logged(replace(report, command=replace(report.command, target=target)))
    places = [result["locations"][0]["physicalLocation"]["artifactLocation"] for result in run["results"]]
    assert {place["uri"] for place in places} == {"a%20b/project/train.py"}
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == tmp_path.as_uri() + "/"


def test_the_lines_that_reasons_name_are_related_places(report):
    known = report.judgements[1]
    reason = replace(known.reasons[0], place="train.py:44")
    run = logged(replace(report, judgements=(replace(known, reasons=(reason, Reason("x", "y", place="odd"))),)))
    (place,) = run["results"][0]["relatedLocations"]
    assert place["physicalLocation"]["region"]["startLine"] == 44 and place["message"]["text"].startswith("self.losses")


def test_fingerprints_are_unique_and_stay_when_lines_move(report):
    same = replace(report, judgements=(*report.judgements, report.judgements[1]))
    before = fingerprints(logged(same))
    assert len(set(before)) == len(before) == 4
    functions = [replace(each.function, line=each.function.line + 30, end_line=99) for each in same.judgements]
    moved = tuple(replace(each, function=made) for each, made in zip(same.judgements, functions, strict=True))
    assert fingerprints(logged(replace(same, judgements=moved))) == before


def test_a_fingerprint_is_another_one_where_other_code_stands(report):
    def of(fingerprint: str) -> list[str]:
        known = report.judgements[1]
        function = replace(known.function, fingerprint=fingerprint)
        return fingerprints(logged(replace(report, judgements=(replace(known, function=function),))))

    assert of("a") == of("a") != of("b")


SOURCE = """import tensorflow as tf


def step(x):
    print(x)
    print(x)
    print(x + 1)
    return tf.nn.relu(x) @ x
"""


@pytest.mark.slow
def test_fingerprints_of_a_scan_are_unique_and_stay_when_lines_move(tmp_path):
    from hybridize import static

    def scanned(text: str) -> list[str]:
        (tmp_path / "train.py").write_text(text)
        scan = static.scan(tmp_path, None, [tmp_path])
        document = json.loads("".join(scan_sarif.render(scan, {})))
        VALIDATOR.validate(document)
        return fingerprints(document["runs"][0])

    before = scanned(SOURCE)
    assert len(before) >= 3 and len(set(before)) == len(before)
    moved = "# moved\n\n" + SOURCE.replace("    print(x + 1)", "\n    # and commented\n    print(x + 1)")
    assert scanned(moved) == before


def test_text_that_looks_like_a_link_or_an_argument_stays_text(report):
    known = report.judgements[1]
    odd = replace(known, reasons=(Reason("x", "see [here](http://a) and {0} of [1, 2]"),))
    (result,) = logged(replace(report, judgements=(odd,)))["results"]
    assert r"see \[here](http://a) and {{0}} of [1, 2]" in result["message"]["text"]


def test_a_run_that_failed_says_so(report):
    run = logged(replace(report, exit_code=4, status="failed", message="It broke.", judgements=()))
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "It broke."
    # Drift is a finding, not a failure.
    assert logged(replace(report, exit_code=1))["invocations"][0]["executionSuccessful"] is True


def test_a_verdict_of_each_kind_has_a_rule_that_is_described(report):
    for verdict in (Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.UNOBSERVED):
        assert sarif.RULES[verdict.value]
