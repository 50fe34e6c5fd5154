"""The name by which a function's decorator can reach TensorFlow, and the import to add if there is none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import libcst as cst

from ..records import Variant
from .scopes import Scope, Scopes, read_scopes
from .source import Definition, Source, Splice

_NEW_NAMES = ("tf", "tensorflow", "_tf", "_tensorflow")
_MODULE_USE = re.compile(r"\btf\.")


@dataclass(frozen=True)
class Alias:
    """The names of TensorFlow in a source: ``module`` (``tf``; None if only the function is imported) and
    ``function`` (``tf.function``)."""

    module: str | None
    function: str


@dataclass(frozen=True)
class Naming:
    """The alias of each definition (or a sentence why there is none), and the import for the alias ``added``."""

    aliases: dict[Definition, Alias | str]
    added: Alias | None = None
    splice: Splice | None = None


def name_tensorflow(source: Source, definitions: Mapping[Definition, Variant]) -> Naming:
    """Find the alias that each definition's decorator should use, and an import for those that have none."""
    scopes = read_scopes(source.tree)
    aliases: dict[Definition, Alias | str] = {}
    without: list[Definition] = []
    for definition, variant in definitions.items():
        scope = scopes.of.get(definition.line)
        if scope is None:
            aliases[definition] = f"There is no def on line {definition.line} of {source.file} for the compiler."
            continue
        # `from tensorflow import function` reaches no TensorSpec.
        needs_module = any(_MODULE_USE.search(value) for _, value in variant.arguments)
        alias = _existing(scope, definition.line, needs_module)
        if alias is not None:
            aliases[definition] = alias
        elif reason := _optional(scopes.module, source.file):
            aliases[definition] = reason
        else:
            without.append(definition)
    if not without:
        return Naming(aliases)
    name = _free_name(scopes, without)
    added = Alias(name, f"{name}.function")
    aliases.update(dict.fromkeys(without, added))
    splice = _import_splice(source, name, min(definition.line for definition in without))
    return Naming(aliases, added, splice)


def undo(tree: ast.Module, imported: Splice, line_map: Sequence[int]) -> bool:
    """Remove the inserted import from an edited file's tree. Returns whether there was exactly one."""
    above = line_map[imported.line - 2] if imported.line > 1 else 0
    lines = range(above + 1, above + 1 + imported.lines)
    new = [node for node in tree.body if isinstance(node, ast.Import) and node.lineno in lines]
    tree.body = [node for node in tree.body if node not in new]
    return len(new) == 1


def _existing(scope: Scope, line: int, needs_module: bool) -> Alias | None:
    """Find a name that is certainly bound to TensorFlow above the line, and has this binding at the ``def``."""
    found: list[tuple[int, int, str]] = []
    for depth, holder in enumerate(scope.chain()):
        for name, bindings in holder.bindings.items():
            kinds = {binding.kind for binding in bindings}
            if kinds != {"module"} and (needs_module or kinds != {"function"}):
                continue
            if _holder(scope, name) is not holder:
                continue
            # In a class, a leading double underscore would be mangled into another name.
            if name.startswith("__") and not name.endswith("__"):
                continue
            if any(binding.certain and binding.line < line for binding in bindings):
                found.append((0 if "module" in kinds else 1, -depth, name))
    if not found:
        return None
    function_only, _, name = min(found)
    return Alias(None, name) if function_only else Alias(name, f"{name}.function")


def _holder(scope: Scope, name: str) -> Scope:
    """The scope that a name used in ``scope`` resolves to; the module for unbound names."""
    chain = list(scope.chain())
    for place in chain:
        if name in place.globals:
            break
        if name in place.bindings:
            return place
    return chain[-1]


def _optional(module: Scope, file: str) -> str | None:
    """Why a decorator that needs TensorFlow may fail: the module may continue without TensorFlow. Otherwise None."""
    for name, bindings in module.bindings.items():
        attempts = {binding.attempt for binding in bindings if binding.kind == "module" and binding.certain}
        for binding in bindings:
            if binding.kind == "else" and binding.handler and binding.attempt in attempts:
                return (
                    f"{file} may continue without TensorFlow ({name} is bound to something else on line "
                    f"{binding.line}), and a decorator would fail there."
                )
    return None


def _free_name(scopes: Scopes, definitions: Iterable[Definition]) -> str:
    def names() -> Iterator[str]:
        yield from _NEW_NAMES
        number = 2
        while True:
            yield f"_tf{number}"
            number += 1

    holders = [scopes.of[definition.line] for definition in definitions]

    def is_free(name: str) -> bool:
        bound = scopes.module.bindings.get(name, [])
        return all(binding.kind == "module" for binding in bound) and all(
            _holder(scope, name) is scopes.module for scope in holders
        )

    return next(name for name in names() if is_free(name))


def _import_splice(source: Source, name: str, line: int) -> Splice:
    """The new import, after the last import above the line: the code before that still runs first."""
    statement = f"import {name}" if name == "tensorflow" else f"import tensorflow as {name}"
    above = [(node, place) for node, place in source.statement_lines if place.end.line < line]
    imports = [(node, place) for node, place in above if _is_import(node)]
    anchor = imports[-1] if imports else None
    blank_before = ""
    if anchor is None and above and _is_docstring(above[0][0]):
        anchor = above[0]
    if anchor is not None:
        at = anchor[1].end.line + 1
        newline = source.newline_at(at - 1)
        if not _is_import(anchor[0]) or _is_future(anchor[0]):
            blank_before = newline
        following = source.line_text(at).strip()
        text = blank_before + statement + newline + (newline if blank_before and following else "")
        return Splice(source.starts[at - 1], at, text)
    at = _first_code_line(source)
    newline = source.newline_at(at)
    blank_lines = 2 if isinstance(source.statement_lines[0][0], cst.FunctionDef | cst.ClassDef) else 1
    return Splice(source.starts[at - 1], at, statement + newline * (1 + blank_lines))


def _first_code_line(source: Source) -> int:
    """The line before which a first import is inserted: below the header's comments, above those of the code."""
    node, place = source.statement_lines[0]
    line = place.start.line
    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        line -= _decorator_lines(source, line)
    code = line
    while line > 1 and source.line_text(line - 1).lstrip(" \t\f").startswith("#"):
        line -= 1
    return code if line == 1 else line


def _decorator_lines(source: Source, line: int) -> int:
    for node in source.tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.lineno == line:
            return line - min((decorator.lineno for decorator in node.decorator_list), default=line)
    return 0


def _small_statements(node: cst.CSTNode) -> tuple[cst.BaseSmallStatement, ...]:
    return tuple(node.body) if isinstance(node, cst.SimpleStatementLine) else ()


def _is_import(node: cst.CSTNode) -> bool:
    return any(isinstance(small, cst.Import | cst.ImportFrom) for small in _small_statements(node))


def _is_future(node: cst.CSTNode) -> bool:
    return any(
        isinstance(small, cst.ImportFrom)
        and isinstance(small.module, cst.Name)
        and small.module.value == "__future__"
        for small in _small_statements(node)
    )


def _is_docstring(node: cst.CSTNode) -> bool:
    small = _small_statements(node)
    return (
        bool(small)
        and isinstance(small[0], cst.Expr)
        and isinstance(small[0].value, cst.SimpleString | cst.ConcatenatedString)
    )
