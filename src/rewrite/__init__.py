"""Turns a plan's edits into source: what is tried, measured and written is what this package makes.

Edits are spliced into the file's text, so that no other byte changes; results and refusals are values.
libcst and the transformations are imported on first use.
"""

from __future__ import annotations

from .edit import Editing, condition_at, edit_file, edit_project
from .files import Refusal, apply, are_applied
from .patch import diff

__all__ = ["Editing", "Refusal", "apply", "are_applied", "condition_at", "diff", "edit_file", "edit_project"]
