"""`optimize confirm`: proves the decorated functions that a change touches, in their working-tree form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ... import exit_codes
from ...records import Action, Function, Judgement, Move, Reason, Report, Scan, Verdict
from ...report.wording import count
from ..keys import keys_of
from ..pipeline import nursery
from ..stages import scan
from ..standing import decorated
from ..work import Stop, Work
from .proving import prove
from .repository import Unknown, changed_since
from .touched import changed, reached, runs_otherwise

#: The code of the reason of a function that was not run again.
KNOWN = "known"
#: The statuses of runs whose confirmations count.
_GOOD = ("optimized", "confirmed", "held")


@dataclass(frozen=True)
class Asked:
    """The functions to confirm: by id, or those that changed ``since`` a git revision.

    With ``fresh``, functions that an earlier report confirmed are run again. With ``pass_inconclusive``, undecided
    functions pass.
    """

    candidates: tuple[str, ...] = ()
    since: str | None = None
    fresh: bool = False
    pass_inconclusive: bool = True


def confirm(work: Work, asked: Asked) -> tuple[str, str, int]:
    """Prove and measure the functions asked for. Returns the status, the message and the exit code."""
    found = scan.run(work)
    functions = _named(found, asked.candidates) if asked.candidates else _touched(work, found, asked.since or "HEAD")
    if not functions:
        none = f"The changes since {asked.since} affect no decorated function, nor its callers and callees"
        return "confirmed", f"{none}: there is nothing to confirm.", exit_codes.OK
    names = [function.id for function in functions]
    keys = keys_of(work, found, names)
    known = {} if asked.fresh else _known(work, keys)
    rest = [function for function in functions if function.id not in known]
    if rest:
        with nursery(work):
            prove(work, found, rest)
    else:
        work.judgements.clear()
    for name, (old, place) in known.items():
        function = replace(next(each for each in functions if each.id == name), proposal=Action.HYBRIDIZE, blocker=None)
        said = f"not run again, because nothing that its verdict depends on has changed; the verdict is in {place}"
        reasons = old.reasons
        if all(reason.code != KNOWN for reason in reasons):
            # Otherwise there already is a reason that names the report of the run.
            reasons = (*reasons, Reason(KNOWN, said))
        work.add([replace(old, function=function, selected=False, reasons=reasons)])
    work.keys = keys
    return _ended(work, [work.judgements[name] for name in names], asked)


def _named(found: Scan, names: Sequence[str]) -> list[Function]:
    by_id = {function.id: function for function in found.functions}
    for name in names:
        if name not in by_id:
            known = ", ".join(sorted(each.id for each in decorated(found))) or "none"
            raise Stop("usage", f"There is no function {name}; those decorated are: {known}.", exit_codes.USAGE)
        if not by_id[name].is_decorated:
            what = f"{name} is not decorated, so there is nothing to confirm"
            raise Stop("usage", f"{what}; optimize --only {name} proves whether it may be.", exit_codes.USAGE)
    return [by_id[name] for name in dict.fromkeys(names)]


def _touched(work: Work, found: Scan, since: str) -> list[Function]:
    root = Path(found.root)
    before = changed_since(root, since)
    if isinstance(before, Unknown):
        raise Stop("usage", before.sentence, exit_codes.USAGE)

    def content(file: str) -> bytes:
        try:
            return (root / file).read_bytes()
        except OSError:
            return b""

    functions = [each for each in found.functions if each.file in found.reachable]
    if runs_otherwise(before, content, found.reachable):
        work.watcher.note("statements that run on import have changed, so every decorated function is checked")
        return decorated(found)
    return reached(functions, changed(functions, before, content))


def _known(work: Work, keys: dict[str, str]) -> dict[str, tuple[Judgement, str]]:
    """The functions that an earlier report confirmed with the same key, each with the name of that report's folder."""
    from ...report.document import UnreadableReport, load_report

    found: dict[str, tuple[Judgement, str]] = {}
    wanted = {key: name for name, key in keys.items()}
    for file in sorted(work.folder.parent.glob("*/report.json"), reverse=True):
        if file.parent.is_symlink():
            # The link to the newest folder, which is also listed under its own name.
            continue
        try:
            text = file.read_text(encoding="utf-8")
            # Parsing a report is slow, and few contain a wanted key.
            report = load_report(file) if any(key in text for key in wanted) else None
        except (OSError, ValueError, UnreadableReport):
            continue
        for name, judgement in _confirmed(report) if report is not None else ():
            key = report.keys.get(name) if report is not None else None
            if key in wanted and wanted[key] == name:
                found.setdefault(name, (judgement, file.parent.name))
    return found


def _confirmed(report: Report) -> list[tuple[str, Judgement]]:
    if report.status not in _GOOD:
        return []
    return [
        (judgement.function.id, judgement)
        for judgement in report.judgements
        if judgement.verdict is Verdict.CONFIRMED
    ]


def _ended(work: Work, judged: Sequence[Judgement], asked: Asked) -> tuple[str, str, int]:
    benchmark, drift = work.benchmark, work.drift
    refuted = [judgement for judgement in judged if judgement.verdict is Verdict.REFUTED]
    open_ = [j for j in judged if j.verdict not in (Verdict.REFUTED, Verdict.CONFIRMED)]
    crash = benchmark.crash if benchmark is not None else None
    told = " ".join(_told(judgement) for judgement in (*refuted, *open_))
    if refuted:
        return "refuted", f"Not confirmed: {told}", exit_codes.CHECK
    if crash is not None:
        said = f"the decorated script {crash.error}; without the decorators it does not. Fix that first."
        return "refuted", f"Not confirmed: {said} {told}".rstrip(), exit_codes.CHECK
    if drift is not None and drift.verdict == "drift":
        said = f"the script ends with different numbers than without the decorators: {drift.reason}."
        return "drift", f"Not confirmed: {said} {told}".rstrip(), exit_codes.CHECK
    if benchmark is not None and benchmark.verdict == "slower":
        said = f"the code is slower than without the decorators: {benchmark.reason}. Remove the decorators."
        return "slower", f"Not confirmed: {said} {told}".rstrip(), exit_codes.CHECK
    if open_:
        code = exit_codes.OK if asked.pass_inconclusive else exit_codes.CHECK
        return "undecided", f"Not decided: {told}", code
    again = sum(any(reason.code == KNOWN for reason in judgement.reasons) for judgement in judged)
    names = ", ".join(judgement.function.id for judgement in judged)
    said = f"Confirmed: {names}."
    if again:
        kept = f"{count(again, 'function')} of {len(judged)}"
        said += f" {kept} not run again, because nothing has changed (--fresh runs everything again)."
    if benchmark is not None and benchmark.speedup is not None:
        speedup = benchmark.speedup
        said += f" {speedup.median:.2f}x [{speedup.low:.2f}, {speedup.high:.2f}] compared with eager execution."
    return "confirmed", said, exit_codes.OK


def _told(judgement: Judgement) -> str:
    """A sentence about a function that is not confirmed: its verdict, the reason, and what to do."""
    function, verdict = judgement.function, judgement.verdict
    reason = judgement.reasons[0] if judgement.reasons else None
    why = reason.message if reason is not None else "the run gives no information about it"
    place = f"{function.file}:{function.line}"
    if verdict is Verdict.REFUTED:
        what = f"Remove the decorator ({place}), or fix the code that the reason names and confirm again."
    elif verdict is Verdict.UNOBSERVED:
        what = "Confirm it with a script or arguments that call it."
    elif reason is not None and reason.move is Move.BUDGET:
        what = "Use a longer --budget."
    else:
        what = "Review it yourself before you merge."
    return f"{function.id} is {verdict.value.replace('-', ' ')}: {why}. {what}"
