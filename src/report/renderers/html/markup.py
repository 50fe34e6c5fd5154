"""Safe HTML: all text is escaped unless it is a `Markup`.

`tag` makes elements. It escapes each child that is not a `Markup`, and only the functions of this module make those.
So no caller has to escape anything, and none can forget it.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable
from typing import Any

from ...visible import LONGEST, visible

_VOID = {"br", "hr", "input", "meta", "link", "col"}


class Markup(str):
    """Text that is already HTML and is not escaped again."""


def escape(text: str, longest: int = LONGEST, *, lines: bool = False) -> Markup:
    """Escape a text for HTML: it has no markup and no control characters, and is cut to ``longest`` characters."""
    return Markup(html.escape(visible(text, longest, lines=lines)))


def tag(name: str, /, *children: str | None, **attributes: str | int | float | bool | None) -> Markup:
    """Return an element. Text is escaped; None is left out.

    In attribute names, underscores become dashes, and ``class_`` is ``class``. True gives an attribute without a
    value; None and False leave it out.
    """
    given = "".join(
        _attribute(key, value) for key, value in attributes.items() if value is not None and value is not False
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{join(children)}</{name}>")


def join(children: Iterable[str | None], between: str = "") -> Markup:
    """Concatenate several pieces. Text among them is escaped."""
    parts = [child if isinstance(child, Markup) else escape(child) for child in children if child is not None]
    return Markup(between.join(parts))


def trusted(text: str) -> Markup:
    """Mark text as HTML. Only for our own style sheet and script."""
    return Markup(text)


def data(name: str, value: Any) -> Markup:
    """Return data for the script: JSON in an element that is not run, without characters that could end it."""
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
