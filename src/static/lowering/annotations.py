"""Type hints: the values of a parameter if its annotation is right."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..ir.solver import Node
from ..ir.values import ARRAY, BOOLEAN, FLOAT, INTEGER, NONE, STRING, TENSOR, VARIABLE, Atom, Value

if TYPE_CHECKING:
    from .expressions import ExpressionLowering

_ATOMS: dict[str, Atom] = {
    "builtins.int": INTEGER,
    "builtins.float": FLOAT,
    "builtins.bool": BOOLEAN,
    "builtins.str": STRING,
    "builtins.bytes": STRING,
    "tensorflow.Tensor": TENSOR,
    "tensorflow.Variable": VARIABLE,
    "tensorflow.SparseTensor": TENSOR,
    "tensorflow.RaggedTensor": TENSOR,
    "tensorflow.IndexedSlices": TENSOR,
    "tensorflow.experimental.numpy.ndarray": TENSOR,
    "tensorflow.types.experimental.TensorLike": TENSOR,
    "tensorflow.types.experimental.Tensor": TENSOR,
    "keras.KerasTensor": TENSOR,
    "numpy.ndarray": ARRAY,
    "numpy.array": ARRAY,
    "numpy.typing.NDArray": ARRAY,
    "numpy.typing.ArrayLike": ARRAY,
    "jaxtyping.Float": TENSOR,
    "tensorflow.EagerTensor": TENSOR,
}

_CONTAINERS = {
    "list": "list",
    "List": "list",
    "Sequence": "list",
    "Iterable": "list",
    "Collection": "list",
    "tuple": "tuple",
    "Tuple": "tuple",
    "dict": "dict",
    "Dict": "dict",
    "Mapping": "dict",
    "Iterator": "iterator",
    "Generator": "iterator",
    "set": "set",
    "Set": "set",
}

_TRANSPARENT = {"Optional", "Union", "Annotated", "Final", "ClassVar", "Required"}


def annotate(lowering: ExpressionLowering, hint: ast.expr, depth: int = 0) -> Node | None:
    """The node of the values that a type hint allows; None if it says nothing of use."""
    if depth > 6:
        return None
    if isinstance(hint, ast.Constant):
        if hint.value is None:
            return lowering.program.constants[NONE]
        if isinstance(hint.value, str) and len(hint.value) < 200:
            try:
                parsed = ast.parse(hint.value.strip(), mode="eval").body
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None
            for node in ast.walk(parsed):
                if hasattr(node, "lineno"):
                    node.lineno = hint.lineno
            return annotate(lowering, parsed, depth + 1)
        return None
    if isinstance(hint, ast.BinOp) and isinstance(hint.op, ast.BitOr):
        return _join(
            lowering,
            [annotate(lowering, hint.left, depth + 1), annotate(lowering, hint.right, depth + 1)],
            hint.lineno,
        )
    if isinstance(hint, ast.Subscript):
        return _annotate_generic(lowering, hint, depth)
    if not isinstance(hint, (ast.Name, ast.Attribute)):
        return None
    return _annotate_name(lowering, hint)


def _annotate_name(lowering: ExpressionLowering, hint: ast.Name | ast.Attribute) -> Node | None:
    program = lowering.program
    target = lowering.target_of(hint)
    if target is not None and target.module is None:
        path: str = program.external(target.path).values[0].path  # type: ignore[attr-defined]
        atom = _ATOMS.get(path)
        if atom is not None:
            return _seed(lowering, atom, hint.lineno)
        last = path.rpartition(".")[2]
        if path.startswith("tensorflow.data.") and last.endswith("Dataset"):
            box = program.box("dataset", lowering.base + hint.lineno, TENSOR)
            return _seed(lowering, box, hint.lineno)
        if path.startswith(("keras.", "tensorflow.Module")):
            kind = _thing_kind(path)
            if kind is not None:
                return _seed(lowering, program.values.thing(kind, path), hint.lineno)
        return None
    name = hint.id if isinstance(hint, ast.Name) else hint.attr
    if name.startswith("Tensor") and not name.endswith(("Spec", "Shape", "Array")):
        # ``TensorType``, ``TensorLike``: the project's alias for values that TensorFlow accepts.
        return _seed(lowering, TENSOR, hint.lineno)
    # A class of the project: its value arrives through the graph, and the hint means its instances.
    instances = Node(lowering.base + hint.lineno, None, "type hint")
    lowering.graph.watch(lowering.expression(hint), Instances(instances))
    return instances


def _thing_kind(path: str) -> str | None:
    if path in ("keras.Model", "keras.Sequential"):
        return "model"
    for home, kind in (
        ("keras.layers.", "layer"),
        ("keras.optimizers.", "optimizer"),
        ("keras.losses.", "loss"),
        ("keras.metrics.", "metric"),
    ):
        if path.startswith(home):
            return kind
    return None


def _annotate_generic(lowering: ExpressionLowering, hint: ast.Subscript, depth: int) -> Node | None:
    base = hint.value
    name = base.attr if isinstance(base, ast.Attribute) else getattr(base, "id", "")
    inner = hint.slice.elts if isinstance(hint.slice, ast.Tuple) else [hint.slice]
    if name in _TRANSPARENT:
        parts = inner[:1] if name == "Annotated" else inner
        return _join(lowering, [annotate(lowering, part, depth + 1) for part in parts], hint.lineno)
    kind = _CONTAINERS.get(name)
    if kind is None:
        return annotate(lowering, base, depth + 1)
    box = lowering.program.box(kind, lowering.base + hint.lineno)
    held = [annotate(lowering, part, depth + 1) for part in inner]
    if kind == "tuple" and not any(isinstance(p, ast.Constant) and p.value is ... for p in inner):
        for position, node in enumerate(held):
            if node is not None:
                box.fields[position] = node
    else:
        last = held[-1] if kind == "dict" else held[0]
        if last is not None:
            lowering.graph.connect(last, box.element)
    return _seed(lowering, box, hint.lineno)


def _seed(lowering: ExpressionLowering, value: Value, line: int) -> Node:
    node = Node(lowering.base + line, None, "type hint")
    lowering.graph.add(node, value)
    return node


def _join(lowering: ExpressionLowering, nodes: list[Node | None], line: int) -> Node | None:
    known = [node for node in nodes if node is not None]
    if not known:
        return None
    return known[0] if len(known) == 1 else lowering.block.join(known, line)


class Instances:
    """Watches a class and adds its instances to ``node``."""

    __slots__ = ("node",)

    def __init__(self, node: Node) -> None:
        self.node = node
