"""Translates the scan of an outlined script to the user's files: original lines, and regions for new functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..records import EditedFile, Function, Region, Scan
from ..rewrite.lines import line_before

_LINE = re.compile(r"(?<=\(line )\d+(?=\))")
_PLACE = re.compile(r"(?<![\w./-])([\w./-]+\.py):(\d+)")


def in_users_lines(scan: Scan, files: Sequence[EditedFile], regions: Mapping[str, Region]) -> Scan:
    """The scan of the outlined ``files`` with the line numbers of the user's files.

    A function that was made of a region (``regions``, by candidate id) becomes that candidate again.
    """
    names = {
        (region.file, edited.outlined[candidate]): candidate
        for candidate, region in regions.items()
        for edited in files
        if edited.file == region.file
    }
    new = {
        function.id: names[function.file, function.line]
        for function in scan.functions
        if (function.file, function.line) in names
    }
    maps = {edited.file: partial(line_before, edited.line_map) for edited in files}
    found = []
    for function in scan.functions:
        candidate = new.get(function.id, function.id)
        told = _told(function, maps)
        told = replace(told, id=candidate, calls=tuple(new.get(name, name) for name in function.calls))
        region = regions.get(candidate)
        if region is not None:
            told = replace(told, line=region.first, end_line=region.last, region=region)
        elif told.region is not None:
            told = replace(told, id=f"{told.module}:{told.qualname}@{told.region.first}-{told.region.last}")
        found.append(told)
    return replace(scan, functions=tuple(found))


def _told(function: Function, maps: Mapping[str, Callable[[int], int]]) -> Function:
    def placed(item: Any) -> Any:
        """A step or finding with its line mapped, if its file was outlined."""
        line = maps.get(item.file)
        if hasattr(item, "chain"):
            item = replace(item, chain=tuple(map(placed, item.chain)))
        return item if line is None else replace(item, line=max(1, line(item.line)))

    def said(text: str) -> str:
        own = maps.get(function.file)
        if own is not None:
            text = _LINE.sub(lambda found: str(own(int(found[0]))), text)
        return _PLACE.sub(
            lambda found: f"{found[1]}:{maps[found[1]](int(found[2]))}" if found[1] in maps else found[0], text
        )

    line = maps.get(function.file, int)
    region = function.region
    if region is not None:
        region = replace(
            region,
            first=line(region.first),
            last=line(region.last),
            place=line(region.place),
            moved=tuple((line(first), line(last)) for first, last in region.moved),
            ahead=tuple((line(first), line(last)) for first, last in region.ahead),
        )
    return replace(
        function,
        line=max(1, line(function.line)),
        end_line=max(1, line(function.end_line)),
        parameters=tuple(replace(each, evidence=tuple(map(placed, each.evidence))) for each in function.parameters),
        findings=tuple(map(placed, function.findings)),
        blocker=None if function.blocker is None else placed(function.blocker),
        assumptions=tuple(replace(each, statement=said(each.statement)) for each in function.assumptions),
        region=region,
        results_read=tuple((part, said(place)) for part, place in function.results_read),
    )
