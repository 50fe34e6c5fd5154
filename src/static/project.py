"""One scan of a project, from its files to records."""

from __future__ import annotations

import ast
import gc
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import MappingProxyType

from ..records import Action, Function, Refuted, Scan
from .analysis import build_program, solve
from .facts.allocation import Allocations
from .facts.callgraph import CallGraph, find_covered, find_escapes
from .facts.elsewhere import Elsewhere, Mentions
from .facts.held import link_held
from .facts.pointless import find_idle, find_once
from .facts.signs import find_reaching, find_signs
from .facts.tensor_work import find_computing
from .facts.uses import Results
from .facts.view import Facts
from .ir.code import ModuleCode
from .ir.program import Program
from .reading.imports import Resolver
from .reading.layout import Layout
from .reading.sources import Source, Unreadable, explain_failure, name_modules, read_source, select_files
from .rules import Group
from .verdicts.inspection import Inspection
from .verdicts.passes import find_passes
from .verdicts.ranking import rank
from .verdicts.regions import Lifting, find_steps
from .verdicts.verdicts import Verdicts, read_silenced

#: Groups of findings that may concern only a part of a function: other work, or Python code that needs tensor values.
_MIXED = (Group.EFFECTS, Group.TRACING)


def scan(
    root: Path,
    entry: Path | None = None,
    paths: Sequence[Path] = (),
    layout: Layout | None = None,
    edited: Mapping[str, bytes] = MappingProxyType({}),
    refuted: Mapping[str, Refuted] = MappingProxyType({}),
) -> Scan:
    """Analyse the Python files of a project.

    ``root`` is the project's directory. ``entry`` is the script that is run (a file below ``root``); it decides what is
    reachable. ``paths`` restricts the analysis to these files and directories. With a ``layout``, the files below its
    base and those that its script imports are analysed, under the names by which they are imported. ``edited`` maps
    paths in the project to contents that replace those of the files. ``refuted`` maps the ids of functions that a run
    has refuted to the evidence; a part of such a function may still become a function. No content of a file raises an
    exception: the result's warnings list the files that can't be read.
    """
    root = Path(root).resolve()
    collecting = gc.isenabled()
    # The graph has millions of small objects that live to the end; the collector would visit them again and again.
    gc.disable()
    try:
        return _scan(root, entry, paths, layout, edited, refuted)
    finally:
        if collecting:
            gc.enable()


def _scan(
    root: Path,
    entry: Path | None,
    paths: Sequence[Path],
    layout: Layout | None,
    edited: Mapping[str, bytes],
    refuted: Mapping[str, Refuted],
) -> Scan:
    imported: dict[Path, str] = {}
    outside: list[Path] = []
    base = root
    if layout is not None:
        base = _below(root, layout.base) or root
        for path, name in layout.files.items():
            place = _below(root, path)
            if place is None:
                outside.append(path)
            else:
                imported[place] = name
    files, skipped = select_files(base, paths)
    known = set(files)
    if entry is not None and (script := _script(root, entry)).is_relative_to(root) and script.is_file():
        imported.setdefault(script, "")
    files += [path for path in imported if path not in known]
    read_anyway = [path.relative_to(base).parts[0] for path in imported if path.is_relative_to(base)]
    skipped = [each for each in skipped if each.file not in read_anyway]
    names = name_modules(root, files, {path: name for path, name in imported.items() if name})
    packages = [name for path, name in names.items() if path.name == "__init__.py"]
    silenced: dict[str, dict[int, frozenset[str]]] = {}
    results = Results()

    def read() -> Iterator[Source]:
        for path in files:
            source = read_source(root, path, names[path], edited)
            if isinstance(source, Unreadable):
                skipped.append(source)
                continue
            results.add(source.file, source.tree)
            comments = read_silenced(source.text)
            if comments:
                silenced[source.file] = comments
            yield source

    aliases = None if layout is None else layout.aliases
    resolver = Resolver(names.values(), packages, aliases, beside=layout is None)
    program = build_program(resolver, read(), skipped)
    modules = sorted(program.modules.values(), key=lambda module: module.index)
    if skipped or paths:
        results.forget("not all of the project was read")
    functions = _judge(program, modules, silenced, results, lambda module: _tree_of(root, module, edited), refuted)
    warnings = [f"{problem.file}: {problem.reason}" for problem in skipped]
    warnings += [_tell_outside(root, path) for path in outside]
    warnings += [f"{file}: {which}" for file, which in program.left_out]
    left_out = [code for code in program.functions if code.left_out is not None]
    warnings += [f"{code.module.file}: `{code.qualname}` {code.left_out}" for code in left_out]
    return Scan(
        root=str(root),
        functions=tuple(functions),
        warnings=tuple(warnings),
        modules={module.file: module.name for module in modules},
        reachable=frozenset(_reachable(root, entry, modules, imported)),
        assigned_attributes=frozenset(program.assigned_attributes),
        lines=sum(module.lines for module in modules),
        uses_tensorflow=any(_uses_tensorflow(module) for module in modules),
    )


def _tree_of(root: Path, module: ModuleCode, edited: Mapping[str, bytes]) -> ast.Module:
    """Read a file's tree again: few trees are needed, and all together would take more memory than all else."""
    source = read_source(root, root / module.file, module.name, edited)
    if isinstance(source, Unreadable):
        raise OSError(f"{source.file} {source.reason}")
    return source.tree


def _below(root: Path, path: Path) -> Path | None:
    """The path if it is below ``root`` (which contains no links), if necessary with its folder resolved; else None."""
    if path.is_relative_to(root):
        return path
    path = path.parent.resolve() / path.name
    return path if path.is_relative_to(root) else None


def _tell_outside(root: Path, path: Path) -> str:
    said = f"the script imports {path}, which is outside of the project ({root}) and was not analysed"
    common = Path(os.path.commonpath([root, path]))
    if common.parent == common:
        return said  # The root of the file system is not a project.
    return f"{said}; to include it, pass a folder that contains both: --project {common}"


def _script(root: Path, entry: Path) -> Path:
    script = Path(entry)
    script = script if script.is_absolute() else root / script
    return _below(root, script) or script.resolve()


def _judge(
    program: Program,
    modules: list[ModuleCode],
    silenced: dict[str, dict[int, frozenset[str]]],
    results: Results,
    tree_of: Callable[[ModuleCode], ast.Module],
    refuted: Mapping[str, Refuted],
) -> list[Function]:
    calls = solve(program)
    allocations = Allocations(program)
    link_held(program, calls, allocations)
    mapped = find_escapes(program)
    graph = CallGraph(program)
    facts = Facts(program, graph, allocations)
    facts.computes = find_computing(program, graph)
    facts.covered = find_covered(program, graph, mapped)
    facts.reaching = find_reaching(modules)
    facts.signs = find_signs(program, graph, facts.reaching)
    facts.idle = find_idle(program, graph, facts.signs, facts.heat)
    facts.once = find_once(program, graph, facts.heat, facts.covered)
    inspection = Inspection(facts)
    verdicts = Verdicts(facts, inspection, _by_index(modules), silenced, results)
    found: list[Function] = []
    # All files count: a class in another file may inherit from a class in this one, or the reverse.
    methods = frozenset(code.name for module in modules for code in module.functions if code.takes_self)
    mentions = Mentions(program)
    for module in modules:
        records: list[Function] = []
        for code in module.functions:
            try:
                if code.reported and code.left_out is None:
                    records.append(verdicts.judge(code))
            except Exception as error:
                code.left_out = explain_failure(error)
        proposed = {record.qualname for record in records if record.proposal is Action.HYBRIDIZE}
        mixed = {each.qualname for each in records if each.blocker and each.blocker.group in _MIXED}
        # A training step may be all of a function but its last line: `return float(loss)`.
        returning = {each.qualname for each in records if each.blocker and each.blocker.group is Group.RESULTS}
        parted = {record.qualname: refuted[record.id] for record in records if record.id in refuted}
        proposed, mixed = proposed - parted.keys(), mixed | parted.keys()
        lifting = Lifting(partial(tree_of, module), methods, parted, Elsewhere(mentions, module))
        for code in [module.body, *module.functions]:
            if code.hybrid is not None or code in facts.covered or code.qualname in proposed:
                continue
            try:
                if code.left_out is None:
                    is_mixed = code.qualname in mixed
                    steps = find_steps(facts, inspection, code, lifting, is_mixed or code.qualname in returning)
                    often = is_mixed and facts.heat.of(code) is not None
                    steps += find_passes(facts, inspection, code, lifting, steps, often)
                    records += [verdicts.judge_step(step) for step in steps]
            except Exception as error:
                code.left_out = explain_failure(error)
        found += sorted(records, key=lambda record: record.line)
    return rank(found)


def _by_index(modules: list[ModuleCode]) -> list[ModuleCode]:
    if not modules:
        return []
    table = [modules[0]] * (modules[-1].index + 1)
    for module in modules:
        table[module.index] = module
    return table


def _uses_tensorflow(module: ModuleCode) -> bool:
    return any(path.partition(".")[0] in ("tensorflow", "keras", "tf_keras") for path in module.libraries)


def _reachable(
    root: Path, entry: Path | None, modules: list[ModuleCode], imported: Collection[Path]
) -> list[str]:
    """The files that the entry script imports, directly or not, and the ``imported`` ones; all without an entry."""
    if entry is None:
        return [module.file for module in modules]
    script = _script(root, entry)
    by_name = {module.name: module for module in modules}
    pending = [module for module in modules if root / module.file == script or root / module.file in imported]
    found: dict[str, None] = {}
    while pending:
        module = pending.pop()
        if module.file in found:
            continue
        found[module.file] = None
        pending += module.imported(by_name)
    return list(found)
