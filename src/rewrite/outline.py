"""Moves statements into a function, and calls it in their place: a refactoring, so the script stays eager.

The `Region` says which statements, parameters and results. Text is moved line by line: comments, blank lines, quotes
and line ends do not change, only the indentation does.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ..records import Action, Region
from .inlining import arguments_of, callee_of, is_same_when_inlined, parameters_of
from .source import Source

ACTION = Action.EXTRACT

_LINE_LENGTH = 88
_WHITE = " \t\f"
#: What precedes parentheses that are neither a call's nor an index's.
_OPERATORS = (b"+", b"-", b"*", b"/", b"=", b"(", b",", b"@")

#: A line of the result with its line end, and its line number in the original; None for a new line.
Line = tuple[str, int | None]


@dataclass(frozen=True)
class Outlined:
    """A file with regions moved into functions: its bytes, the new place of each line, and the lines of the new
    functions."""

    raw: bytes
    line_map: tuple[int, ...]
    def_lines: Mapping[Region, int]


def outline(source: Source, regions: Sequence[Region]) -> Outlined | str:
    """Move regions of one file into functions; returns a sentence if that is not possible.

    The result is checked: with the calls inlined again, its syntax tree equals the original one, except for the
    statements that the regions move.
    """
    spans = sorted((region.first, region.last) for region in regions)
    if any(one[1] >= other[0] for one, other in pairwise(spans)):
        return f"Two of the regions of {source.file} overlap."
    pieces = []
    for region in regions:
        piece = _Piece(source, region)
        wrong = piece.misfit()
        if wrong:
            return wrong
        pieces.append(piece)
    lines = list(_lines(source, pieces))
    raw = source.encoded("".join(text for text, _ in lines))
    try:
        tree = ast.parse(raw)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return f"Making a function of lines {spans[0][0]} to {spans[0][1]} of {source.file} would break its syntax."
    found = _def_lines(tree, regions)
    if found is None or not is_same_when_inlined(source.tree, tree, regions):
        said = " and ".join(f"{first} to {last}" for first, last in spans)
        return f"Making a function of lines {said} of {source.file} would change more than it should."
    return Outlined(raw, _line_map(lines, len(source.starts)), found)


class _Piece:
    """The text of one region's function and of its call."""

    def __init__(self, source: Source, region: Region) -> None:
        self.source = source
        self.region = region
        self.newline = source.newline_at(region.first)
        self.prefix = _indentation(source.line_text(region.first))
        self.outer = _indentation(source.line_text(region.place))
        self.top = self._above(region.place, self.outer)
        # An expression leaves its statement, and the comments above it, where they are.
        self.first = region.first if region.expression else self._above(region.first, self.prefix)
        self.strings = _inside_of_strings(source)
        self.unit = _unit(source, region.first)
        self.reads = _reads(source, region)
        #: The lines of the statements that go before the call, and behind it.
        self.ahead = self._with_comments(region.ahead)
        self.moved = self._with_comments(region.moved)

    def misfit(self) -> str:
        """Why the lines can't be moved; empty if they can."""
        source, region = self.source, self.region
        if region.expression:
            missing = _span(source, region) is None
            return f"Line {region.first} of {source.file} has no `{region.expression}`." if missing else ""
        for first, last in ((region.first, region.last), *region.ahead, *region.moved):
            inside = [
                node
                for node in ast.walk(source.tree)
                if isinstance(node, ast.stmt) and node.lineno >= first and (node.end_lineno or 0) <= last
            ]
            shared = any(
                isinstance(node, ast.stmt)
                and node not in inside
                and (first <= node.lineno <= last or first <= (node.end_lineno or 0) <= last)
                and not (node.lineno < first and (node.end_lineno or 0) >= last)
                for node in ast.walk(source.tree)
            )
            begins = min((node.lineno for node in inside), default=0) == first
            if not begins or shared or self._shares_lines(first, last):
                return f"Lines {first} to {last} of {source.file} contain parts of other statements."
        if any("\f" in source.line_text(line) for line in range(self.first, region.last + 1)):
            return f"Lines {region.first} to {region.last} of {source.file} contain form feeds."
        return ""

    def _shares_lines(self, first: int, last: int) -> bool:
        """Whether other code precedes the statement on its first line: a loop's header, or a statement and a `;`."""
        text = self.source.line_text(first)
        begun = min(
            (
                node.col_offset
                for node in ast.walk(self.source.tree)
                if isinstance(node, ast.stmt) and node.lineno == first
            ),
            default=0,
        )
        return bool(text.encode()[:begun].strip())

    def _above(self, line: int, prefix: str) -> int:
        """The first of the comment lines right above a line, or the line itself."""
        while line > 1 and self._is_comment(line - 1, prefix):
            line -= 1
        return line

    def _is_comment(self, line: int, prefix: str) -> bool:
        text = self.source.line_text(line)
        # A line for the encoding or the interpreter, or between the cells of a notebook, belongs to no statement.
        special = line <= 2 or text.lstrip(_WHITE).startswith(("# In[", "# %%", "#%%"))
        return text.startswith(prefix + "#") and not special

    def _with_comments(self, statements: Sequence[tuple[int, int]]) -> list[range]:
        """The lines of statements, with the comments directly above each."""
        found = []
        for first, last in sorted(statements):
            prefix = _indentation(self.source.line_text(first))
            found.append(range(max(self._above(first, prefix), self.first), last + 1))
        return found

    def function(self) -> list[Line]:
        """The function, with the blank lines around it."""
        region, inner = self.region, self.outer + self.unit
        head = self._wrapped(f"{self.outer}def {region.name}(", parameters_of(region), "):")
        lines: list[Line] = [(text, None) for text in head]
        if region.expression:
            lines.append((f"{inner}return {self._expression()}{self.newline}", None))
            return self._with_blanks(lines)
        gone = {line for each in (*self.ahead, *self.moved) for line in each}
        returned = self._returned(gone)
        body: list[Line] = []
        for line in range(self.first, region.last + 1):
            if line in gone:
                continue
            reads = self.reads.get(line, ())
            if returned is not None and line == returned[0]:
                reads = [(*returned[1:], "return "), *reads]
            text = self._shifted(line, inner, reads=reads)
            # If a statement was removed from between blank lines, or from the top of a block, one goes with it.
            above = body[-1][0].strip() if body else ""
            if not text.strip() and line - 1 in gone and (not above or above.endswith(":")):
                continue
            body.append((text, line))
        while body and not body[-1][0].strip():
            body.pop()
        lines += body
        if region.results and returned is None:
            lines.append((f"{inner}return {', '.join(region.results)}{self.newline}", None))
        return self._with_blanks(lines)

    def _with_blanks(self, lines: Sequence[Line]) -> list[Line]:
        """A function with the blank lines that are missing around it."""
        around = 1 if self.outer else 2
        blank: Line = (self.newline, None)
        return [*[blank] * self._missing_above(around), *lines, *[blank] * around]

    def _expression(self) -> str:
        """The expression that becomes the function, with names in place of what the call passes."""
        begin, end = _span(self.source, self.region) or (0, 0)
        reads = [each for each in self.reads.get(self.region.first, ()) if begin <= each[0] and each[1] <= end]
        raw = self.source.line_text(self.region.first).encode()
        for first, last, name in reversed(reads):
            raw, end = raw[:first] + name.encode() + raw[last:], end + len(name.encode()) - (last - first)
        return raw[begin:end].decode()

    def _returned(self, gone: Collection[int]) -> tuple[int, int, int] | None:
        """The line and the bytes of ``name = `` if the region ends by binding its only result; None if it does not."""
        inside = [
            node
            for node in ast.walk(self.source.tree)
            if isinstance(node, ast.stmt)
            and self.region.first <= node.lineno <= self.region.last
            and node.lineno not in gone
        ]
        last = max(inside, key=lambda node: (node.end_lineno or 0, -node.col_offset))
        match last:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if (name,) == self.region.results:
                alone = sum(node.lineno == last.lineno for node in inside) == 1
                whole = alone and last.col_offset == min(node.col_offset for node in inside)
                text = self.source.line_text(last.lineno).encode()[last.col_offset : value.col_offset]
                begins = value.lineno == last.lineno and text.replace(b" ", b"") == f"{name}=".encode()
                if whole and begins and not any(_captures(node, name) for node in inside):
                    return last.lineno, last.col_offset, value.col_offset
        return None

    def _missing_above(self, wanted: int) -> int:
        """How many blank lines are missing above the function; none at the beginning of a block or of the file."""
        line = self.top - 1
        blank = 0
        while line >= 1 and not self.source.line_text(line).strip():
            line, blank = line - 1, blank + 1
        begins = line < 1 or self._opens_block(line)
        return 0 if begins else max(0, wanted - blank)

    def _opens_block(self, line: int) -> bool:
        return bool(self.outer) and len(_indentation(self.source.line_text(line))) < len(self.outer)

    def call(self) -> list[Line]:
        """The call, between the statements that were moved before it and behind it."""
        region, source = self.region, self.source
        target = f"{', '.join(region.results)} = " if region.results else ""
        name = callee_of(region)
        if region.expression:
            begin, end = _span(source, region) or (0, 0)
            raw = source.line_text(region.first).encode()
            call = f"{name}({', '.join(arguments_of(region))})"
            return [((raw[:begin] + call.encode() + raw[end:]).decode(), region.first)]
        lines = self._beside(self.ahead)
        lines += [(text, None) for text in self._wrapped(f"{self.prefix}{target}{name}(", arguments_of(region), ")")]
        lines += self._beside(self.moved)
        if not source.line_text(region.last).endswith(("\n", "\r")):
            text, origin = lines[-1]
            lines[-1] = text.rstrip("\r\n"), origin
        return lines

    def _beside(self, statements: Sequence[range]) -> list[Line]:
        """Lines of the region with the indentation of the call."""
        return [
            (self._shifted(line, self.prefix, _indentation(self.source.line_text(each[0]))), line)
            for each in statements
            for line in each
        ]

    def _wrapped(self, head: str, items: Sequence[str], tail: str) -> list[str]:
        """A call or a ``def`` on one line, or on several if it is too long."""
        whole = f"{head}{', '.join(items)}{tail}"
        if len(whole.expandtabs(4)) <= _LINE_LENGTH or not items:
            return [whole + self.newline]
        inner = _indentation(head) + self.unit
        row = f"{inner}{', '.join(items)}"
        rows = [row] if len(row.expandtabs(4)) <= _LINE_LENGTH else [f"{inner}{item}," for item in items]
        return [text + self.newline for text in (head, *rows, _indentation(head) + tail)]

    def _shifted(self, line: int, to: str, of: str | None = None, reads: Sequence[tuple[int, int, str]] = ()) -> str:
        """A line with a new indentation, and with names in place of its ``reads``, which are in order.

        A line inside a string of several lines keeps its indentation.
        """
        text = self.source.line_text(line)
        for begin, end, name in reversed(reads):
            raw = text.encode()
            text = raw[:begin].decode() + name + raw[end:].decode()
        prefix = self.prefix if of is None else of
        ended = text if text.endswith(("\n", "\r")) else text + self.newline
        if line in self.strings or not text.strip():
            return ended
        if text.startswith(prefix):
            return to + ended[len(prefix) :]
        return to + ended.lstrip(_WHITE) if text.lstrip(_WHITE).startswith("#") else ended


def _lines(source: Source, pieces: Sequence[_Piece]) -> Iterator[Line]:
    """The lines of the result in their order."""
    before: dict[int, list[_Piece]] = {}
    for piece in sorted(pieces, key=lambda piece: piece.region.first):
        before.setdefault(piece.top, []).append(piece)
    calls = {piece.first: piece for piece in pieces}
    line = 1
    while line <= len(source.starts):
        placed = before.get(line, [])
        for number, piece in enumerate(placed):
            yield from piece.function()[0 if number == 0 else piece._missing_above(2 if not piece.outer else 1) :]
        if line in calls:
            yield from calls[line].call()
            line = calls[line].region.last + 1
            continue
        yield source.line_text(line), line
        line += 1


def _span(source: Source, region: Region) -> tuple[int, int] | None:
    """The bytes of a region's expression in its line; None if the line does not have it exactly once."""
    found = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.expr)
        and node.lineno == node.end_lineno == region.first
        and ast.unparse(node) == region.expression
    ]
    return (found[0].col_offset, found[0].end_col_offset or 0) if len(found) == 1 else None


def _line_map(lines: Sequence[Line], count: int) -> tuple[int, ...]:
    """The new line number of each original line; for a removed line, that of the next line that stayed."""
    places = {origin: number for number, (_, origin) in enumerate(lines, 1) if origin is not None}
    following = max(len(lines), 1)
    result = []
    for line in range(count, 0, -1):
        following = places.get(line, following)
        result.append(following)
    return tuple(reversed(result))


def _reads(source: Source, region: Region) -> dict[int, list[tuple[int, int, str]]]:
    """A region's expressions that a parameter replaces, by line: the start and end bytes, and the parameter."""
    named = {source: name for name, source in region.replaced if source != name}
    left_out = {line for first, last in (*region.ahead, *region.moved) for line in range(first, last + 1)}
    found: dict[int, list[tuple[int, int, str]]] = {}
    waiting: list[ast.AST] = [source.tree] if named else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Attribute, ast.BinOp, ast.Call)) and region.first <= node.lineno <= region.last:
            name = None if node.lineno in left_out else named.get(ast.unparse(node))
            if name is not None and node.end_lineno == node.lineno and node.end_col_offset is not None:
                span = _with_parentheses(source.line_text(node.lineno).encode(), node.col_offset, node.end_col_offset)
                found.setdefault(node.lineno, []).append((*span, name))
                continue
        waiting += ast.iter_child_nodes(node)
    return {line: sorted(reads) for line, reads in found.items()}


def _captures(node: ast.AST, name: str) -> bool:
    """Whether a function or generator inside a statement may read a name later."""
    scopes = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp)
    nested = (each for each in ast.walk(node) if isinstance(each, scopes))
    return any(isinstance(part, ast.Name) and part.id == name for each in nested for part in ast.walk(each))


def _with_parentheses(text: bytes, start: int, end: int) -> tuple[int, int]:
    """The bytes of an expression in a line, with parentheses around it that a name does not need."""
    before = text[: start - 1].rstrip()
    grouped = text[start - 1 : start] == b"(" and text[end : end + 1] == b")" and before.endswith(_OPERATORS)
    return (start - 1, end + 1) if grouped else (start, end)


def _indentation(text: str) -> str:
    return text[: len(text) - len(text.lstrip(_WHITE))]


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    return tokenize.generate_tokens(io.StringIO(source.text, newline="").readline)


def _inside_of_strings(source: Source) -> frozenset[int]:
    """The lines that begin inside a string."""
    inside = set[int]()
    opened = list[int]()
    for token in _tokens(source):
        name = tokenize.tok_name[token.type]
        if token.type == tokenize.STRING:
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
        elif name == "FSTRING_START":
            opened.append(token.start[0])
        elif name == "FSTRING_END":
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
    return frozenset(inside)


def _unit(source: Source, line: int) -> str:
    """The indentation step of the block that contains a line."""
    stack = [""]
    for token in _tokens(source):
        if token.type == tokenize.INDENT:
            stack.append(token.string)
        elif token.type == tokenize.DEDENT:
            stack.pop()
        elif token.start[0] >= line and token.type not in (tokenize.NL, tokenize.COMMENT):
            break
    return stack[-1].removeprefix(stack[-2]) if len(stack) > 1 else "    "


def _def_lines(tree: ast.Module, regions: Sequence[Region]) -> dict[Region, int] | None:
    """The line of each new function; None if one is missing or its name is not unique."""
    found: dict[Region, int] = {}
    for region in regions:
        named = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == region.name]
        if len(named) != 1:
            return None
        found[region] = named[0].lineno
    return found
