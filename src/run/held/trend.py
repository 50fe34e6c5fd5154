"""Finds the steps in the ratios of a history of checks."""

from __future__ import annotations

from collections.abc import Sequence

from ...measure.change import steps
from ...report.history import Entry, Stepped


def stepped(entries: Sequence[Entry], factor: float) -> dict[int, Stepped]:
    """The steps of the ratio by ``factor`` or more, keyed by the position of the first check after each step."""
    measured = [(position, entry.ratio) for position, entry in enumerate(entries) if entry.ratio is not None]
    found = steps([ratio for _, ratio in measured], factor)
    return {measured[step.at][0]: Stepped(step.before, step.after, step.p_value) for step in found}
