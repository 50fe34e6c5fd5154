from __future__ import annotations

from dataclasses import replace

import pytest
from reports import against_a_baseline

from hybridize.records import Report


@pytest.fixture
def report(report: Report) -> Report:
    """A run that puts decorators on: it is held to no baseline."""
    return replace(report, held=None)


@pytest.fixture
def examples(examples: dict[str, Report], report: Report) -> dict[str, Report]:
    """Reports of all kinds, also of code as it stands."""
    return {**examples, "held": against_a_baseline(report)}
