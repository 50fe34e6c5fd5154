"""Messages about errors: one that only the graph raises, and one of an object's own hash."""

from __future__ import annotations

import traceback
from typing import Any

from .effects import Project


def different_errors(eager: Exception | None, graph: Exception | None, project: Project) -> str | None:
    """The difference between the exceptions of both versions, or None. They are compared by type, because callers catch
    by type."""
    if graph is not None and eager is None:
        return explain(graph, project)
    if eager is not None and type(graph) is not type(eager):
        theirs = f"raises {type(graph).__name__}" if graph is not None else "raises no error"
        return f"an eager call raises {type(eager).__name__}, but the graph {theirs}"
    return None


def explain(error: Exception, project: Project) -> str:
    """An exception from the graph as one line, with the user's line if the traceback shows it."""
    text = str(error).strip()
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    message = lines[-1] if lines else ""
    if "in user code" in text:
        kept = [line for line in lines if not line.startswith(("File ", "in user code", "Arguments received"))]
        starts = [line for line in kept if line.partition(":")[0].endswith(("Error", "Exception"))]
        message = (starts or kept or [message])[-1]
    name = type(error).__name__
    if message.startswith(name):
        message = message[len(name) :].lstrip(": ")
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if project.has(frame.filename):
            place = f"{frame.filename}:{frame.lineno}"
    for line in lines:
        if line.startswith('File "') and any(root in line for root in project.roots):
            path, _, rest = line[6:].partition('", line ')
            place = f"{path}:{rest.split(',')[0].split()[0]}"
    return f"as a graph it raises {name}: {message[:200]}" + (f" ({place})" if place else "")


def hash_failure(receiver: Any) -> str:
    """The error of the receiver's own ``__hash__``, which ``tf.function`` uses to find a method's traces; empty if
    there is none."""
    try:
        hash(receiver)
    except Exception as error:
        return (
            f"`tf.function` keeps the traces of a method per object, by its hash, and the hash of a "
            f"`{type(receiver).__name__}` raises {type(error).__name__}: {str(error)[:100]}; use @dataclass(eq=False), "
            "or `__hash__ = object.__hash__`"
        )
    return ""
