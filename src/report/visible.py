"""Text from the user's code and output, made safe to show: no character of it acts on what shows it.

A name, an error or a printed line may hold escape sequences that move a terminal's cursor, marks that turn the
direction of the text around, or ten megabytes without a line break. All of them are shown as what they are.
"""

from __future__ import annotations

import unicodedata

#: The longest text that is shown whole, in characters.
LONGEST = 2_000
#: Characters that are neither printed nor take room, or that change the direction of what follows them.
_ACTING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def visible(text: str, longest: int = LONGEST, *, lines: bool = False) -> str:
    """Give the text with each character that acts or is not seen as a symbol or its code: ``␛[2J``, ``\\u202e``.

    Text that is longer than ``longest`` characters is cut, and says so. Line breaks become spaces; with ``lines`` they
    and tabs are kept.
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
