"""The static stage: finds the functions of a project that may run as graphs, and says what stays unknown.

It uses ``ast`` only: TensorFlow is never imported and no user code is run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..records import Refuted, Scan
    from .reading.layout import Layout


def scan(
    root: Path,
    entry: Path | None = None,
    paths: Sequence[Path] = (),
    layout: Layout | None = None,
    edited: Mapping[str, bytes] = MappingProxyType({}),
    refuted: Mapping[str, Refuted] = MappingProxyType({}),
) -> Scan:
    """Analyse the project under ``root``; see ``hybridize.static.project.scan``."""
    from .project import scan as scan_project

    return scan_project(root, entry, paths, layout, edited, refuted)
