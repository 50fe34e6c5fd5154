"""Shares of the time from sampled stacks, their errors, and bounds that follow. Pure functions.

A *moment* is one sample: one stack of each thread of the interpreter, including waiting threads. So shares are shares
of wall time. Waiting threads count because the Python thread that called a graph waits in C++ while the graph runs.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..sandbox.protocol import HOOK_FILE, WAITING

#: With fewer moments, a share's standard error may exceed 7%.
LEAST_MOMENTS = 50
#: The normal quantile of a two-sided 95% interval.
_NORMAL_95 = 1.959964


@dataclass(frozen=True)
class Frame:
    """One call on a stack: the function's qualified name, its file and its current line."""

    name: str
    file: str
    line: int

    @property
    def text(self) -> str:
        """The frame in the format of collapsed stacks, where ";" separates frames."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (f"{self.name} ({place})" if place else self.name).replace(";", ",").replace("\n", " ")


@dataclass(frozen=True)
class Thread:
    """The stacks of one thread in the order of sampling, each with the outermost frame first."""

    name: str
    stacks: tuple[tuple[Frame, ...], ...]


@dataclass(frozen=True)
class Tally:
    """The number of moments, and for each candidate the number of moments with it on some thread's stack."""

    moments: int
    candidates: Mapping[str, int]


def parse(text: str) -> tuple[Thread, ...]:
    """Read a sampled profile in the format of speedscope (``https://www.speedscope.app/file-format-schema.json``).

    Raises ValueError if the text has another format.
    """
    try:
        document = json.loads(text)
        frames = [Frame(f["name"], f.get("file") or "", f.get("line") or 0) for f in document["shared"]["frames"]]
        return tuple(
            Thread(profile["name"], tuple(tuple(frames[number] for number in stack) for stack in profile["samples"]))
            for profile in document["profiles"]
        )
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ValueError(f"no speedscope profile: {error!r}") from error


def collapse(threads: Sequence[Thread]) -> str:
    """The stacks in collapsed form: a line for each distinct stack, with frames joined by ``;``, and its count.

    This is the format of Brendan Gregg's ``flamegraph.pl``, which py-spy calls raw.
    """
    counts = Counter(";".join(frame.text for frame in stack) for thread in threads for stack in thread.stacks if stack)
    return "".join(f"{stack} {number}\n" for stack, number in sorted(counts.items()))


def tally(threads: Sequence[Thread]) -> Tally:
    """Count the moments, and those of each candidate.

    The number of moments is that of the longest thread's stacks, minus those at which training waited for the sampler.
    A candidate on the stacks of two threads at one moment counts twice, up to the number of moments. This can
    overstate its share, but an upper bound derived from it stays valid.
    """
    counts: Counter[str] = Counter()
    for thread in threads:
        for stack in thread.stacks:
            # A set, so that a recursive function counts once.
            counts.update({frame.name for frame in stack if frame.file == HOOK_FILE})
    waited = counts.pop(WAITING, 0)
    moments = max((len(thread.stacks) for thread in threads), default=0) - waited
    return Tally(moments, {name: min(number, moments) for name, number in counts.items()})


def share(tallied: Tally, candidate: str) -> tuple[float, float] | tuple[None, None]:
    """A candidate's share of the time and its standard error; None for both if there are too few moments.

    The error is that of a proportion, sqrt(p (1 - p) / n): NIST/SEMATECH e-Handbook of Statistical Methods, section
    7.2.4. It assumes independent moments.
    """
    if tallied.moments < LEAST_MOMENTS:
        return None, None
    part = tallied.candidates.get(candidate, 0) / tallied.moments
    return part, math.sqrt(part * (1 - part) / tallied.moments)


def upper_end(part: float, moments: int) -> float:
    """The upper end of the 95% confidence interval of a share of ``moments`` moments.

    Source: the score interval of E. B. Wilson, Journal of the American Statistical Association 22 (1927). Unlike the
    normal approximation, it also holds for shares near 1.
    """
    square = _NORMAL_95**2
    centre = part + square / (2 * moments)
    reach = _NORMAL_95 * math.sqrt(part * (1 - part) / moments + square / (4 * moments**2))
    return min((centre + reach) / (1 + square / moments), 1.0)


def bound(part: float) -> float | None:
    """The largest speedup of the whole if a part with the share ``part`` of its time took none: 1 / (1 - part).

    None if the part is everything. Source: G. M. Amdahl, "Validity of the single processor approach to achieving large
    scale computing capabilities", AFIPS Spring Joint Computer Conference (1967).
    """
    return 1 / (1 - part) if part < 1 - 1e-9 else None
