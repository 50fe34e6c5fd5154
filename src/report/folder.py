"""The results folder of a run: report.json, report.html, summary.md, the patch, and the link to the newest folder."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path

from ..records import Plan, Report
from .document import to_text
from .renderers import html, markdown

REPORT_FILE = "report.json"
PAGE_FILE = "report.html"
SUMMARY_FILE = "summary.md"
PATCH_FILE = "optimize.patch"
LATEST = "latest"
_UNFIT = re.compile(r"[^\w.-]+")


def create(results: Path, script: str, now: time.struct_time | None = None) -> Path:
    """Make the folder ``<results>/<time>-<script>/`` of a new run and return its absolute path.

    ``script`` is the script's path or the module's name. Runs that start in the same second get different folders.
    Raises OSError if ``results`` can't be written.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", now or time.localtime())
    name = Path(script).name.removesuffix(".py") or "script"
    base = f"{stamp}-{_UNFIT.sub('-', name)[:80]}"
    results = results.absolute()
    results.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = results / (base if number == 1 else f"{base}-{number}")
        try:
            folder.mkdir()
        except FileExistsError:
            number += 1
            continue
        return folder


def write(report: Report, folder: Path) -> None:
    """Write the report, the page, the summary and the patch into a run's folder, and point ``latest`` to it.

    Each file is written atomically. The patch is named by ``report.plan.patch_file``; if that is None, none is written.
    Raises OSError if the folder can't be written.
    """
    write_patch(report.plan, folder)
    write_whole(folder / SUMMARY_FILE, markdown.render(report, folder).encode("utf-8", "replace"))
    write_whole(folder / PAGE_FILE, _page(report, folder).encode("utf-8", "replace"))
    # The report comes last: whoever sees it finds the other files too.
    write_whole(folder / REPORT_FILE, to_text(report).encode("utf-8"))
    point_latest(folder)


def _page(report: Report, folder: Path) -> str:
    """The HTML page. If rendering fails, a page that says so: a fault of the page must not lose the results."""
    try:
        return html.render(report, folder)
    except Exception as error:
        said = f"This page could not be made ({type(error).__name__}). The results are in {REPORT_FILE}."
        return f"<!DOCTYPE html>\n<title>hybridize</title>\n<p>{said}\n"


def write_patch(plan: Plan, folder: Path) -> None:
    """Write the patch, if there is one, into a run's folder. Raises OSError if that can't be written."""
    if plan.patch_file is not None:
        write_whole(folder / plan.patch_file, patch_bytes([edited.diff for edited in plan.files]))


def patch_bytes(diffs: Sequence[str]) -> bytes:
    """Return the bytes of the patch. In the diffs, bytes that are not UTF-8 are surrogate escapes."""
    return "".join(diffs).encode("utf-8", "surrogateescape")


def point_latest(folder: Path) -> None:
    """Point the link ``latest`` next to the folder to it, atomically.

    Without symbolic links, ``latest`` is a file that contains the folder's name. A folder of that name is left alone.
    """
    link = folder.parent / LATEST
    if link.is_dir() and not link.is_symlink():
        return
    temporary = _beside(link)
    try:
        try:
            temporary.symlink_to(folder.name, target_is_directory=True)
        except (OSError, NotImplementedError):
            temporary.write_text(folder.name + "\n", encoding="utf-8")
        os.replace(temporary, link)
    except OSError:
        # The results are written; only the link is missing.
        pass
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes) -> None:
    """Write a file atomically: it is never seen half-written, not even after a crash."""
    temporary = _beside(path)
    try:
        # tempfile would make a file that only its owner can read.
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{time.monotonic_ns()}")
