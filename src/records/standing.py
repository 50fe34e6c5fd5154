"""The code as it stands: what became of it against a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from .measurement import Interval
from .notes import Fraction, OneOf


@dataclass(frozen=True)
class Otherwise:
    """Something that is otherwise with a function than in the baseline."""

    candidate: str
    """The function's id."""
    kind: Annotated[
        str, OneOf(("gone", "undecorated", "refuted", "not-called", "ran-eagerly", "retraced", "slower", "new"))
    ]
    """What it is: the function is not there any more, or not decorated any more; a run refuted it; no run called it; it
    ran eagerly although it is decorated; it was traced more often; its graph gains less; or it is not in the baseline.
    """
    message: str
    """What is so, as a clause of which the function is the subject."""
    fails: bool = False
    """Whether that alone fails the check."""


@dataclass(frozen=True)
class Held:
    """The code as it stands against a baseline. A ratio is that of the code as it stands to the same code run
    eagerly, both measured in turns in one run.
    """

    verdict: Annotated[str, OneOf(("held", "lost", "inconclusive"))]
    """What became of the speedup."""
    functions: tuple[str, ...]
    """The decorated functions that the ratio is of, by their ids."""
    fail_on: Fraction
    """The loss of the ratio that counts, as a share of it (0.1: a tenth)."""
    before: Interval | None = None
    """The ratio in the baseline."""
    now: Interval | None = None
    """The ratio now; null where it was not measured."""
    change: Interval | None = None
    """The ratio now over the ratio before: below 1 is a loss; null where it could not be reckoned."""
    graph_share_before: Fraction | None = None
    """The share of the eager run's training time that the decorated functions covered in the baseline."""
    graph_share: Fraction | None = None
    """The same now."""
    elsewhere: tuple[str, ...] = ()
    """What is another one than in the baseline: the machine, a version, a flag."""
    otherwise: tuple[Otherwise, ...] = ()
    """What is otherwise with which function, the weightiest first."""
    baseline: str = ""
    """When the baseline was made, in ISO 8601."""
