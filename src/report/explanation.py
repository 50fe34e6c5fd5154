"""All results of a run about one function, as text: ``optimize explain train:step``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator

from ..records import Finding, Function, Judgement, Report, VariantResult, Verdict
from .advice import next_step
from .answer import gain_of, name_of, short_reason
from .visible import visible
from .wording import count, duration, ratio, reasons, samples, speedup_of


def find(report: Report, asked: str) -> list[Judgement]:
    """The functions that ``asked`` names: an id, a qualified name, the name after the last dot, or ``file:line``."""
    tests: tuple[Callable[[Function], bool], ...] = (
        lambda function: function.id == asked,
        lambda function: function.qualname == asked,
        lambda function: function.qualname.rpartition(".")[2] == asked,
        lambda function: _holds(function, asked),
    )
    for test in tests:
        if found := [judgement for judgement in report.judgements if test(judgement.function)]:
            return found
    return []


def _holds(function: Function, place: str) -> bool:
    """Whether a place (``file:line``) is inside the function."""
    file, _, line = place.rpartition(":")
    inside = line.isdigit() and function.line <= int(line) <= function.end_line
    return inside and bool(file) and f"/{function.file}".endswith(f"/{file}")


def explain(judgement: Judgement, report: Report, width: int = 100) -> str:
    """Describe one function fully, in lines of at most ``width`` columns unless a word is longer."""
    function = judgement.function
    place = f"{function.file}:{function.line}–{function.end_line}" if function.region is None else function.id
    lines = [visible(f"{name_of(function)}  ({place})")]
    for title, found in sections_of(judgement, report):
        if found:
            lines += ["", title]
            lines += [line for text in found for line in _folded(visible(text), width)]
    if judgement.source:
        lines += ["", "Source", *(f"    {visible(line)}" for line in judgement.source.splitlines())]
    return "\n".join(lines) + "\n"


def sections_of(judgement: Judgement, report: Report) -> list[tuple[str, list[str]]]:
    """The results as titles with lines. A line that begins with two spaces belongs to the one before it."""
    return [
        (judgement.verdict.value + (", in the patch" if judgement.selected else ""), _why(judgement)),
        ("What to do", [next_step(judgement, report)] if judgement.verdict is not Verdict.NOT_PROPOSED else []),
        ("Gain", _gain(judgement, report)),
        ("Observed in the run", _seen(judgement, report)),
        ("Found in the source", [line for finding in judgement.function.findings for line in _finding(finding)]),
        (
            "Assumptions, and whether they held",
            [f"{each.verdict.value}: {each.assumption.statement} ({each.evidence})" for each in judgement.assumptions],
        ),
        ("Variants that were tried", [line for each in judgement.variants for line in _variant(each)]),
        (
            "Side effects that outlive a call",
            [
                f"{each.subject}: {each.detail}" + (f" ({each.place})" if each.place else "")
                for each in judgement.observation.effects
            ],
        ),
    ]


def _why(judgement: Judgement) -> list[str]:
    found = []
    for reason in judgement.reasons:
        found.append(reason.message)
        found += [f"  {reason.evidence}"] if reason.evidence else []
    return found or [text for text in (reasons(judgement) or short_reason(judgement),) if text]


def _gain(judgement: Judgement, report: Report) -> list[str]:
    gain = gain_of(judgement, report)
    if gain.startswith("~"):
        return [f"{gain} per call, timed while both versions were compared (a rough figure)"]
    return [f"{gain}, measured side by side"] if gain else []


def _seen(judgement: Judgement, report: Report) -> list[str]:
    found = [text for text in (samples(judgement, report),) if text]
    for parameter in judgement.observation.parameters:
        parts = [", ".join(parameter.kinds), ", ".join(parameter.dtypes), " ".join(parameter.shapes[:6])]
        values = count(parameter.distinct_values, "distinct value")
        found.append(f"{parameter.name}: {'; '.join(part for part in (*parts, values) if part)}")
    callers = sorted(judgement.observation.callers.items(), key=lambda item: -item[1])[:5]
    if callers:
        said = ", ".join(f"{name or 'other code'} ({calls:,})" for name, calls in callers)
        found.append(f"called by {said}")
    return found


def _finding(finding: Finding) -> Iterator[str]:
    sure = "" if finding.certain else " (the run checks it)"
    yield f"{finding.code} {finding.file}:{finding.line}: {finding.message}{sure}"
    for step in finding.chain:
        if (step.file, step.line, step.note) != (finding.file, finding.line, finding.message):
            yield f"  {step.file}:{step.line}: {step.note}"


def _variant(tried: VariantResult) -> Iterator[str]:
    arguments = ", ".join(f"{name}={value}" for name, value in tried.arguments)
    parts = [count(tried.traces, "trace")]
    if tried.trace_seconds is not None:
        parts.append(f"{duration(tried.trace_seconds)} tracing")
    if value := ratio(speedup_of(tried)):
        parts.append(f"~{value} per call")
    yield f"tf.function({arguments}): {tried.outcome.value}, {', '.join(parts)}"
    if tried.reason:
        yield f"  {tried.reason}"
    for cause in tried.retrace_causes:
        yield f"  retraced because of {cause}"


def _folded(text: str, width: int) -> list[str]:
    deeper = "    " if text.startswith("  ") else "  "
    return textwrap.wrap(
        text.strip(), max(width, 20), initial_indent=deeper, subsequent_indent=deeper + "  ", break_on_hyphens=False
    )
