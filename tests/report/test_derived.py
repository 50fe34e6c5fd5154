"""What report.json says besides the records: reckoned from them, in one place."""

from __future__ import annotations

from dataclasses import replace

from hybridize import records
from hybridize.report.document import to_json


def candidates(report: records.Report) -> dict[str, dict]:
    return {each["id"]: each for each in to_json(report)["candidates"]}


def test_a_parameter_has_what_source_says_and_what_a_run_saw(report):
    found = candidates(report)
    (seen,), (unseen,) = found["train:step"]["parameters"], found["train:evaluate"]["parameters"]
    assert (seen["name"], seen["kind"], seen["observed_kinds"]) == ("x", "tensor", ["Tensor"])
    assert (seen["shapes"], seen["distinct_values"]) == (["(32, 10)", "(17, 10)"], 4000)
    assert (unseen["kind"], unseen["observed_kinds"], unseen["distinct_values"]) == ("tensor", [], None)


def test_the_variant_is_named_where_the_plan_writes_it(report):
    found = candidates(report)
    assert (found["train:step"]["variant"], found["train:evaluate"]["variant"]) == ("graph", None)
    unplanned = candidates(replace(report, plan=records.Plan()))["train:step"]
    # It was tried all the same, and its traces are told.
    assert (unplanned["variant"], unplanned["observed"]["traces"]) == (None, 2)


def test_each_edited_file_names_the_candidates_in_it(report):
    (first,), (edited,) = report.plan.edits, report.plan.files
    edits = (first, replace(first, candidate="train:other"), replace(first, candidate="lib:f", file="lib.py"))
    files = (edited, replace(edited, file="lib.py"))
    plan = to_json(replace(report, plan=replace(report.plan, edits=edits, files=files)))["plan"]
    assert [each["candidates"] for each in plan["edits"]] == [["train:step", "train:other"], ["lib:f"]]


def test_a_fingerprint_is_of_the_source_and_of_what_is_written_for_it(report):
    first, *rest = report.judgements
    known = replace(first, function=replace(first.function, fingerprint="a" * 32))
    compiled = replace(known, variant=records.Variant("xla", (("jit_compile", "True"),)))
    said = [to_json(replace(report, judgements=(j, *rest)))["candidates"][0] for j in (first, known, compiled)]
    assert [each["source_fingerprint"] for each in said] == [None, "a" * 32, "a" * 32]
    unknown, graph, xla = (each["fingerprint"] for each in said)
    assert unknown is None and graph and xla and graph != xla
