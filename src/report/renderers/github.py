"""The verdicts as workflow commands, which GitHub shows at the lines of a pull request."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ... import exit_codes
from ...records import Judgement, Report
from ..advice import Weight, evidence, losses, next_step, weight
from ..answer import gain_of
from ..places import Checkout, checkout_of
from ..workflow import command

# GitHub shows only ten annotations of a kind per step, so the most important come first.
_ORDER = (Weight.WRONG, Weight.GAIN, Weight.OPEN)
_TITLES = {
    Weight.WRONG: "tf.function refuted",
    Weight.GAIN: "faster as a graph",
}


def render(report: Report, results: Path | None) -> str:
    """Return a line for the run, and one for each notable function. ``results`` is not used."""
    told = report.message if report.exit_code == exit_codes.OK else f"{report.message} (exit code {report.exit_code})"
    lines = [command("notice" if report.exit_code == exit_codes.OK else "error", {"title": "hybridize"}, told)]
    return "\n".join([*lines, *_annotations(report)]) + "\n"


def _annotations(report: Report) -> Iterator[str]:
    checkout = checkout_of(report)
    for each, function in losses(report):
        # A refuted function has a separate annotation, with the evidence.
        if function is not None and each.kind != "refuted":
            place = {"file": checkout.path(function.file), "line": str(max(1, function.line))}
            title = {"title": f"speedup lost: {function.qualname}"}
            yield command("error", place | title, f"{each.candidate} {each.message}.")
    for level in _ORDER:
        for judgement in report.judgements:
            if weight(judgement, report) is level:
                yield _annotation(judgement, level, report, checkout)


def _annotation(judgement: Judgement, level: Weight, report: Report, checkout: Checkout) -> str:
    function = judgement.function
    title = _TITLES.get(level, judgement.verdict.value)
    gain = gain_of(judgement, report) if judgement.selected else ""
    parts = [f"{gain} as fast" if gain else "", evidence(judgement, report)]
    properties = {
        "file": checkout.path(function.file),
        "line": str(max(1, function.line)),
        "title": f"{title}: {function.qualname}",
    }
    said = f"{'; '.join(part for part in parts if part)}. {next_step(judgement, report)}"
    return command("error" if level is Weight.WRONG else "notice", properties, said)

