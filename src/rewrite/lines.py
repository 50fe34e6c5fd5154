"""Maps line numbers between a file and its edited version, including moved lines."""

from __future__ import annotations

import ast
import bisect
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from ..records import EditedFile, Region


def line_in(files: Sequence[EditedFile], candidate: str, file: str, line: int) -> int:
    """The line of a candidate's ``def`` in the edited ``files``; ``line`` is its line in the user's file."""
    for edited in files:
        if edited.file == file:
            known = edited.def_lines.get(candidate, edited.outlined.get(candidate))
            return edited.line_map[line - 1] if known is None else known
    return line


def hook_in(
    files: Sequence[EditedFile], candidate: str, file: str, line: int, region: Region | None = None
) -> dict[str, Any]:
    """Where a run of ``files`` hooks a candidate: at its ``def``, or around its statements if it has no ``def``."""
    place: dict[str, Any] = {"id": candidate, "file": file, "line": line_in(files, candidate, file, line)}
    if region is None or any(candidate in edited.def_lines or candidate in edited.outlined for edited in files):
        return place
    last = next((_end_in(edited, region) for edited in files if edited.file == file), None)
    last = line_in(files, candidate, file, region.last) if last is None else last
    return {**place, "last": last, "results": list(region.results), "expression": region.expression}


def _end_in(edited: EditedFile, region: Region) -> int | None:
    """The last line, in an edited file, of a region that is one statement; None if it is several.

    The line map does not give it: the last lines of a loop may have become a function above it.
    """
    if _end_of(edited.before, region.first) != region.last:
        return None
    return _end_of(edited.after, edited.line_map[region.first - 1])


@lru_cache(maxsize=32)
def _end_of(raw: bytes, line: int) -> int | None:
    """The last line of the outermost statement that begins on a line."""
    statements = (node for node in ast.walk(ast.parse(raw)) if isinstance(node, ast.stmt))
    return next((node.end_lineno for node in statements if node.lineno == line), None)


def line_before(line_map: Sequence[int], line: int) -> int:
    """The line of the original file that a line of the edited file comes from.

    For an inserted line, it is that of the original line above it.
    """
    places = _places(tuple(line_map))
    # Of several lines with the same new number, the last is the one that stayed.
    number = bisect.bisect_right(places, (line, len(places) + 1))
    return places[number - 1][1] if number else 0


@lru_cache(maxsize=32)
def _places(line_map: tuple[int, ...]) -> list[tuple[int, int]]:
    return sorted((after, before) for before, after in enumerate(line_map, 1))


def composed(first: Sequence[int], then: Sequence[int]) -> tuple[int, ...]:
    """The line map of two successive edits."""
    return tuple(then[line - 1] for line in first)
