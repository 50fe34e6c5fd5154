"""The keys of verdicts: hashes of all that a verdict depends on.

A key is the same for a function whose decorator the run wrote and one whose decorator it found.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from ..fingerprints import keys
from ..records import Action, Function, Scan, Variant
from .machine import versions
from .standing import stand, variant_of
from .work import Work


def keys_of(work: Work, found: Scan, names: Iterable[str]) -> dict[str, str]:
    """The keys of the functions ``names`` after the plan's edits.

    A key hashes the code without its decorators, and how it is converted. So the key in the report of the run that
    wrote a decorator matches the code that has the decorator.
    """
    names = list(names)
    if not names:
        return {}
    root, target = Path(found.root), work.target
    functions = [each for each in found.functions if each.file in found.reachable and each.region is None]
    worn = [each for each in functions if each.is_decorated]
    bare = {edited.file: edited.after for edited in stand(root, worn).eager}
    converted = {each.id: _way(each, variant_of(each.hybrid or "")) for each in worn}
    converted |= {each.id: each.hybrid for each in functions if each.hybrid is not None and not each.is_decorated}
    by_id = {each.id: each for each in functions}
    for edit in work.plan.edits:
        if edit.action is Action.HYBRIDIZE and edit.candidate in by_id:
            converted[edit.candidate] = _way(by_id[edit.candidate], edit.variant)
    script = Path(target.script)
    place = target.module or (str(script.relative_to(root)) if script.is_relative_to(root) else script.name)
    rest = [place, *target.arguments, "seed", str(target.seed), *versions()]
    return keys(root, functions, names, found.reachable, converted, rest, bare)


def _way(function: Function, variant: Variant) -> str:
    """How a function is converted, independent of how its decorator is written."""
    arguments = []
    for name, value in variant.arguments:
        try:
            arguments.append(f"{name}={ast.unparse(ast.parse(value, mode='eval'))}")
        except (SyntaxError, ValueError):
            arguments.append(f"{name}={value}")
    return " ".join([function.kind.value, *sorted(arguments)])
