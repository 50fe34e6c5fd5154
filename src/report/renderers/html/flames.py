"""Sampled stacks as a tree for the flame graph, without frames of hybridize, and limited to the size of a page."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: Nodes with a smaller share of the samples, or at a greater depth, are left out.
_LEAST_SHARE, _MOST_DEPTH = 0.002, 90
#: The largest file of stacks that is read, in bytes, so that the page is made quickly.
_LONGEST_FILE = 20_000_000
_FRAME = re.compile(r"(?P<name>.*) \((?P<file>.*?)(?::(?P<line>\d+))?\)")
_INSTALLED = re.compile(r".*/(?:site|dist)-packages/|.*/lib/python3[^/]*/")
_OURS = str(Path(__file__).resolve().parents[3]) + "/"
#: Files with the frames between a function's hook and the function, wherever the package was during sampling.
_HOOKS = re.compile(r".*/(?:hybridize|src)/sandbox/child/(?:profiled|binding)\.py")
_HOOK, _WAITING = "<hybridize>", "(waiting for the sampler)"
_KINDS = (("keras", "keras"), ("tf_keras", "keras"), ("tensorflow", "tensorflow"), ("numpy", "numpy"))


@dataclass
class Node:
    """A function on a stack, and its callees."""

    name: str
    kind: str
    samples: int = 0
    children: dict[str, Node] = field(default_factory=dict)


def read(path: Path, root: str) -> Node | None:
    """Read collapsed stacks (a stack and its count per line) into a tree.

    None if the file is missing or too large, or has no stack of the project. Lines of the project below ``root`` are
    separate nodes; those of libraries are merged by function.
    """
    try:
        if path.stat().st_size > _LONGEST_FILE:
            return None
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    top = Node("all", "other")
    for line in text.splitlines():
        stack, _, number = line.rpartition(" ")
        if not number.isdigit():
            continue
        frames = _frames(stack.split(";"), root.rstrip("/") + "/")
        if not frames:
            continue
        node = top
        node.samples += int(number)
        for name, kind in frames[:_MOST_DEPTH]:
            node = node.children.setdefault(name, Node(name, kind))
            node.samples += int(number)
    return top if top.samples else None


def _frames(stack: Sequence[str], root: str) -> list[tuple[str, str]]:
    """The names and kinds of one stack's frames from the first project frame on; empty if there is none."""
    found: list[tuple[str, str]] = []
    hooked, last = False, ("", "")
    for text in stack:
        match = _FRAME.fullmatch(text)
        if match is None:
            continue
        name, file = match["name"], match["file"]
        if file == _HOOK and name == _WAITING:
            return []
        if file == _HOOK or file.startswith(_OURS) or _HOOKS.fullmatch(file):
            hooked = True
            continue
        users = file.startswith(root) and not _INSTALLED.match(file)
        if not found and not users:
            continue
        if hooked and last == (name, file):
            # A hooked function is on the stack twice: as the caller of the hook, and as itself.
            found.pop()
        found.append((f"{name} ({file[len(root) :]}:{match['line']})", "user") if users else _library(name, file))
        hooked, last = False, (name, file)
    return found


def _library(name: str, file: str) -> tuple[str, str]:
    short = _INSTALLED.sub("", file)
    package = short.partition("/")[0].removesuffix(".py")
    return f"{name} ({short})", dict(_KINDS).get(package, "other")


def to_data(top: Node) -> dict[str, Any]:
    """Return the tree as data for the page's script: a list of names, and nodes as [name index, samples, children]."""
    names: dict[str, int] = {}
    kinds: list[str] = []
    least = max(1.0, _LEAST_SHARE * top.samples)

    def plain(node: Node) -> list[Any]:
        if node.name not in names:
            names[node.name] = len(names)
            kinds.append(node.kind)
        shown = [child for child in node.children.values() if child.samples >= least]
        shown.sort(key=lambda child: -child.samples)
        return [names[node.name], node.samples, [plain(child) for child in shown]]

    tree = plain(top)
    return {"names": list(names), "kinds": kinds, "tree": tree}
