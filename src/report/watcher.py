"""What a run tells while it works."""

from __future__ import annotations

from typing import Protocol

from ..records import Report


class Watcher(Protocol):
    """Is told what the run does; must return quickly and never raise."""

    def stage(self, name: str, detail: str = "") -> None:
        """Take note that a stage begins."""

    def note(self, text: str) -> None:
        """Take note of something found, as a sentence or less."""

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None:
        """Show how far the stage is and what is left of the budget; may come several times a second."""

    def warn(self, text: str) -> None:
        """Take note of something that the user should know whatever the outcome."""

    def finish(self, report: Report) -> None:
        """Show the result; nothing comes after it."""


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
