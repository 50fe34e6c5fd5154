"""Compare ``scan`` with the facts of a peer's test suite, and with the results of running its programs.

``python bench/static_conformance.py CHECKOUT [--facts FILE] [--truth FILE] [--verbose]``

CHECKOUT is the peer's repository on disk (or the folder of its fixtures). Facts marked as limitations of the peer are
inverted, because its authors say that they are wrong.

Safety: how many of the functions that raised or changed their results when decorated are proposed, and how many of
these lack an assumption of a kind that such a run would refute.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from hybridize.records import Action, AssumptionKind, Function
from hybridize.static import scan

FACTS = (
    "is_hybrid",
    "has_python_side_effects",
    "is_recursive",
    "has_tensor_parameter",
    "has_primitive_parameter",
)
#: The kinds of assumptions for each failure of a decorated function; at least one of them is refuted then.
REFUTING = {
    "raised": {AssumptionKind.TRACEABLE, AssumptionKind.NO_CREATION, AssumptionKind.ARGUMENT_TYPE},
    "output_differs": {AssumptionKind.SAME_RESULT, AssumptionKind.NO_EFFECT, AssumptionKind.STABLE},
}


def fact_of(function: Function, name: str) -> bool | None:
    if name == "is_hybrid":
        return function.hybrid is not None
    value = getattr(function, name)
    assert value is None or isinstance(value, bool)
    return value


class Fixtures:
    """The peer's programs, each scanned once."""

    def __init__(self, checkout: Path) -> None:
        inner = checkout / "edu.cuny.hunter.hybridize.tests" / "resources" / "HybridizeFunction"
        self.root = inner if inner.is_dir() else checkout
        self._scans: dict[str, dict[tuple[str, int], Function]] = {}

    def function(self, fixture: str, file: str, line: int) -> Function | None:
        if fixture not in self._scans:
            result = scan(self.root / fixture / "in")
            self._scans[fixture] = {(found.file, found.line): found for found in result.functions}
        return self._scans[fixture].get((file, line))


def compare_facts(fixtures: Fixtures, entries: list[dict], verbose: bool) -> bool:
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for entry in entries:
        function = fixtures.function(entry["fixture"], entry["file"], entry["line"])
        limited = entry.get("peer_limitation_facts", ())
        for name in FACTS:
            if name not in entry["facts"]:
                continue
            expected = entry["facts"][name]
            if name in limited and isinstance(expected, bool):
                expected = not expected
            total[name] += 1
            found = None if function is None else fact_of(function, name)
            if function is not None and found is expected:
                agreed[name] += 1
            elif verbose:
                place = f"{entry['fixture']}/{entry['file']}:{entry['line']} {entry['function']}"
                print(f"  {name}: expected {expected}, found {'no function' if function is None else found}: {place}")
    enough = True
    for name in FACTS:
        if total[name]:
            share = agreed[name] / total[name]
            enough = enough and share >= 0.95
            print(f"{name:26} {agreed[name]:4} of {total[name]:4}  {share:.1%}")
    return enough


def compare_truth(fixtures: Fixtures, entries: list[dict], verbose: bool) -> bool:
    broken = proposed = unguarded = specific = fine = fine_refused = 0
    for entry in entries:
        function = fixtures.function(entry["fixture"], entry["file"], entry["line"])
        if function is None or not entry["executed"]:
            continue
        if entry["decorated"] == "ok":
            fine += 1
            certain = function.blocker is not None and function.blocker.code < "HYB500"
            if certain and function.proposal is Action.NONE and function.hybrid is None:
                fine_refused += 1
                if verbose:
                    assert function.blocker is not None
                    print(
                        f"  runs, refused: {entry['fixture']}/{entry['file']}:{entry['line']}"
                        f" {entry['function']}: {function.blocker.code} {function.blocker.message}"
                    )
            continue
        if entry["decorated"] not in REFUTING:
            continue
        broken += 1
        if function.proposal is not Action.HYBRIDIZE:
            continue
        proposed += 1
        kinds = {assumption.kind for assumption in function.assumptions}
        if not kinds & REFUTING[entry["decorated"]]:
            unguarded += 1
        tied = {a.kind for a in function.assumptions if a.code is not None}
        if tied & REFUTING[entry["decorated"]]:
            specific += 1
        if verbose:
            codes = sorted({a.code for a in function.assumptions if a.code is not None})
            print(
                f"  breaks, proposed: {entry['fixture']}/{entry['file']}:{entry['line']} {entry['function']}:"
                f" {codes} ({entry['detail'][:90]})"
            )
    print(
        f"of {broken} functions that break when decorated: {proposed} proposed, {specific} of these with a finding"
        f" that says why, {unguarded} without an assumption that a run would refute"
    )
    print(f"of {fine} functions that run when decorated: {fine_refused} refused for safety")
    return unguarded == 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--facts", type=Path, default=Path("../shared/peer/facts.json"))
    parser.add_argument("--truth", type=Path, default=Path("../shared/peer/truth.json"))
    parser.add_argument("--verbose", action="store_true", help="name each disagreement")
    options = parser.parse_args()
    fixtures = Fixtures(options.checkout)
    enough = compare_facts(fixtures, json.loads(options.facts.read_text()), options.verbose)
    safe = compare_truth(fixtures, json.loads(options.truth.read_text()), options.verbose)
    return 0 if enough and safe else 1


if __name__ == "__main__":
    raise SystemExit(main())
