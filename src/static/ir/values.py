"""Abstract values: the values that a name may hold, according to the source.

Values are compared by identity, so each is created once. A node of the value graph holds a small set of them. A node
without values never received anything that the analysis could follow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .code import ClassCode, FunctionCode, ModuleCode
    from .solver import Node


class Value:
    """Anything that a node can hold. Messages show its ``repr``."""

    __slots__ = ()


class Atom(Value):
    """A value of which only the kind is known."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


TENSOR = Atom("tensor")
VARIABLE = Atom("variable")
SYMBOLIC = Atom("Keras symbolic tensor")
ARRAY = Atom("array")
SHAPE = Atom("shape")
INTEGER = Atom("int")
FLOAT = Atom("float")
BOOLEAN = Atom("bool")
STRING = Atom("str")
NONE = Atom("None")
FILE = Atom("file")
RANDOM = Atom("random generator")
MODULE_STATE = Atom("os.environ")
OBJECT = Atom("object")
UNKNOWN = Atom("unknown")

#: Values that TensorFlow computes with.
TENSORS = frozenset({TENSOR, VARIABLE, SYMBOLIC})
SCALARS = frozenset({INTEGER, FLOAT, BOOLEAN, STRING})
NUMBERS = frozenset({INTEGER, FLOAT, BOOLEAN})
TENSOR_LIKE = TENSORS | {ARRAY}

#: Containers whose elements TensorFlow also passes into a traced call.
STRUCTURES = frozenset({"list", "tuple", "dict", "set", "namedtuple"})


class External(Value):
    """A library object, by its canonical dotted path (``tensorflow.nn.relu``)."""

    __slots__ = ("path",)

    def __init__(self, path: str) -> None:
        self.path = path

    def __repr__(self) -> str:
        return self.path


class Thing(Value):
    """An instance of a library's class: a layer, a model, an optimizer, a tape.

    ``kind`` selects its methods in the knowledge tables; ``path`` is the class.
    """

    __slots__ = ("kind", "path")

    def __init__(self, kind: str, path: str) -> None:
        self.kind = kind
        self.path = path

    def __repr__(self) -> str:
        return f"{self.kind} ({self.path})"


class Method(Value):
    """A method of a value that is not an instance of the project's classes."""

    __slots__ = ("name", "receiver")

    def __init__(self, receiver: Value, name: str) -> None:
        self.receiver = receiver
        self.name = name

    def __repr__(self) -> str:
        return f"{self.receiver!r}.{self.name}"


class Box(Value):
    """A container, as an abstract object of one allocation site.

    ``element`` is the node of elements without a known key; ``fields`` are the nodes of constant keys and positions.
    Kinds: list, tuple, dict, set, iterator (Python's), dataset, and stream (an iterator of a dataset).
    """

    __slots__ = ("element", "fields", "keys", "kind", "owner_class")

    def __init__(self, kind: str, element: Node) -> None:
        self.kind = kind
        self.element = element
        self.fields: dict[object, Node] = {}
        self.keys: Node | None = None
        self.owner_class: ClassCode | None = None

    def __repr__(self) -> str:
        return f"{self.kind}[{len(self.fields)}]"


class Instance(Value):
    """Any instance of one of the project's classes."""

    __slots__ = ("code",)

    def __init__(self, code: ClassCode) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"{self.code.qualname} object"


class Class(Value):
    """One of the project's classes."""

    __slots__ = ("code",)

    def __init__(self, code: ClassCode) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"class {self.code.qualname}"


class Function(Value):
    """One of the project's functions, as an object."""

    __slots__ = ("code",)

    def __init__(self, code: FunctionCode) -> None:
        self.code = code

    def __repr__(self) -> str:
        return self.code.qualname


class Bound(Value):
    """A function with its first argument bound."""

    __slots__ = ("code", "receiver")

    def __init__(self, code: FunctionCode, receiver: Value) -> None:
        self.code = code
        self.receiver = receiver

    def __repr__(self) -> str:
        return self.code.qualname


class Wrapped(Value):
    """A function behind a project wrapper that passes all arguments on."""

    __slots__ = ("inner", "wrapper")

    def __init__(self, inner: Value, wrapper: FunctionCode) -> None:
        self.inner = inner
        self.wrapper = wrapper

    def __repr__(self) -> str:
        return repr(self.inner)


class Partial(Value):
    """A ``functools.partial``, with the leading arguments and the keywords that ``owner`` passed."""

    __slots__ = ("arguments", "function", "keywords", "owner")

    def __init__(
        self,
        function: Value,
        arguments: tuple[Node, ...],
        keywords: dict[str, Node],
        owner: FunctionCode | None = None,
    ) -> None:
        self.function = function
        self.owner = owner
        self.arguments = arguments
        self.keywords = keywords

    def __repr__(self) -> str:
        return f"partial of {self.function!r}"


class Module(Value):
    """One of the project's modules, as an object."""

    __slots__ = ("code",)

    def __init__(self, code: ModuleCode) -> None:
        self.code = code

    def __repr__(self) -> str:
        return f"module {self.code.name}"


class Super(Value):
    """``super()`` in a method of ``code``, for ``receiver``."""

    __slots__ = ("code", "receiver")

    def __init__(self, code: ClassCode, receiver: Value) -> None:
        self.code = code
        self.receiver = receiver

    def __repr__(self) -> str:
        return f"super() in {self.code.qualname}"


class Interner:
    """Creates each value once, so that identity is equality."""

    def __init__(self) -> None:
        self._externals: dict[str, External] = {}
        self._things: dict[tuple[str, str], Thing] = {}
        self._methods: dict[tuple[Value, str], Method] = {}
        self._bounds: dict[tuple[FunctionCode, Value], Bound] = {}
        self._supers: dict[tuple[ClassCode, Value], Super] = {}
        self._wrapped: dict[tuple[Value, FunctionCode], Wrapped] = {}

    def external(self, path: str) -> External:
        """The library's object of that path."""
        found = self._externals.get(path)
        if found is None:
            found = self._externals[path] = External(path)
        return found

    def thing(self, kind: str, path: str) -> Thing:
        """An instance of the library class ``path``."""
        found = self._things.get((kind, path))
        if found is None:
            found = self._things[kind, path] = Thing(kind, path)
        return found

    def method(self, receiver: Value, name: str) -> Method:
        """``receiver.name``."""
        found = self._methods.get((receiver, name))
        if found is None:
            found = self._methods[receiver, name] = Method(receiver, name)
        return found

    def bound(self, code: FunctionCode, receiver: Value) -> Bound:
        """``code`` as a method of ``receiver``."""
        found = self._bounds.get((code, receiver))
        if found is None:
            found = self._bounds[code, receiver] = Bound(code, receiver)
        return found

    def super(self, code: ClassCode, receiver: Value) -> Super:
        """``super(code, receiver)``."""
        found = self._supers.get((code, receiver))
        if found is None:
            found = self._supers[code, receiver] = Super(code, receiver)
        return found

    def wrapped(self, inner: Value, wrapper: FunctionCode) -> Wrapped:
        """``inner`` behind ``wrapper``."""
        found = self._wrapped.get((inner, wrapper))
        if found is None:
            found = self._wrapped[inner, wrapper] = Wrapped(inner, wrapper)
        return found
