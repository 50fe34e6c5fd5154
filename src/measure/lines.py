"""Splits printed lines into the text that stays the same from run to run and the numbers in it.

Clock times, durations, rates and memory addresses depend on the machine. They are removed and never compared, because
an edit is meant to change them.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_NUMBER = re.compile(
    r"(?:(?<![\w)\].])[-+])?(?:\d+(?:\.\d*)?|(?<!\d)\.\d+)(?:e[-+]?\d+(?!\w))?"
    r"|(?<!\w)[-+]?(?:nan|inf|infinity)(?!\w)",
    re.IGNORECASE,
)
_TIME = "‹time›"
_PLAIN = r"\d+(?:\.\d*)?(?:e[-+]?\d+)?"
_MACHINE = (
    # After a carriage return only the last version of a line counts, as on a terminal.
    (re.compile(r"^.*\r(?=.)", re.DOTALL), ""),
    (re.compile(r"\r|\x08|\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"\b0x[0-9a-fA-F]+"), "‹address›"),
    (re.compile(r"\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?)?"), _TIME),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?(?:[.,]\d+)?\b"), _TIME),
    # A rate. Metres or angles per second are excluded: a simulation computes those.
    (
        re.compile(
            rf"(?:\b{_PLAIN}|\?)(?!\s?(?:[kcmµ]?m|deg|m?rad|rev)\s?/)\s?[a-z]*\s?/\s?(?:seconds?|sec|s)\b",
            re.IGNORECASE,
        ),
        _TIME,
    ),
    (
        re.compile(
            rf"\b{_PLAIN}\s?(?:seconds?|secs?|s|ms|us|µs|ns|minutes?|mins|hours?|hrs?)\b(?:/[a-z]+)?", re.IGNORECASE
        ),
        _TIME,
    ),
    # "3.2m" is in metres. In "2m 30s" and "2m", m stands for minutes.
    (re.compile(r"(?<![\w.])\d+(?:h|m|min)(?![a-z/])|\b\d+\.\d*(?:h|min)(?![a-z/])"), _TIME),
    (re.compile(rf"(?:{_TIME}|\?)(?:[\s,:<]*(?:{_TIME}|\?))+"), _TIME),
    # The length of a progress bar depends on the clock.
    (re.compile(r"[=>#█▏▎▍▌▋▊▉━╸╺─▒░.\-]{3,}"), "…"),
)
_LIBRARY = re.compile(
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+: [IWEF] |[IWEF]\d{4} \d\d:\d\d:|WARNING:(?:tensorflow|absl):|WARNING: All log"
)
_TIMED_WORDS = re.compile(
    r"(?<![a-z])(?:times?|elapsed|took|eta|duration|runtime|wall|walltime|clock|seconds|secs?|ms|throughput|fps|latency"
    r"|timestamp|memory|mem|rss|pid|speed|remaining)(?![a-z])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Number:
    """A number on a printed line: its value, the value of one unit in its last place, and the words before it.

    ``integral`` numbers have no decimals. ``timed`` numbers are named as a time, a speed or memory.
    """

    value: float
    place: float
    integral: bool
    label: str
    timed: bool


@dataclass(frozen=True)
class Line:
    """A printed line. ``skeleton`` is its text with every number replaced by ``#``. ``units`` are the time units of
    the numbers that were removed as times.
    """

    skeleton: str
    numbers: tuple[Number, ...]
    units: tuple[str, ...] = ()


def read_lines(lines: Iterable[str]) -> list[Line]:
    """The lines as skeletons and numbers, without lines of TensorFlow's log."""
    return [read_line(line) for line in lines if not _LIBRARY.match(line)]


def read_line(text: str) -> Line:
    """One printed line as skeleton and numbers."""
    units: list[str] = []
    for pattern, replacement in _MACHINE:
        if replacement == _TIME:
            units += [unit for match in pattern.finditer(text) if (unit := _unit(match.group()))]
        text = pattern.sub(replacement, text)
    numbers: list[Number] = []
    end = 0
    for match in _NUMBER.finditer(text):
        numbers.append(_number(match.group(), text[end : match.start()]))
        end = match.end()
    return Line(" ".join(_NUMBER.sub("#", text).split()), tuple(numbers), tuple(units))


def _unit(text: str) -> str:
    """The unit of a time that was removed from a line; empty if it has none, as a date."""
    found = re.fullmatch(rf"{_PLAIN}\s*([a-zµ][a-zµ\s/]*)", text, re.IGNORECASE)
    return found[1].replace(" ", "") if found else ""


def _number(text: str, before: str) -> Number:
    words = re.findall(r"[^\W\d_]+", re.split(r"[,;|(\[{]", before)[-1])
    label = " ".join(words[-3:])
    return Number(parse_number(text), place_of(text), is_integral(text), label, is_timed(" ".join(words)))


def is_timed(label: str) -> bool:
    """Whether a number of this name depends on the machine: a time, a speed, memory."""
    return _TIMED_WORDS.search(label.replace("_", " ")) is not None


def parse_number(text: str) -> float:
    """The value of a printed number; NaN if the text is not a number."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def place_of(text: str) -> float:
    """One unit in the last printed place: 0.001 for ``0.125``, 10 for ``1.2e2``."""
    mantissa, _, exponent = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    try:
        return 10.0 ** (int(exponent or "0") - decimals)
    except (ValueError, OverflowError):
        return 0.0


def is_integral(text: str) -> bool:
    """Whether a printed number has no decimals and no exponent."""
    return re.fullmatch(r"[-+]?\d+\.?", text) is not None


def find_numbers(expression: re.Pattern[str], lines: Iterable[str]) -> list[str]:
    """The texts that a ``--metric`` finds on printed lines: its first group, or else the whole match."""
    found = []
    for line in lines:
        for match in expression.finditer(line):
            text = match.group(1) if expression.groups else match.group()
            if text:
                found.append(text.strip().removesuffix("%"))
    return found


@dataclass(frozen=True)
class Match:
    """Lines of one run matched with those of another: the k-th line of a skeleton with the k-th line of the same.

    ``pairs`` are positions in both runs. ``lost`` are unmatched positions in the first, ``new`` in the second.
    """

    pairs: tuple[tuple[int, int], ...]
    lost: tuple[int, ...]
    new: tuple[int, ...]


def match_lines(first: Sequence[Line], second: Sequence[Line]) -> Match:
    """Match the lines of two runs. The order matters only among lines with the same skeleton."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for position, line in enumerate(second):
        places[line.skeleton].append(position)
    taken: defaultdict[str, int] = defaultdict(int)
    pairs, lost = [], []
    for position, line in enumerate(first):
        there = places[line.skeleton]
        at = taken[line.skeleton]
        taken[line.skeleton] += 1
        if at < len(there):
            pairs.append((position, there[at]))
        else:
            lost.append(position)
    new = [position for skeleton, there in places.items() for position in there[taken[skeleton] :]]
    return Match(tuple(pairs), tuple(lost), tuple(sorted(new)))
