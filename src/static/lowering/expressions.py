"""Lowering of expressions: each becomes the node of its value, and adds events."""

from __future__ import annotations

import ast
from collections.abc import Callable

from ..ir.code import AttributeLoad, Call, ItemLoad, Iteration, Mark
from ..ir.engine import Spread
from ..ir.solver import Node
from ..ir.values import BOOLEAN, FLOAT, INTEGER, NONE, STRING, UNKNOWN, Box
from ..reading.imports import Target
from .operations import OperationLowering

#: Library functions whose calls keep their source text, for the records.
KEPT_TEXTS = ("tensorflow.function", "functools.partial")

#: Expressions whose value always has a new node.
_NEW = (ast.Call, ast.BinOp, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp)


class ExpressionLowering(OperationLowering):
    """Turns expressions of one block into nodes and events."""

    # -- dispatch -----------------------------------------------------------------------------

    def expression(self, node: ast.expr) -> Node:
        """The node of an expression's value."""
        kind = type(node)
        if kind is ast.Name:
            return self.block.load(node.id, node.lineno)  # type: ignore[attr-defined]
        if kind is ast.Constant:
            return self.program.constants[_CONSTANTS.get(type(node.value), UNKNOWN)]  # type: ignore[attr-defined]
        method = _EXPRESSIONS.get(kind)
        if method is None:
            return self.program.constants[UNKNOWN]
        return method(self, node)

    # -- names and attributes -----------------------------------------------------------------

    def target_of(self, node: ast.expr) -> Target | None:
        """The target of a dotted expression as far as imports alone tell, or None."""
        attributes: list[str] = []
        while type(node) is ast.Attribute:
            attributes.append(node.attr)
            node = node.value
        if type(node) is not ast.Name or node.id in self.shadowed:
            return None
        target = self.block.target_of(node.id)
        if target is None or not attributes:
            return target
        attributes.reverse()
        if target.module is None:
            if target.path.startswith("builtins."):
                return None
            return Target(None, (), f"{target.path}.{'.'.join(attributes)}")
        return self.program.resolver.extend(target, attributes)

    def attribute(self, node: ast.Attribute) -> Node:
        """``value.attr``."""
        target = self.target_of(node)
        if target is not None:
            return self.load_path(target, node.lineno)
        return self.load_attribute(self.expression(node.value), node.attr, node.lineno)

    def load_path(self, target: Target, line: int) -> Node:
        """The node of a dotted path that imports resolve."""
        found = self.block.load_target(target)
        for attribute in target.rest[1:]:
            found = self.load_attribute(found, attribute, line)
        return found

    def load_attribute(self, base: Node, attribute: str, line: int) -> Node:
        """The node of ``base.attribute``."""
        place = self.base + line
        event = AttributeLoad(self.code, place, self.block.guard, base, attribute)
        event.result = Node(place, event, attribute)
        self.events.append(event)
        self.graph.watch(base, event)
        return event.result

    # -- calls --------------------------------------------------------------------------------

    def call(self, node: ast.Call) -> Node:
        """A call."""
        place = self.base + node.lineno
        event = Call(self.code, place, self.block.guard)
        event.in_loop = self.block.loops > 0
        event.result = Node(place, event)
        function = node.func
        target = self.target_of(function)
        if target is not None and target.module is None:
            event.path = self.program.external(target.path).values[0].path  # type: ignore[attr-defined]
            if event.path in KEPT_TEXTS:
                event.text = ast.unparse(node)
        elif target is not None:
            event.function = self.load_path(target, node.lineno)
        else:
            event.function = self.expression(function)
        if type(function) is ast.Attribute:
            event.attribute = function.attr
        arguments = event.arguments
        for argument in node.args:
            if type(argument) is ast.Starred:
                event.stars.append((len(arguments), self.expression(argument.value)))
            else:
                arguments.append(self.expression(argument))
                if type(argument) is ast.Constant:
                    event.note_literal(len(arguments) - 1, argument.value)
        for keyword in node.keywords:
            value = self.expression(keyword.value)
            if keyword.arg is None:
                event.double_stars.append(value)
            else:
                event.keywords[keyword.arg] = value
                if type(keyword.value) is ast.Constant:
                    event.note_literal(keyword.arg, keyword.value.value)
        self.add_call(event)
        return event.result

    def add_call(self, event: Call) -> None:
        """Add a call to the function and to the graph."""
        self.events.append(event)
        self.code.calls.append(event)
        if event.function is not None:
            self.graph.watch(event.function, event)

    # -- containers ---------------------------------------------------------------------------

    def display(self, node: ast.Tuple | ast.List | ast.Set) -> Node:
        """``(a, b)``, ``[a, b]`` or ``{a, b}``."""
        place = self.base + node.lineno
        kind = type(node).__name__.lower()
        box = self.program.box(kind, place)
        starred = False
        for position, element in enumerate(node.elts):
            if type(element) is ast.Starred:
                starred = True
                self.graph.connect(self.iterate(self.expression(element.value), "star", node.lineno), box.element)
            elif starred or kind == "set" or position > 40:
                self.graph.connect(self.expression(element), box.element)
            else:
                box.fields[position] = self.kept(element, kind)
        return self.holder(box, place)

    def kept(self, element: ast.expr, kind: str) -> Node:
        """The node of an element of a new container.

        It is a new node if the element may be replaced: the values stored there later must not flow to the name,
        constant or function that was there first.
        """
        held = self.expression(element)
        if kind == "tuple" or isinstance(element, _NEW):
            return held
        own = Node(self.base + element.lineno, [held])
        self.graph.connect(held, own)
        return own

    def holder(self, box: Box, place: int) -> Node:
        """A node that holds a new container."""
        result = Node(place, box)
        self.graph.add(result, box)
        return result

    def dictionary(self, node: ast.Dict) -> Node:
        """``{key: value}``."""
        place = self.base + node.lineno
        box = self.program.box("dict", place)
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and type(key) is ast.Constant and len(box.fields) < 64:
                box.fields[key.value] = self.kept(value, "dict")
                continue
            held = self.expression(value)
            if key is None:
                self.graph.watch(held, Spread(box))
            else:
                keys = self.expression(key)
                if box.keys is None:
                    box.keys = Node(place)
                self.graph.connect(keys, box.keys)
                self.graph.connect(held, box.element)
        return self.holder(box, place)

    def subscript(self, node: ast.Subscript) -> Node:
        """``base[key]``."""
        place = self.base + node.lineno
        event = ItemLoad(self.code, place, self.block.guard, self.expression(node.value))
        event.key, event.index, event.sliced = self.key(node.slice)
        event.result = Node(place, event)
        self.events.append(event)
        self.graph.watch(event.base, event)
        return event.result

    def key(self, node: ast.expr) -> tuple[object, Node | None, bool]:
        """A subscript's constant key, or the node of its index, and whether it is a slice."""
        if type(node) is ast.Constant:
            return node.value, None, False
        if type(node) is ast.UnaryOp and type(node.operand) is ast.Constant and type(node.op) is ast.USub:
            value = node.operand.value
            return (-value if isinstance(value, int) else None), None, False
        if type(node) is ast.Slice:
            for part in (node.lower, node.upper, node.step):
                if part is not None:
                    self.expression(part)
            return None, None, True
        return None, self.expression(node), False

    def iterate(self, iterable: Node, context: str, line: int) -> Node:
        """The node of the elements of ``iterable``."""
        place = self.base + line
        event = Iteration(self.code, place, self.block.guard, iterable, context)
        event.result = Node(place, event)
        event.end = line
        self.events.append(event)
        self.graph.watch(iterable, event)
        return event.result

    def comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Node:
        """A comprehension; its targets have their own scope."""
        block = self.block
        place = self.base + node.lineno
        saved: dict[str, Node | None] = {}
        mark = len(self.shadowed)
        outer = block.guard
        block.loops += 1
        carried: dict[str, Node] | None = None
        for position, generator in enumerate(node.generators):
            element = self.iterate(self.expression(generator.iter), "comprehension", node.lineno)
            if position == 0 and block.deep and any(isinstance(inner, ast.NamedExpr) for inner in ast.walk(node)):
                carried = block.open_loop(node.lineno, node.end_lineno or node.lineno)
            self.bind_hidden(generator.target, element, saved)
            for test in generator.ifs:
                block.guard = self.branch("if", test)
                if carried is not None:
                    block.close_loop(carried, done=False)
        box: Box
        if isinstance(node, ast.DictComp):
            box = self.program.box("dict", place)
            box.keys = Node(place)
            self.graph.connect(self.expression(node.key), box.keys)
            self.graph.connect(self.expression(node.value), box.element)
        else:
            kind = {"ListComp": "list", "SetComp": "set"}.get(type(node).__name__, "iterator")
            box = self.program.box(kind, place)
            self.graph.connect(self.expression(node.elt), box.element)
        if carried is not None:
            block.close_loop(carried, done=True)
        block.loops -= 1
        block.guard = outer
        del self.shadowed[mark:]
        for name, old in saved.items():
            if old is None:
                block.environment.pop(name, None)
            else:
                block.environment[name] = old
        return self.holder(box, place)

    def bind_hidden(self, target: ast.expr, value: Node, saved: dict[str, Node | None]) -> None:
        """Bind a comprehension's target, and save the earlier bindings of its names."""
        if isinstance(target, ast.Name):
            environment = self.block.environment
            if target.id not in saved:
                saved[target.id] = environment.get(target.id)
            environment[target.id] = value
            self.shadowed.append(target.id)
            self.block.hidden.setdefault(target.id, []).append(value)
        else:
            self.unpack(target, value, lambda part, node: self.bind_hidden(part, node, saved))

    def unpack(self, target: ast.expr, value: Node, bind: Callable[[ast.expr, Node], None]) -> None:
        """Unpack ``value`` into the parts of ``target``."""
        raise NotImplementedError

    # -- the rest -----------------------------------------------------------------------------

    def function_expression(self, node: ast.Lambda) -> Node:
        """``lambda …``."""
        raise NotImplementedError

    def named(self, node: ast.NamedExpr) -> Node:
        """``name := value``."""
        value = self.expression(node.value)
        self.block.bind(node.target.id, value, node.lineno)
        return value

    def formatted(self, node: ast.JoinedStr) -> Node:
        """An f-string: a string, whatever it formats."""
        for part in node.values:
            if type(part) is ast.FormattedValue:
                value = self.expression(part.value)
                if part.format_spec is not None:
                    self.expression(part.format_spec)
                    place = self.base + node.lineno
                    self.events.append(Mark(self.code, place, self.block.guard, "format", value))
        return self.program.constants[STRING]

    def given(self, node: ast.Yield) -> Node:
        """``yield value``."""
        code = self.code
        code.is_generator = True
        value = self.program.constants[NONE] if node.value is None else self.expression(node.value)
        if code.yields is None:
            code.yields = Node(self.base + code.line, [])
        self.graph.connect(value, code.yields)
        self.events.append(Mark(code, self.base + node.lineno, self.block.guard, "yield", value))
        return self.program.constants[UNKNOWN]

    def given_from(self, node: ast.YieldFrom) -> Node:
        """``yield from iterable``."""
        code = self.code
        code.is_generator = True
        element = self.iterate(self.expression(node.value), "star", node.lineno)
        if code.yields is None:
            code.yields = Node(self.base + code.line, [])
        self.graph.connect(element, code.yields)
        self.events.append(Mark(code, self.base + node.lineno, self.block.guard, "yield", element))
        return self.program.constants[UNKNOWN]

    def awaited(self, node: ast.Await) -> Node:
        """``await value``."""
        value = self.expression(node.value)
        self.events.append(Mark(self.code, self.base + node.lineno, self.block.guard, "await", value))
        return self.program.constants[UNKNOWN]

    def starred(self, node: ast.Starred) -> Node:
        """``*value`` outside of calls and displays (a subscript's key)."""
        return self.iterate(self.expression(node.value), "star", node.lineno)

    def sliced(self, node: ast.Slice) -> Node:
        """``a:b`` inside a tuple of keys."""
        for part in (node.lower, node.upper, node.step):
            if part is not None:
                self.expression(part)
        return self.program.constants[UNKNOWN]


_CONSTANTS = {
    int: INTEGER,
    float: FLOAT,
    complex: FLOAT,
    bool: BOOLEAN,
    str: STRING,
    bytes: STRING,
    type(None): NONE,
}

_EXPRESSIONS: dict[type, Callable[..., Node]] = {
    ast.Attribute: ExpressionLowering.attribute,
    ast.Call: ExpressionLowering.call,
    ast.BinOp: ExpressionLowering.binary,
    ast.UnaryOp: ExpressionLowering.unary,
    ast.BoolOp: ExpressionLowering.boolean,
    ast.Compare: ExpressionLowering.compare,
    ast.IfExp: ExpressionLowering.conditional,
    ast.Tuple: ExpressionLowering.display,
    ast.List: ExpressionLowering.display,
    ast.Set: ExpressionLowering.display,
    ast.Dict: ExpressionLowering.dictionary,
    ast.Subscript: ExpressionLowering.subscript,
    ast.ListComp: ExpressionLowering.comprehension,
    ast.SetComp: ExpressionLowering.comprehension,
    ast.GeneratorExp: ExpressionLowering.comprehension,
    ast.DictComp: ExpressionLowering.comprehension,
    ast.NamedExpr: ExpressionLowering.named,
    ast.JoinedStr: ExpressionLowering.formatted,
    ast.Yield: ExpressionLowering.given,
    ast.YieldFrom: ExpressionLowering.given_from,
    ast.Await: ExpressionLowering.awaited,
    ast.Starred: ExpressionLowering.starred,
    ast.Slice: ExpressionLowering.sliced,
    ast.Lambda: lambda lowering, node: lowering.function_expression(node),
}
