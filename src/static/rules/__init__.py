"""The rules, one per file. A file in this folder that defines a ``Rule`` with a code is found automatically."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import lru_cache

from .case import Case
from .rule import Example, Group, Judgement, Move, Polarity, Rule


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule, ordered by code."""
    found: dict[str, Rule] = {}
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{entry.name}")
        for value in vars(module).values():
            if (
                inspect.isclass(value)
                and issubclass(value, Rule)
                and value.code
                and value.__module__ == module.__name__
            ):
                if value.code in found:
                    raise ValueError(f"{value.code} is defined twice: {value.__name__}")
                found[value.code] = value()
    return tuple(found[code] for code in sorted(found))


@lru_cache(maxsize=1)
def rule_of() -> dict[str, Rule]:
    """The rules by their codes."""
    return {rule.code: rule for rule in all_rules()}


@lru_cache(maxsize=1)
def judging_rules() -> tuple[Rule, ...]:
    """The rules that judge a function as a whole. Rules that propose an edit of a hybrid come before rules that only
    describe it."""
    found = [rule for rule in all_rules() if type(rule).judge is not Rule.judge]
    return tuple(sorted(found, key=lambda rule: rule.polarity is Polarity.REFUSES and rule.group is Group.HYBRIDS))


def explain(code: str) -> str:
    """The documentation page of a rule, in Markdown. Raises KeyError for a code that no rule has."""
    return page_of(rule_of()[code.upper()])


def page_of(rule: Rule) -> str:
    """A rule's page: its title, how it treats uncertainty, its documentation and its examples."""
    lines = [
        f"# {rule.code}: {rule.title}",
        "",
        f"- If the analysis is uncertain: {rule.polarity.value}.",
        *([f"- Assumption: `{rule.assumption.value}`."] if rule.polarity is Polarity.ASSUMES else []),
        f"- Who can act: {rule.move.value}.",
        "",
        inspect.cleandoc(rule.__doc__ or ""),
        "",
        "## Examples with this finding",
        "",
    ]
    for example in rule.INVALID:
        lines += ["```python", inspect.cleandoc(example.program), "```", ""]
    lines += ["## Examples without it", ""]
    for program in rule.VALID:
        lines += ["```python", inspect.cleandoc(program), "```", ""]
    lines += ["## Suppress this finding", "", f"Add `# hybridize: ignore[{rule.code}] reason` to the line.", ""]
    return "\n".join(lines)


__all__ = [
    "Case",
    "Example",
    "Group",
    "Judgement",
    "Move",
    "Polarity",
    "Rule",
    "all_rules",
    "explain",
    "judging_rules",
    "page_of",
    "rule_of",
]
