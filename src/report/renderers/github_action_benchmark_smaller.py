"""Times, traces and memory for github-action-benchmark, as its tool `customSmallerIsBetter` reads them.

Times depend on the machine. On shared runners, the speedups of `github-action-benchmark-bigger` vary less.
"""

from __future__ import annotations

import json
import math
import statistics
from pathlib import Path
from typing import Any

from ...records import Report
from ..rounds import ARMS, rounds
from ..visible import visible
from ..wording import chosen_variant, count


def render(report: Report, results: Path | None) -> str:
    """Return a list of numbers, most of them of the edited script. ``results`` is not used.

    Numbers that were not measured are left out.
    """
    return json.dumps(_entries(report), indent=2, allow_nan=False) + "\n"


def _entries(report: Report) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = []
    measured = report.benchmark
    for arm in ARMS:
        if measured is not None and (found := rounds(measured, arm)):
            name, middle = f"{visible(measured.unit)} [{arm}]", statistics.median(found)
            entry = {"name": name, "unit": "ms a unit", "value": middle * 1e3, "extra": count(len(found), "turn")}
            entries.append({**entry, "range": f"{min(found) * 1e3:.4g} to {max(found) * 1e3:.4g}"})
    if measured is not None and measured.cold_start_seconds is not None and math.isfinite(measured.cold_start_seconds):
        entries.append({"name": "cold start", "unit": "s more than eager", "value": measured.cold_start_seconds})
    if measured is not None and measured.peak_rss_bytes is not None:
        entries.append({"name": "peak memory", "unit": "MB", "value": measured.peak_rss_bytes.edited / 1e6})
    for judgement in report.judgements:
        variant = chosen_variant(judgement, report) if judgement.selected else None
        if variant is not None:
            name = f"{visible(judgement.function.id)}: traces"
            entries.append({"name": name, "unit": "traces", "value": variant.traces})
    return entries
