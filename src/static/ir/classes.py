"""Class hierarchies: method resolution orders, and which library's protocol a class follows."""

from __future__ import annotations

from .code import ClassCode
from .program import Program
from .solver import LINES, Node
from .values import SHAPE, TENSOR, Class, External

#: Library base classes, with the kind under which the tables describe their instances.
_KINDS = {
    "keras.Model": "model",
    "keras.Sequential": "model",
    "keras.layers.Layer": "layer",
    "keras.layers.AbstractRNNCell": "layer",
    "keras.losses.Loss": "loss",
    "keras.metrics.Metric": "metric",
    "keras.optimizers.Optimizer": "optimizer",
    "keras.callbacks.Callback": "callback",
    "keras.initializers.Initializer": "initializer",
    "keras.constraints.Constraint": "regularizer",
    "keras.regularizers.Regularizer": "regularizer",
    "keras.utils.Sequence": "sequence",
    "keras.optimizers.LearningRateSchedule": "learning_rate",
    "tensorflow.Module": "module",
    "sonnet.Module": "module",
}

_KIND_PREFIXES = (
    ("keras.layers.", "layer"),
    ("keras.losses.", "loss"),
    ("keras.metrics.", "metric"),
    ("keras.optimizers.", "optimizer"),
    ("keras.callbacks.", "callback"),
    ("keras.initializers.", "initializer"),
    ("keras.applications.", "model"),
    ("tensorflow.distribute.", "strategy"),
    ("tensorflow_probability.layers.", "layer"),
    ("tensorflow_probability.util.", "parameter"),
    ("tensorflow_probability.", "distribution"),
)

#: Bases that do not determine how instances behave.
_PLAIN = frozenset(
    {
        "builtins.object",
        "abc.ABC",
        "typing.Generic",
        "typing.Protocol",
        "typing.NamedTuple",
        "enum.Enum",
        "typing_extensions.Protocol",
    }
)


def arrange_classes(program: Program) -> None:
    """Set each class's resolution order, library bases and kind. The graph must have settled its copies."""
    for code in program.classes:
        if not code.order:
            _order(code, set())
    for code in program.classes:
        code.library_bases = [base for owner in code.order for base in _external_bases(owner)]
        code.external_bases = [
            base for base in code.library_bases if base not in _PLAIN and not base.startswith("typing.")
        ]
        code.kind = next((kind for base in code.external_bases if (kind := _kind_of(base))), None)


def _order(code: ClassCode, active: set[ClassCode]) -> list[ClassCode]:
    if code.order:
        return code.order
    if code in active:
        return [code]
    active.add(code)
    found: list[ClassCode] = [code]
    for base in _project_bases(code):
        for owner in _order(base, active):
            if owner in found:
                # A base that a later path reaches again moves behind it, as in C3 for the usual diamonds.
                found.remove(owner) if owner is not code else None
            if owner is not code:
                found.append(owner)
    active.discard(code)
    code.order = found
    return found


def _project_bases(code: ClassCode) -> list[ClassCode]:
    found: list[ClassCode] = []
    for base in code.bases:
        if isinstance(base, Node):
            for value in base.values:
                if isinstance(value, Class) and value.code not in found:
                    found.append(value.code)
    return found


def _external_bases(code: ClassCode) -> list[str]:
    found: list[str] = []
    for base in code.bases:
        if isinstance(base, str):
            found.append(base)
        elif not base.values:
            found.append("?")
        else:
            for value in base.values:
                if isinstance(value, External):
                    found.append(value.path)
                elif not isinstance(value, Class):
                    found.append("?")
    return found


def _kind_of(base: str) -> str | None:
    if base in _KINDS:
        return _KINDS[base]
    for prefix, kind in _KIND_PREFIXES:
        if base.startswith(prefix):
            return kind
    return None


def seed_classes(program: Program) -> None:
    """Add the receiver of each method, and the arguments that Keras passes to the methods that it calls."""
    for code in program.classes:
        for name, node in code.attributes.items():
            origin = node.origin
            function = origin if origin is not None and hasattr(origin, "parameters") else None
            if function is None or not function.parameters:
                for value in node.values:
                    function = getattr(value, "code", None)
                    if function is not None and hasattr(function, "parameters"):
                        break
            if function is None or not hasattr(function, "parameters") or not function.parameters:
                continue
            _seed_method(program, code, name, function)


def _seed_method(program: Program, code: ClassCode, name: str, function: object) -> None:
    parameters = function.parameters  # type: ignore[attr-defined]
    kind = function.kind  # type: ignore[attr-defined]
    if kind in ("method", "property"):
        program.graph.add(parameters[0].node, code.instance)
    elif kind == "classmethod":
        program.graph.add(parameters[0].node, code.value)
    wanted = _PROTOCOL.get((code.kind or "", name))
    if wanted is None or kind != "method":
        return
    positional = [parameter for parameter in parameters[1:] if parameter.kind == "positional"]
    place = code.module.index * LINES + function.line  # type: ignore[attr-defined]
    for parameter, value in zip(positional, wanted, strict=False):
        if value is not None and parameter.default is None:
            source = Node(place, None, f"Keras calls {name}")
            program.graph.add(source, value)
            program.graph.connect(source, parameter.node)


_PROTOCOL = {
    ("model", "call"): (TENSOR,),
    ("layer", "call"): (TENSOR,),
    ("model", "__call__"): (TENSOR,),
    ("layer", "__call__"): (TENSOR,),
    ("model", "train_step"): (TENSOR,),
    ("model", "test_step"): (TENSOR,),
    ("model", "predict_step"): (TENSOR,),
    ("loss", "call"): (TENSOR, TENSOR),
    ("metric", "update_state"): (TENSOR, TENSOR),
    ("model", "build"): (SHAPE,),
    ("layer", "build"): (SHAPE,),
    ("layer", "compute_output_shape"): (SHAPE,),
    ("model", "compute_output_shape"): (SHAPE,),
    ("initializer", "__call__"): (SHAPE,),
    ("learning_rate", "__call__"): (TENSOR,),
    ("regularizer", "__call__"): (TENSOR,),
}
