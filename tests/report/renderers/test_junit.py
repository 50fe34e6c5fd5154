"""The verdicts as JUnit XML, held against the schema that Jenkins reads it with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from reports import against_a_baseline

from hybridize.records import Reason
from hybridize.report.renderers import junit

SCHEMA = Path(__file__).parents[2] / "schemas" / "junit-10.xsd"


def suite(report) -> ElementTree.Element:
    (found,) = ElementTree.fromstring(junit.render(report, None).encode("utf-8"))
    return found


def outcomes(report) -> dict[str, str]:
    cases = suite(report).findall("testcase")
    return {case.get("name", ""): next((e.tag for e in case if e.tag != "system-out"), "passed") for case in cases}


@pytest.mark.slow
def test_every_report_fits_the_schema(examples):
    xmlschema = pytest.importorskip("xmlschema")
    schema = xmlschema.XMLSchema(SCHEMA)
    for report in examples.values():
        schema.validate(junit.render(replace(report, message="\x00\x1b ]]> <&\" \ufffe \udce9"), None))


def test_a_candidate_is_a_test_case(report):
    assert outcomes(report) == {
        "run": "passed",
        "step": "passed",
        # It is right that the code is eager here.
        "Trainer.log_and_validate_everything_on_the_holdout_set": "skipped",
        "evaluate": "skipped",
    }
    found = suite(report)
    assert {key: found.get(key) for key in ("tests", "failures", "errors", "skipped", "time")} == {
        "tests": "4", "failures": "0", "errors": "0", "skipped": "2", "time": "125.400"
    }  # fmt: skip
    step = found.findall("testcase")[1]
    assert step.get("classname") == "train" and "40 of 40 calls" in (step.findtext("system-out") or "")
    assert "self.losses grew" in found.findall("testcase/skipped")[0].get("message", "")


def test_a_tf_function_of_the_users_that_is_refuted_has_failed(report):
    hybrid = replace(report.judgements[1].function, hybrid="@tf.function", qualname="fast")
    told = replace(report, judgements=(replace(report.judgements[1], function=hybrid),))
    assert outcomes(told)["fast"] == "failure" and suite(told).get("failures") == "1"


def test_a_check_has_a_case_for_the_speedup(report):
    told = against_a_baseline(report)
    assert outcomes(told)["speedup"] == "failure" and outcomes(told)["run"] == "failure"
    assert outcomes(told)["Trainer.log_and_validate_everything_on_the_holdout_set"] == "failure"
    for verdict, outcome in (("held", "passed"), ("inconclusive", "skipped")):
        assert outcomes(replace(told, held=replace(told.held, verdict=verdict)))["speedup"] == outcome


@pytest.mark.parametrize("code, expected", [(0, "passed"), (1, "failure"), (3, "error"), (4, "error"), (130, "error")])
def test_the_case_of_the_run_is_as_the_exit_code(report, code, expected):
    told = replace(report, exit_code=code, message="So it ended.")
    assert outcomes(told)["run"] == expected
    assert "So it ended." in junit.render(told, None)


def test_markup_and_control_characters_of_the_users_are_text(report):
    odd = "</skipped><failure/> &amp; ]]> \x00 \u202e \ufffe"
    function = replace(report.judgements[1].function, qualname="<b>\n\x1b", module='"&')
    judgement = replace(report.judgements[1], function=function, reasons=(Reason("x", odd),))
    case = suite(replace(report, judgements=(judgement,))).findall("testcase")[1]
    assert case.get("classname") == '"&' and (case.get("name") or "").startswith("<b>")
    (skipped,) = case.findall("skipped")
    assert skipped.get("message") == "refuted: </skipped><failure/> &amp; ]]> ␀ \\u202e \\ufffe"
