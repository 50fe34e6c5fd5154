"""The current code: its decorated functions, and the project with and without their decorators.

The eager form is always made by removing the decorators in the scratch copies of the runs. Unlike
`tf.config.run_functions_eagerly`, that gives the true eager program for every caller (a dataset's `map` too), and it
can be chosen for each function.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..records import Edit, EditedFile, Function, Judgement, Reason, Scan, Variant
from ..rewrite.undecorate import Worn, take_off


@dataclass(frozen=True)
class Standing:
    """The decorated functions under test, by id, the current contents of their files, and the files without the
    decorators (``eager``).

    ``kept`` maps other functions to the reason why their decorators can't be removed.
    """

    functions: Mapping[str, Function]
    contents: Mapping[str, bytes]
    eager: tuple[EditedFile, ...]
    kept: Mapping[str, str] = field(default_factory=dict)

    def edit(self, root: Path, edits: Sequence[Edit]) -> tuple[tuple[EditedFile, ...], Mapping[str, Reason]]:
        """The files in which, of the functions under test, only those in ``edits`` keep their decorators.

        Other candidates get a reason.
        """
        wanted = {edit.candidate for edit in edits}
        files = []
        for bare in self.eager:
            own = [each for each in self.functions.values() if each.file == bare.file]
            lines = {each.id: each.line for each in own if each.id in wanted}
            if lines:
                after, _ = take_off(bare.file, self.contents[bare.file], [_worn(f) for f in own if f.id not in wanted])
                files.append(_edited(bare.file, bare.after, after, lines))
        other = sorted(wanted - self.functions.keys())
        return tuple(files), {n: Reason("not-editable", f"{n} is not decorated.") for n in other}

    def told(self, judgement: Judgement) -> Judgement:
        """Turn a judgement of the eager form into one of the current code."""
        own = self.functions[judgement.function.id]
        return replace(judgement, function=replace(judgement.function, hybrid=own.hybrid), selected=False)

    def variant(self, name: str) -> Variant:
        """How a function is converted now: the keyword arguments of its decorator."""
        return variant_of(self.functions[name].hybrid or "")


def decorated(scan: Scan) -> list[Function]:
    """The decorated functions that the script can reach."""
    return [each for each in scan.functions if each.file in scan.reachable and each.is_decorated]


def stand(root: Path, functions: Iterable[Function]) -> Standing:
    """Make the project's files without the decorators of ``functions``."""
    chosen = {each.id: each for each in functions}
    contents: dict[str, bytes] = {}
    eager: list[EditedFile] = []
    kept: dict[str, str] = {}
    for file in sorted({each.file for each in chosen.values()}):
        own = [each for each in chosen.values() if each.file == file]
        try:
            contents[file] = (root / file).read_bytes()
        except OSError as error:
            kept.update({each.id: f"{file} can't be read: {error.strerror or error}." for each in own})
            continue
        after, missed = take_off(file, contents[file], [_worn(each) for each in own])
        kept.update(missed)
        if after != contents[file]:
            eager.append(_edited(file, contents[file], after, {}))
    for name in kept:
        del chosen[name]
    return Standing(chosen, contents, tuple(eager), kept)


def variant_of(decorator: str) -> Variant:
    """The variant of a decorator's text, such as ``@tf.function(jit_compile=True)``."""
    try:
        node = ast.parse(decorator.removeprefix("@"), mode="eval").body
    except SyntaxError:
        return Variant()
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return Variant(arguments=tuple((each.arg, ast.unparse(each.value)) for each in keywords if each.arg))


def _worn(function: Function) -> Worn:
    return Worn(function.id, function.line, function.hybrid or "")


def _edited(file: str, before: bytes, after: bytes, lines: Mapping[str, int]) -> EditedFile:
    """An edited file in which no line moves."""
    here = tuple(range(1, before.count(b"\n") + before.count(b"\r") + 2))
    return EditedFile(file, before, after, hashlib.sha256(before).hexdigest(), dict(lines), here)
