"""The numbers for github-action-benchmark, as its two custom tools read them.

It wants a list of objects with a name, a number and a unit, and may have a range and a tooltip, as texts.
"""

from __future__ import annotations

import json
import math
from dataclasses import replace

import jsonschema
import pytest

from hybridize.records import Interval
from hybridize.report import renderers

#: By what its `src/extract.ts` (`BenchmarkResult`) takes.
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["name", "unit", "value"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "unit": {"type": "string"},
            "value": {"type": "number"},
            "range": {"type": "string"},
            "extra": {"type": "string"},
        },
    },
}
BOTH = ("github-action-benchmark-bigger", "github-action-benchmark-smaller")


def entries(name: str, report) -> list[dict]:
    found = json.loads(renderers.load(name).render(report, None))
    jsonschema.validate(found, SCHEMA)
    return found


def values(name: str, report) -> dict[str, float]:
    return {each["name"]: each["value"] for each in entries(name, report)}


@pytest.mark.parametrize("name", BOTH)
def test_every_report_is_a_list_of_numbers_with_names_of_their_own(name, examples):
    for report in examples.values():
        found = entries(name, report)
        assert len({each["name"] for each in found}) == len(found)
        assert all(math.isfinite(each["value"]) for each in found)
    assert entries(name, examples["empty"]) == []


def test_what_is_better_when_it_is_bigger_are_the_speedups(report):
    assert values(BOTH[0], report) == {
        "speedup per unit": 7.9,
        "speedup end to end": 1.4,
    }
    assert entries(BOTH[0], report)[0]["range"] == "7.5 to 8.3"


def test_what_is_better_when_it_is_smaller_are_times_traces_and_memory(report):
    assert values(BOTH[1], report) == {
        "train:step [eager]": pytest.approx(1.255),
        "train:step [edited]": pytest.approx(0.15),
        "cold start": 0.9,
        "peak memory": 640.0,
        "train:step: traces": 2,
    }


def test_a_number_that_is_none_is_left_out(report):
    nothing = replace(report.benchmark, speedup=Interval(math.nan, 0.5, math.inf), end_to_end_speedup=None)
    assert "speedup per unit" not in values(BOTH[0], replace(report, benchmark=nothing))
