"""The ways to convert a candidate: a file each, found by being here.

Such a file's docstring says what the variant is, when it helps and what it costs. ``NAME`` is its name in
the report, ``RANK`` says how plain it is (of variants that are as fast as each other the lowest rank is
chosen), and ``propose`` gives, for a candidate of which an observing run and maybe a first check are known,
the `Variant` to try, or the `Reason` why it is withheld.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ...records import Judgement, Reason, Variant
from ..costs import Length


@dataclass(frozen=True)
class Way:
    """A registered way to convert."""

    name: str
    rank: int
    propose: Callable[[Judgement, Length], Variant | Reason]


@functools.cache
def ways() -> tuple[Way, ...]:
    """All ways to convert, the plainest first."""
    found = []
    for info in pkgutil.iter_modules([str(Path(__file__).parent)]):
        module = importlib.import_module(f"{__name__}.{info.name}")
        found.append(Way(module.NAME, module.RANK, module.propose))
    return tuple(sorted(found, key=lambda way: way.rank))


def way_of(name: str) -> Way:
    """The way of that name; KeyError where there is none."""
    return {way.name: way for way in ways()}[name]
