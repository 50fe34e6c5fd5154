"""Compares the proof with execution, on the programs of a published tool's test suite, whose truth is known.

    python bench/proof_conformance.py CHECKOUT [--truth FILE] [--only FIXTURE ...] [--stubs DIR ...] [--jobs 2]
        [--force] [--out FILE] [--page docs/conformance.md]

CHECKOUT contains the test resources of ponder-lab/Hybridize-Functions-Refactoring, one folder per program. FILE has the
truth: the result of each function under a bare ``@tf.function`` (``ok``, ``raised`` or ``output_differs``). Each
program is run as a script through scan, observe, check and cold start. The verdict on each function is compared with
the truth: a function that raised or differed must not be confirmed. ``--force`` makes every eager function a candidate,
whatever the static analysis says, which tests the proof alone. ``--stubs`` are folders of stand-ins for modules and
downloads of the programs; they are put on PYTHONPATH. ``--out`` writes the rows as JSON, ``--from`` reads such rows
instead of running anything, and ``--page`` writes the result into a page between its marks.

docs/conformance.md says how to read the result.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from hybridize.measure.selection import COVERED, NOT_WORTH_IT
from hybridize.options import Options
from hybridize.records import Action, Function, Judgement, Reason, Report, Scan, Target, Verdict
from hybridize.run import pipeline, remainder
from hybridize.run.stages import scan as scanning
from hybridize.run.target import find_target
from hybridize.run.work import Stop, Work
from hybridize.sandbox.parent.launch import all_stopped, base_environment
from hybridize.sandbox.parent.nursery import Nursery

ROOT = Path(__file__).resolve().parents[1]
TRUTH = ROOT.parent / "shared" / "peer" / "truth.json"
RESOURCES = Path("edu.cuny.hunter.hybridize.tests", "resources", "HybridizeFunction")
WANTED_SHARE = 0.95
CENSUS_SECONDS, BUDGET_SECONDS = 60.0, 240.0
#: The codes of reasons why a function needs no edit.
SETTLING = frozenset({COVERED, NOT_WORTH_IT, "graph-already"})
BROKEN = ("raised", "output_differs", "stale_weights")


@dataclass(frozen=True)
class Row:
    """One function: its truth, its observation in the census, and our verdict.

    The census is a separate run in which every function is watched. ``ops`` is the number of eager TensorFlow ops in
    the inspected calls, and ``effects`` are the changes of Python state in those. ``note`` is how the program ended if
    it did not reach a plan.
    """

    fixture: str
    file: str
    function: str
    truth: str
    detail: str
    calls: int
    traced_calls: int
    ops: int
    effects: tuple[str, ...]
    proposed: bool
    verdict: str
    reason: str
    codes: tuple[str, ...]
    selected: bool
    seconds: float
    note: str

    @property
    def false_confirmation(self) -> bool:
        """Whether we confirmed a function that breaks."""
        return self.truth in BROKEN and self.verdict == Verdict.CONFIRMED.value

    @property
    def wanted(self) -> bool:
        """Whether it should be confirmed: it runs as a graph, computes with tensors, and has no effects."""
        return self.truth == "ok" and self.calls > 0 and self.ops > 0 and not self.effects

    @property
    def settled(self) -> bool:
        """Whether it is confirmed, or reported as covered or as not worth an edit."""
        stands = self.verdict not in (Verdict.REFUTED.value, Verdict.INCONCLUSIVE.value)
        return self.verdict == Verdict.CONFIRMED.value or (stands and not SETTLING.isdisjoint(self.codes))


class Silent:
    """A watcher that shows nothing."""

    def stage(self, name: str, detail: str = "") -> None: ...

    def note(self, text: str) -> None: ...

    def progress(self, text: str, spent_seconds: float, budget_seconds: float) -> None: ...

    def warn(self, text: str) -> None: ...

    def finish(self, report: Report) -> None: ...


def script_of(folder: Path) -> Path:
    """The program's entry script, relative to its folder: A.py if it exists."""
    files = [file for pattern in ("A.py", "src/A.py", "*.py", "src/*.py") for file in sorted(folder.glob(pattern))]
    return next(file for file in files if file.name != "__init__.py").relative_to(folder)


_nurseries: dict[str, Nursery] = {}


def _nursery(target: Target, legacy: bool) -> Nursery:
    """The nursery of this process for this version of Keras."""
    key = "1" if legacy else "0"
    os.environ["TF_USE_LEGACY_KERAS"] = key
    os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
    if key not in _nurseries:
        _nurseries[key] = Nursery(base_environment(target))
    return _nurseries[key]


def judge_program(folder: Path, rows: Sequence[Mapping[str, Any]], force: bool) -> list[Row]:
    """Run one program through the proof. Returns a row for each of its functions in the truth."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="conformance-") as home:
        copy = Path(home) / "program"
        shutil.copytree(folder, copy)
        script = script_of(copy)
        # A script in a package must be run as a module of it.
        module = ".".join(script.with_suffix("").parts) if len(script.parts) > 1 else None
        # With --force, the function itself is tested, not a part of it.
        rewrite = "decorate" if force else "outline"
        options = Options(
            script=None if module else script, train_module=module, budget_seconds=BUDGET_SECONDS, rewrite=rewrite
        )
        target = find_target(options, copy)
        assert isinstance(target, Target), target
        work = Work(options, Silent(), target, Path(home) / "results")
        work.nursery = work.waiting_nursery = _nursery(target, any(row.get("keras") == "tf_keras" for row in rows))
        note = ""
        functions: dict[tuple[str, str], Function] = {}
        census: Mapping[str, Mapping[str, Any]] = {}
        proposed: set[str] = set()
        with all_stopped():
            try:
                scan = scanning.run(work)
                # The truth is about whole functions. A region has the name of its function.
                whole = [f for f in scan.functions if f.region is None]
                functions = {(f.file, f.qualname.replace(".<locals>", "")): f for f in whole}
                proposed = {f.id for f in scan.functions if f.proposal is Action.HYBRIDIZE}
                judged = [f for row in rows if (f := _find(functions, row, target)) is not None]
                census = work.run_with(scan).observe(judged, CENSUS_SECONDS, CENSUS_SECONDS, None).candidates
                if force:
                    scan = _force(work, scan, {f.id for f in judged})
                remainder.prove(work, pipeline.prove(work, scan))
            except Stop as stop:
                note = stop.message
    seconds = (time.monotonic() - begun) / len(rows)
    return [_row(row, _find(functions, row, target), census, work.judgements, proposed, seconds, note) for row in rows]


def _find(functions: Mapping[tuple[str, str], Function], row: Mapping[str, Any], target: Target) -> Function | None:
    """The function of a row of the truth. The row's file is relative to the program's folder."""
    prefix = os.path.relpath(target.root, target.cwd)
    file = os.path.relpath(row["file"], prefix)
    same = [f for (f_file, _), f in functions.items() if f_file == file and f.line == row["line"]]
    return functions.get((file, row["function"])) or (same[0] if same else None)


def _force(work: Work, scan: Scan, ids: set[str]) -> Scan:
    """The scan with those of the functions ``ids`` proposed that are eager."""
    forced = {
        f.id: replace(f, proposal=Action.HYBRIDIZE, blocker=None)
        for f in scan.functions
        if f.id in ids and f.hybrid is None and f.file in scan.reachable
    }
    work.add(
        [
            Judgement(f, Verdict.UNOBSERVED, (Reason("not-run", "the script has not run yet"),))
            for f in forced.values()
        ]
    )
    return replace(scan, functions=tuple(forced.get(f.id, f) for f in scan.functions))


def _row(
    row: Mapping[str, Any],
    function: Function | None,
    census: Mapping[str, Mapping[str, Any]],
    judgements: Mapping[str, Judgement],
    proposed: set[str],
    seconds: float,
    note: str,
) -> Row:
    name = function.id if function is not None else ""
    seen = census.get(name, {})
    judgement = judgements.get(name)
    return Row(
        fixture=row["fixture"],
        file=row["file"],
        function=row["function"],
        truth=_truth_of(row),
        detail=row["detail"],
        calls=seen.get("calls", 0),
        traced_calls=seen.get("traced_calls", 0),
        ops=sum(seen.get("ops", {}).values()),
        effects=tuple(f"{e['subject']} {e['detail']}" for e in seen.get("effects", ())),
        proposed=name in proposed,
        verdict=judgement.verdict.value if judgement is not None else "not reached",
        reason="; ".join(reason.message for reason in judgement.reasons)
        if judgement is not None
        else "its file is not imported by the script",
        codes=tuple(reason.code for reason in judgement.reasons) if judgement is not None else (),
        selected=judgement is not None and judgement.selected,
        seconds=seconds,
        note=note,
    )


def _truth_of(row: Mapping[str, Any]) -> str:
    if row["decorated"] in ("not_executed", "not_run"):
        return "not executed"
    # Its outputs agree, but under Keras 3 the decorated function keeps the initial weights and would never learn.
    if row["decorated"] == "ok" and row.get("keras3_stale_weights") and not row.get("keras"):
        return "stale_weights"
    return str(row["decorated"])


def _try_program(job: tuple[Path, Sequence[Mapping[str, Any]], bool]) -> list[Row] | str:
    folder, rows, force = job
    try:
        return judge_program(folder, rows, force)
    except Exception as error:
        import traceback

        traceback.print_exc()
        return f"{rows[0]['fixture']}: {type(error).__name__}: {error}"


def run(
    checkout: Path, truth: Path, only: Sequence[str], jobs: int, force: bool
) -> Iterable[tuple[str, list[Row] | str]]:
    """Judge each program of the truth. Yields its name with its rows, or with the failure of our own code."""
    base = checkout / RESOURCES if (checkout / RESOURCES).is_dir() else checkout
    programs: dict[str, list[Mapping[str, Any]]] = {}
    for row in json.loads(truth.read_text()):
        if not only or row["fixture"] in only:
            programs.setdefault(row["fixture"], []).append(row)
    work = [(base / name / "in", rows, force) for name, rows in programs.items()]
    with ProcessPoolExecutor(jobs) as pool:
        yield from zip(programs, pool.map(_try_program, work), strict=True)


def describe(rows: Sequence[Row], failures: Sequence[str]) -> tuple[list[str], bool]:
    """The confusion matrix, the counts, and every disagreement; and whether the result is good enough."""
    verdicts = [*(v.value for v in Verdict), "not reached"]
    counts = Counter((row.truth, row.verdict) for row in rows)
    truths = sorted({row.truth for row in rows})
    width = max(len(v) for v in verdicts) + 2
    lines = ["truth".ljust(16) + "".join(v.rjust(width) for v in verdicts)]
    lines += [t.ljust(16) + "".join(str(counts[t, v]).rjust(width) for v in verdicts) for t in truths]
    wrong = [row for row in rows if row.false_confirmation]
    wanted = [row for row in rows if row.wanted]
    settled = [row for row in wanted if row.settled]
    share = len(settled) / len(wanted) if wanted else 1.0
    lines += ["", f"{len(rows)} functions in {len({row.fixture for row in rows})} programs"]
    lines += [f"false confirmations: {len(wrong)}"]
    lines += [
        f"of {len(wanted)} functions that run as a graph, compute with tensors and have no effects: {len(settled)} "
        f"confirmed, or named as covered or not worth it ({share:.0%}; at least {WANTED_SHARE:.0%} is wanted)"
    ]
    refuted = [r for r in rows if r.truth == "ok" and r.verdict == "refuted" and not r.wanted]
    for title, chosen in (
        ("FALSE CONFIRMATIONS", wrong),
        ("MISSED", [row for row in wanted if not row.settled]),
        ("refuted although the truth is ok", refuted),
        ("confirmed although an effect was seen", [r for r in rows if r.verdict == "confirmed" and r.effects]),
    ):
        if chosen:
            lines += ["", f"{title} ({len(chosen)}):"]
            for row in chosen:
                what = row.detail[:100] if row.truth in BROKEN else f"{row.calls} calls, {row.ops} ops"
                note = f" [{row.note[:120]}]" if row.note else ""
                effects = f" effects: {', '.join(row.effects[:2])[:120]};" if row.effects else ""
                lines.append(
                    f"  {row.fixture}/{row.file}:{row.function} ({row.truth}: {what});{effects} "
                    f"{'' if row.proposed else 'not proposed by source; '}{row.verdict}: {row.reason[:260]}{note}"
                )
    lines += [f"OUR OWN FAILURE: {failure}" for failure in failures]
    return lines, not wrong and not failures and share >= WANTED_SHARE


def describe_page(rows: Sequence[Row], forced: bool) -> str:
    """The result in Markdown: the confusion matrix, the counts, and the missed functions. No source is quoted."""
    all_verdicts = [*(v.value for v in Verdict), "not reached"]
    verdicts = [v for v in all_verdicts if any(row.verdict == v for row in rows)]
    counts = Counter((row.truth, row.verdict) for row in rows)
    wanted = [row for row in rows if row.wanted]
    settled = sum(row.settled for row in wanted)
    missed = [row for row in wanted if not row.settled]
    lines = [f"| under a bare `@tf.function` | {' | '.join(verdicts)} |", "| --- |" + " ---: |" * len(verdicts)]
    for truth in sorted({row.truth for row in rows}):
        lines.append(f"| {truth.replace('_', ' ')} | {' | '.join(str(counts[truth, v]) for v in verdicts)} |")
    how = "whatever the static analysis says" if forced else "with the static analysis in front, as for a user"
    lines += [
        "",
        f"{len(rows)} functions in {len({row.fixture for row in rows})} programs, {how}. False confirmations: "
        f"**{sum(row.false_confirmation for row in rows)}**. Of {len(wanted)} functions that are `ok`, compute with "
        f"tensors, have no effects and were called: **{settled}** confirmed, or named as covered or as not worth an "
        f"edit ({settled / max(len(wanted), 1):.0%}).",
    ]
    if missed:
        lines += ["", "Missed:", ""]
        lines += [f"- {row.fixture}, `{row.function}`: {row.verdict}, {_without_source(row.reason)}" for row in missed]
    return "\n".join(lines)


def _without_source(reason: str) -> str:
    first = reason.partition("; ")[0]
    return " ".join(re.sub(r": `[^`]*`", "", first).split())[:200]


def write_page(page: Path, title: str, text: str) -> None:
    """Write a result into a page, between the marks with its title."""
    begin, end = f"<!-- {title}: made by bench/proof_conformance.py -->", f"<!-- end of {title} -->"
    before, _, rest = page.read_text().partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise SystemExit(f"{page} has no marks for {title}")
    page.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path, nargs="?")
    parser.add_argument("--truth", type=Path, default=TRUTH)
    parser.add_argument("--only", nargs="+", default=[], metavar="FIXTURE")
    parser.add_argument("--stubs", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--force", action="store_true")
    parser.add_argument("--out", type=Path, help="where the rows go, as JSON")
    parser.add_argument("--from", dest="kept", type=Path, nargs="+", default=[], help="rows of earlier runs")
    parser.add_argument("--page", type=Path, help="the page that the result is written into")
    given = parser.parse_args(arguments)
    if (given.checkout is None) == (not given.kept):
        parser.error("give either a checkout to run, or rows of an earlier run with --from")
    stubs = [str(folder.resolve()) for folder in given.stubs]
    os.environ["PYTHONPATH"] = os.pathsep.join([*stubs, *filter(None, [os.environ.get("PYTHONPATH")])])
    rows: list[Row] = []
    failures: list[str] = []
    for kept in given.kept:
        rows += [
            Row(**{**row, "effects": tuple(row["effects"]), "codes": tuple(row["codes"])})
            for row in json.loads(kept.read_text())
        ]
    programs = () if given.kept else run(given.checkout, given.truth, given.only, given.jobs, given.force)
    for name, found in programs:
        if isinstance(found, str):
            failures.append(found)
        else:
            rows += found
        print(f"\r{name}: {len(rows)} functions".ljust(90), end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    lines, good = describe(rows, failures)
    print("\n".join(lines))
    if given.out is not None:
        given.out.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    if given.page is not None:
        write_page(given.page, "forced" if given.force else "in front", describe_page(rows, given.force))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
