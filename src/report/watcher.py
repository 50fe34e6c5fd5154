"""The interface for following a run."""

from __future__ import annotations

from typing import Protocol

from ..records import Report


class Watcher(Protocol):
    """Receives the progress of a run. Its methods must return quickly and never raise."""

    def stage(self, name: str, detail: str = "") -> None:
        """A stage begins."""

    def note(self, text: str) -> None:
        """An intermediate result, as a sentence or less."""

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        """The progress of the stage, and the remaining budget. May be called several times a second."""

    def warn(self, text: str) -> None:
        """A warning that applies to every outcome."""

    def finish(self, report: Report) -> None:
        """The result. This is the last call."""


class Silent:
    """A `Watcher` that shows nothing."""

    def stage(self, name: str, detail: str = "") -> None:
        """Do nothing."""

    def note(self, text: str) -> None:
        """Do nothing."""

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        """Do nothing."""

    def warn(self, text: str) -> None:
        """Do nothing."""

    def finish(self, report: Report) -> None:
        """Do nothing."""
