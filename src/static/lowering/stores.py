"""Lowering of assignments to names, attributes and items, and of ``del``."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..ir.code import AttributeStore, ItemLoad, ItemStore, Unpacking
from ..ir.solver import Node
from .annotations import annotate
from .definitions import DefinitionLowering


class StoreLowering(DefinitionLowering):
    """Turns the assignments of one block into nodes and events."""

    def assign(self, node: ast.Assign) -> None:
        """``target = value``."""
        value_node = node.value
        if type(value_node) is ast.Lambda and len(node.targets) == 1:
            target = node.targets[0]
            name = target.id if isinstance(target, ast.Name) else getattr(target, "attr", None)
            if name is not None:
                self.store(target, self.lambda_function(value_node, name))
                return
        self._note_alias(node)
        value = self.expression(value_node)
        for target in node.targets:
            self.store(target, value)
            if type(value_node) is ast.Constant and isinstance(target, ast.Attribute):
                stored = self.events[-1]
                assert isinstance(stored, AttributeStore)
                stored.literal = value_node.value

    def _note_alias(self, node: ast.Assign) -> None:
        """Treat ``layers = tf.keras.layers`` like an import if the name is bound once."""
        if len(node.targets) == 1 and type(node.value) is ast.Attribute:
            target = node.targets[0]
            scope = self.block.scope
            if isinstance(target, ast.Name) and scope.counts.get(target.id) == 1:
                meaning = self.target_of(node.value)
                if meaning is not None and meaning.module is None and target.id not in scope.outer:
                    self.block.aliases[target.id] = meaning
                    self.block.targets.pop(target.id, None)

    def name_type(self, node: ast.stmt) -> None:
        """``type Batch = tf.Tensor`` (Python 3.12): treated as an assignment, though its value is evaluated lazily."""
        target, value = node.name, node.value  # type: ignore[attr-defined]
        assign = ast.copy_location(ast.Assign([target], value), node)
        self._note_alias(assign)
        self.store(target, self.expression(value))

    def assign_annotated(self, node: ast.AnnAssign) -> None:
        """``target: hint = value``."""
        if self.owner_class is not None and self.block.is_class and isinstance(node.target, ast.Name):
            self.owner_class.fields.append(node.target.id)
        if node.value is not None:
            self.store(node.target, self.expression(node.value))
        elif self.block.is_class and isinstance(node.target, ast.Name):
            hint = annotate(self, node.annotation)
            if hint is not None:
                self.graph.connect(hint, self.program.class_attribute(self.owner_class, node.target.id))  # type: ignore[arg-type]

    def assign_augmented(self, node: ast.AugAssign) -> None:
        """``target op= value``."""
        target = node.target
        line = node.lineno
        name = type(node.op).__name__
        if isinstance(target, ast.Name):
            event = self.operate(name, (self.block.load(target.id, line), self.expression(node.value)), line)
            event.in_place = True
            self.block.bind(target.id, event.result, line)
        elif isinstance(target, ast.Attribute):
            base = self.expression(target.value)
            old = self.load_attribute(base, target.attr, line)
            event = self.operate(name, (old, self.expression(node.value)), line)
            event.in_place = True
            self.store_attribute(base, target.attr, event.result, line).augmented = True
        elif isinstance(target, ast.Subscript):
            old = self.subscript(target)
            loaded = self.events[-1]
            assert isinstance(loaded, ItemLoad)
            event = self.operate(name, (old, self.expression(node.value)), line)
            event.in_place = True
            self.store_at(loaded.base, target.lineno, (loaded.key, loaded.index, loaded.sliced), event.result)

    def store(self, target: ast.expr, value: Node) -> None:
        """Bind an assignment's target to ``value``."""
        kind = type(target)
        if kind is ast.Name:
            self.block.bind(target.id, value, target.lineno)  # type: ignore[attr-defined]
        elif kind is ast.Attribute:
            self.store_attribute(self.expression(target.value), target.attr, value, target.lineno)  # type: ignore[attr-defined]
        elif kind is ast.Subscript:
            self.store_item(self.expression(target.value), target, value)  # type: ignore[attr-defined, arg-type]
        elif kind is ast.Starred:
            self.store(target.value, value)  # type: ignore[attr-defined]
        else:
            self.unpack(target, value, self.store)

    def unpack(self, target: ast.expr, value: Node, bind: Callable[[ast.expr, Node], None]) -> None:
        """Unpack ``value`` into the parts of a tuple or list."""
        if not isinstance(target, (ast.Tuple, ast.List)):
            bind(target, value)
            return
        place = self.base + target.lineno
        event = Unpacking(self.code, place, self.block.guard, value)
        self.events.append(event)
        parts: list[tuple[ast.expr, Node]] = []
        starred = False
        for position, element in enumerate(target.elts):
            node = Node(place, event)
            if isinstance(element, ast.Starred):
                box = self.program.box("list", place)
                event.starred = box.element
                parts.append((element.value, self.holder(box, place)))
                starred = True
                continue
            event.targets.append((position - len(target.elts) if starred else position, node))
            parts.append((element, node))
        self.graph.watch(value, event)
        for element, node in parts:
            bind(element, node)

    def store_attribute(self, base: Node, attribute: str, value: Node | None, line: int) -> AttributeStore:
        """``base.attribute = value``."""
        event = AttributeStore(self.code, self.base + line, self.block.guard, base, attribute)
        event.value = value
        self.events.append(event)
        self.program.assigned_attributes.setdefault(attribute, []).append((self.code, line))
        self.graph.watch(base, event)
        return event

    def store_item(self, base: Node, target: ast.Subscript, value: Node | None) -> None:
        """``base[key] = value``."""
        self.store_at(base, target.lineno, self.key(target.slice), value)

    def store_at(self, base: Node, line: int, key: tuple[object, Node | None, bool], value: Node | None) -> None:
        """``base[key] = value`` with a key that is already evaluated."""
        event = ItemStore(self.code, self.base + line, self.block.guard, base)
        event.key, event.index, event.sliced = key
        event.value = value
        self.events.append(event)
        self.graph.watch(base, event)

    def delete(self, node: ast.Delete) -> None:
        """``del target``."""
        targets = node.targets[::-1]
        while targets:
            target = targets.pop()
            if isinstance(target, ast.Attribute):
                self.store_attribute(self.expression(target.value), target.attr, None, node.lineno)
            elif isinstance(target, ast.Subscript):
                self.store_item(self.expression(target.value), target, None)
            elif isinstance(target, ast.Tuple | ast.List):
                targets += target.elts[::-1]
