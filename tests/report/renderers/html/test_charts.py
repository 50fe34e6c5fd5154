"""Charts: what is in the data is in the picture, and what can't be drawn is left out."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ElementTree
from dataclasses import replace

import pytest
from reports import benchmark

from hybridize.records import Course, Interval, TimedTurn
from hybridize.report.renderers.html import charts

NAN = math.nan


def drawn(markup: str) -> list[ElementTree.Element]:
    """The wide and the narrow form, as XML: each coordinate is a number within the picture."""
    found = list(ElementTree.fromstring(f"<p>{markup}</p>"))
    for svg in found:
        _, _, width, height = map(float, svg.attrib["viewBox"].split())
        for element in svg.iter():
            for name, limit in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("cy", height),
            ):
                if name in element.attrib:
                    assert -1 <= float(element.attrib[name]) <= limit + 1, (name, element.attrib)
    assert [svg.attrib["class"] for svg in found] == ["chart wide", "chart narrow"]
    return found


def count(svg: ElementTree.Element, kind: str) -> int:
    return sum(element.attrib.get("class") == kind for element in svg.iter())


def test_each_turn_is_a_dot_and_each_group_has_its_ratio():
    wide, _ = drawn(charts.speedups(benchmark()))
    # Of two turns one is left out as warm, and the other one is marked as a trace.
    assert count(wide, "late") == 5 and count(wide, "ratio") == 5 and count(wide, "band") == 1
    assert "7.90x" in "".join(wide.itertext())


def test_many_turns_are_thinned():
    pair = replace(benchmark().pairs[0], turns=(TimedTurn(1, (0.1, 0.01, 0.1)),) * 5_000, late_turns=())
    wide, _ = drawn(charts.speedups(replace(benchmark(), pairs=(pair,))))
    assert 60 <= count(wide, "dot") <= 120


def test_without_a_turn_or_with_strange_numbers_there_is_no_failure():
    bare = replace(benchmark().pairs[0], turns=(), arms=("eager",))
    assert charts.speedups(replace(benchmark(), pairs=(bare,))) is None
    odd = replace(benchmark().pairs[0], turns=(TimedTurn(0, (0.0, 0.0, 0.0)), TimedTurn(1, (NAN, 1.0, 1.0))))
    charts.speedups(replace(benchmark(), pairs=(odd, benchmark().pairs[0])))
    charts.steps(odd)
    assert charts.steps(bare) is None


def test_an_interval_without_an_end_is_not_drawn():
    vague = replace(benchmark(), speedup=Interval(NAN, 0.5, math.inf))
    wide, _ = drawn(charts.speedups(vague))
    assert count(wide, "band") == 0 and count(wide, "ratio") == 5


def test_the_steps_of_both_scripts_are_drawn_with_their_traces():
    pair = benchmark().pairs[0]
    wide, _ = drawn(charts.steps(pair))
    assert count(wide, "eager") == count(wide, "edited") == 1 and count(wide, "trace") == 2 and count(wide, "warm") == 1


@pytest.mark.parametrize(
    "eager, edited, gaps",
    [
        ((0.9, 0.7, 0.5), (0.9, 0.7000001, 0.5), 1),
        ((1.0, 1.0, 1.0), (1.0, 1.0, 1.0), 0),
        ((1.0, NAN, 2.0), (1.0, 1.5, NAN), 0),
    ],
)
def test_both_courses_lie_over_one_another_with_their_difference(eager, edited, gaps):
    wide, _ = drawn(charts.courses(Course("loss", (1, 2, 3), eager, edited, (0.0, 1e-8, 1e-7))))
    assert count(wide, "eager under") == count(wide, "edited over") == 1
    assert (count(wide, "gap") > 0) == bool(gaps)


def test_a_course_of_one_step_or_of_no_number_is_not_drawn():
    assert charts.courses(Course("loss", (1,), (1.0,), (1.0,))) is None
    assert charts.courses(Course("loss", (1, 2), (NAN, NAN), (NAN, math.inf))) is None
