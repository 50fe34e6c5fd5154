"""Charts as SVG, without a library. Each is drawn in a wide and a narrow form, so that text is readable on a phone."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ....records import Benchmark, Course, Pair
from ...wording import duration, ratio
from .markup import Markup, join, tag

#: The widths that are drawn, in pixels.
_WIDTHS = {"wide": 960, "narrow": 380}
_MOST_DOTS = 120
_EAGER, _EDITED, _TWIN = "eager", "edited", "eager twin"


@dataclass(frozen=True)
class Scale:
    """Maps numbers to pixels."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value. Values beyond an end are mapped to that end."""
        low, high, at = (math.log(x) if self.logarithmic else x for x in (self.low, self.high, value))
        part = (at - low) / (high - low) if high > low else 0.5
        return self.start + min(max(part, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int) -> list[float]:
        """Round values between the ends."""
        if self.logarithmic:
            steps = [m * 10.0**e for e in range(-12, 13) for m in (1, 2, 5)]
            found = [step for step in steps if self.low <= step <= self.high]
            if len(found) > most:
                found = [step for step in found if math.isclose(math.log10(step) % 1, 0, abs_tol=1e-9)]
            return found[:: max(1, math.ceil(len(found) / most))]
        span = (self.high - self.low) or 1.0
        size = 10.0 ** math.floor(math.log10(span / most))
        size = next((size * m for m in (1, 2, 5, 10) if span / (size * m) <= most), size * 10)
        first = math.ceil(self.low / size)
        return [n * size for n in range(first, math.floor(self.high / size) + 1)]


def both(draw: Callable[[int], tuple[float, Sequence[str | None]]], title: str) -> Markup:
    """Draw a chart in both widths. ``draw`` returns the height and the elements for a width."""
    forms = []
    for name, width in _WIDTHS.items():
        height, parts = draw(width)
        forms.append(
            tag(
                "svg",
                tag("title", title),
                *parts,
                class_=f"chart {name}",
                viewBox=f"0 0 {width} {height:.0f}",
                width=width,
                height=round(height),
                role="img",
            )
        )
    return join(forms)


def speedups(benchmark: Benchmark) -> Markup | None:
    """A chart of the speedup in each turn of each group, the groups' ratios, and the overall confidence interval."""
    groups = [(pair, list(_ratios(pair))) for pair in benchmark.pairs]
    values = [value for _, found in groups for value, _ in found]
    if not values:
        return None
    interval = benchmark.speedup
    ends = [interval.low, interval.median, interval.high] if interval is not None else []
    if not all(math.isfinite(end) and end > 0 for end in ends):
        interval, ends = None, []
    known = [value for value in (*values, *ends, 1.0) if math.isfinite(value) and value > 0]
    low, high = min(known) / 1.08, max(known) * 1.08

    def draw(width: int) -> tuple[float, list[str | None]]:
        left, row = 62 if width > 500 else 34, 30
        scale = Scale(low, high, left, width - 14, logarithmic=True)
        height = 26 + row * len(groups) + 30
        parts: list[str | None] = []
        if interval is not None:
            start, end = scale(interval.low), scale(interval.high)
            parts.append(_rect(start, 22, max(end - start, 1), height - 52, "band"))
        parts += _axis(scale, height - 30, 22, width, ratio)
        parts.append(_line(scale(1), 16, scale(1), height - 30, "one"))
        for number, (pair, found) in enumerate(groups):
            y = 26 + row * number + row / 2
            parts.append(_text(left - 8, y + 4, f"group {number + 1}" if width > 500 else str(number + 1), "end"))
            for at, (value, kind) in enumerate(_thinned(found)):
                parts.append(_dot(scale(value), y + ((at * 7) % 13 - 6) * 0.75, 2.6, kind))
            if pair.ratio is not None:
                x = scale(pair.ratio)
                parts.append(_line(x, y - 11, x, y + 11, "ratio", f"group {number + 1}: {ratio(pair.ratio)}"))
        if interval is not None:
            x = scale(interval.median)
            parts.append(_line(x, 18, x, height - 30, "median"))
            parts.append(_text(x, 13, ratio(interval.median), "middle", "strong"))
        return height, parts

    return both(draw, "Time per step, original divided by edited, turn by turn")


def _ratios(pair: Pair) -> Iterator[tuple[float, str]]:
    """For each turn of the steady state: the eager arms' time per step divided by the edited arm's."""
    if _EDITED not in pair.arms:
        return
    edited = pair.arms.index(_EDITED)
    for at, turn in enumerate(pair.turns[pair.warm_turns :], pair.warm_turns):
        others = [seconds for arm, seconds in enumerate(turn.seconds) if arm != edited]
        if turn.units and turn.seconds[edited] > 0 and others and min(others) > 0:
            log = sum(math.log(seconds) for seconds in others) / len(others)
            yield math.exp(log) / turn.seconds[edited], "late" if at in pair.late_turns else "dot"


def steps(pair: Pair) -> Markup | None:
    """A chart of the seconds per step of both scripts, turn by turn, with traces and warm-up turns marked."""
    lines: dict[str, list[float]] = {}
    for arm, name in enumerate(pair.arms):
        rates = [turn.seconds[arm] / turn.units if turn.units else math.nan for turn in pair.turns]
        if name in (_EAGER, _EDITED):
            lines[name] = rates
    done, ends = 0, []
    for turn in pair.turns:
        done += turn.units
        ends.append(done)
    known = [rate for rates in lines.values() for rate in rates if math.isfinite(rate) and rate > 0]
    if len(pair.turns) < 2 or not known:
        return None
    low, high = min(known) / 1.3, max(known) * 1.3

    def draw(width: int) -> tuple[float, list[str | None]]:
        left, height = 62 if width > 500 else 50, 190
        x, y = Scale(0, len(ends), left, width - 12), Scale(low, high, height - 34, 12, logarithmic=True)
        parts: list[str | None] = []
        warm = x(pair.warm_turns)
        parts.append(_rect(left, 12, warm - left, height - 46, "warm", "these turns do not count"))
        parts += _rows(y, left, width, duration)
        shown = range(0, len(ends), max(1, math.ceil(len(ends) / (8 if width > 500 else 4))))
        parts += [_text(x(at + 0.5), height - 18, f"{ends[at]:,}", "middle") for at in shown]
        parts.append(_text(width - 12, height - 4, "steps done", "end"))
        for name, rates in lines.items():
            points = [(x(at + 0.5), y(rate)) for at, rate in enumerate(rates) if math.isfinite(rate) and rate > 0]
            parts.append(_path(points, name))
        rates = lines.get(_EDITED, [])
        traced = [0, *pair.late_turns]
        for at in traced:
            if at < len(rates) and rates[at] > 0:
                parts.append(_trace(x(at + 0.5), y(rates[at])))
        return height, parts

    return both(draw, "Seconds per step, turn by turn")


def courses(course: Course) -> Markup | None:
    """A chart of a number that the step returned in both runs, with their distance below."""
    values = [value for value in (*course.eager, *course.edited) if math.isfinite(value)]
    if len(course.units) < 2 or not values:
        return None
    low, high = min(values), max(values)
    if low == high:
        low, high = low - 1, high + 1
    gaps = [abs(a - b) for a, b in zip(course.eager, course.edited, strict=True)]
    seen = [gap for gap in (*gaps, *course.noise) if math.isfinite(gap) and gap > 0]
    least, most = (min(seen) / 2, max(seen) * 2) if seen else (1e-9, 1.0)

    def draw(width: int) -> tuple[float, list[str | None]]:
        left, height = 62 if width > 500 else 50, 280
        x = Scale(course.units[0], course.units[-1], left, width - 12)
        y = Scale(low, high, 168, 12)
        gap = Scale(least, most, height - 34, 196, logarithmic=True)
        parts: list[str | None] = [*_rows(y, left, width, lambda value: f"{value:.4g}")]
        for name, numbers in ((_EAGER, course.eager), (_EDITED, course.edited)):
            points = [(x(u), y(v)) for u, v in zip(course.units, numbers, strict=True) if math.isfinite(v)]
            parts.append(_path(points, f"{name} {'under' if name == _EAGER else 'over'}"))
        parts.append(_text(left, 188, "difference between both runs", "start", "soft"))
        if seen:
            parts += _rows(gap, left, width, lambda value: f"{value:.0e}", 3)
        noise = [(x(u), gap(max(v, least))) for u, v in zip(course.units, course.noise, strict=False)]
        if noise:
            base = height - 34
            parts.append(_path([(noise[0][0], base), *noise, (noise[-1][0], base)], "noise"))
        apart = [(x(u), gap(v)) for u, v in zip(course.units, gaps, strict=True) if v > 0]
        if apart:
            parts.append(_path(apart, "gap"))
        else:
            parts.append(_text((left + width) / 2, 226, "none: both runs are equal in every step", "middle", "strong"))
        parts += [_text(x(at), height - 16, f"{at:,.0f}", "middle") for at in x.ticks(8 if width > 500 else 4)]
        parts.append(_text(width - 12, height - 2, "step", "end"))
        return height, parts

    return both(draw, f"{course.name} of the original and the edited script, step by step")


def _thinned(found: Sequence[tuple[float, str]]) -> Sequence[tuple[float, str]]:
    return found[:: max(1, math.ceil(len(found) / _MOST_DOTS))]


def _axis(scale: Scale, bottom: float, top: float, width: int, text: Callable[[float], str]) -> list[str | None]:
    parts: list[str | None] = []
    for tick in scale.ticks(8 if width > 500 else 4):
        x = scale(tick)
        parts += [_line(x, top, x, bottom, "grid"), _text(x, bottom + 16, text(tick), "middle")]
    return parts


def _rows(scale: Scale, left: float, width: int, text: Callable[[float], str], most: int = 5) -> list[str | None]:
    parts: list[str | None] = []
    for tick in scale.ticks(most):
        y = scale(tick)
        parts += [_line(left, y, width - 12, y, "grid"), _text(left - 6, y + 4, text(tick), "end")]
    return parts


def _text(x: float, y: float, text: str, anchor: str, kind: str = "") -> Markup:
    return tag("text", text, x=float(x), y=float(y), text_anchor=anchor, class_=kind or None)


def _line(x1: float, y1: float, x2: float, y2: float, kind: str, title: str = "") -> Markup:
    said = tag("title", title) if title else None
    return tag("line", said, x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=kind)


def _rect(x: float, y: float, width: float, height: float, kind: str, title: str = "") -> Markup:
    said = tag("title", title) if title else None
    return tag("rect", said, x=float(x), y=float(y), width=float(width), height=float(height), class_=kind)


def _dot(x: float, y: float, radius: float, kind: str) -> Markup:
    return tag("circle", cx=float(x), cy=float(y), r=radius, class_=kind)


def _trace(x: float, y: float) -> Markup:
    return tag("path", tag("title", "a trace"), d=f"M{x:.1f} {y - 5:.1f}l5 9h-10z", class_="trace")


def _path(points: Sequence[tuple[float, float]], kind: str) -> Markup | None:
    if not points:
        return None
    return tag("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=kind)
