"""Asks git about the project, and changes nothing in the repository."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_SECONDS = 60.0


@dataclass(frozen=True)
class Unknown:
    """Why git can't answer, as a sentence that says what to do."""

    sentence: str


def commit_of(folder: Path) -> str:
    """The commit that is checked out in a folder's repository; empty if git finds none."""
    found = _git(folder, ["rev-parse", "--verify", "HEAD"])
    return "" if isinstance(found, Unknown) else found.decode("ascii", "replace").strip()


def changed_since(folder: Path, revision: str) -> dict[str, bytes | None] | Unknown:
    """The Python files below ``folder`` that differ between the working tree and the revision.

    Maps paths relative to ``folder`` to the old content, or None if the file is new. Untracked files are included,
    ignored ones are not.
    """
    found = _git(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"])
    if isinstance(found, Unknown):
        if isinstance(_git(folder, ["rev-parse", "--git-dir"]), Unknown):
            return Unknown(f"{folder} is not in a git repository, so there is no {revision} to compare with.")
        return Unknown(f"git knows no commit {revision}; in a shallow clone, fetch it first (git fetch --unshallow).")
    commit = found.decode("ascii", "replace").strip()
    # The merge base leaves out commits that were added to the target branch since.
    base = _git(folder, ["merge-base", commit, "HEAD"])
    start = commit if isinstance(base, Unknown) else base.decode("ascii", "replace").strip()
    changed = _git(folder, ["diff", "--name-only", "-z", "--no-renames", "--relative", start, "--", "*.py"])
    new = _git(folder, ["ls-files", "--others", "--exclude-standard", "-z", "--", "*.py"])
    if isinstance(changed, Unknown) or isinstance(new, Unknown):
        return changed if isinstance(changed, Unknown) else new if isinstance(new, Unknown) else Unknown("")
    names = [os.fsdecode(name) for listed in (changed, new) for name in listed.split(b"\0") if name]
    before: dict[str, bytes | None] = {}
    for name in names:
        content = _git(folder, ["show", f"{start}:./{name}"])
        before[name] = None if isinstance(content, Unknown) else content
    return before


def _git(folder: Path, arguments: Sequence[str]) -> bytes | Unknown:
    command = ["git", "-C", str(folder), *arguments]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=_SECONDS, env=environment, stdin=subprocess.DEVNULL, check=False
        )
    except FileNotFoundError:
        return Unknown("git is not installed, so there is no revision to compare with.")
    except (OSError, subprocess.TimeoutExpired) as error:
        return Unknown(f"git could not be asked ({error}).")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        return Unknown(f"git says: {said}.")
    return done.stdout
