"""Writes an edited file as a unified diff that both ``git apply`` and ``patch -p1`` take."""

from __future__ import annotations

import difflib

from ..records import EditedFile

_NO_NEWLINE = "\\ No newline at end of file\n"
_ESCAPES = {"\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", '"': '"', "\\": "\\"}


def diff(edited: EditedFile) -> str:
    """Give the unified diff of one file, with ``a/`` and ``b/`` before its path.

    A source file need not be UTF-8: the text contains other bytes as surrogate escapes. So write it as
    ``text.encode("utf-8", "surrogateescape")``, without any translation of line ends (`report.folder` does).
    """
    # Latin-1 maps each byte to one character; only line feeds end a line of a patch.
    before, after = (_lines(content.decode("latin-1")) for content in (edited.before, edited.after))
    lines = list(difflib.unified_diff(before, after, "", "", n=3))[2:]
    body = "".join(line if line.endswith("\n") else line + "\n" + _NO_NEWLINE for line in lines)
    header = f"--- {_name('a/' + edited.file)}\n+++ {_name('b/' + edited.file)}\n"
    return header + body.encode("latin-1").decode("utf-8", "surrogateescape")


def _lines(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _name(path: str) -> str:
    """Quote a path as git does, if necessary; a tab marks the end of a path with spaces."""
    if any(character in _ESCAPES or character < " " or character == "\x7f" for character in path):
        quoted = (
            f"\\{_ESCAPES[character]}"
            if character in _ESCAPES
            else f"\\{ord(character):03o}"
            if character < " " or character == "\x7f"
            else character
            for character in path
        )
        return f'"{"".join(quoted)}"'
    return path + "\t" if " " in path else path
