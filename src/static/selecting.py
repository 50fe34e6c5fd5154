"""Filters the results of a scan by rule codes and by confidence."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..options import nearest
from ..records import Confidence, Function, Scan


@dataclass(frozen=True)
class Selection:
    """Which findings to keep, by prefixes of their codes, and the least confidence of the candidates to keep.

    An empty ``select`` keeps every code.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    confidence: Confidence = Confidence.LOW


def read_selection(
    select: Iterable[str], ignore: Iterable[str], confidence: str, titles: Mapping[str, str]
) -> Selection:
    """Parse a selection: one or several texts such as ``HYB104,HYB2``, in upper or lower case.

    ``titles`` has the existing codes as keys. Raises ValueError with a message for an unknown code or confidence.
    """
    levels = [level.value for level in Confidence]
    if confidence not in levels:
        raise ValueError(f"The least confidence is {', '.join(levels)}, not {confidence!r}.")
    return Selection(_codes(select, titles), _codes(ignore, titles), Confidence(confidence))


def select(scan: Scan, selection: Selection) -> Scan:
    """Leave out candidates of less confidence, and findings by code.

    If findings are selected, functions without any of them are left out as well.
    """
    levels = list(Confidence)[: list(Confidence).index(selection.confidence) + 1]
    kept = (each for each in scan.functions if each.confidence is None or each.confidence in levels)
    if selection.select or selection.ignore:
        kept = (_narrowed(each, selection) for each in kept)
    if selection.select:
        kept = (each for each in kept if each.findings or each.blocker)
    return replace(scan, functions=tuple(kept))


def root_of(paths: Sequence[Path]) -> Path:
    """The folder that module names start from: the common folder, or the first above it that is not a package."""
    root = Path(os.path.commonpath([path if path.is_dir() else path.parent for path in paths]))
    while (root / "__init__.py").is_file() and root.parent != root:
        root = root.parent
    return root


def _codes(given: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    codes = tuple(code.strip().upper() for text in given for code in text.split(",") if code.strip())
    for code in codes:
        if not any(each.startswith(code) for each in known):
            raise ValueError(f"There is no code {code}.{nearest(code, known)} optimize explain lists them all.")
    return codes


def _narrowed(function: Function, selection: Selection) -> Function:
    def keeps(code: str) -> bool:
        selected = not selection.select or code.startswith(selection.select)
        return selected and not code.startswith(selection.ignore or ("\0",))

    blocker = function.blocker if function.blocker is None or keeps(function.blocker.code) else None
    findings = tuple(each for each in function.findings if keeps(each.code))
    return replace(function, findings=findings, blocker=blocker, more=tuple(e for e in function.more if keeps(e[0])))
