"""Removes decorators that make graphs, so that the code runs eagerly: the inverse of `decorate`.

No line moves: the lines of a decorator are left empty. So line numbers in the result are those of the user's file.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from . import source as sources
from .source import Source

_LINE_END = re.compile(r"\r\n|\r|\n")
_CLOSED = re.compile(r"[\s\\]*\)")


@dataclass(frozen=True)
class Worn:
    """A decorator to remove: its candidate, the line of the ``def``, and its text, such as ``@tf.function``.

    The text is in the format of `ast.unparse`.
    """

    candidate: str
    line: int
    text: str


def take_off(file: str, raw: bytes, worn: Sequence[Worn]) -> tuple[bytes, dict[str, str]]:
    """Return the file without the decorators, and, by candidate, why one was not removed.

    The result is checked: its syntax tree equals that of the file except for the decorators, with each node in its
    place.
    """
    source = sources.parse(file, raw)
    if isinstance(source, str):
        return raw, {each.candidate: source for each in worn}
    spans: dict[str, tuple[int, int]] = {}
    missed: dict[str, str] = {}
    gone: set[tuple[int, int]] = set()
    for each in worn:
        node = _decorator(source.tree, each)
        span = None if node is None else _span(source, node)
        if node is None or span is None:
            missed[each.candidate] = f"{each.text} is not found above the def on line {each.line} of {file}."
        else:
            spans[each.candidate] = span
            gone.add((node.lineno, node.col_offset))
    text = source.text
    for begin, end in sorted(spans.values(), reverse=True):
        text = text[:begin] + "".join(_LINE_END.findall(text[begin:end])) + text[end:]
    after = source.encoded(text)
    if spans and not _differs_only_by(raw, after, gone):
        reason = f"The layout of {file} is not supported, so no decorator is removed there."
        return raw, {each.candidate: reason for each in worn}
    return after, missed


def _decorator(tree: ast.Module, worn: Worn) -> ast.expr | None:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.lineno == worn.line:
            found = [each for each in node.decorator_list if f"@{ast.unparse(each)}" == worn.text]
            # If it is there twice, one wraps the graph of the other: both would have to be removed.
            return found[0] if len(found) == 1 else None
    return None


def _span(source: Source, node: ast.expr) -> tuple[int, int] | None:
    """The start and end of a decorator in the file's text, with its ``@`` and parentheses; None if unclear."""
    begin = source.offset(node.lineno, node.col_offset)
    end = source.offset(node.end_lineno or 0, node.end_col_offset or 0)
    at = source.text.rfind("@", 0, begin)
    if at < 0 or source.text[at + 1 : begin].strip("( \t\f\\\r\n"):
        return None
    closing = source.text[at + 1 : begin].count("(")
    while closing:
        found = _CLOSED.match(source.text, end)
        if found is None:
            return None
        end, closing = found.end(), closing - 1
    return at, end


def _differs_only_by(before: bytes, after: bytes, gone: Collection[tuple[int, int]]) -> bool:
    """Whether the files differ only by the decorators at these places, and every other node has its old place."""
    try:
        one, other = ast.parse(before), ast.parse(after)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    for node in ast.walk(one):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            node.decorator_list = [each for each in node.decorator_list if (each.lineno, each.col_offset) not in gone]
    return ast.dump(one, include_attributes=True) == ast.dump(other, include_attributes=True)
