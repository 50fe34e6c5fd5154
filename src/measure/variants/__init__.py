"""The ways to convert a candidate. Each file in this package defines one and is found automatically.

The docstring of such a file says what the variant is, when it helps and what it costs. ``NAME`` is its name in the
report. ``RANK`` says how plain it is: among equally fast variants, the one with the lowest rank is chosen. ``propose``
takes the results of the observed run, and of the check if there was one, and returns the `Variant` to try, or the
`Reason` why it is withheld.
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
    """The way with this name. Raises KeyError if there is none."""
    return {way.name: way for way in ways()}[name]
