"""The format of numbers and commands, the same in every report for people."""

from __future__ import annotations

import math
import os
import shlex
import shutil
from collections.abc import Sequence
from pathlib import Path

from ..records import (
    Action,
    FunctionKind,
    Judgement,
    Metric,
    Profile,
    Reason,
    Report,
    Share,
    VariantResult,
    Verdict,
)

_SHOWN_SHARES = 5
#: A refused function with at least this share of the time (without callees) is always named.
NOTABLE_SHARE = 0.2
_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Say how many: ``4,000 calls``, ``1 signature``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration(seconds: float) -> str:
    """Say a short time with three digits (``1.21 ms``) and a long one in minutes (``2m05s``)."""
    if not math.isfinite(seconds):
        return "unknown"
    if abs(seconds) >= 100:
        return clock(seconds)
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-6:.2g} µs" if seconds else "0 s"


def clock(seconds: float) -> str:
    """Say a time in whole seconds: ``45s``, ``2m05s``, ``1h02m05s``."""
    sign, whole = ("-" if seconds < -0.5 else ""), round(abs(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{sign}{hours}h{minutes:02}m{rest:02}s"
    return f"{sign}{minutes}m{rest:02}s" if minutes else f"{sign}{rest}s"


def ratio(value: float | None) -> str:
    """Say a ratio with three digits: ``7.93x``, ``12.4x``; empty if it was not measured."""
    if value is None or not math.isfinite(value) or value <= 0:
        return ""
    return f"{value:.0f}x" if value >= 100 else f"{value:.1f}x" if value >= 10 else f"{value:.2f}x"


def memory(size: int) -> str:
    """Say a number of bytes in megabytes."""
    return f"{size / 1e6:,.0f} MB"


def number(value: float | None) -> str:
    """Say a metric's value with six digits."""
    return "unknown" if value is None or not math.isfinite(value) else f"{value:.6g}"


def chosen_variant(judgement: Judgement, report: Report) -> VariantResult | None:
    """Return the variant that represents a candidate: the one in the plan, or else the fastest confirmed one."""
    planned = {edit.candidate: edit.variant.name for edit in report.plan.edits}
    name = planned.get(judgement.function.id)
    for variant in judgement.variants:
        if variant.name == name:
            return variant
    confirmed = [variant for variant in judgement.variants if variant.outcome is Verdict.CONFIRMED]
    timed = [variant for variant in confirmed if speedup_of(variant) is not None]
    return min(timed, key=lambda variant: variant.seconds_per_call or 0.0, default=next(iter(confirmed), None))


def speedup_of(variant: VariantResult | None) -> float | None:
    """Return eager time divided by the variant's time, per call; None if either was not measured."""
    if variant is None:
        return None
    eager, graph = variant.eager_seconds_per_call, variant.seconds_per_call
    if eager is None or graph is None:
        return None
    if not (math.isfinite(eager) and math.isfinite(graph) and eager > 0 and graph > 0):
        return None
    return eager / graph


def own_share(judgement: Judgement) -> float:
    """The share of the time that a function takes itself, without its watched callees."""
    seen = judgement.observation
    return seen.share * seen.own_seconds / seen.seconds if seen.seconds > 0 else 0.0


def samples(judgement: Judgement, report: Report) -> str:
    """Say the evidence of a verdict: calls, signatures, share of the time, traces, seconds per call."""
    seen = judgement.observation
    if not seen.calls:
        return "" if judgement.verdict is Verdict.NOT_PROPOSED else "never called in this run"
    if judgement.function.kind is FunctionKind.SWITCH:
        return f"{seen.share:.0%} of the time ran eagerly because of it"
    parts = [count(seen.calls, "call")]
    if seen.signatures:
        parts.append(count(seen.signatures, "signature"))
    if seen.share > 0 and math.isfinite(seen.share):
        parts.append(_share_of_time(judgement, report))
    if seen.ops_per_call > 0:
        parts.append(f"{seen.ops_per_call:,.0f} ops a call")
    variant = chosen_variant(judgement, report)
    if variant is not None:
        parts.append(count(variant.traces, "trace"))
        if variant.name != "graph":
            parts.append(f"variant {variant.name}")
    return ", ".join(parts)


def _share_of_time(judgement: Judgement, report: Report) -> str:
    """The share of the time, and the part of it outside of converted callers, or in the function itself."""
    seen = judgement.observation
    said = f"{seen.share:.0%} of the time"
    if judgement.function.proposal is Action.NONE:
        return f"{said}, {own_share(judgement):.0%} in itself"
    converted = {each.function.id for each in report.judgements if each.selected or each.covered_by is not None}
    covered = sum(seconds for caller, seconds in seen.caller_seconds.items() if caller in converted)
    if judgement.selected or not covered or seen.seconds <= 0:
        return said
    return f"{said}, {seen.share * max(0.0, 1 - covered / seen.seconds):.0%} outside of converted code"


def words(given: Sequence[Reason]) -> list[str]:
    """The reasons as clauses, each with its evidence."""
    return [part for reason in given for part in (reason.message, reason.evidence) if part]


def reasons(judgement: Judgement) -> str:
    """Say why a candidate has its verdict; for one that was not proposed, its blocker."""
    parts = words(judgement.reasons)
    function = judgement.function
    if not parts and function.blocker is not None:
        parts.append(f"{function.blocker.message} ({function.blocker.code})")
    if not parts and function.hybrid is not None:
        parts.append(f"is already a tf.function: {function.hybrid}")
    return "; ".join(parts)


def is_proposed(judgement: Judgement) -> bool:
    """Whether the candidate was tried at all."""
    return judgement.verdict is not Verdict.NOT_PROPOSED and judgement.function.proposal is not Action.NONE


def profile_lines(profile: Profile) -> list[tuple[str, str]]:
    """Return the profile as (label, sentence) rows: one per candidate, the largest shares first."""
    known = [share for share in profile.shares if share.before is not None or share.after is not None]
    lines = [_share(share, profile) for share in known[:_SHOWN_SHARES]]
    if len(known) > _SHOWN_SHARES:
        lines.append(f"{count(len(known) - _SHOWN_SHARES, 'more candidate')} in report.json")
    if profile.reason:
        lines.append(profile.reason if known else f"none: {profile.reason}")
    return [("" if position else "Profile", line) for position, line in enumerate(lines)]


def _share(share: Share, profile: Profile) -> str:
    parts: list[str] = []
    rests: list[str] = []
    for part, error, moments, when in (
        (share.before, share.before_error, profile.samples_before, "before"),
        (share.after, share.after_error, profile.samples_after, "after"),
    ):
        if part is not None and error is not None:
            of = " of the time" if not parts else ""
            # If all or none of the samples hit it, the formula's error of 0 has no meaning.
            spread = f" ±{2 * error:.0%}" if error else ""
            parts.append(f"{part:.0%}{spread}{of} {when}")
            rests.append(f"{moments or 0:,}")
    return f"{share.candidate}: {', '.join(parts)} ({' and '.join(rests)} samples)"


def metric_line(metric: Metric) -> str:
    """Say the values of one number in the eager and the edited run."""
    text = f"{metric.name} ({metric.source}): {number(metric.baseline)} eager, {number(metric.optimized)} edited"
    if metric.difference is not None:
        text += f", difference {number(metric.difference)}"
    if metric.low is not None and metric.high is not None:
        text += f" [{number(metric.low)}, {number(metric.high)}]"
    if metric.seeds is not None:
        text += f" over {count(metric.seeds, 'seed')}"
    if metric.noise_floor is not None:
        text += f", noise floor {number(metric.noise_floor)}"
    return f"{text}: {metric.verdict}"


def patch_path(report: Report) -> Path | None:
    """Return the path of the patch; None if there is none."""
    if report.plan.patch_file is None:
        return None
    return Path(report.folder or "", report.plan.patch_file)


def apply_command(report: Report, cwd: Path, undo: bool = False) -> str | None:
    """Return the command that applies the patch, or undoes it, from the folder ``cwd``; None without a patch."""
    parts = apply_parts(report, cwd, undo)
    return " ".join(parts) if parts else None


def apply_parts(report: Report, cwd: Path, undo: bool = False) -> list[str]:
    """Return the words of that command, quoted for the shell, so that a long command can be wrapped.

    ``git apply`` silently skips files if it runs below the top of a repository. So `patch` is preferred, and without
    it the path from that top is spelled out.
    """
    patch = patch_path(report)
    if patch is None:
        return []
    root = Path(report.command.target.root)
    back = ["-R"] if undo else []
    if shutil.which("patch") is None and shutil.which("git") is not None:
        top = next((place for place in (root, *root.parents) if (place / ".git").exists()), root)
        inside = root.relative_to(top).as_posix()
        directory = [] if inside == "." else [f"--directory={shlex.quote(inside)}"]
        where = ["git", f"-C {shlex.quote(shortest(top, cwd))}"]
        return [*where, "apply", *back, *directory, shlex.quote(str(patch.absolute()))]
    into = [] if root == cwd else [f"-d {shlex.quote(shortest(root, cwd))}"]
    return ["patch", *back, "-p1", *into, f"< {shlex.quote(shortest(patch, cwd))}"]


def shortest(path: Path, cwd: Path) -> str:
    """Return the path relative to ``cwd`` if that is shorter and not far away."""
    relative = os.path.relpath(path, cwd)
    return relative if len(relative) < len(str(path)) and not relative.startswith("../..") else str(path)
