"""A scratch copy of the project: what runs may write to, so that the user's files stay as they are.

Source files and small files are copied, large files and crowded folders are linked. A link is broken
up into a copy when the script opens it for writing (``guard``, inside the child).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..records import EditedFile, Target

COPY_LIMIT_BYTES = 1 << 20
COPY_TOTAL_BYTES = 256 << 20
CROWDED_ENTRIES = 2000
SURROUNDING_LEVELS = 3
# Never needed by a run, or (a virtual environment) found by their absolute path anyway.
LEFT_OUT = frozenset({"__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ipynb_checkpoints"})
LINKED = frozenset({".git", ".hg", ".svn", ".venv", "venv", "node_modules"})


@dataclass(frozen=True)
class Scratch:
    """Where a run's copy lies. ``mapping`` pairs each copied tree's original with its copy."""

    folder: Path
    root: Path
    cwd: Path
    temporary: Path
    mapping: tuple[tuple[str, str], ...]

    def path(self, original: str | Path) -> Path:
        """The copy of an original path; the path itself where it lies outside of what was copied."""
        text = str(original)
        for source, copy in self.mapping:
            if text == source or text.startswith(source.rstrip("/") + "/"):
                return Path(copy + text[len(source.rstrip("/")) :])
        return Path(text)

    def original(self, text: str) -> str:
        """A text (a traceback, say) with every path of the copy replaced by the original one."""
        for source, copy in self.mapping:
            text = text.replace(copy, source)
        return text

    def remove(self) -> None:
        """Remove the copy. Links are removed as links."""
        shutil.rmtree(self.folder, ignore_errors=True)


def lay(target: Target, files: Sequence[EditedFile], folder: Path, leave_out: Sequence[Path] = ()) -> Scratch:
    """Lay a scratch copy of ``target``'s project under ``folder``, with ``files`` in their edited form.

    ``leave_out`` are folders that must not be copied (the tool's own results). A working directory
    outside of the project gets a copy of its own whose entries are links, and so do the folders above.
    """
    folder.mkdir(parents=True)
    root, cwd = Path(target.root), Path(target.cwd)
    top = folder / "files"
    budget = [COPY_TOTAL_BYTES]
    skip = {str(path) for path in (*leave_out, folder)}
    laid_root = _under(top, root)
    laid_cwd = _under(top, cwd)
    laid_root.parent.mkdir(parents=True)
    _lay_folder(root, laid_root, budget, skip)
    _lay_surroundings(root, top, skip)
    mapping = [(str(root), str(laid_root))]
    if not (cwd == root or root in cwd.parents):
        _lay_links(cwd, laid_cwd, skip)
        _lay_surroundings(cwd, top, skip)
        mapping.append((str(cwd), str(laid_cwd)))
    for edited in files:
        place = laid_root / edited.file
        place.unlink(missing_ok=True)
        place.write_bytes(edited.after)
    temporary = folder / "tmp"
    temporary.mkdir()
    # Longest first, so that a project inside of the working directory maps to its own copy.
    mapping.sort(key=lambda pair: len(pair[0]), reverse=True)
    return Scratch(folder, laid_root, laid_cwd, temporary, tuple(mapping))


def _under(top: Path, path: Path) -> Path:
    """Where the copy of an absolute path lies: at the same place below ``top``, so ``../data`` leads right."""
    return top / path.relative_to(path.anchor)


def _lay_surroundings(path: Path, top: Path, skip: set[str]) -> None:
    """Fill the folders above a laid one with links to their entries, some levels up."""
    for folder in list(path.parents)[:SURROUNDING_LEVELS]:
        if folder != Path(folder.anchor):
            _lay_links(folder, _under(top, folder), skip)


def _lay_folder(source: Path, copy: Path, budget: list[int], skip: set[str]) -> None:
    copy.mkdir()
    with os.scandir(source) as entries:
        listed = sorted(entries, key=lambda entry: entry.name)
    for entry in listed:
        if entry.name in LEFT_OUT or entry.path in skip:
            continue
        place = copy / entry.name
        try:
            if entry.is_symlink():
                os.symlink(os.path.realpath(entry.path), place)
            elif entry.is_dir():
                if entry.name in LINKED or _is_crowded(entry.path):
                    os.symlink(entry.path, place)
                else:
                    _lay_folder(Path(entry.path), place, budget, skip)
            elif entry.is_file():
                size = entry.stat().st_size
                if entry.name.endswith(".py") or (size <= COPY_LIMIT_BYTES and size <= budget[0]):
                    shutil.copy2(entry.path, place)
                    budget[0] -= size
                else:
                    os.symlink(entry.path, place)
        except OSError:
            # Unreadable, or gone between the listing and the copy: the script would not find it either.
            continue


def _lay_links(source: Path, copy: Path, skip: set[str]) -> None:
    """Fill ``copy`` with links to what ``source`` holds, besides what is laid there already."""
    copy.mkdir(parents=True, exist_ok=True)
    try:
        names = sorted(os.listdir(source))
    except OSError:
        return
    for name in names[:CROWDED_ENTRIES]:
        if str(source / name) not in skip and not os.path.lexists(copy / name):
            os.symlink(source / name, copy / name)


def _is_crowded(path: str) -> bool:
    """Whether a folder holds too many entries to be laid one by one (a folder of images, say)."""
    with os.scandir(path) as entries:
        for count, entry in enumerate(entries):
            if entry.name.endswith(".py"):
                return False
            if count >= CROWDED_ENTRIES:
                return True
    return False
