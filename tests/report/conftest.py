from __future__ import annotations

from pathlib import Path

import pytest
from reports import crashed, empty, full, judgements

from hybridize.records import Report, Scan


@pytest.fixture
def report(tmp_path: Path) -> Report:
    """A run that found something, with every field filled."""
    return full(tmp_path)


@pytest.fixture
def examples(report: Report) -> dict[str, Report]:
    """Reports that together give each field a value other than its default."""
    return {"full": report, "crashed": crashed(report), "empty": empty(report)}


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    """What the static stage says of a small project."""
    functions = tuple(judgement.function for judgement in judgements())
    return Scan(
        root=str(tmp_path),
        functions=functions,
        warnings=("old.py can't be parsed: Missing parentheses (line 1).",),
        modules={"train.py": "train"},
        reachable=frozenset({"train.py"}),
        assigned_attributes=frozenset(),
        lines=120,
        uses_tensorflow=True,
    )
