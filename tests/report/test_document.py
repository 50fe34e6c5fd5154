"""report.json: what it holds, that it fits its schema whatever the run came to, and that it is read back."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import fields, is_dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import hybridize
from hybridize import records
from hybridize.records.notes import AsObject, Limit, OneOf
from hybridize.report.document import UnreadableReport, load_report, to_json, to_text
from hybridize.report.encoding import kind_of, slots
from hybridize.report.folder import write
from hybridize.report.schema import to_schema

DOCUMENTS = Path(__file__).parent / "documents"
VALIDATOR = Draft202012Validator(to_schema())


def assert_valid(report: records.Report) -> dict:
    document = json.loads(to_text(report))
    VALIDATOR.validate(document)
    return document


# The contract


def paths(document: Any, place: str = "") -> dict[str, Any]:
    """Each place in a document, with what stands there; of an object or list that it is one."""
    if isinstance(document, dict):
        below = [paths(value, f"{place}.{key}") for key, value in document.items()]
        return {place: "object", **{key: value for each in below for key, value in each.items()}}
    if isinstance(document, list):
        below = [paths(value, f"{place}[{at}]") for at, value in enumerate(document)]
        return {place: f"list of {len(document)}", **{key: value for each in below for key, value in each.items()}}
    return {place: document}


@pytest.mark.parametrize("name", ["full", "crashed", "empty"])
def test_every_field_of_the_first_version_is_still_there_with_its_value(examples, name, tmp_path):
    # The documents in tests/report/documents are a promise to other tools: they are not made anew.
    text = (DOCUMENTS / f"{name}.json").read_text(encoding="utf-8")
    promised = paths(json.loads(text.replace("PROJECT", str(tmp_path)).replace("VERSION", hybridize.__version__)))
    now = paths(to_json(examples[name]))
    assert {place: now.get(place, "absent") for place in promised} == promised


def test_a_full_report_fits_the_schema(report):
    document = assert_valid(report)
    assert set(document) == set(to_schema()["properties"])
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
def test_a_run_that_came_to_nothing_fits_the_schema(examples, status, code):
    document = assert_valid(replace(examples["empty"], status=status, exit_code=code))
    assert document["plan"] == {"changes": [], "edits": [], "patch": None, "applied": False}


def test_a_report_of_an_edited_script_that_fails_fits_the_schema(examples):
    assert_valid(examples["crashed"])


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


@pytest.mark.slow
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


# Reading it back


def as_read(value: Any, annotation: Any) -> Any:
    """A value of a report without what report.json leaves out: fields, and numbers that are none."""
    kind = kind_of(annotation)
    if isinstance(value, float) and not math.isfinite(value):
        return None if kind.optional else math.nan
    if is_dataclass(value):
        left = {slot.name: slot.default("") for slot in slots(type(value)) if slot.left_out is not None}
        kept = {
            slot.name: as_read(getattr(value, slot.name), slot.type)
            for slot in slots(type(value))
            if slot.name not in left
        }
        return type(value)(**kept, **left)
    if isinstance(value, tuple):
        each = kind.arguments[0] if kind.arguments[1:] == (...,) else object
        return tuple(as_read(item, each) for item in value)
    if isinstance(value, dict):
        return {name: as_read(item, kind.arguments[1]) for name, item in value.items()}
    return value


def saved(report: records.Report, folder: Path) -> Path:
    path = folder / "saved.json"
    path.write_text(to_text(report), encoding="utf-8")
    return path


def test_a_written_report_is_read_back_from_its_folder(report, tmp_path):
    folder = Path(report.folder)
    folder.mkdir(parents=True)
    write(report, folder)
    read = load_report(folder)
    assert read == load_report(folder / "report.json") == load_report(str(folder.parent / "latest"))
    assert read == as_read(report, records.Report) != report
    assert read.judgements[0].observation == report.judgements[0].observation
    assert read.plan.edits == report.plan.edits and read.plan.files[0].diff == report.plan.files[0].diff
    assert (read.plan.files[0].before, read.plan.files[0].after) == (b"", b"")


@pytest.mark.parametrize("name", ["full", "crashed", "empty"])
def test_what_is_written_of_a_report_that_was_read_is_what_it_was_read_from(examples, name, tmp_path):
    path = saved(examples[name], tmp_path)
    read = load_report(path)
    assert repr(replace(read, message="")) == repr(as_read(replace(examples[name], message=""), records.Report))
    assert to_text(read) == path.read_text(encoding="utf-8")


PATTERNS = {"^[^:]+:.+$": ["train:step", "a.b:C.d"], "^[0-9a-f]{64}$": ["0" * 64]}
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=3)


@cache
def values(annotation: Any) -> st.SearchStrategy[Any]:
    """All values of a type of the records, within the limits that its notes set."""
    kind = kind_of(annotation)
    plain = _values(kind)
    return st.none() | plain if kind.optional else plain


def _values(kind: Any) -> st.SearchStrategy[Any]:
    limits = {note.keyword: note.value for note in kind.notes if isinstance(note, Limit)}
    one_of = kind.note(OneOf)
    if is_dataclass(kind.base):
        return st.deferred(lambda: any_record(kind.base))
    if one_of is not None:
        members = {getattr(each, "value", each): each for each in getattr(kind.base, "__members__", {}).values()}
        return st.sampled_from([members.get(value, value) for value in one_of.values])
    if kind.base is int:
        return st.integers(limits.get("minimum", -(2**70)), 2**70)
    if kind.base is float:
        low = limits.get("minimum", limits.get("exclusiveMinimum"))
        return st.floats(
            low,
            limits.get("maximum"),
            exclude_min="exclusiveMinimum" in limits,
            allow_nan=False,
            allow_infinity=False,
        )
    if kind.base is str:
        return st.sampled_from(PATTERNS[limits["pattern"]]) if "pattern" in limits else text
    if kind.base is bool:
        return st.booleans()
    if kind.base is object:
        leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
        return st.recursive(leaves, lambda each: st.lists(each, max_size=2).map(tuple), max_leaves=3)
    if kind.base is tuple and kind.note(AsObject) is not None:
        pairs = st.dictionaries(text, values(get_args(kind.arguments[0])[1]), max_size=2)
        return pairs.map(lambda found: tuple(found.items()))
    if kind.base is tuple and kind.arguments[-1] is ...:
        return st.lists(values(kind.arguments[0]), max_size=2).map(tuple)
    if kind.base is tuple:
        return st.tuples(*map(values, kind.arguments))
    if isinstance(kind.base, type) and hasattr(kind.base, "__members__"):
        return st.sampled_from(list(kind.base))
    return st.dictionaries(text, values(kind.arguments[1]), max_size=2)


@cache
def any_record(record: Any) -> st.SearchStrategy[Any]:
    kept = [slot for slot in slots(record) if slot.left_out is None]
    left = {slot.name: st.just(slot.default("")) for slot in slots(record) if slot.left_out is not None}
    return st.builds(record, **{slot.name: values(slot.type) for slot in kept}, **left)


# A counter-example is a whole report, which takes minutes to shrink and is no smaller for it.
@pytest.mark.slow
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
)
@given(any_record(records.Report))
def test_any_report_is_read_back_as_it_was_written_and_fits_the_schema(tmp_path_factory, report):
    read = load_report(saved(report, tmp_path_factory.getbasetemp()))
    assert read == report
    assert_valid(report)


def test_what_is_left_out_is_said_with_a_reason():
    left = {
        (record.__name__, slot.name): slot.left_out.why
        for record in map(vars(records).get, records.__all__)
        if is_dataclass(record)
        for slot in slots(record)
        if slot.left_out is not None
    }
    assert set(left) == {
        ("EditedFile", "before"), ("EditedFile", "after"), ("EditedFile", "line_map"), ("Target", "network"),
        ("Target", "eager"), ("Finding", "group")
    }  # fmt: skip
    assert all(left.values())


def changed_file(report: records.Report, folder: Path, change: Any) -> Path:
    document = to_json(report)
    change(document)
    path = folder / "changed.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def test_fields_of_a_later_version_are_ignored(report, tmp_path):
    def add(document: dict[str, Any]) -> None:
        document["novelty"] = {"a": 1}
        document["candidates"][0]["novelty"] = document["benchmark"]["novelty"] = [1]

    assert load_report(changed_file(report, tmp_path, add)) == load_report(saved(report, tmp_path))


def test_a_field_that_an_earlier_version_did_not_write_has_its_default(report, tmp_path):
    def remove(document: dict[str, Any]) -> None:
        del document["candidates"][0]["source_fingerprint"], document["candidates"][0]["written_as"]
        del document["folder"], document["candidates"][0]["parameters"][0]["observed_kinds"]

    read = load_report(changed_file(report, tmp_path, remove))
    assert (read.folder, read.judgements[0].variant) == (None, records.Variant())
    assert replace(read, folder=report.folder) == load_report(saved(report, tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    "change, said",
    [
        (lambda d: d.pop("schema_version"), "it has no schema_version"),
        (lambda d: d.update(schema_version=2), "has the schema_version 2, but this version of hybridize reads 1"),
        (lambda d: d.pop("status"), "status is missing"),
        (lambda d: d.update(message=None), "message is null"),
        (lambda d: d.update(exit_code="0"), "exit_code is not a whole number"),
        (lambda d: d.update(exit_code=True), "exit_code is not a whole number"),
        (lambda d: d.update(candidates={}), "candidates is not a list"),
        (lambda d: d.update(budget=[]), "budget is not an object"),
        (lambda d: d["candidates"][1].pop("line"), "candidates[1].line is missing"),
        (lambda d: d["candidates"][0].update(verdict="fine"), "candidates[0].verdict is not any of the values"),
        (lambda d: d["candidates"][0].update(verdict=[]), "candidates[0].verdict is not any of the values"),
        (lambda d: d["candidates"][0]["observed"]["callers"].update(main="x"), "callers.main is not a whole number"),
        (lambda d: d["benchmark"]["speedup"].update(low="x"), "benchmark.speedup.low is not a number"),
    ],
)
def test_what_is_no_report_of_this_version_is_an_error_in_one_sentence(report, tmp_path, change, said):
    path = changed_file(report, tmp_path, change)
    with pytest.raises(UnreadableReport) as raised:
        load_report(path)
    sentence = str(raised.value)
    assert sentence.startswith(str(path)) and said in sentence
    assert sentence.endswith(".") and "\n" not in sentence


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"3", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000])
def test_a_file_that_holds_something_else_is_an_error_in_one_sentence(tmp_path, content):
    path = tmp_path / "other.json"
    path.write_bytes(content)
    with pytest.raises(UnreadableReport, match=r"other\.json is not a report of optimize: .*\.$"):
        load_report(path)


def test_a_file_that_is_not_there_is_an_error_in_one_sentence(tmp_path):
    with pytest.raises(UnreadableReport, match=r"report\.json can't be read: No such file or directory\.$"):
        load_report(tmp_path)


@pytest.mark.slow
def test_load_report_is_offered_at_the_top_and_importing_hybridize_stays_light():
    program = """
import sys
import hybridize
light = set(sys.modules)
assert not [name for name in light if name.startswith("hybridize.")], light
from hybridize import load_report
assert "load_report" in hybridize.__all__ and load_report is hybridize.load_report
heavy = {"tensorflow", "libcst", "numpy", "rich", "scipy"} & set(sys.modules)
assert not heavy, heavy
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
