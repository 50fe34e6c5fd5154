"""What an error says, in one line."""

from __future__ import annotations

import re

LENGTH = 240
# Lines by which Python, Keras and TensorFlow say where, not what: frames, node names, arguments.
_WHERE = re.compile(
    r"""File\s"|Graph execution error:|\[\[\{\{node|Detected at node|in user code:|Arguments received"""
    r"""|Call arguments received|Stack trace for"""
    r"""|Traceback|The above exception|During handling|Defined at|\d+ root error|\(\d+\) |•|\^+$|\.\.\.$"""
)
_NAMED = re.compile(r"[\w.]*(?:Error|Exception|Warning): ")


def telling_line(text: str | None) -> str:
    """The line of an error that says what went wrong, the last named one where it quotes others; cut to LENGTH."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    named = [line for line in lines if _NAMED.match(line)]
    said = [line for line in lines if not _WHERE.match(line)]
    if named:
        return named[-1][:LENGTH]
    # A message begins with what it says; only where it begins with frames that comes last.
    chosen = (said[:1] if lines and lines[0] in said[:1] else said[-1:]) or lines[:1] or [""]
    return chosen[0][:LENGTH]


def own_failure(what: str, trace: str) -> str:
    """A failure of hybridize itself as a clause: ``what`` failed, with a traceback as the child sent it."""
    last = (trace.strip().splitlines() or [""])[-1]
    _, missing, said = last.partition("MissingName: ")
    return said if missing else f"hybridize's own {what} failed ({last})"
