"""Makes text from the user's code and output safe to show, so that no character controls the display.

A name, an error or a printed line may contain escape sequences that move a terminal's cursor, marks that change the
direction of text, or ten megabytes without a line break.
"""

from __future__ import annotations

import unicodedata

#: The longest text that is shown whole, in characters.
LONGEST = 2_000
#: The categories of characters that are invisible or change the direction of text.
_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, longest: int = LONGEST, *, lines: bool = False) -> str:
    """Replace control and invisible characters by symbols or their codes: ``␛[2J``, ``\\u202e``.

    Text of more than ``longest`` characters is cut, with a note. Line breaks and tabs become spaces; with ``lines``,
    line breaks are kept and a tab becomes four spaces.
    """
    left = len(text) - longest
    if left > 0:
        text = text[:longest]
    if not text.isprintable():
        text = "".join(_shown(character, lines) for character in text)
    return f"{text}… ({left:,} more characters)" if left > 0 else text


def _shown(character: str, lines: bool) -> str:
    code = ord(character)
    if character in "\n\t" and not (lines and character == "\t"):
        return "\n" if lines else " "
    if character == "\t":
        return "    "
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) in _ACTING:
        return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character
