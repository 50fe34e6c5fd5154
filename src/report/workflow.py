"""Workflow commands, which a program prints to annotate lines on GitHub.

The runner decodes these escapes: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from .visible import visible


def command(name: str, properties: dict[str, str], message: str) -> str:
    """Return a command as one line, such as ``::notice file=train.py,line=4::message``."""
    told = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    return f"::{name} {told}::{_data(message)}"


def _data(text: str) -> str:
    return visible(text, lines=True).replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
