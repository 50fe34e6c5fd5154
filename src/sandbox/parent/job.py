"""What a child is told: the job that a caller wants done, with all that the child has to know of its scratch copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...records import Target
from ..protocol import APPROVED_NAME
from .scratch import Scratch

PACKAGE = __name__.partition(".")[0]
#: What a child can be: the module that the role is installed from.
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
    """The job as the child reads it; ``quota`` are the bytes that it may write. See `launch.start` for ``wanted``."""
    unit = [{"id": "unit", **wanted["unit"]}] if wanted.get("unit") else []
    network = target.network
    return {
        **wanted,
        "role": f"{PACKAGE}.{ROLES[wanted['role']]}",
        # These read what they are told themselves, where nothing else may run beside the script.
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
    """Per file of the copy, the ids of what stands on its lines; of statements also where they end."""
    found: dict[str, dict[int, Any]] = {}
    for place in places:
        hook = {name: place[name] for name in ("id", "last", "results")} if "last" in place else place["id"]
        found.setdefault(str(scratch.root / place["file"]), {})[place["line"]] = hook
    return found
