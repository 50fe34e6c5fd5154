"""The keys of verdicts: what one rests on, as a hash that is the same whether a run wrote the decorator or found it."""

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
    """The keys of functions, as the code stands with the plan's edits made.

    They are reckoned of the code without its decorators, and of how it is converted: so a report of the run that wrote
    a decorator tells of the code that has it.
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
    """How a function is converted, whatever the text of its decorator."""
    arguments = []
    for name, value in variant.arguments:
        try:
            arguments.append(f"{name}={ast.unparse(ast.parse(value, mode='eval'))}")
        except (SyntaxError, ValueError):
            arguments.append(f"{name}={value}")
    return " ".join([function.kind.value, *sorted(arguments)])
