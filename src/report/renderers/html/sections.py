"""The sections of the page. Each function returns the markup of one section, or None."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ....records import Cost, Judgement, Report, Verdict
from ...answer import (
    REMEDIES,
    Row,
    Tone,
    benchmark_rows,
    cost_text,
    more_rows,
    rows,
    tone_of,
)
from ...wording import apply_command, clock, count, metric_line, ratio
from . import charts, code, flames
from .markup import Markup, data, join, tag

_MOST_GROUPS = 6
_STATUS = {
    "optimized": "faster",
    "nothing-to-gain": "nothing to gain",
    "refuted": "refuted",
    "drift": "drift",
    "script-failed": "the script failed",
    "usage": "wrong usage",
    "interrupted": "interrupted",
    "failed": "failed",
}


def section(title: str, name: str, *parts: str | None, note: str = "") -> Markup | None:
    """Return a section with its heading; None if it has no parts."""
    found = [part for part in parts if part]
    if not found:
        return None
    return tag(
        "section",
        tag("h2", tag("a", title, href=f"#{name}")),
        tag("p", note, class_="note") if note else None,
        *found,
        id=name,
    )


def headline(report: Report) -> Markup:
    """The outcome: the subject of the run, the sentence to read first, and the figures."""
    target = report.command.target
    what = f"python -m {target.module}" if target.module else Path(target.script).name
    what = " ".join([what, *target.arguments])
    status = _STATUS.get(report.status, report.status)
    first, *others = re.split(r"(?<=[.:])\s+(?=[A-Z])", report.message, maxsplit=1)
    rest = " ".join(others)
    return tag(
        "header",
        tag("p", tag("span", status, class_=f"badge {tone_of(report).value}"), " ", tag("code", what), class_="what"),
        tag("h1", first),
        tag("p", rest, class_="lead") if rest else None,
        _tiles(report),
        _warnings(report.warnings),
    )


def _tiles(report: Report) -> Markup | None:
    found: list[tuple[str, str, Tone]] = []
    benchmark, drift = report.benchmark, report.drift
    if benchmark is not None:
        interval = benchmark.speedup
        value = interval.median if interval is not None else benchmark.steady_state_speedup
        if value is not None and math.isfinite(value):
            tone = {"faster": Tone.GOOD, "slower": Tone.BAD}.get(benchmark.verdict, Tone.UNSURE)
            found.append((ratio(value), "per step", tone))
        if benchmark.end_to_end_speedup is not None and not benchmark.by_clock:
            whole = benchmark.whole_script or benchmark.script_units is not None
            end_to_end = benchmark.end_to_end_speedup
            tone = Tone.GOOD if end_to_end > 1 else Tone.BAD
            found.append((ratio(end_to_end), "the whole run" if whole else "the part that was run", tone))
        if benchmark.break_even_units is not None and benchmark.verdict == "faster":
            found.append((f"{benchmark.break_even_units:,}", "steps to break even", Tone.PLAIN))
    if drift is not None:
        tone = {"none": Tone.GOOD, "drift": Tone.BAD}.get(drift.verdict, Tone.UNSURE)
        found.append(("yes" if drift.verdict == "drift" else drift.verdict, "drift", tone))
    if not found:
        return None
    tiles = [
        tag("div", tag("strong", value), tag("span", label), class_=f"tile {tone.value}")
        for value, label, tone in found
    ]
    return tag("div", *tiles, class_="tiles")


def _warnings(warnings: Sequence[str]) -> Markup | None:
    if not warnings:
        return None
    listed = tag("ul", *(tag("li", text) for text in warnings))
    return tag(
        "details", tag("summary", count(len(warnings), "warning")), listed, class_="warnings", open=len(warnings) < 3
    )


def change(report: Report) -> Markup | None:
    """The diff, how to apply it, and how to undo it."""
    if not report.plan.files:
        return None
    cwd = Path(report.command.target.cwd)
    command, undo = apply_command(report, cwd), apply_command(report, cwd, undo=True)
    how = None
    if report.plan.applied:
        how = tag("p", "The sources were edited in place. To undo it: ", tag("code", undo or "", class_="command"))
    elif command:
        how = join(
            [
                tag("p", "To apply it, in ", tag("code", str(cwd)), ":"),
                tag("p", tag("code", command, class_="command")),
                tag("p", "To undo it later:"),
                tag("p", tag("code", undo or "", class_="command")),
            ]
        )
    return section("The change", "change", *(code.diff(edited.diff) for edited in report.plan.files), how)


def speed(report: Report) -> Markup | None:
    """The measured facts, their spread, and the steps one by one."""
    benchmark = report.benchmark
    if benchmark is None:
        return None
    facts = [*benchmark_rows(benchmark), *more_rows(benchmark)]
    facts = [fact for at, fact in enumerate(facts) if fact.label != "Memory" or at == _last(facts, "Memory")]
    rest = [row for row in rows(report) if row.label == "Measured in"]
    spread = charts.speedups(benchmark)
    groups = [(number, charts.steps(pair)) for number, pair in enumerate(benchmark.pairs[:_MOST_GROUPS], 1)]
    pictures = [
        tag("details", tag("summary", f"Group {number}"), chart, open=number == 1) for number, chart in groups if chart
    ]
    return section(
        "Speed",
        "speed",
        _table(facts + rest),
        _figure(
            spread,
            "Each dot is one turn: the original's time per step divided by the edited script's, side by side. "
            "The tick is the group's ratio, the band the interval over groups.",
        ),
        _figure(
            join(pictures) if pictures else None,
            "Seconds per step, turn by turn. A triangle is a turn with a trace; shaded turns do not count.",
            _legend(("eager", "original"), ("edited", "edited")),
        ),
    )


def _last(facts: Sequence[Row], label: str) -> int:
    return max((at for at, fact in enumerate(facts) if fact.label == label), default=-1)


def results(report: Report) -> Markup | None:
    """Whether the results drifted: charts of the step's results, and all compared numbers."""
    drift = report.drift
    if drift is None:
        return None
    pictures = [
        _figure(
            charts.courses(course),
            f"{course.name.capitalize()}, from the same start and with the same random numbers. Below: the difference "
            "between both runs. The shaded area is the difference between two runs of the original.",
            _legend(("eager", "original"), ("edited", "edited"), ("gap", "difference")),
        )
        for course in drift.courses
    ]
    listed = tag("ul", *(tag("li", metric_line(metric)) for metric in drift.metrics), class_="metrics")
    level = f" (level {drift.level})" if drift.level else ""
    verdict = tag("p", tag("strong", f"Drift: {drift.verdict}{level}. "), drift.reason)
    numbers = tag("details", tag("summary", count(len(drift.metrics), "number") + " followed"), listed)
    return section("Results", "results", verdict, *pictures, numbers if drift.metrics else None)


def time(report: Report, folder: Path | None) -> Markup | None:
    """Where the time goes: flame graphs of both scripts, and the lines of the project that take the most."""
    profile = report.profile
    if profile is None:
        return None
    graphs = {}
    for name in ("eager", "edited"):
        file = f"profile-{name}.raw.txt"
        top = (
            flames.read(folder / file, report.command.target.root)
            if folder is not None and file in profile.files
            else None
        )
        if top is not None:
            graphs[name] = flames.to_data(top)
    told: set[str] = set()
    lines = [
        tag(
            "tr",
            tag("td", f"{cost.share:.0%}", class_="number", data_value=f"{cost.share:.4f}"),
            tag("td", tag("code", cost_text(cost))),
            tag("td", _once(_remedy(cost.kind, report), told)),
        )
        for cost in profile.host_costs
    ]
    table = _sortable(("share", "line", "what usually helps"), lines) if lines else None
    return section(
        "Where the time goes",
        "time",
        _flame(graphs) if graphs else None,
        table,
        tag("p", profile.reason, class_="note") if profile.reason else None,
        note="Sampled by py-spy in separate runs. Waiting counts: while a graph runs, Python waits for it.",
    )


def _remedy(kind: Cost, report: Report) -> str:
    """The usual remedy. For eager TensorFlow operations of an edited script, it is the edit."""
    if kind is Cost.TENSORFLOW and report.plan.edits:
        return "Eager TensorFlow operations. After the change, those in converted functions run as a graph."
    return REMEDIES[kind] or kind.value


def _once(text: str, told: set[str]) -> str:
    """The text on its first use, and an empty text after that."""
    if text in told:
        return ""
    told.add(text)
    return text


def _flame(graphs: Mapping[str, object]) -> Markup:
    labels = {"eager": "Original", "edited": "Edited"}
    tabs = [
        tag("button", labels[name], type="button", data_flame=name, aria_pressed="true" if at == 0 else "false")
        for at, name in enumerate(graphs)
    ]
    kinds = [
        ("user", "your code"),
        ("keras", "Keras"),
        ("tensorflow", "TensorFlow"),
        ("numpy", "NumPy"),
        ("other", "other"),
    ]
    return tag(
        "div",
        tag(
            "div",
            tag("span", *tabs, class_="tabs", role="group", aria_label="which script"),
            tag(
                "input", type="search", id="flame-search", placeholder="Search functions", aria_label="Search functions"
            ),
            tag("button", "Reset", type="button", id="flame-reset"),
            tag("output", id="flame-found"),
            class_="bar",
        ),
        tag("canvas", id="flame", tabindex="0", role="img", aria_label="Flame graph: arrow keys move, Enter zooms"),
        tag("p", "Click to zoom; arrow keys move, Enter zooms, Escape resets.", id="flame-said", class_="note"),
        tag("p", *(tag("span", label, class_=f"key fl-{kind}") for kind, label in kinds), class_="legend"),
        data("flames", graphs),
        class_="flame",
    )


def environment(report: Report) -> Markup:
    """The machine, the options, and the time of each stage."""
    spent = f"{clock(report.budget.spent_seconds)} of {clock(report.budget.seconds)}"
    facts = [
        Row("command", " ".join(report.command.argv)),
        Row("project", report.command.target.root),
        Row("made", report.created),
        Row("budget", f"{spent} spent"),
        *(Row(name, value) for name, value in report.environment.items()),
    ]
    total = sum(seconds for seconds in report.timings.values() if math.isfinite(seconds)) or 1.0
    stages = [
        tag(
            "tr",
            tag("td", name),
            tag("td", clock(seconds) if math.isfinite(seconds) else "unknown", class_="number"),
            tag("td", tag("span", class_="bar-of", style=f"width:{100 * min(seconds / total, 1):.1f}%")),
        )
        for name, seconds in report.timings.items()
    ]
    options = [Row(name, str(value)) for name, value in report.command.options.items()]
    made = section(
        "The run",
        "run",
        _table(facts),
        tag("table", *stages, class_="stages") if stages else None,
        tag("details", tag("summary", "Options"), _table(options)) if options else None,
    )
    assert made is not None
    return made


def footer(report: Report, judgements: Sequence[Judgement]) -> Markup:
    """The origin of the page, and how to look up details."""
    confirmed = sum(judgement.verdict is Verdict.CONFIRMED for judgement in judgements)
    said = f"{count(len(judgements), 'function')}, {confirmed} confirmed. "
    how = "optimize explain FUNCTION prints the details of one function. report.json in this folder has every number."
    return tag("footer", tag("p", said, how))


def _table(facts: Sequence[Row]) -> Markup:
    return tag(
        "table",
        *(
            tag("tr", tag("th", fact.label, scope="row"), tag("td", fact.text, class_=fact.tone.value))
            for fact in facts
        ),
        class_="facts",
    )


def _sortable(titles: Sequence[str], lines: Sequence[Markup]) -> Markup:
    heads = [tag("th", tag("button", title, type="button"), scope="col") for title in titles]
    body = [tag("tbody", line) for line in lines]
    return tag("div", tag("table", tag("thead", tag("tr", *heads)), *body, class_="sortable"), class_="wide-table")


def _figure(picture: Markup | None, caption: str, legend: Markup | None = None) -> Markup | None:
    return tag("figure", legend, picture, tag("figcaption", caption)) if picture else None


def _legend(*entries: tuple[str, str]) -> Markup:
    return tag("p", *(tag("span", label, class_=f"key {kind}") for kind, label in entries), class_="legend")
