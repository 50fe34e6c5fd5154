"""How the other modules of a project use the attribute names that one module assigns."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from ..ir.code import AttributeLoad, AttributeStore, Call, ModuleCode
from ..ir.program import Program

#: The name recorded for `setattr` with a computed name, and other names that change attributes without naming them.
_COMPUTED, _CHANGING = "?", frozenset({"__dict__", "__setattr__"})


class Mentions:
    """The names that each module of a project binds and reads, as attributes or by imports."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.modules = sorted(program.modules.values(), key=lambda module: module.index)

    @cached_property
    def bound(self) -> dict[str, set[ModuleCode]]:
        """The modules that bind each attribute name, by assignment or in a class body. The key "?" means any name."""
        found: dict[str, set[ModuleCode]] = {}
        for name, stores in self.program.assigned_attributes.items():
            found.setdefault(name, set()).update(code.module for code, _ in stores)
        for each in self.program.classes:
            for name in each.attributes:
                found.setdefault(name, set()).add(each.module)
        for module in self.modules:
            events = (event for code in (module.body, *module.functions) for event in code.events)
            if self.read[module] & _CHANGING or any(
                isinstance(event, AttributeStore) and event.attribute == _COMPUTED for event in events
            ):
                found.setdefault(_COMPUTED, set()).add(module)
        return found

    @cached_property
    def read(self) -> dict[ModuleCode, frozenset[str]]:
        """The names that each module mentions."""
        found: dict[ModuleCode, set[str]] = {}
        for module in self.modules:
            names = found.setdefault(module, set())
            names.update(name.rpartition(".")[2] for name in module.imports | module.libraries)
            for code in (module.body, *module.functions):
                for event in code.events:
                    if isinstance(event, AttributeLoad):
                        names.add(event.attribute)
                    elif isinstance(event, Call):
                        names.update(binding.code.name for binding in event.targets)
        return {module: frozenset(names) for module, names in found.items()}

    @cached_property
    def defined(self) -> dict[str, set[ModuleCode]]:
        """The modules that define a function or a class of each name."""
        found: dict[str, set[ModuleCode]] = {}
        for module in self.modules:
            for name in (*(each.name for each in module.functions), *(each.name for each in module.classes)):
                found.setdefault(name, set()).add(module)
        return found


class Elsewhere:
    """Facts about all modules of a project except one."""

    def __init__(self, mentions: Mentions, module: ModuleCode) -> None:
        self.mentions = mentions
        self.module = module

    def binds(self, attribute: str) -> bool:
        """Whether another module may assign an attribute of this name, or its classes have one."""
        bound = self.mentions.bound
        return any(bound.get(name, set()) - {self.module} for name in (attribute, _COMPUTED))

    def intercepts(self, owner: str | None, methods: Collection[str]) -> bool:
        """Whether a base of the class ``owner`` in another module has one of the methods; if None, any class there."""
        for each in self.mentions.program.classes:
            if owner is None:
                related = True
            else:
                related = any(each in own.order for own in self.module.classes if own.name == owner)
            if related and each.module is not self.module and any(name in each.attributes for name in methods):
                return True
        return False

    def mentioned_beside(self, name: str) -> frozenset[str]:
        """All names in the other modules that define ``name``, which may use any of them."""
        places = self.mentions.defined.get(name, set()) - {self.module}
        return frozenset().union(*(self.mentions.read[module] for module in places))
