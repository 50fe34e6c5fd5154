"""The files that a script imports, and their module names, found as Python's import system would find them.

Only source is read. It does not show all imports: a name may be computed, or an edit of the search path unreadable.
So the caller may pass ``seen``, the modules that a run has imported, with their files.
"""

from __future__ import annotations

import ast
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...installed import find_installed, is_library
from .search_path import read_edits
from .sources import Unreadable, read_source

#: Maximum number of files to follow; projects have fewer.
MOST_FILES = 5000
#: Maximum number of searches. A new one starts when a file was found that edits the search path.
ROUNDS = 8
#: Modules that Python imports at startup, for any script.
_AT_START = ("sitecustomize", "usercustomize")


@dataclass(frozen=True)
class Layout:
    """The files outside of libraries that a script imports: absolute paths, with their module names.

    ``aliases`` maps other names of these files to their names in ``files``. ``base`` is the folder of the project, as
    far as the script's path shows it.
    """

    script: Path
    base: Path
    files: Mapping[Path, str]
    aliases: Mapping[str, str] = field(default_factory=dict)


def find_layout(
    script: Path,
    cwd: Path,
    base: Path,
    guesses: Sequence[Path] = (),
    module: str | None = None,
    python_path: str = "",
    seen: Mapping[str, str] | None = None,
) -> Layout:
    """Follow the imports of ``script``, run from ``cwd`` (as ``python -m module`` if ``module`` is given).

    ``guesses`` are folders to search for modules that are found nowhere else, because the source may not show all
    edits of the search path. ``python_path`` is PYTHONPATH's value; ``seen`` maps the names of modules that a run
    imported to their files.
    """
    return _Search(script, cwd, base, guesses, module, python_path, seen or {}).run()


def package_top(folder: Path) -> Path:
    """The folder above the outermost regular package around ``folder``; the folder itself if it is not a package."""
    while (folder / "__init__.py").exists() and folder.parent != folder:
        folder = folder.parent
    return folder


class _Search:
    def __init__(
        self,
        script: Path,
        cwd: Path,
        base: Path,
        guesses: Sequence[Path],
        module: str | None,
        python_path: str,
        seen: Mapping[str, str],
    ) -> None:
        self.script, self.cwd, self.base, self.guesses, self.module = script, cwd, base, guesses, module
        self.seen = {name: Path(path) for name, path in seen.items() if name not in _AT_START and not is_library(path)}
        begin = cwd if module is not None else Path(os.path.realpath(script)).parent
        # If the path to the script's folder contains a link, the user's files may have either path.
        self.first = [script.parent, begin] if begin == script.parent.resolve() else [begin]
        self.first += [cwd / entry for entry in python_path.split(os.pathsep)] if python_path else []
        self.last: list[Path] = []
        self.names: dict[Path, str] = {}
        self.aliases: dict[str, str] = {}
        self.trees: dict[Path, ast.Module | None] = {}
        self.installed: dict[str, Path | None] = {}

    def run(self) -> Layout:
        for _ in range(ROUNDS):
            before = (list(self.first), list(self.last))
            self._follow()
            if (self.first, self.last) == before:
                break
        return Layout(self.script, self.base, self.names, self.aliases)

    def _follow(self) -> None:
        self.names, self.aliases = {}, {}
        self.waiting: deque[Path] = deque()
        for name, path in self.seen.items():
            if name != "__main__" and path.suffix == ".py" and path.is_file():
                self._take(path, name)
        if self.module is not None:
            for path, dotted in self._packages_of(self.module):
                self._take(path, dotted)
        if self.script not in self.names:
            self.waiting.append(self.script)
        done: set[Path] = set()
        while self.waiting and len(done) < MOST_FILES:
            file = self.waiting.popleft()
            if file in done:
                continue
            done.add(file)
            tree = self._tree(file)
            if tree is None:
                continue
            edits = read_edits(tree, file, self.cwd)
            self._search_in(self.first, edits.first)
            self._search_in(self.last, edits.last)
            for name in self._imports(tree, file):
                for path, dotted in self._find(name):
                    self._take(path, dotted)
        if self.script not in self.names:
            self._take(self.script, self._name_script())

    def _search_in(self, places: list[Path], new: Sequence[Path]) -> None:
        known = {*self.first, *self.last}
        places += [folder for folder in dict.fromkeys(new) if folder not in known and folder.is_dir()]

    def _take(self, path: Path, name: str) -> None:
        path = Path(os.path.normpath(path))
        if path not in self.names:
            if name in self.names.values():
                return
            self.names[path] = name
            self.waiting.append(path)
        elif self.names[path] != name:
            self.aliases.setdefault(name, self.names[path])

    def _name_script(self) -> str:
        """The module name of a script that nothing imports: the name by which modules beside it would import it."""
        top = package_top(self.script.parent)
        name = ".".join(self.script.relative_to(top).with_suffix("").parts)
        if name in self.names.values():
            name = ".".join(self.script.relative_to(self.base).with_suffix("").parts)
        while name in self.names.values():
            name = f"{name}#main"
        return name

    def _tree(self, file: Path) -> ast.Module | None:
        if file not in self.trees:
            source = read_source(file.parent, file)
            self.trees[file] = None if isinstance(source, Unreadable) else source.tree
        return self.trees[file]

    def _imports(self, tree: ast.Module, file: Path) -> Iterator[str]:
        """The absolute dotted names that a file imports; ``from a import b`` gives ``a.b``."""
        own = self.names.get(file, "")
        package = own.split(".") if file.name == "__init__.py" else own.split(".")[:-1]
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                parts = package[: len(package) - node.level + 1] if node.level else []
                if node.level and (not own or node.level > len(package)):
                    continue
                parts = [*parts, *(node.module.split(".") if node.module else [])]
                yield from (".".join([*parts, alias.name] if alias.name != "*" else parts) for alias in node.names)

    def _find(self, dotted: str) -> list[tuple[Path, str]]:
        """The files that importing ``dotted`` reads, with their module names; none for a library."""
        parts = dotted.split(".")
        if parts[0] in sys.builtin_module_names:
            return []
        found, folders = self._find_part(parts[0], self.first)
        if found is not None:
            return self._find_below(parts, found, folders)
        # A folder without an __init__.py loses to any later module of that name.
        if parts[0] in sys.stdlib_module_names:
            return []
        if self._is_installed(parts[0]):
            place = self.installed[parts[0]]
            if place is None:
                return []
            return self._find_below(parts, *((place, [place.parent]) if place.suffix == ".py" else (None, [place])))
        for places in ([*self.first, *self.last], self.guesses):
            files = self._find_below(parts, *self._find_part(parts[0], places))
            if files:
                return files
        return []

    def _find_below(self, parts: list[str], found: Path | None, folders: list[Path]) -> list[tuple[Path, str]]:
        """The files of ``parts``. The first part is the file ``found``, with its submodules in ``folders``."""
        files = [(found, parts[0])] if found is not None else []
        for end in range(2, len(parts) + 1):
            if not folders or (found is not None and found.name != "__init__.py"):
                break
            found, folders = self._find_part(parts[end - 1], folders)
            if found is not None:
                files.append((found, ".".join(parts[:end])))
        # Folders that contain no module (data folders, say) are not packages.
        return files

    @staticmethod
    def _find_part(name: str, folders: Sequence[Path]) -> tuple[Path | None, list[Path]]:
        """Find one part of a dotted name in ``folders``: its file, if it has one, and the folders of its submodules."""
        portions = []
        for folder in folders:
            package = folder / name
            if (package / "__init__.py").is_file():
                return package / "__init__.py", [package]
            if (folder / f"{name}.py").is_file():
                return folder / f"{name}.py", []
            if package.is_dir():
                portions.append(package)
        return None, portions

    def _is_installed(self, top: str) -> bool:
        """Whether the environment has a package of that name; the place of an editable install is recorded."""
        if top not in self.installed:
            spec = find_installed(top)
            place = None
            if spec is None:
                return False
            if spec.origin is not None and spec.origin.endswith(".py"):
                place = Path(spec.origin)
            elif spec.submodule_search_locations:
                place = Path(next(iter(spec.submodule_search_locations)))
            self.installed[top] = None if place is None or is_library(str(place)) else place
        return True

    def _packages_of(self, module: str) -> list[tuple[Path, str]]:
        found = self._find(module)
        if self.script.name == "__main__.py" and not module.endswith("__main__"):
            found = [*found, *self._find(f"{module}.__main__")]
        return found
