"""The code as it stands: which of its functions are decorated, and the project with and without these decorators.

Its eager form is made by taking the decorators off, in the copies that runs work in, and no other way: what is left is
the program that was there before, or would be, for whatever calls it (a dataset's `map` too, which
`tf.config.run_functions_eagerly` leaves alone), and it can be chosen for each function.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..records import Edit, EditedFile, Function, Judgement, Reason, Scan, Variant
from ..rewrite.undecorate import Worn, take_off

#: What is written before a decorator's text where source shows what makes a function hybrid.


@dataclass(frozen=True)
class Standing:
    """The functions in question as they stand, by id, and what the project is without their decorators.

    ``kept`` says of functions that were in question too why their decorators are not taken off.
    """

    functions: Mapping[str, Function]
    contents: Mapping[str, bytes]
    eager: tuple[EditedFile, ...]
    kept: Mapping[str, str] = field(default_factory=dict)

    def edit(self, root: Path, edits: Sequence[Edit]) -> tuple[tuple[EditedFile, ...], Mapping[str, Reason]]:
        """The files in which of the functions in question those of ``edits`` alone are decorated, as they stand."""
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
        """A judgement of the eager form as one of the code as it stands."""
        own = self.functions[judgement.function.id]
        return replace(judgement, function=replace(judgement.function, hybrid=own.hybrid), selected=False)

    def variant(self, name: str) -> Variant:
        """How a function is converted as it stands: the keyword arguments of its decorator."""
        return variant_of(self.functions[name].hybrid or "")


def decorated(scan: Scan) -> list[Function]:
    """The functions that the script can reach, and that are decorated."""
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
    """The variant that a decorator's text says: ``@tf.function(jit_compile=True)`` and the like."""
    try:
        node = ast.parse(decorator.removeprefix("@"), mode="eval").body
    except SyntaxError:
        return Variant()
    keywords = node.keywords if isinstance(node, ast.Call) else []
    return Variant(arguments=tuple((each.arg, ast.unparse(each.value)) for each in keywords if each.arg))


def _worn(function: Function) -> Worn:
    return Worn(function.id, function.line, function.hybrid or "")


def _edited(file: str, before: bytes, after: bytes, lines: Mapping[str, int]) -> EditedFile:
    """A file of which no line moves."""
    here = tuple(range(1, before.count(b"\n") + before.count(b"\r") + 2))
    return EditedFile(file, before, after, hashlib.sha256(before).hexdigest(), dict(lines), here)
