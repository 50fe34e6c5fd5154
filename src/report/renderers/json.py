"""The report as JSON: what report.json holds, the contract of docs/report.md."""

from __future__ import annotations

from pathlib import Path

from ...records import Report
from ..document import to_text


def render(report: Report, results: Path | None) -> str:
    """Give the content of report.json. ``results`` is not used."""
    return to_text(report)
