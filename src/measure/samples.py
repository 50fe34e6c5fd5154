"""What sampled stacks say: shares of the time, how sure they are, and what follows. Pure functions.

A *moment* is one look of the sampler: one stack of each thread that the interpreter has, also of those that
wait. So a share is one of wall time. An idle thread counts because of graphs: while one runs, the Python thread
that called it sleeps in C++.
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
    """One call on a stack: the function's qualified name, its file and the line that it has come to."""

    name: str
    file: str
    line: int

    @property
    def text(self) -> str:
        """The frame as collapsed stacks spell it, in which ";" parts the frames."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return (f"{self.name} ({place})" if place else self.name).replace(";", ",").replace("\n", " ")


@dataclass(frozen=True)
class Thread:
    """The stacks of one thread, outermost frame first, in the order in which they were seen."""

    name: str
    stacks: tuple[tuple[Frame, ...], ...]


@dataclass(frozen=True)
class Tally:
    """How many moments there were, and in how many of them each candidate was on some thread's stack."""

    moments: int
    candidates: Mapping[str, int]


def parse(text: str) -> tuple[Thread, ...]:
    """Read a sampled profile in the format of speedscope (``https://www.speedscope.app/file-format-schema.json``).

    Raises ValueError where the text is something else.
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
    """The same as collapsed stacks: a line for each distinct stack, frames joined by ``;``, and its count.

    The format is that of Brendan Gregg's ``flamegraph.pl``, which py-spy calls raw.
    """
    counts = Counter(";".join(frame.text for frame in stack) for thread in threads for stack in thread.stacks if stack)
    return "".join(f"{stack} {number}\n" for stack, number in sorted(counts.items()))


def tally(threads: Sequence[Thread]) -> Tally:
    """Count moments, and those of each candidate.

    The moments are the stacks of a thread that was there all the time, less those at which training waited for
    the sampler. A candidate on the stacks of two threads at one moment counts twice, up to all moments: a share may
    so be overstated, which leaves a bound that is derived from it a bound.
    """
    counts: Counter[str] = Counter()
    for thread in threads:
        for stack in thread.stacks:
            # Once, though it may call itself.
            counts.update({frame.name for frame in stack if frame.file == HOOK_FILE})
    waited = counts.pop(WAITING, 0)
    moments = max((len(thread.stacks) for thread in threads), default=0) - waited
    return Tally(moments, {name: min(number, moments) for name, number in counts.items()})


def share(tallied: Tally, candidate: str) -> tuple[float, float] | tuple[None, None]:
    """A candidate's share of the time and its standard error; None for both where the moments are too few.

    The error is that of a proportion, sqrt(p (1 - p) / n): NIST/SEMATECH e-Handbook of Statistical Methods, section
    7.2.4. It takes the moments as independent.
    """
    if tallied.moments < LEAST_MOMENTS:
        return None, None
    part = tallied.candidates.get(candidate, 0) / tallied.moments
    return part, math.sqrt(part * (1 - part) / tallied.moments)


def upper_end(part: float, moments: int) -> float:
    """The upper end of the 95% interval of a share that ``moments`` moments gave.

    Source: the score interval of E. B. Wilson, Journal of the American Statistical Association 22 (1927), which
    holds for shares near 1 as well, where the interval of the normal distribution doesn't.
    """
    square = _NORMAL_95**2
    centre = part + square / (2 * moments)
    reach = _NORMAL_95 * math.sqrt(part * (1 - part) / moments + square / (4 * moments**2))
    return min((centre + reach) / (1 + square / moments), 1.0)


def bound(part: float) -> float | None:
    """The most that the whole can gain from a part that takes the share ``part`` of its time: 1 / (1 - part).

    None where the part is all there is. Source: G. M. Amdahl, "Validity of the single processor approach to achieving
    large scale computing capabilities", AFIPS Spring Joint Computer Conference (1967), the part taking no time at all.
    """
    return 1 / (1 - part) if part < 1 - 1e-9 else None
