"""Turns the edits of a plan into source. All stages run, measure and write the files that this package makes.

Edits are spliced into the text of a file, so that no other byte changes. Results and refusals are values. libcst and
the transformations are imported on first use.
"""

from __future__ import annotations

from .edit import Editing, condition_at, edit_file, edit_project
from .files import Refusal, apply, are_applied
from .patch import diff

__all__ = ["Editing", "Refusal", "apply", "are_applied", "condition_at", "diff", "edit_file", "edit_project"]
