"""Removes a debug setting that makes graph code run eagerly, as a person would.

``run_eagerly=True`` is removed from a call of ``compile``. ``tf.config.run_functions_eagerly(True)`` and
``model.run_eagerly = True`` are removed as statements, or become ``False`` if nothing else is in their block or if they
share their line. A setting that a flag decides is not edited: the user can turn the flag off.
"""

from __future__ import annotations

import ast
import copy
import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from ..records import Action, Edit, Reason
from .source import Source, Splice

ACTION = Action.RECONFIGURE

_OPTION = "run_eagerly"
_FUNCTIONS = ("run_functions_eagerly", "experimental_run_functions_eagerly")
_HANGS = "line {line} of {file} depends on the condition {condition}: start the script so that it is not reached."
_TELLING = re.compile("debug|eager|develop|verbose|trace", re.IGNORECASE)
_INSIGNIFICANT = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)


@dataclass(frozen=True)
class Removal:
    """The removal of one switch: in the text, and in the syntax tree (``node``) for the check of the result."""

    splice: Splice
    node: ast.AST
    as_false: bool = False


def remove(source: Source, edit: Edit) -> Removal | Reason:
    """Find the switch on the line of the edit, and describe its removal."""
    found = [(place, switch) for place, switch in _switches(source.tree) if _spans(place, edit.line)]
    if not found:
        calls = (node for node in ast.walk(source.tree) if isinstance(node, ast.Call) and _spans(node, edit.line))
        how = "indirectly"
        if any(keyword.arg is None for call in calls for keyword in call.keywords):
            how = "as part of **keywords"
        said = f"{_OPTION} is given on line {edit.line} of {source.file}, {how}"
        return Reason("not-editable", f"{said}; remove it where it is set.")
    # Of nested places, the innermost is meant.
    _, switch = min(found, key=lambda each: (each[0].end_lineno or 0) - each[0].lineno)
    if isinstance(switch, ast.keyword):
        return _of_call(source, edit, switch)
    assert isinstance(switch, (ast.Expr, ast.Assign))
    return _of_statement(source, edit, switch)


def without(tree: ast.Module, removals: list[Removal]) -> ast.Module:
    """A copy of a file's syntax tree without the switches."""
    memo: dict[int, object] = {}
    copied = copy.deepcopy(tree, memo)
    gone = {id(memo[id(removal.node)]): removal for removal in removals}
    for node in ast.walk(copied):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if id(keyword) not in gone]
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                setattr(node, name, [each for each in block if id(each) not in gone or gone[id(each)].as_false])
                for each in block:
                    if id(each) in gone and gone[id(each)].as_false:
                        _value(each).value = False
    return copied


def _switches(tree: ast.Module) -> Iterator[tuple[ast.expr | ast.stmt, ast.keyword | ast.Expr | ast.Assign]]:
    """All keywords and statements in a file that set the switch to any value, each with its call or statement."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "compile":
            yield from ((node, keyword) for keyword in node.keywords if keyword.arg == _OPTION)
        elif isinstance(node, (ast.Expr, ast.Assign)) and _is_switch(node):
            yield node, node


def _is_switch(statement: ast.Expr | ast.Assign) -> bool:
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Call) and _name(statement.value.func) in _FUNCTIONS
    target = statement.targets[0]
    return len(statement.targets) == 1 and isinstance(target, ast.Attribute) and target.attr == _OPTION


def _spans(node: ast.expr | ast.stmt, line: int) -> bool:
    return node.lineno <= line <= (node.end_lineno or node.lineno)


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _value(statement: ast.stmt) -> ast.Constant:
    """The constant that a statement sets the switch to."""
    value = _given(statement)
    assert isinstance(value, ast.Constant)
    return value


def _given(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Assign):
        return statement.value
    assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)
    call = statement.value
    return next(iter([*call.args, *(keyword.value for keyword in call.keywords)]), None)


def _refusal(source: Source, edit: Edit, value: ast.expr | None) -> Reason | None:
    if isinstance(value, ast.Constant) and value.value is True:
        return None
    given = ast.unparse(value) if value is not None else "nothing"
    said = f"{edit.qualname} is given `{given}` on line {edit.line} of {source.file}"
    return Reason("not-editable", f"{said}, which is true in this run: start the script so that it is false.")


def _of_statement(source: Source, edit: Edit, statement: ast.Expr | ast.Assign) -> Removal | Reason:
    refusal = _refusal(source, edit, _given(statement))
    if refusal is not None:
        return refusal
    hangs = condition(source, edit.line)
    if hangs is not None:
        return Reason("not-editable", _HANGS.format(line=edit.line, file=source.file, condition=hangs))
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    begun, ended = source.offset(first, statement.col_offset), source.offset(last, statement.end_col_offset or 0)
    before = source.text[source.starts[first - 1] : begun]
    end_of_line = source.starts[last] if last < len(source.starts) else len(source.text)
    after = source.text[ended:end_of_line].strip()
    alone = not before.strip() and (not after or after.startswith("#"))
    if alone and len(_block(source.tree, statement)) > 1:
        return Removal(Splice(source.starts[first - 1], last + 1, "", end_of_line), statement)
    value = _value(statement)
    start = source.offset(value.lineno, value.col_offset)
    return Removal(Splice(start, value.lineno, "False", start + len("True")), statement, as_false=True)


def _block(tree: ast.Module, statement: ast.stmt) -> list[ast.stmt]:
    """The block that contains a statement."""
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            children = getattr(node, name, None)
            if isinstance(children, list) and statement in children:
                return children
    return [statement]


def condition(source: Source, line: int, telling: bool = False) -> str | None:
    """The condition of a line: the innermost ``if`` or ``while`` around it, as "`test` (line 3)".

    A test whether the file is run as a script does not count. With ``telling``, only conditions that mention debugging
    count.
    """
    found: list[ast.If | ast.While] = []
    for node in ast.walk(source.tree):
        if isinstance(node, (ast.If, ast.While)) and node.body[0].lineno <= line <= (node.end_lineno or 0):
            test = ast.unparse(node.test)
            if "__name__" not in test and (not telling or _TELLING.search(test)):
                found.append(node)
    inner = max(found, key=lambda node: node.lineno, default=None)
    return None if inner is None else f"`{ast.unparse(inner.test)}` (line {inner.lineno})"


def _of_call(source: Source, edit: Edit, keyword: ast.keyword) -> Removal | Reason:
    refusal = _refusal(source, edit, keyword.value)
    if refusal is not None:
        return refusal
    hangs = condition(source, edit.line, telling=True)
    if hangs is not None:
        return Reason("not-editable", _HANGS.format(line=edit.line, file=source.file, condition=hangs))
    begun = source.offset(keyword.lineno, keyword.col_offset)
    ended = source.offset(keyword.end_lineno or 0, keyword.end_col_offset or 0)
    before, after = _neighbours(source, begun, ended)
    if before is None or after is None:
        return Reason("not-editable", f"The layout of the call on line {edit.line} of {source.file} is not supported.")
    first, last = keyword.lineno, keyword.end_lineno or keyword.lineno
    comma = source.text[after[0] : after[1]] == ","
    tail = after[1] if comma else ended
    end_of_line = source.starts[last] if last < len(source.starts) else len(source.text)
    rest = source.text[tail:end_of_line].strip()
    if not source.text[source.starts[first - 1] : begun].strip() and (not rest or (comma and rest.startswith("#"))):
        return Removal(Splice(source.starts[first - 1], last + 1, "", end_of_line), keyword)
    led = source.text[before[0] : before[1]] == ","
    if led and "#" not in source.text[before[1] : begun]:
        # The comma before it is removed too, and the text after it stays.
        return Removal(_cut(source, before[0], ended), keyword)
    if comma:
        spaces = len(source.text[tail:end_of_line]) - len(source.text[tail:end_of_line].lstrip(" \t"))
        return Removal(_cut(source, begun, tail + spaces), keyword)
    return Removal(_cut(source, begun, ended), keyword)


def _cut(source: Source, start: int, end: int) -> Splice:
    line = sum(1 for begin in source.starts if begin <= end)
    return Splice(start, line, "", end)


def _neighbours(source: Source, begun: int, ended: int) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The offsets of the tokens directly before and after a piece of text, without comments."""
    before: tuple[int, int] | None = None
    for token in tokenize.generate_tokens(io.StringIO(source.text, newline="").readline):
        if token.type in _INSIGNIFICANT:
            continue
        start, end = (source.starts[line - 1] + column for line, column in (token.start, token.end))
        if end <= begun:
            before = start, end
        elif start >= ended:
            return before, (start, end)
    return before, None
