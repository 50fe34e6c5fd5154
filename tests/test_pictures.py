"""What the documents show of the terminal is what is printed, and README's first screens answer a new reader."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pictures
import pytest
from rich.cells import cell_len


@pytest.mark.parametrize("name", pictures.MADE)
@pytest.mark.slow
def test_what_is_shown_is_what_is_printed(name):
    # After a change: make pictures
    assert (pictures.ROOT / name).read_text(encoding="utf-8") == pictures.MADE[name]()


@pytest.mark.slow
def test_no_line_of_a_picture_is_longer_than_its_terminal():
    for _, _, make, width, _ in pictures.CASES:
        assert max(map(cell_len, pictures.shown(make(), width).splitlines())) <= width


def test_the_picture_is_an_image_that_loads_nothing():
    text = pictures.picture()
    ElementTree.fromstring(text)
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "")
    assert "+@tf.function" in text.replace("&#160;", " ")


def test_the_gains_are_those_of_the_page_on_public_scripts():
    page = (pictures.ROOT / "docs" / "subjects.md").read_text(encoding="utf-8")
    measured = re.findall(r"\d+\.\d\dx \[\d+\.\d+, \d+\.\d+\]", "\n".join(pictures.gains()))
    assert len(measured) >= 5 and all(number in page for number in measured)


def test_two_screens_of_readme_answer_what_a_new_reader_asks():
    first = "\n".join((pictures.ROOT / "README.md").read_text(encoding="utf-8").splitlines()[:100])
    # What would be changed, what it gained, what it cost, how it is applied and how it is undone.
    asked = ("+@tf.function", "per step", "whole run", "patch -p1", "patch -R -p1", "--train-script", "minutes")
    for part in asked:
        assert part in first, part
