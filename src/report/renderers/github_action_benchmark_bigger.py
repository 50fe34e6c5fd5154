"""The speedups for github-action-benchmark, as its tool `customBiggerIsBetter` reads them.

Ratios of two versions that took turns on one machine can be compared between machines. Seconds can't.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ...records import Report
from ..visible import visible
from ..wording import count


def render(report: Report, results: Path | None) -> str:
    """Return a list of speedups: per unit of work, and of the whole script. ``results`` is not used.

    Numbers that were not measured are left out.
    """
    return json.dumps(_entries(report), indent=2, allow_nan=False) + "\n"


def _entries(report: Report) -> list[dict[str, Any]]:
    entries = []
    measured = report.benchmark
    if measured is not None and measured.speedup is not None and math.isfinite(measured.speedup.median):
        found = measured.speedup
        units = f"{count(len(measured.pairs), 'pair')}, {count(measured.units, 'unit')} of {visible(measured.unit)}"
        entry = {"name": "speedup per unit", "unit": "x", "value": found.median}
        if math.isfinite(found.low) and math.isfinite(found.high):
            entry["range"] = f"{found.low:.4g} to {found.high:.4g}"
        entries.append({**entry, "extra": f"{found.level:.0%} interval; {units}; {measured.verdict}"})
    if measured is not None and measured.end_to_end_speedup is not None and not measured.by_clock:
        entries.append({"name": "speedup end to end", "unit": "x", "value": measured.end_to_end_speedup})
    return entries
