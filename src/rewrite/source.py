"""A file of the project: its bytes, its text, its two syntax trees, and the places of its functions.

libcst gives positions, and `ast` the meaning for the compiler. Edits are spliced into the text and not generated from
a tree: neither tree reproduces every file byte for byte (form feeds, lone carriage returns).
"""

from __future__ import annotations

import ast
import codecs
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import CodeRange, MetadataWrapper, PositionProvider

# The line ends of Python's tokenizer; `str.splitlines` has many more.
_LINE_END = re.compile(r"\r\n|\r|\n")
# The suffix that the scan adds to further definitions of a name.
_ORDINAL = re.compile(r"#\d+(?=\.|$)")
_DEFAULT_NEWLINE = "\n"


@dataclass(frozen=True)
class Splice:
    """Text that replaces the file's text from ``offset`` to ``end``; without ``end`` it is inserted.

    ``line`` is the line (of the original file) whose code comes directly after it: that one and those below move
    by the number of inserted lines minus the number of removed lines.
    """

    offset: int
    line: int
    text: str
    end: int | None = None

    @property
    def lines(self) -> int:
        """The number of inserted lines."""
        return len(_LINE_END.findall(self.text))

    def lines_gone(self, text: str) -> int:
        """The number of lines of the file's ``text`` that it removes."""
        return 0 if self.end is None else len(_LINE_END.findall(text[self.offset : self.end]))


@dataclass(frozen=True)
class Definition:
    """A ``def`` of the file: its qualified name without ``<locals>``, its line and its node."""

    qualname: str
    line: int
    node: cst.FunctionDef

    @property
    def is_async(self) -> bool:
        """Whether it is an ``async def``."""
        return self.node.asynchronous is not None


@dataclass(frozen=True)
class Source:
    """One file. ``text`` is without the byte order mark; ``starts`` are the offsets of its lines."""

    file: str
    raw: bytes
    mark: bytes
    encoding: str
    text: str
    starts: tuple[int, ...]
    tree: ast.Module
    module: cst.Module
    definitions: tuple[Definition, ...]
    statement_lines: tuple[tuple[cst.CSTNode, CodeRange], ...]

    def line_text(self, line: int) -> str:
        """A line's text with its line end; the first line is 1."""
        end = self.starts[line] if line < len(self.starts) else len(self.text)
        return self.text[self.starts[line - 1] : end]

    def offset(self, line: int, column: int) -> int:
        """The offset of a place given as in `ast`: a line, and a column in bytes of UTF-8."""
        return self.starts[line - 1] + len(self.line_text(line).encode()[:column].decode())

    def newline_at(self, line: int) -> str:
        """The line end to use at a line: its own, else that of the line before, else ``\\n``."""
        for near in (line, line - 1):
            if 1 <= near <= len(self.starts):
                found = _LINE_END.search(self.line_text(near))
                if found:
                    return found.group()
        return _DEFAULT_NEWLINE

    def find(self, line: int, qualname: str) -> Definition | None:
        """The function whose ``def`` is on that line and that has this name; None if there is none.

        The scan numbers definitions of one name (``step``, ``step#2``); here, only the line distinguishes them.
        """
        wanted = _ORDINAL.sub("", qualname.replace(".<locals>", ""))
        for definition in self.definitions:
            if definition.line == line and definition.qualname == wanted:
                return definition
        return None

    def spliced(self, splices: Sequence[Splice]) -> bytes:
        """The file's bytes after the splices."""
        pieces, position = [], 0
        for splice in sorted(splices, key=lambda splice: splice.offset):
            pieces += [self.text[position : splice.offset], splice.text]
            position = splice.offset if splice.end is None else splice.end
        pieces.append(self.text[position:])
        return self.encoded("".join(pieces))

    def encoded(self, text: str) -> bytes:
        """The bytes of a text, with the byte order mark and the encoding of this file."""
        return self.mark + text.encode(self.encoding)

    def line_map(self, splices: Sequence[Splice]) -> tuple[int, ...]:
        """The line number of each line of the file after the splices; for a removed line, that of the next line that
        stayed."""
        moves = ((splice.line, splice.lines - splice.lines_gone(self.text)) for splice in splices)
        moved, down, result = sorted(moves), 0, []
        for line in range(1, len(self.starts) + 1):
            while moved and moved[0][0] <= line:
                down += moved.pop(0)[1]
            result.append(line + down)
        below = len(self.starts) + down + sum(move for _, move in moved)
        for position in reversed(range(len(result))):
            below = result[position] = max(1, min(result[position], below))
        return tuple(result)


def read(root: Path, file: str) -> Source | str:
    """Read and parse a file of the project; returns the reason as a sentence if that fails."""
    try:
        raw = (root / file).read_bytes()
    except OSError as error:
        return f"{file} can't be read: {error.strerror or error}."
    return parse(file, raw)


def parse(file: str, raw: bytes) -> Source | str:
    """Parse a file's bytes; returns the reason as a sentence if that fails."""
    mark = codecs.BOM_UTF8 if raw.startswith(codecs.BOM_UTF8) else b""
    body = raw[len(mark) :]
    try:
        # Python looks for the encoding cookie in its own lines, which lone carriage returns end too.
        lines = raw.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        encoding, _ = tokenize.detect_encoding(io.BytesIO(lines).readline)
        encoding = "utf-8" if mark else encoding
        text = body.decode(encoding)
        if text.encode(encoding) != body:
            return f"{file} does not survive a round trip through its encoding, {encoding}."
        tree = ast.parse(raw)
        wrapper = MetadataWrapper(cst.parse_module(text), unsafe_skip_copy=True)
        ranges = wrapper.resolve(PositionProvider)
    except (SyntaxError, ValueError, LookupError, cst.ParserSyntaxError) as error:
        return f"{file} can't be parsed: {_first_line(error)}."
    except (RecursionError, MemoryError):
        return f"{file} is nested too deeply to be parsed."
    starts = (0, *(found.end() for found in _LINE_END.finditer(text)))
    if starts[-1] == len(text) and len(starts) > 1:
        starts = starts[:-1]
    positions = {node: place for node, place in ranges.items() if isinstance(place, CodeRange)}
    return Source(
        file=file,
        raw=raw,
        mark=mark,
        encoding=encoding,
        text=text,
        starts=starts,
        tree=tree,
        module=wrapper.module,
        definitions=_definitions(wrapper.module, positions),
        statement_lines=tuple((node, positions[node]) for node in wrapper.module.body),
    )


def dotted(node: cst.BaseExpression) -> str | None:
    """The text of a name or a chain of attributes (``tf.function``), or None for anything else."""
    match node:
        case cst.Name(value=name):
            return name
        case cst.Attribute(value=value, attr=attr):
            left = dotted(value)
            return None if left is None else f"{left}.{attr.value}"
    return None


def _definitions(module: cst.Module, positions: dict[cst.CSTNode, CodeRange]) -> tuple[Definition, ...]:
    finder = _Finder(positions)
    module.visit(finder)
    return tuple(finder.found)


class _Finder(cst.CSTVisitor):
    def __init__(self, positions: dict[cst.CSTNode, CodeRange]) -> None:
        super().__init__()
        self.positions = positions
        self.names: list[str] = []
        self.found: list[Definition] = []

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        self.names.append(node.name.value)

    def leave_ClassDef(self, original_node: cst.ClassDef) -> None:
        self.names.pop()

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        self.names.append(node.name.value)
        line = self.positions[node].start.line
        self.found.append(Definition(".".join(self.names), line, node))

    def leave_FunctionDef(self, original_node: cst.FunctionDef) -> None:
        self.names.pop()


def _first_line(error: Exception) -> str:
    if isinstance(error, cst.ParserSyntaxError):
        return f"{error.message} (line {error.raw_line})"
    if isinstance(error, SyntaxError):
        return f"{error.msg} (line {error.lineno})" if error.lineno else str(error.msg)
    return str(error).splitlines()[0] if str(error) else type(error).__name__
