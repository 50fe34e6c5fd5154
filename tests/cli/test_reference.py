"""docs/cli.md is what the commands are."""

from __future__ import annotations

import re
from pathlib import Path

from hybridize.cli import commands
from hybridize.cli.commands import optimize
from hybridize.cli.reference import to_page
from hybridize.options import SETTINGS

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"


def test_the_page_is_up_to_date(monkeypatch):
    """Where it is not: python -m hybridize.cli.reference > docs/cli.md."""
    monkeypatch.setenv("COLUMNS", "100")
    assert PAGE.read_text(encoding="utf-8") == to_page()


def test_the_page_names_every_command_and_every_option():
    text = PAGE.read_text(encoding="utf-8")
    assert re.findall(r"^## optimize ?(.*)$", text, re.MULTILINE) == ["", *commands.names()]
    for name in optimize.parser_of_options().options:
        assert name in text, name
    for setting in SETTINGS.values():
        assert setting.typed or f"| `{setting.name}` |" in text
