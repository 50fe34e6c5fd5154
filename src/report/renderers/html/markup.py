"""HTML that can't be broken by what it shows: all text is escaped, unless it is markup of ours already.

An element is made by `tag`. A child is text of the user's, and escaped, unless it is a `Markup`, which only the
functions of this module make. So nothing is escaped by hand, and nothing can be forgotten.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from ...visible import LONGEST, visible

_VOID = {"br", "hr", "input", "meta", "link", "col"}


class Markup(str):
    """Text that is HTML, and not escaped again."""


def escape(text: str, longest: int = LONGEST, *, lines: bool = False) -> Markup:
    """Give a text as HTML that shows it: nothing in it is markup, no character of it acts, and it is not endless."""
    return Markup(html.escape(visible(text, longest, lines=lines)))


def tag(name: str, /, *children: str | None, **attributes: str | int | float | bool | None) -> Markup:
    """Give an element. Text is escaped; None is left out.

    An attribute's name has a dash for each underscore, and ``class_`` is ``class``. True is an attribute without a
    value; None and False leave it out.
    """
    given = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(children: Iterable[str | None], between: str = "") -> Markup:
    """Give several pieces one after the other; text among them is escaped."""
    parts = [child if isinstance(child, Markup) else escape(child) for child in children if child is not None]
    return Markup(between.join(parts))


def trusted(text: str) -> Markup:
    """Take text for HTML: our own style sheet and script, and nothing else."""
    return Markup(text)


def data(name: str, value: Any) -> Markup:
    """Give data for the script: JSON in an element that is not run, without a character that could end it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(f'<script type="application/json" id="{html.escape(name)}">{text}</script>')


def _attribute(key: str, value: str | int | float | bool) -> str:
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    return f' {name}="{html.escape(visible(text, 20_000))}"'
