"""Scans the project: which functions are candidates, and why the others are not."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from ... import exit_codes
from ...records import Action, Function, Group, Judgement, Reason, Refuted, Scan, Verdict
from ..eagerness import names_switch
from ..lifted import in_users_lines
from ..proposals import is_proposed, is_wanted, tell
from ..target import covering, layout_of
from ..work import Stop, Work

NOTHING: Mapping[str, Refuted] = MappingProxyType({})
# The groups of findings about safety, and the most of them that are named for one function.
SAFETY = (Group.EFFECTS, Group.TRACING, Group.KERAS, Group.RESULTS)
MOST_HAZARDS = 3


def run(work: Work, seen: Mapping[str, str] | None = None, refuted: Mapping[str, Refuted] = NOTHING) -> Scan:
    """Scan the modules that the script imports according to its source, and those that a run has ``seen``.

    ``refuted`` are functions that a run has refuted; their rest is scanned for regions. Functions in ``work.parted``
    keep their verdicts.
    """
    from ...fingerprints import with_fingerprints
    from ...static import scan

    layout = layout_of(work.target, work.options, seen)
    work.target = covering(work.target, layout, work.options)
    with work.stage("scan", work.target.root) if seen is None else contextlib.nullcontext():
        edited = {each.file: each.after for each in (*work.target.eager, *work.base)}
        found = scan(Path(work.target.root), Path(work.target.script), layout=layout, edited=edited, refuted=refuted)
        if work.base:
            regions = {edit.candidate: edit.region for edit in work.outlines if edit.region is not None}
            found = in_users_lines(found, work.base, regions)
        found = with_fingerprints(found)
        for warning in found.warnings:
            work.warn(warning)
        reachable = [f for f in found.functions if f.file in found.reachable]
        work.judgements.clear()
        others = [f for f in reachable if not is_proposed(work, f)]
        work.add([Judgement(f, Verdict.NOT_PROPOSED, _left_alone(work, f)) for f in others])
        work.add(
            [
                Judgement(f, Verdict.UNOBSERVED, (Reason("not-run", "the script has not run yet"),))
                for f in reachable
                if is_proposed(work, f)
            ]
        )
        work.add(list(work.parted.values()))
        named = (name for name in (*work.options.only, *work.options.skip) if not names_switch(name))
        unknown = [name for name in named if name not in work.judgements]
        if unknown:
            known = ", ".join(sorted(work.judgements)) or "none"
            raise Stop(
                "usage", f"There is no candidate {unknown[0]}; the functions found are: {known}.", exit_codes.USAGE
            )
        if seen is None:
            tell(work, found)
    return found


def _left_alone(work: Work, function: Function) -> tuple[Reason, ...]:
    """Why nothing is proposed for a function, or for a region that is not a function yet."""
    if function.id in work.left_alone:
        return (work.left_alone[function.id],)
    if function.region is None or function.blocker is not None:
        return _why_not(function)
    why = "the run did not get to that"
    if work.options.rewrite == "decorate":
        why = "--rewrite decorate does not change that"
    elif not is_wanted(work, function):
        why = "it was excluded by --only or --skip"
    return (Reason("no-function", f"these statements are not a function, and {why}"),)


def _why_not(function: Function) -> tuple[Reason, ...]:
    if function.hybrid is not None:
        return (Reason("hybrid", f"it is already a tf.function ({function.hybrid})"),)
    if function.blocker is not None:
        blocker = function.blocker
        named = {blocker.code: blocker}
        # With the blocker alone, a reader might think that fixing it is enough.
        if blocker.group in SAFETY:
            for finding in sorted(function.findings, key=lambda each: (not each.certain, each.code)):
                if finding.group in SAFETY and len(named) < MOST_HAZARDS:
                    named.setdefault(finding.code, finding)
        return tuple(
            Reason(each.code, f"{each.message} ({each.file}:{each.line})", place=f"{each.file}:{each.line}")
            for each in named.values()
        )
    if function.proposal is Action.HYBRIDIZE:
        return (Reason("left-out", "it was excluded by --only or --skip"),)
    return (Reason("nothing", "nothing to convert"),)
