"""Adds the source of the tried candidates to the report."""

from __future__ import annotations

import textwrap
from dataclasses import replace
from pathlib import Path

from ..records import Action, Function, FunctionKind, Judgement
from .work import Work

#: The limits of one candidate's excerpt.
MOST_LINES, MOST_COLUMNS = 200, 400


def with_sources(work: Work) -> tuple[Judgement, ...]:
    """The judgements, with the source of each tried candidate unless its file can't be read."""
    before = {edited.file: edited.before for edited in work.plan.files}
    lines: dict[str, list[str]] = {}
    found = []
    for judgement in work.judgements.values():
        function = judgement.function
        if function.proposal is not Action.NONE and judgement.observation.calls:
            if function.file not in lines:
                lines[function.file] = _lines(Path(work.target.root) / function.file, before.get(function.file))
            judgement = replace(judgement, source=_excerpt(function, lines[function.file]))
        found.append(judgement)
    return tuple(found)


def _lines(path: Path, content: bytes | None) -> list[str]:
    """The lines of a file as it was before any edit of ours."""
    try:
        return (path.read_bytes() if content is None else content).decode("utf-8", "replace").splitlines()
    except OSError:
        return []


def _excerpt(function: Function, lines: list[str]) -> str:
    first, last = function.line, function.end_line
    if function.region is not None:
        first, last = function.region.first, function.region.last
    elif function.kind is FunctionKind.SWITCH:
        last = first
    kept = lines[first - 1 : min(last, first - 1 + MOST_LINES)]
    return textwrap.dedent("\n".join(line[:MOST_COLUMNS] for line in kept))
