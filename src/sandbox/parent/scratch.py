"""A scratch copy of the project, which runs may write to, so that the user's files stay unchanged.

Source files and small files are copied; large files, crowded folders and files outside the project are linked. A
link is replaced by a copy when the script opens it for writing (``guard``, inside the child). Laying a copy takes a
bounded time, whatever folder contains the script.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from ...records import EditedFile, Target
from .. import links
from ..folders import copied, inside
from . import home

#: A program can change the original's mode and times through a link, so a file that can be copied quickly is copied.
COPY_LIMIT_BYTES = 16 << 20
COPY_TOTAL_BYTES = 256 << 20
#: The files above LARGE_BYTES may use only LARGE_TOTAL_BYTES of the total: many small files come at deeper levels.
LARGE_BYTES, LARGE_TOTAL_BYTES = 1 << 20, 64 << 20
COPIED_FILES = 10_000
#: A folder with more entries than this and no Python file is linked as a whole; a folder of images, for example.
CROWDED_ENTRIES = 500
#: After this number of entries, every further folder is linked as a whole.
LAID_ENTRIES = 50_000
SURROUNDING_LEVELS = 3
SURROUNDING_ENTRIES = 5000
# Python makes them again when it needs them.
LEFT_OUT = frozenset({"__pycache__"})
# The script finds these by their absolute path, or does not use them. Hidden folders are linked too.
LINKED = frozenset({"node_modules", "site-packages", "lost+found"})
# The end of a folder's name, and the rest of the path after it.
_ENDS, _REST = r"(?![\w.~+@%=-])", re.compile(r"[^=,;:'\"\s]*")
# What may precede a path: an option of one letter, or another path and a colon.
_OPTION = re.compile(r"--?[A-Za-z]")
_PATH_LIST = re.compile(r"(?:^|[=,;:'\"\s])(?:(?!//)[^=,;:'\"\s]*/[^=,;:'\"\s]*|\.{0,2}):$")
_ENVIRONMENTS = ("pyvenv.cfg", "conda-meta")


@dataclass(frozen=True)
class Scratch:
    """The folders of a run's copy. ``mapping`` pairs each copied tree's original with its copy."""

    folder: Path
    root: Path
    cwd: Path
    temporary: Path
    mapping: tuple[tuple[str, str], ...]

    def path(self, original: str | Path) -> Path:
        """The copy of an original path; a path outside of the copied trees unchanged."""
        return Path(copied(self.mapping, str(original)))

    def argument(self, text: str) -> str:
        """An argument of the script, with the project's absolute paths in it replaced by those of the copy."""
        return redirected(self.mapping, text)

    def variable(self, name: str, value: str) -> str:
        """The same for an environment variable; the home folder's and the Python environment's paths stay."""
        if name == "PYTHONPATH":
            return os.pathsep.join(self.argument(part) for part in value.split(os.pathsep))
        project = [pair for pair in self.mapping if pair[1] == str(self.root)]
        if any(inside(os.path.expanduser("~"), original) for original, _ in project):
            return value
        return redirected(project, value, kept=(sys.prefix, sys.base_prefix))

    def original(self, text: str) -> str:
        """A text (a traceback, say) with every path of the copy replaced by the original one."""
        for source, copy in self.mapping:
            text = text.replace(copy, source)
        text = text.replace(str(self.folder / "files") + "/", "/")
        return text.replace(str(self.temporary), tempfile.gettempdir())

    def remove(self) -> None:
        """Remove the copy. Links are removed as links."""
        home.remove(self.folder)


def redirected(mapping: Sequence[tuple[str, str]], text: str, kept: Sequence[str] = ()) -> str:
    """A text (an argument, say) with each absolute path of a copied tree in it replaced by the copy's path.

    A path begins at the start of the text, after an equals sign, a comma, a quote, a bracket or a space, after
    ``file://`` or another scheme that names no host (``sqlite:///``), after an option of one letter (``-I/path``), or
    after another path and a colon. So the path of a URL is not replaced, nor a longer path that ends with a tree's.
    Paths inside of ``kept`` stay unchanged.
    """
    trees = dict(mapping) | {quote(source): quote(copy) for source, copy in mapping}
    sources = sorted((source for source in trees if source != "/"), key=len, reverse=True)
    if not sources:
        return copied(mapping, text)

    def lead(found: re.Match[str]) -> str:
        whole = found[1] + _REST.match(text, found.end())[0]  # type: ignore[index]
        if any(inside(whole, place) for place in kept) or not _begins_path(text[: found.start()]):
            return found[1]
        return trees[found[1]]

    return re.sub(f"({'|'.join(map(re.escape, sources))}){_ENDS}", lead, text)


def _begins_path(before: str) -> bool:
    if not before or before[-1] in "=,;'\"[({<>|& \t\n" or before in ("@", "file:") or before.endswith(("file://", ":///")):
        return True
    return bool(_OPTION.fullmatch(before) or _PATH_LIST.search(before))


def lay(target: Target, files: Sequence[EditedFile], folder: Path, leave_out: Sequence[Path] = ()) -> Scratch:
    """Lay a scratch copy of ``target``'s project under ``folder``, with ``files`` in their edited form.

    ``leave_out`` are folders that must not be copied (the tool's own results). A working directory outside of
    the project is laid as a folder of links, and so are some levels of the folders above it and the project.
    Raises OSError if ``folder`` can't be written.
    """
    folder = Path(os.path.realpath(folder))
    folder.mkdir(parents=True, exist_ok=True)
    root, cwd = Path(target.root), Path(target.cwd)
    top = folder / "files"
    laid_root, laid_cwd = _under(top, root), _under(top, cwd)
    apart = not inside(str(cwd), str(root))
    mapping = {str(root): str(laid_root), os.path.realpath(root): str(laid_root)}
    if apart and cwd != Path("/"):
        mapping |= {str(cwd): str(laid_cwd), os.path.realpath(cwd): str(laid_cwd)}
    # Longest first, so that a project inside of the working directory maps to its own copy.
    pairs = tuple(sorted(mapping.items(), key=lambda pair: len(pair[0]), reverse=True))
    laying = _Laying(top, pairs, {str(path) for path in (*leave_out, folder, folder.parent)})
    laying.lay_tree(root, laid_root)
    if apart:
        laying.link_entries(cwd, laid_cwd)
    # Last, because one copy may lie in the surroundings of the other.
    laying.link_surroundings(root)
    laying.link_surroundings(cwd)
    laid_cwd.mkdir(parents=True, exist_ok=True)
    # An edited file replaces the version of it that only lost its decorators.
    for edited in {each.file: each for each in (*target.eager, *files)}.values():
        laying.put(laid_root, edited)
    temporary = folder / "tmp"
    temporary.mkdir()
    return Scratch(folder, laid_root, laid_cwd, temporary, pairs)


def _under(top: Path, path: Path) -> Path:
    """The place of an absolute path's copy: the same path below ``top``, so that ``../data`` works."""
    return top / path.relative_to(path.anchor)


class _Laying:
    """A copy in the making, with the bytes, files and entries that it may still use."""

    def __init__(self, top: Path, mapping: Sequence[tuple[str, str]], skip: Collection[str]) -> None:
        self.top = top
        self.mapping = mapping
        self.skip = skip
        self.bytes_left = COPY_TOTAL_BYTES
        self.large_left = LARGE_TOTAL_BYTES
        self.copies_left = COPIED_FILES
        self.entries_left = LAID_ENTRIES

    def lay_tree(self, root: Path, copy: Path) -> None:
        """Lay a folder and its content, level by level: files near the top are copied first."""
        copy.mkdir(parents=True, exist_ok=True)
        waiting = deque([(str(root), str(copy))])
        while waiting:
            source, place = waiting.popleft()
            listed = self._list(source, keep=source == str(root))
            if listed is None:
                os.rmdir(place)
                self._link(source, place)
                continue
            self.entries_left -= len(listed)
            crowded = len(listed) > CROWDED_ENTRIES
            for entry in listed:
                if entry.name not in LEFT_OUT and entry.path not in self.skip:
                    below = self._lay_entry(entry, f"{place}/{entry.name}", crowded)
                    if below and str(root) != "/":
                        waiting.append((entry.path, below))

    def _list(self, source: str, keep: bool) -> list[os.DirEntry[str]] | None:
        """A folder's entries, sorted by name; None if it should be linked as a whole, which ``keep`` forbids."""
        try:
            with os.scandir(source) as entries:
                listed = list(islice(entries, None if keep else LAID_ENTRIES))
        except OSError:
            # Unreadable, or gone by now: through the link the script sees the same.
            return [] if keep else None
        names = {entry.name for entry in listed}
        crowded = len(listed) > CROWDED_ENTRIES and not any(name.endswith(".py") for name in names)
        if not keep and (crowded or self.entries_left <= 0 or names.intersection(_ENVIRONMENTS)):
            return None
        return sorted(listed, key=lambda entry: entry.name)

    def _lay_entry(self, entry: os.DirEntry[str], place: str, crowded: bool) -> str | None:
        """Lay one entry; returns its place if it is a folder that must still be filled."""
        try:
            if entry.is_symlink():
                # A link within the project must lead to the copy, or the script would reach the original.
                os.symlink(copied(self.mapping, os.path.realpath(entry.path)), place)
            elif entry.is_dir() and not (entry.name.startswith(".") or entry.name in LINKED):
                os.mkdir(place)
                return place
            elif entry.is_file() and self._copies(entry, crowded):
                shutil.copy2(entry.path, place)
            else:
                self._link(entry.path, place)
        except OSError:
            # Unreadable, or gone between the listing and the copy.
            self._link(entry.path, place)
        return None

    def _copies(self, entry: os.DirEntry[str], crowded: bool) -> bool:
        size = entry.stat().st_size
        if entry.name.endswith(".py"):
            return True
        if crowded or size > min(COPY_LIMIT_BYTES, self.bytes_left) or self.copies_left <= 0:
            return False
        if size > LARGE_BYTES:
            if size > self.large_left:
                return False
            self.large_left -= size
        self.bytes_left -= size
        self.copies_left -= 1
        return True

    def _link(self, source: str, place: str) -> None:
        if os.path.lexists(place):
            os.unlink(place)
        os.symlink(source, place)

    def link_entries(self, source: Path, copy: Path) -> None:
        """Fill ``copy`` with links to the entries of ``source``, except those that are already laid there."""
        copy.mkdir(parents=True, exist_ok=True)
        for name in _names(source):
            place = f"{copy}/{name}"
            if f"{source}/{name}" not in self.skip and not os.path.lexists(place):
                os.symlink(f"{source}/{name}", place)

    def link_surroundings(self, path: Path) -> None:
        """Fill the folders above a laid one with links to their entries, some levels up.

        This stops at the folder for temporary files: all programs share it, and it has many entries.
        """
        ends = (Path("/"), Path(tempfile.gettempdir()), Path("/tmp"))
        for folder in list(path.parents)[:SURROUNDING_LEVELS]:
            if folder in ends:
                return
            self.link_entries(folder, _under(self.top, folder))

    def put(self, laid_root: Path, edited: EditedFile) -> None:
        """Write a file's edited form; never through a link, which may lead to the original."""
        place = str(laid_root)
        for part in Path(edited.file).parts[:-1]:
            place = f"{place}/{part}"
            if os.path.islink(place):
                source = os.path.realpath(place)
                if not inside(source, str(self.top)):
                    links.open_up(place, source)
        target = Path(place) / Path(edited.file).name
        mode = target.stat().st_mode if target.exists() else 0o644
        target.unlink(missing_ok=True)
        target.write_bytes(edited.after)
        target.chmod(mode | 0o200)


def _names(folder: Path) -> Iterator[str]:
    try:
        with os.scandir(folder) as entries:
            yield from [entry.name for entry in islice(entries, SURROUNDING_ENTRIES)]
    except OSError:
        return


def environment(scratch: Scratch, variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of a child that runs in a scratch copy."""
    moved = {name: scratch.variable(name, value) for name, value in variables.items()}
    return {**moved, "PWD": str(scratch.cwd), "TMPDIR": str(scratch.temporary)}
