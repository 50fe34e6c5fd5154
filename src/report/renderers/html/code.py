"""Source and diffs as HTML, with line numbers, some colour, and marks on the lines that the analysis names."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping

from .markup import Markup, escape, join, tag

#: The most lines of one diff that are shown.
MOST_LINES = 1_000
_LONGEST_LINE = 400
_TOKENS = re.compile(
    r"(?P<comment>\#.*)"
    r"|(?P<text>[rbfuRBFU]{0,2}(?:'''.*?(?:'''|$)|\"\"\".*?(?:\"\"\"|$)|'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"))"
    r"|(?P<decorator>^\s*@[\w.]+)"
    rf"|(?P<keyword>\b(?:{'|'.join(keyword.kwlist)})\b)"
    r"|(?P<number>\b\d[\w.]*\b)"
)


def python(source: str, first: int, notes: Mapping[int, str] | None = None) -> Markup:
    """Return Python source with line numbers from ``first``. Lines with notes are marked and show them."""
    rows = []
    for number, line in enumerate(source.splitlines(), first):
        note = (notes or {}).get(number)
        rows.append(
            tag(
                "span",
                tag("i", str(number)),
                _coloured(line[:_LONGEST_LINE]),
                "…" if len(line) > _LONGEST_LINE else None,
                tag("b", f"◂ {note}") if note else None,
                class_="line noted" if note else "line",
            )
        )
    return tag("pre", join(rows, "\n"), class_="code")


def diff(text: str) -> Markup:
    """Return a unified diff, with added and removed lines coloured."""
    lines = text.splitlines()
    rows = [tag("span", escape(line or " ", _LONGEST_LINE), class_=_kind(line)) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        rows.append(tag("span", f"… {len(lines) - MOST_LINES:,} more lines are in the patch", class_="hunk"))
    return tag("pre", join(rows, "\n"), class_="code diff")


def _kind(line: str) -> str:
    if line.startswith(("+++", "---")):
        return "file"
    return {"+": "added", "-": "removed", "@": "hunk"}.get(line[:1], "same")


def _coloured(line: str) -> Markup:
    parts: list[str] = []
    end = 0
    for match in _TOKENS.finditer(line):
        parts.append(escape(line[end : match.start()]))
        parts.append(tag("span", match.group(), class_=f"py-{match.lastgroup}"))
        end = match.end()
    parts.append(escape(line[end:]))
    return join(parts)
