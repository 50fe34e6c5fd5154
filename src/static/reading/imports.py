"""Resolves imports to modules of the project, or to canonical paths in libraries."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .paths import KNOWN_LIBRARIES, canonical_path


class Target(NamedTuple):
    """The target of a dotted path: the project's ``module`` and the ``rest`` after it, or the ``path`` in a library."""

    module: str | None
    rest: tuple[str, ...]
    path: str


def is_known(path: str) -> bool:
    """Whether a path is in a known library or in Python's standard library."""
    top = path.partition(".")[0]
    return top in KNOWN_LIBRARIES or top in sys.stdlib_module_names


class Resolver:
    """Maps dotted paths, as written in one module, to the project's modules and to libraries.

    ``modules`` are the names of all modules of the project, ``packages`` those that are packages, and ``aliases``
    other names of modules. ``beside``: the search path is unknown, so a file outside of packages finds the modules in
    its own folder first, as a script does.
    """

    def __init__(
        self,
        modules: Iterable[str],
        packages: Iterable[str],
        aliases: Mapping[str, str] | None = None,
        beside: bool = False,
    ) -> None:
        self._aliases = dict(aliases or {})
        self._beside = beside
        self._modules = frozenset(modules)
        self._packages = frozenset(packages)
        self._tops = {name.partition(".")[0] for name in (*self._modules, *self._aliases)}
        self._suffixes: dict[str, str | None] = {}
        for name in sorted(self._modules):
            parts = name.split(".")
            for start in range(1, len(parts)):
                suffix = ".".join(parts[start:])
                self._suffixes[suffix] = name if suffix not in self._suffixes else None
        self._cache: dict[tuple[str, str, int], Target] = {}

    def resolve(self, importer: str, dotted: str, level: int = 0) -> Target:
        """The target of ``dotted`` in module ``importer``; ``level`` counts the dots of a relative import."""
        key = (importer, dotted, level)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._resolve(importer, dotted, level)
        return found

    def extend(self, target: Target, attributes: list[str]) -> Target:
        """The target of the path of ``target`` with these attributes appended; it may be a submodule."""
        assert target.module is not None
        if target.rest:
            return Target(target.module, (*target.rest, *attributes), target.path)
        found = self._split(f"{target.module}.{'.'.join(attributes)}")
        return found or Target(target.module, tuple(attributes), target.path)

    def _resolve(self, importer: str, dotted: str, level: int) -> Target:
        if level:
            parts = importer.split(".") if importer else []
            drop = level - 1 if importer in self._packages else level
            base = parts[: len(parts) - drop] if drop <= len(parts) else []
            full = ".".join([*base, *([dotted] if dotted else [])])
            return self._split(full) or Target(None, (), full)
        package = importer if importer in self._packages else importer.rpartition(".")[0]
        top = dotted.partition(".")[0]
        beside = (f"{package}.{dotted}", f"{package}.{top}")
        found = None
        if self._beside and package and package not in self._packages:
            # The folder is not a package: its files are scripts and their imports, which are searched there first.
            found = self._split(*beside)
        if found is None and top in self._tops:
            found = self._split(dotted)
        if found is None and package and not (is_known(top) and package in self._packages):
            found = self._split(*beside)
        if found is None and top == "src":
            found = self._split(dotted[4:]) if len(dotted) > 4 else None
        if found is None and not is_known(top):
            found = self._by_suffix(dotted)
        return found or Target(None, (), canonical_path(dotted))

    def _split(self, full: str, least: str | None = None) -> Target | None:
        """The longest prefix of ``full`` that is a module (at least ``least``), and the rest."""
        name = full
        shortest = 1 if least is None else len(least)
        while True:
            module = name if name in self._modules else self._aliases.get(name)
            if module is not None:
                return Target(module, tuple(full[len(name) + 1 :].split(".")) if name != full else (), full)
            name = name.rpartition(".")[0]
            if len(name) < shortest:
                return None

    def _by_suffix(self, dotted: str) -> Target | None:
        parts = dotted.split(".")
        for end in range(len(parts), 0, -1):
            name = self._suffixes.get(".".join(parts[:end]))
            if name is not None:
                return Target(name, tuple(parts[end:]), dotted)
        return None
