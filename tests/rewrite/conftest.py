from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridize.records import Action, Edit, EditedFile, Reason, Variant
from hybridize.rewrite import edit_file

Rewrite = Callable[..., EditedFile]
Skipped = Callable[..., Reason]


def def_line(source: bytes, qualname: str) -> int:
    """Find the line of the last def of that name, as the compiler counts lines."""
    name = qualname.rpartition(".")[2]
    nodes = [node for node in ast.walk(ast.parse(source)) if getattr(node, "name", None) == name]
    return max(node.lineno for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def edit_of(source: bytes, qualname: str, variant: Variant | None = None, line: int | None = None) -> Edit:
    line = def_line(source, qualname) if line is None else line
    return Edit(f"m:{qualname}", "m.py", line, qualname, Action.HYBRIDIZE, variant or Variant())


@pytest.fixture(name="edit_of")
def edit_of_fixture() -> Callable[..., Edit]:
    """Give the edit that decorates a function of a source."""
    return edit_of


@pytest.fixture
def rewrite(tmp_path: Path) -> Rewrite:
    """Decorate functions of a file and give the edited file; fails where an edit is skipped."""

    def run(source: str | bytes, *qualnames: str, variant: Variant | None = None) -> EditedFile:
        raw = source.encode() if isinstance(source, str) else source
        (tmp_path / "m.py").write_bytes(raw)
        edited, refused = edit_file(
            tmp_path, "m.py", [edit_of(raw, name, variant) for name in qualnames or ("f",)]
        )
        assert refused == {}
        assert edited is not None
        return edited

    return run


@pytest.fixture
def skipped(tmp_path: Path) -> Skipped:
    """Try to decorate one function, which must be refused; gives the refusal."""

    def run(
        source: str | bytes, qualname: str = "f", variant: Variant | None = None, line: int | None = None
    ) -> Reason:
        raw = source.encode() if isinstance(source, str) else source
        (tmp_path / "m.py").write_bytes(raw)
        edited, refused = edit_file(tmp_path, "m.py", [edit_of(raw, qualname, variant, line)])
        assert edited is None
        assert (tmp_path / "m.py").read_bytes() == raw
        (reason,) = refused.values()
        return reason

    return run
