"""The report as JSON: the content of report.json, which docs/report.md specifies."""

from __future__ import annotations

from pathlib import Path

from ...records import Report
from ..document import to_text


def render(report: Report, results: Path | None) -> str:
    """Return the content of report.json. ``results`` is not used."""
    return to_text(report)
