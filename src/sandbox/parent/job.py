"""The job that a child reads: the caller's wishes, and what the child must know about its scratch copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...records import Target
from ..protocol import APPROVED_NAME
from .scratch import Scratch

PACKAGE = __name__.partition(".")[0]
#: The roles of a child, each with the module that installs it.
ROLES = {
    "timed": "sandbox.child.units",
    "profile": "sandbox.child.profiled",
    "observe": "dynamic.child.observing",
    "check": "dynamic.child.checking",
    "replay": "dynamic.child.replaying",
    "sequence": "dynamic.child.sequence",
}


def whole_job(
    wanted: Mapping[str, Any], target: Target, scratch: Scratch, environment: Mapping[str, str], quota: int
) -> dict[str, Any]:
    """The job as the child reads it. ``quota``: the bytes that it may write; `launch.start` explains ``wanted``."""
    unit = [{"id": "unit", **wanted["unit"]}] if wanted.get("unit") else []
    network = target.network
    return {
        **wanted,
        "role": f"{PACKAGE}.{ROLES[wanted['role']]}",
        # These roles read the parent's messages themselves, because no other thread may run beside the script.
        "turns": wanted["role"] in ("timed", "profile"),
        "hooks": _by_file([*wanted.get("hooks", ()), *unit], scratch),
        "entries": _by_file(wanted.get("entries", ()), scratch),
        "edited": list(wanted.get("edited", ())),
        "mapping": scratch.mapping,
        "project": (target.root, str(scratch.root)),
        "scratch": str(scratch.folder),
        "quota": quota,
        "cwd": str(scratch.cwd),
        "script": str(scratch.path(target.script)),
        "module": target.module,
        "arguments": [scratch.argument(argument) for argument in target.arguments],
        "environment": environment,
        "seed": target.seed,
        "network": {
            "mode": network.mode,
            "first": network.first,
            "downloads": network.downloads,
            "remote_reads": network.remote_reads,
            "approved": str(scratch.folder / APPROVED_NAME),
        },
    }


def _by_file(places: Sequence[Mapping[str, Any]], scratch: Scratch) -> dict[str, dict[int, Any]]:
    """For each file of the copy, the id by line; statements also have their last line and results."""
    found: dict[str, dict[int, Any]] = {}
    for place in places:
        parts = ("id", "last", "results", "expression")
        hook = {name: place[name] for name in parts} if "last" in place else place["id"]
        found.setdefault(str(scratch.root / place["file"]), {})[place["line"]] = hook
    return found
