"""Workflow commands, by which a program tells GitHub of something at a line.

The escapes are those that the runner undoes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from .visible import visible


def command(name: str, properties: dict[str, str], message: str) -> str:
    """Give a command as one line, such as ``::notice file=train.py,line=4::message``."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text, lines=True).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
