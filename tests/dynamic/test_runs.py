"""The lines that a run of edited files names are the user's."""

from __future__ import annotations

import pytest

from hybridize.dynamic.runs import before_edits
from hybridize.records import EditedFile

# A decorator was put in above line 3.
EDITED = EditedFile("pkg/train.py", b"", b"", "", {"pkg.train:step": 4}, (1, 2, 4, 5, 6))


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("pkg/train.py:2", "pkg/train.py:2"),
        ("pkg/train.py:3", "pkg/train.py:2"),
        ("then (pkg/train.py:5)", "then (pkg/train.py:4)"),
        ("'/copy/pkg/train.py:6'", "'/copy/pkg/train.py:5'"),
        ("/elsewhere/pkg/train.py:5", "/elsewhere/pkg/train.py:5"),
        ("old_pkg/train.py:5 other.py:5", "old_pkg/train.py:5 other.py:5"),
    ],
)
def test_a_line_of_an_edited_file_is_named_as_it_was_before_the_edit(said: str, meant: str) -> None:
    report = {"candidates": {"pkg.train:step": {"causes": [said], "calls": 3}}}
    wanted = {"candidates": {"pkg.train:step": {"causes": [meant], "calls": 3}}}
    assert before_edits(report, [EDITED], ["/copy", ""]) == wanted
