"""The comparison of the current code with a baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from .measurement import Interval
from .notes import Fraction, OneOf


@dataclass(frozen=True)
class Otherwise:
    """A difference between a function now and in the baseline."""

    candidate: str
    """The function's id."""
    kind: Annotated[
        str, OneOf(("gone", "undecorated", "refuted", "not-called", "ran-eagerly", "retraced", "slower", "new"))
    ]
    """The kind of difference: the function or its decorator is gone; a run refuted it; no run called it; it ran eagerly
    although it is decorated; it was traced more often; its graph gains less; or it is not in the baseline."""
    message: str
    """The difference, as a clause whose subject is the function."""
    fails: bool = False
    """Whether that alone fails the check."""


@dataclass(frozen=True)
class Held:
    """The comparison of the current code with a baseline. A ratio says how many times faster the code is than the same
    code without decorators, both measured in turns in one run."""

    verdict: Annotated[str, OneOf(("held", "lost", "inconclusive"))]
    """The verdict on the speedup."""
    functions: tuple[str, ...]
    """The ids of the decorated functions that the ratio covers."""
    fail_on: Fraction
    """The smallest loss of the ratio that fails, as a share (0.1: a tenth)."""
    before: Interval | None = None
    """The ratio in the baseline."""
    now: Interval | None = None
    """The ratio now; null if not measured."""
    change: Interval | None = None
    """The ratio now divided by the ratio before: below 1 is a loss; null if it could not be computed."""
    graph_share_before: Fraction | None = None
    """The share of the eager run's training time that the decorated functions covered in the baseline."""
    graph_share: Fraction | None = None
    """The same now."""
    elsewhere: tuple[str, ...] = ()
    """What differs from the environment of the baseline: the machine, a version, a flag."""
    otherwise: tuple[Otherwise, ...] = ()
    """The differences by function, the most important first."""
    baseline: str = ""
    """The time of the baseline, in ISO 8601."""
