"""The functions of the project as a table. Each row expands to all results about the function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....records import Judgement, Report, Verdict
from ...answer import Group, gain_of, group_of, name_of, short_reason
from ...explanation import sections_of
from . import code
from .markup import Markup, join, tag

_TITLES = ("function", "verdict", "gain", "of the time", "calls", "why")
_ORDER = [Verdict.CONFIRMED, Verdict.REFUTED, Verdict.INCONCLUSIVE, Verdict.UNOBSERVED, Verdict.NOT_PROPOSED]


def table(report: Report) -> Markup | None:
    """Return the table with its filter; None if there are no functions."""
    if not report.judgements:
        return None
    judgements = sorted(report.judgements, key=lambda j: (not j.selected, group_of(j) is not Group.TRIED, -_share(j)))
    verdicts = [verdict for verdict in _ORDER if any(j.verdict is verdict for j in judgements)]
    buttons = [
        tag("button", f"{verdict.value} {sum(j.verdict is verdict for j in judgements)}", type="button",
            data_verdict=verdict.value, aria_pressed="true", class_=f"chip {verdict.value}")
        for verdict in verdicts
    ]  # fmt: skip
    heads = [tag("th", tag("button", title, type="button"), scope="col") for title in _TITLES]
    return join(
        [
            tag(
                "div",
                tag(
                    "input",
                    type="search",
                    id="filter",
                    placeholder="Filter functions ( / )",
                    aria_label="Filter functions",
                ),
                tag("span", *buttons, role="group", aria_label="verdicts"),
                tag("output", f"{len(judgements)} of {len(judgements)}", id="shown"),
                class_="bar",
            ),
            tag(
                "div",
                tag(
                    "table",
                    tag("thead", tag("tr", *heads)),
                    *(_body(number, judgement, report) for number, judgement in enumerate(judgements)),
                    class_="sortable candidates",
                    id="functions",
                ),
                class_="wide-table",
            ),
        ]
    )


def _body(number: int, judgement: Judgement, report: Report) -> Markup:
    function, seen = judgement.function, judgement.observation
    gain, share = gain_of(judgement, report), _share(judgement)
    summary = tag(
        "tr",
        tag(
            "td",
            tag(
                "button",
                name_of(function),
                type="button",
                aria_expanded="false",
                aria_controls=f"f{number}",
                class_="open",
            ),
            tag("small", f"{function.file}:{function.line}"),
        ),
        tag("td", tag("span", judgement.verdict.value, class_=f"chip {judgement.verdict.value}")),
        tag(
            "td",
            tag("strong", gain) if judgement.selected else gain,
            class_="number",
            data_value=gain.strip("~x") or "-1",
        ),
        tag("td", f"{share:.0%}" if seen.calls else "", class_="number", data_value=f"{share:.4f}"),
        tag("td", f"{seen.calls:,}" if seen.calls else "", class_="number", data_value=seen.calls),
        tag("td", tag("div", ("in the patch: " if judgement.selected else "") + short_reason(judgement)), class_="why"),
        class_="summary",
    )
    detail = tag("tr", tag("td", *_detail(judgement, report), colspan=len(_TITLES)), class_="detail", id=f"f{number}")
    return tag("tbody", summary, detail, data_verdict=judgement.verdict.value, data_name=function.id.lower())


def _detail(judgement: Judgement, report: Report) -> Iterator[Markup]:
    for title, lines in sections_of(judgement, report):
        if lines:
            yield tag("h3", title)
            yield tag("ul", *_items(lines))
    diffs = [each.diff for each in report.plan.files if judgement.function.id in _changed(report, each.file)]
    if judgement.selected and diffs:
        yield tag("h3", "Change")
        yield from (code.diff(each) for each in diffs)
    if judgement.source:
        function = judgement.function
        first = function.region.first if function.region is not None else function.line
        notes: dict[int, str] = {}
        for finding in function.findings:
            if finding.file == function.file:
                notes.setdefault(finding.line, f"{finding.code} {finding.message}")
        yield tag("h3", "Source")
        yield code.python(judgement.source, first, notes)


def _items(lines: Sequence[str]) -> Iterator[Markup]:
    for line in lines:
        yield tag("li", line.strip(), class_="deeper" if line.startswith("  ") else None)


def _changed(report: Report, file: str) -> set[str]:
    return {edit.candidate for edit in report.plan.edits if edit.file == file}


def _share(judgement: Judgement) -> float:
    share = judgement.observation.share
    return share if share == share else 0.0
