"""The parts of a SARIF 2.1.0 log, for code scanning on a code host and for editors."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import __version__
from .places import Checkout
from .visible import visible

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
# GitHub's name for the top of the repository.
_TOP = "%SRCROOT%"
_FINGERPRINT = "hybridize/v1"
_LINK = re.compile(r"\[(?=[^\[\]]*\]\()")
_PLACEHOLDER = re.compile(r"\{\d+\}")


@dataclass(frozen=True)
class Step:
    """A place with a note about it."""

    file: str
    line: int
    note: str


@dataclass(frozen=True)
class Result:
    """One result about a function, at a place.

    ``content`` is a hash of the code that the result is about; it does not change when lines move. ``chain`` is the
    chain of evidence. ``rank`` is SARIF's priority, from 0 to 100.
    """

    rule: str
    level: str
    text: str
    file: str
    line: int
    function: str
    content: str
    chain: Sequence[Step] = ()
    related: Sequence[Step] = ()
    rank: float | None = None


def log(
    root: str | Path,
    results: Iterable[Result],
    rules: Mapping[str, str],
    warnings: Iterable[str],
    successful: bool = True,
) -> Iterator[str]:
    """Yield the log in pieces, one line per result. ``rules`` maps the ids of rules with results to their meanings.

    Files are named relative to the top of the repository, where code hosts look for them.
    """
    checkout = Checkout(root)
    positions = {rule: number for number, rule in enumerate(rules)}
    driver = {"name": "hybridize", "version": __version__, "rules": [_rule(*rule) for rule in rules.items()]}
    notes = [{"level": "warning", "message": _message(text)} for text in warnings]
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {_TOP: {"uri": checkout.top.as_uri().rstrip("/") + "/"}},
        "invocations": [{"executionSuccessful": successful, "toolExecutionNotifications": notes}],
    }
    yield f'{{"$schema": {json.dumps(SCHEMA)}, "version": "2.1.0", "runs": [{json.dumps(run)[:-1]}, "results": ['
    seen: Counter[str] = Counter()
    before = "\n"
    for result in results:
        yield before + json.dumps(_result(result, positions, checkout, seen))
        before = ",\n"
    yield "\n]}]}\n"


def _rule(rule: str, meaning: str) -> dict[str, Any]:
    return {"id": rule, **({"shortDescription": _message(meaning)} if meaning else {})}


def _result(result: Result, positions: Mapping[str, int], checkout: Checkout, seen: Counter[str]) -> dict[str, Any]:
    location = _location(result.file, result.line, checkout)
    location["logicalLocations"] = [{"fullyQualifiedName": visible(result.function), "kind": "function"}]
    told: dict[str, Any] = {
        "ruleId": result.rule,
        "ruleIndex": positions[result.rule],
        "level": result.level,
        "message": _message(result.text),
        "locations": [location],
        "partialFingerprints": {_FINGERPRINT: _fingerprint(result, seen)},
    }
    if result.chain:
        steps = [{"location": _noted(step, checkout)} for step in result.chain]
        told["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if result.related:
        told["relatedLocations"] = [_noted(step, checkout) for step in result.related]
    if result.rank is not None:
        told["rank"] = result.rank
    return told


def _fingerprint(result: Result, seen: Counter[str]) -> str:
    """A hash that identifies the result in the log and does not change when lines move.

    Results of the same rule about the same code of the same function are distinguished by their order.
    """
    key = "\0".join((result.rule, result.function, result.content))
    seen[key] += 1
    return hashlib.blake2b(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _noted(step: Step, checkout: Checkout) -> dict[str, Any]:
    return {**_location(step.file, step.line, checkout), "message": _message(step.note)}


def _location(file: str, line: int, checkout: Checkout) -> dict[str, Any]:
    path = checkout.path(file)
    if path.startswith("/"):
        # A file outside of the repository has no relative path.
        place = {"uri": Path(path).as_uri()}
    else:
        place = {"uri": quote(os.fsencode(path)), "uriBaseId": _TOP}
    return {"physicalLocation": {"artifactLocation": place, "region": {"startLine": max(1, line)}}}


def _message(text: str) -> dict[str, str]:
    # In SARIF messages, brackets make links and braces are placeholders, so both are escaped. A message can't be empty.
    escaped = _PLACEHOLDER.sub(r"{\g<0>}", _LINK.sub(r"\\[", visible(text)))
    return {"text": escaped or "-"}
