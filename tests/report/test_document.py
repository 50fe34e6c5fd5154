"""report.json: what it holds, and that it fits its schema whatever the run came to."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from hybridize import records
from hybridize.report.document import load_schema, to_text
from hybridize.report.reference import to_page

DOCS = Path(__file__).parents[2] / "docs" / "report.md"


def assert_valid(report: records.Report) -> dict:
    document = json.loads(to_text(report))
    Draft202012Validator(load_schema()).validate(document)
    return document


def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(load_schema())


def objects(schema):
    """Give every object in the schema that lists its properties."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield schema
        for value in schema.values():
            yield from objects(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from objects(value)


def test_the_schema_is_strict_and_explains_every_field():
    for each in objects(load_schema()):
        assert each["additionalProperties"] is False
        assert set(each["required"]) == set(each["properties"])
        for name, field in each["properties"].items():
            assert "description" in field or "$ref" in field, name


def test_the_documentation_is_made_from_the_schema():
    # After a change: python -m hybridize.report.reference > docs/report.md
    assert DOCS.read_text(encoding="utf-8") == to_page(load_schema())


def test_every_field_of_the_schema_is_documented():
    page = DOCS.read_text(encoding="utf-8")
    for each in objects(load_schema()):
        for name in each["properties"]:
            assert f"| `{name}` |" in page


def test_a_full_report_fits_the_schema(report):
    document = assert_valid(report)
    assert list(document) == list(load_schema()["properties"])
    assert document["schema_version"] == 1
    assert document["candidates"][0]["variant"] == "graph"
    assert document["candidates"][0]["observed"]["traces"] == 2
    assert document["candidates"][0]["parameters"][0]["dtypes"] == ["float32"]
    assert document["plan"]["edits"][0]["diff"].startswith("--- a/train.py\n")
    assert document["plan"]["edits"][0]["candidates"] == ["train:step"]
    assert document["benchmark"]["candidates"] == {"train:step": pytest.approx(7.935, abs=0.01)}
    assert document["benchmark"]["speedup"] == {"median": 7.9, "low": 7.5, "high": 8.3, "level": 0.95}
    assert document["benchmark"]["xla_auto_clustering"] == {"speedup": 0.97, "units": 180, "note": ""}
    assert document["drift"]["metrics"][0]["name"] == "loss"
    assert document["drift"]["metrics"][0]["seeds"] is None
    over_seeds = document["drift"]["metrics"][1]
    assert (over_seeds["low"], over_seeds["high"], over_seeds["seeds"]) == (-0.003, 0.007, 5)
    assert document["profile"]["shares"][0]["bound"] == 29.7
    assert document["profile"]["shares"][1]["after"] is None


@pytest.mark.parametrize(
    "status, code",
    [("usage", 2), ("script-failed", 3), ("failed", 4), ("interrupted", 130), ("refuted", 0), ("drift", 1)],
)
def test_a_run_that_came_to_nothing_fits_the_schema(report, status, code):
    empty = replace(
        report,
        status=status,
        exit_code=code,
        judgements=(),
        plan=records.Plan(),
        benchmark=None,
        drift=None,
        profile=None,
        timings={},
        warnings=(),
        folder=None,
    )
    document = assert_valid(empty)
    assert document["plan"] == {"edits": [], "patch": None, "applied": False}


def test_a_profile_that_could_not_be_made_fits_the_schema(report):
    document = assert_valid(replace(report, profile=records.Profile(reason="py-spy was not found")))
    assert document["profile"]["shares"] == [] and document["profile"]["samples_before"] is None


def test_a_script_that_failed_under_the_flag_fits_the_schema(report):
    failed = records.AutoClustering(None, 0, "the auto-clustered arm raised ValueError: no")
    document = assert_valid(replace(report, benchmark=replace(report.benchmark, xla_auto_clustering=failed)))
    assert document["benchmark"]["xla_auto_clustering"]["speedup"] is None
    document = assert_valid(replace(report, benchmark=replace(report.benchmark, xla_auto_clustering=None)))
    assert document["benchmark"]["xla_auto_clustering"] is None


def test_what_is_not_finite_is_null(report):
    nothing = records.Interval(float("nan"), float("-inf"), float("inf"))
    document = assert_valid(replace(report, benchmark=replace(report.benchmark, speedup=nothing)))
    assert document["benchmark"]["speedup"] == {"median": None, "low": None, "high": None, "level": 0.95}
    assert document["candidates"][0]["variants"][1]["seconds_per_call"] is None
    assert "NaN" not in to_text(report) and "Infinity" not in to_text(report)


def test_text_that_is_no_unicode_does_not_break_the_file(report):
    odd = replace(report, message="caf\udce9 \ud800", warnings=("\udcff",))
    document = assert_valid(odd)
    assert document["message"] == "caf\ufffd \ufffd"
    to_text(odd).encode("utf-8")


EVERY_VERDICT = [
    *((records.Judgement, "verdict", value) for value in records.Verdict),
    *((records.Function, "kind", value) for value in records.FunctionKind),
    *((records.Function, "proposal", value) for value in records.Action),
    *((records.Parameter, "kind", value) for value in records.ParameterKind),
    *((records.Assumption, "kind", value) for value in records.AssumptionKind),
]


@pytest.mark.parametrize("record, field, value", EVERY_VERDICT)
def test_every_value_of_an_enumeration_fits_the_schema(report, record, field, value):
    def changed(node):
        if isinstance(node, tuple):
            return tuple(changed(each) for each in node)
        if is_dataclass(node) and not isinstance(node, type):
            node = replace(node, **{each.name: changed(getattr(node, each.name)) for each in fields(node)})
            return replace(node, **{field: value}) if isinstance(node, record) else node
        return node

    assert_valid(replace(report, judgements=changed(report.judgements)))


# What a record holds and the file says under another name, or on purpose not at all.
ELSEWHERE = {
    records.Function: {"end_line", "module", "qualname", "calls", "proposal", "blocker", "assumptions"}
    | {"has_tensor_parameter", "has_primitive_parameter", "has_python_side_effects", "is_recursive"}
    | {"computes_with_tensors", "results_read", "confidence", "rank", "rests_on"},
    records.Judgement: {"function", "observation"},
    records.Observation: {"parameters"},
    records.CheckedAssumption: {"assumption"},
    records.Plan: {"files", "diffs", "patch_file"},
}


@pytest.mark.parametrize(
    "record, place",
    [
        (records.Function, "candidate"),
        (records.Judgement, "candidate"),
        (records.Observation, "observed"),
        (records.VariantResult, "variant"),
        (records.Assumption, "assumption"),
        (records.CheckedAssumption, "assumption"),
        (records.Finding, "finding"),
        (records.Effect, "effect"),
        (records.Benchmark, "benchmark"),
        (records.Pair, "pair"),
        (records.Interval, "interval"),
        (records.Drift, "drift"),
        (records.Metric, "metric"),
        (records.Plan, "plan"),
        (records.Profile, "profile"),
        (records.Share, "share"),
    ],
)
def test_no_field_of_a_record_is_forgotten(record, place):
    names = {field.name for field in fields(record)} - ELSEWHERE.get(record, set())
    assert names <= set(load_schema()["$defs"][place]["properties"])
