"""How the tests of the static stage make projects and read their scans."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridize.records import Function, Scan
from hybridize.static import scan


class Project:
    """A project on disk, written file by file."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(text, bytes):
            path.write_bytes(text)
        else:
            path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def scan(self, entry: str | None = None, paths: tuple[str, ...] = ()) -> Scan:
        return scan(self.root, self.root / entry if entry else None, [self.root / path for path in paths])

    def function(self, name: str, entry: str | None = None) -> Function:
        """The function of that id or qualified name."""
        result = self.scan(entry)
        found = [each for each in result.functions if name in (each.id, each.qualname)]
        assert len(found) == 1, [each.id for each in result.functions]
        return found[0]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def script(project: Project) -> Callable[[str], Project]:
    """Writes ``train.py``, TensorFlow and NumPy imported, and gives the project."""

    def write(text: str) -> Project:
        header = "import numpy as np\nimport tensorflow as tf\n"
        project.write("train.py", header + textwrap.dedent(text))
        return project

    return write
