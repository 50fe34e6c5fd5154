"""Puts ``@tf.function`` on a function, as its innermost decorator."""

from __future__ import annotations

import ast
from collections.abc import Iterable

import libcst as cst

from ..records import Action, Edit, Reason, Variant
from .alias import Alias
from .source import Definition, Source, Splice, dotted

ACTION = Action.HYBRIDIZE

# Longer decorators are written with one argument per line.
_LINE_LENGTH = 100


def transform(source: Source, definition: Definition, edit: Edit, alias: Alias) -> Splice | Reason:
    """The decorator to insert, above ``def`` and below every other decorator.

    The innermost place is right for all of them: ``property``, ``staticmethod``, ``classmethod`` and the user's
    own decorators then wrap the same function as before.
    """
    if definition.is_async:
        return Reason("not-editable", f"{edit.qualname} is an async def, which tf.function does not support.")
    for decorator in definition.node.decorators:
        name = _name(decorator)
        if name == alias.function or name in ("tf.function", "tensorflow.function"):
            return Reason("not-editable", f"{edit.qualname} is already decorated with {name}.")
        if name is not None and name.rpartition(".")[2] == "overload":
            return Reason("not-editable", f"{edit.qualname} on line {edit.line} is only the signature of an overload."
            )
    call = _call(edit.variant, alias)
    if isinstance(call, Reason):
        return call
    line = source.line_text(definition.line)
    code = line.lstrip(" \t\f")
    before = line[: len(line) - len(code)]
    if not code.startswith("def"):
        return Reason("not-editable", f"The def of {edit.qualname} is not at the beginning of its line.")
    # A form feed resets the tokenizer's column to 0, so only the text after it is indentation.
    text = _laid_out(call, before.rpartition("\f")[2], source.newline_at(definition.line))
    return Splice(source.starts[definition.line - 1] + len(before), definition.line, text)


def undo(tree: ast.Module, changed: Iterable[int]) -> bool:
    """Remove the decorators of ``transform`` from an edited file's tree. Returns whether all of them were there.

    ``changed`` are the lines of the decorated functions' ``def``.
    """
    wanted = set(changed)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.lineno in wanted and node.decorator_list:
            node.decorator_list.pop()
            wanted.discard(node.lineno)
    return not wanted


def _name(decorator: cst.Decorator) -> str | None:
    expression = decorator.decorator
    if isinstance(expression, cst.Call):
        name = dotted(expression.func)
        if name in ("partial", "functools.partial") and expression.args:
            return dotted(expression.args[0].value)
        return name
    return dotted(expression)


def _call(variant: Variant, alias: Alias) -> tuple[str, tuple[str, ...]] | Reason:
    """The decorator's expression and its arguments, with the module's alias in place of ``tf``."""
    arguments = []
    for name, value in variant.arguments:
        text = _with_alias(value, alias)
        if text is None:
            return Reason("not-editable", f"The variant's argument {name}={value} is not an expression over tf alone.")
        arguments.append(f"{name}={text}")
    return alias.function, tuple(arguments)


def _with_alias(text: str, alias: Alias) -> str | None:
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError):
        return None
    encoded = text.encode()
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    if any(node.id != "tf" or node.lineno != 1 for node in names) or (names and alias.module is None):
        return None
    for node in sorted(names, key=lambda node: -node.col_offset):
        encoded = encoded[: node.col_offset] + str(alias.module).encode() + encoded[node.end_col_offset :]
    return encoded.decode()


def _laid_out(call: tuple[str, tuple[str, ...]], indent: str, newline: str) -> str:
    function, arguments = call
    if not arguments:
        return f"@{function}{newline}{indent}"
    line = f"@{function}({', '.join(arguments)})"
    if len(indent.expandtabs()) + len(line) <= _LINE_LENGTH:
        return f"{line}{newline}{indent}"
    step = "\t" if indent.endswith("\t") else "    "
    rows = [f"@{function}("]
    for argument in arguments:
        rows += _argument_rows(argument, indent + step, step)
    return newline.join([*rows, f"{indent})"]) + newline + indent


def _argument_rows(argument: str, indent: str, step: str) -> list[str]:
    """An argument on its own line; a list that is too long for one line has one item per line."""
    row = f"{indent}{argument},"
    name, _, value = argument.partition("=")
    node = ast.parse(value, mode="eval").body
    if len(row.expandtabs()) <= _LINE_LENGTH or not isinstance(node, ast.List):
        return [row]
    items = [ast.get_source_segment(value, item) for item in node.elts]
    return [f"{indent}{name}=[", *(f"{indent}{step}{item}," for item in items), f"{indent}],"]
