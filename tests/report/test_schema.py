"""The schema of report.json and the page that documents it: both are made from the records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

import hybridize
from hybridize.records import Report
from hybridize.report import derived, schema
from hybridize.report.reference import to_page
from hybridize.report.schema import to_schema, to_text

DOCS = Path(__file__).parents[2] / "docs" / "report.md"
SHIPPED = Path(hybridize.__file__).parent / "report" / "schema.json"


@pytest.mark.slow
def test_the_schema_is_a_schema():
    Draft202012Validator.check_schema(to_schema())


def test_the_schema_that_is_shipped_is_the_one_that_the_records_give():
    # After a change: python -m hybridize.report.schema > src/report/schema.json
    assert SHIPPED.read_text(encoding="utf-8") == to_text()


def test_the_documentation_is_made_from_the_schema():
    # After a change: python -m hybridize.report.reference > docs/report.md
    assert DOCS.read_text(encoding="utf-8") == to_page(to_schema())


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
    found = list(objects(to_schema()))
    assert len(found) > 20
    for each in found:
        assert each["additionalProperties"] is False and each["description"]
        assert set(each["required"]) == set(each["properties"])
        for name, field in each["properties"].items():
            assert field["description"].endswith("."), name


def test_every_field_of_the_schema_is_documented():
    page = DOCS.read_text(encoding="utf-8")
    for each in objects(to_schema()):
        for name in each["properties"]:
            assert f"| `{name}` |" in page


def test_a_field_without_a_description_is_an_error():
    with pytest.raises(KeyError, match="plain"):
        schema._object(_Undescribed, {})


@dataclass(frozen=True)
class _Undescribed:
    described: int
    """It is."""
    plain: int


def test_two_fields_of_one_key_are_an_error(monkeypatch):
    monkeypatch.setattr(schema, "ADDED", {**derived.ADDED, Report: Report})
    with pytest.raises(AssertionError, match="two fields of Report are written as status"):
        to_schema()


def test_limits_and_values_stand_in_the_schema():
    found = to_schema()["$defs"]
    candidate, benchmark = found["candidate"]["properties"], found["benchmark"]["properties"]
    assert candidate["line"]["minimum"] == 1 and candidate["id"]["pattern"] == "^[^:]+:.+$"
    assert candidate["hybrid"]["type"] == ["string", "null"]
    assert benchmark["verdict"]["enum"] == ["faster", "slower", "no difference", "inconclusive"]
    assert benchmark["cause"]["enum"][-1] is None
    assert benchmark["steady_state_speedup"] == {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "description": benchmark["steady_state_speedup"]["description"],
    }
    # A container of its own kind ends.
    assert json.dumps(found["form"]).count("#/$defs/form") == 1
