"""The walk over the Python objects that a call can reach (in the child process).

Objects are *near* or *far* (see ``nearness``). Near objects are inspected first, and completely. Far objects are
inspected as far as possible. Only near objects cause doubts.
"""

from __future__ import annotations

import array
import collections
import enum
import functools
import sys
import types
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...sandbox.child.binding import unhooked
from . import contents, hidden, holdings, marks, outskirts, ownership
from .contents import FUNCTION_ATTRIBUTES
from .grips import plain
from .marks import ATOMS, MISSING, brief
from .nearness import MAKING, SHOWING, Entry, Near, names_in

if TYPE_CHECKING:
    from .calls import Company, Member
    from .effects import Project

#: A walk stops after this many objects; if near objects are left, that is a doubt.
OBJECTS = 50_000
#: This many bytes of large arrays are inspected; of further arrays only some rows.
BYTES = 1 << 30
_FAR_ITEMS = 2000
_PLAIN = frozenset(ATOMS)
_CONTAINERS = (list, collections.deque, dict, set, frozenset, tuple, bytearray, array.array, np.ndarray)


class Kept(NamedTuple):
    """An inspected object: its label, and a copy or a fingerprint of its content."""

    kind: str
    label: str
    container: Any
    copy: Any
    near: bool


class Walk:
    """One walk, from the arguments of a function (``roots``) and from the names in its code.

    ``company`` are the functions that ran in earlier calls of it, which may be reachable only through a library.
    ``blind`` describes a near object that could not be inspected; it is empty if there is none.
    """

    def __init__(
        self,
        roots: Mapping[str, Any],
        function: Callable[..., Any] | None,
        project: Project,
        company: Company | None = None,
    ) -> None:
        self._project = project
        self._holdings = holdings.Holdings(project)
        self._seen: dict[int, Any] = {}
        self._kept: list[Kept] = []
        self._names: dict[tuple[int, str], tuple[dict[str, Any], str, Any]] = {}
        self._cells: list[tuple[str, Any, Any]] = []
        self._functions: dict[int, Any] = {}
        #: The namespaces of library modules that near code names, with their labels; then the watched names of each.
        self._libraries: dict[int, tuple[str, dict[str, Any]]] = {}
        self._watched_names: dict[int, frozenset[str]] = {}
        self._near = Near(any_name=function is None)
        self._far: collections.deque[Entry] = collections.deque()
        self._is_near = True
        self._is_own = True  # whether the visited object belongs to the project, not to a library
        self._bytes = BYTES
        self.blind = ""
        for label, value in roots.items():
            self._add(label, value)
        if function is not None:
            self._reach(function)
        for one in company.members() if company is not None else ():
            self._reach_again(one)
        self._walk()

    def _walk(self) -> None:
        self._is_near = True
        self._follow(self._near.entries)
        while self._libraries:
            self._visit_library(*self._libraries.pop(next(iter(self._libraries))))
            self._follow(self._near.entries)
        self._is_near = False
        self._far.extend(self._near.take_unnamed())
        self._follow(self._far)
        self._is_near = True

    def _follow(self, queue: collections.deque[Entry]) -> None:
        while queue:
            label, value, self._is_own = queue.popleft()
            if len(self._seen) > OBJECTS:
                if self._is_near:
                    what = f"it can reach more than {OBJECTS:,} Python objects (one is {label})"
                    self._doubt(f"{what}, too many to inspect")
                break
            self._visit(label, value)
        self._is_own = True

    def _doubt(self, why: str) -> None:
        if self._is_near and not self.blind:
            self.blind = why

    def _add(self, label: str, value: Any, name: str | None = None) -> None:
        """Queue a value for inspection. The value of an attribute is near only if some code names the attribute."""
        if type(value) in _PLAIN:
            return
        entry = (label, value, self._is_own)
        if not self._is_near:
            self._far.append(entry)
        else:
            self._near.add(entry, name)

    def _keep(self, kind: str, label: str, container: Any, copy: Any) -> None:
        # A library's own object that no code that may run names is not the script's state.
        if self._is_near or self._is_own:
            self._kept.append(Kept(kind, label, container, copy, self._is_near))

    # Functions, modules and classes

    def _reach(self, function: Any) -> None:
        """Add the names that a project function can read or write, and those of its callees."""
        function = function.python_function if contents.is_graph_function(function) else function
        function = unhooked(getattr(function, "__func__", function))
        while hasattr(function, "__wrapped__") and not self._project.owns(getattr(function, "__code__", None)):
            self._visit_function(function)
            function = unhooked(function.__wrapped__)
        code = getattr(function, "__code__", None)
        if code is None or id(function) in self._functions:
            return
        if not self._project.owns(code):
            self._meet_library(str(function.__globals__.get("__name__", "")), function.__globals__)
            return
        self._functions[id(function)] = function
        self._is_own = True
        self._visit_function(function)
        self._visit_code(code, function.__globals__)
        for label, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
            self._visit_cell(label, cell)
        for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
            self._add("a default argument", default)
        wrapped = getattr(function, "__wrapped__", None)
        if wrapped is not None:
            self._reach(wrapped)

    def _reach_again(self, member: Member) -> None:
        """Add a function that ran in an earlier call, and its project arguments."""
        function = member.function()
        if function is not None:
            self._reach(function)
        else:
            self._visit_code(member.code, member.space)
        for name, reference in member.objects.items():
            value = reference()
            if value is not None:
                self._add(name, value)

    def _visit_code(self, code: types.CodeType, space: dict[str, Any]) -> None:
        used, stored = names_in(code)
        if self._is_near:
            self._near.name(used)
        for name in used:
            value = space.get(name, sys.modules.get(name))
            if name in space or name in stored:
                self._names.setdefault((id(space), name), (space, name, space.get(name, MISSING)))
            self._add(name, value)

    def _visit_cell(self, label: str, cell: types.CellType) -> None:
        try:
            value = cell.cell_contents
        except ValueError:
            value = MISSING
        self._cells.append((label, cell, value))
        if value is not MISSING:
            self._add(label, value)

    def _visit_function(self, function: Any) -> None:
        """Add the attributes that the project has set on a function (``step.calls``)."""
        attributes = getattr(function, "__dict__", None)
        if type(attributes) is dict and id(attributes) not in self._seen:
            self._seen[id(attributes)] = attributes
            own = {name: item for name, item in attributes.items() if name not in FUNCTION_ATTRIBUTES}
            label = str(getattr(function, "__name__", "function"))
            self._keep("function attribute", label, attributes, own)
            if type(function) is types.FunctionType:
                self._keep("function", label, function, contents.function_parts(function))
            for name, item in own.items():
                self._add(f"{label}.{name}", item, name)

    def _visit_module(self, label: str, module: types.ModuleType) -> None:
        space = vars(module)
        if id(space) in self._seen:
            return
        if not self._project.owns_module(module):
            self._meet_library(label, space)
            return
        self._seen[id(space)] = space
        self._is_own = True
        own = {name: item for name, item in space.items() if not name.startswith("__")}
        self._keep("module", label, space, own)
        for name, item in own.items():
            self._add(f"{label}.{name}", item, name)

    def _meet_library(self, label: str, space: dict[str, Any]) -> None:
        """Record the namespace of a library. Which names in it count is known only after all near code was read."""
        if self._is_near and id(space) not in self._watched_names:
            self._libraries.setdefault(id(space), (label, space))

    def _visit_library(self, label: str, space: dict[str, Any]) -> None:
        """Keep the script's state in a library module, and continue with the submodules that near code names."""
        name = str(space.get("__name__", ""))
        names = outskirts.public(space) if outskirts.is_package(name) else frozenset()
        self._watched_names[id(space)] = names
        self._keep("library module", label, space, outskirts.of_space(space, self._project.assigned_attributes, names))
        named = self._near.named_in(space)
        for part, item, copy in outskirts.containers(space, names | named):
            if id(item) not in self._seen:
                self._seen[id(item)] = item
                self._keep("item", f"{label}.{part}", item, copy)
        for part in named:
            item = space[part]
            if issubclass(type(item), (types.ModuleType, types.FunctionType, type)):
                self._add(f"{label}.{part}", item)

    def _visit_class(self, cls: type) -> None:
        """Add the attributes of a project class, and the names that its methods can reach."""
        was_own, self._is_own = self._is_own, True
        metaclass: type = type(cls)
        for base in (*cls.__mro__, *metaclass.__mro__):
            if id(base) in self._seen:
                continue
            if not self._project.owns_class(base):
                if self._is_near and outskirts.may_change(base):
                    self._seen[id(base)] = base
                    own = outskirts.of_class(base, self._project.assigned_attributes)
                    self._keep("library class", base.__name__, base, own)
                continue
            self._seen[id(base)] = base
            data = contents.class_attributes(base)
            for name, item in vars(base).items():
                for code in (getattr(item, "__func__", None), *contents.accessors(item), item):
                    if issubclass(type(code), types.FunctionType) or contents.is_graph_function(code):
                        # Python calls special methods, and a library calls the methods that its own class has too.
                        special = name.startswith("__") and name not in MAKING | SHOWING
                        special = special or contents.overrides(cls, name, self._project.owns_class)
                        self._add(f"{base.__name__}.{name}", code, None if special else name)
            self._keep("class attribute", base.__name__, base, data)
            for name, item in data.items():
                if not contents.is_function(item):
                    self._add(f"{base.__name__}.{name}", item, name)
            if issubclass(type(base), enum.EnumMeta):
                for member in type.__getattribute__(base, "_member_map_").values():
                    self._add(f"{base.__name__}.{member._name_}", member)
        self._is_own = was_own

    # Objects

    def _visit(self, label: str, value: Any) -> None:
        kind = type(value)
        if kind in _PLAIN or id(value) in self._seen:
            return
        if issubclass(kind, type):
            self._visit_class(value)
            for base in value.__mro__ if self._is_near else ():
                if self._project.owns_class(base):
                    for name in MAKING & vars(base).keys():
                        self._add(f"{base.__name__}.{name}", getattr(vars(base)[name], "__func__", vars(base)[name]))
            return
        self._seen[id(value)] = value
        if issubclass(kind, (types.FunctionType, types.MethodType)) or contents.is_graph_function(value):
            self._reach(value)
            if issubclass(kind, types.MethodType):
                self._add(label.rpartition(".")[0] or label, value.__self__)
        elif issubclass(kind, types.ModuleType):
            self._visit_module(label, value)
        elif issubclass(kind, functools.partial):
            self._add(label, value.func)
            self._add(f"{label}.args", value.args)
            self._add(f"{label}.keywords", value.keywords)
            self._visit_object(label, value)
        elif issubclass(kind, functools._lru_cache_wrapper):
            self._reach(value)
            for held in contents.cached(value):
                self._add(f"the cache of {label}", held)
        elif issubclass(kind, dict):
            self._visit_dictionary(label, value)
        elif issubclass(kind, _CONTAINERS):
            self._visit_container(label, value, kind)
            if kind not in _CONTAINERS and (not issubclass(kind, np.ndarray) or self._project.owns_class(kind)):
                self._visit_object(label, value)
        elif issubclass(kind, marks.GENERATORS):
            self._keep("random", label, value, marks.random_mark(value))
            if self._project.owns_class(kind):
                self._visit_object(label, value)
        elif issubclass(kind, marks.SUSPENDED) or marks.is_iterator(kind):
            self._visit_iterator(label, value)
        elif issubclass(kind, ATOMS) and not self._project.owns_class(kind):
            return
        elif (held := plain(value)) is not value:  # TensorFlow puts such proxies around containers on its modules
            self._visit(label, held)
        else:
            self._visit_object(label, value)

    def _visit_container(self, label: str, value: Any, kind: type) -> None:
        if issubclass(kind, np.ndarray):
            self._visit_array(label, value)
        elif issubclass(kind, (bytearray, array.array)):
            self._keep("item", label, value, bytes(value))
        elif issubclass(kind, tuple):
            self._add_items(label, list(tuple.__iter__(value)))
        elif issubclass(kind, (set, frozenset)):
            items = list(set.__iter__(value) if issubclass(kind, set) else frozenset.__iter__(value))
            if issubclass(kind, set):
                self._keep("item", label, value, items)
            self._add_items(f"{label} (inside)", items)
        else:
            items = contents.items(value)
            self._keep("item", label, value, items)
            self._add_items(label, items)

    def _add_items(self, label: str, items: list[Any]) -> None:
        if _PLAIN.issuperset(set(map(type, items))):
            return
        # Near containers are inspected completely.
        for number, item in enumerate(items if self._is_near else items[:_FAR_ITEMS]):
            if type(item) not in _PLAIN:
                self._add(f"{label}[{number}]", item)

    def _visit_array(self, label: str, value: Any) -> None:
        whole = value.nbytes <= marks.HASHED_BYTES
        if value.nbytes > marks.COPIED_BYTES and self._is_near:
            whole = value.nbytes <= self._bytes
            self._bytes -= value.nbytes if whole else 0
            if not whole and value.flags.writeable:
                size = f"{value.nbytes >> 20:,} MB"
                self._doubt(f"it may change the array {label}, which is too large ({size}) to inspect completely")
        self._keep("array", label, value, marks.array_mark(value, whole))
        if value.dtype.hasobject:
            self._add_items(label, np.ndarray.view(value, np.ndarray).ravel().tolist())
        if issubclass(type(value), np.ma.MaskedArray):
            self._add(f"{label}.mask", np.ma.getmask(value))

    def _visit_dictionary(self, label: str, value: Any) -> None:
        copy = contents.entries(value)
        self._keep("item", label, value, copy)
        self._add_items(f"{label} (keys)", [key for key, _ in copy])
        if not _PLAIN.issuperset({type(item) for _, item in copy}) and (self._is_near or len(copy) <= 5000):
            for key, item in copy:
                if type(item) not in _PLAIN:
                    self._add(f"{label}[{brief(key)}]"[:80], item)
        if type(value) is not dict:
            self._visit_object(label, value)

    def _visit_iterator(self, label: str, value: Any) -> None:
        try:
            self._keep("iterator", label, value, marks.iterator_mark(value))
        except marks.Unseen:
            self._doubt(f"it may advance the iterator {label}, which does not show its position")
        if issubclass(type(value), marks.SUSPENDED):
            frame, _ = marks.suspended_frame(value)
            if frame is not None and self._project.owns(frame.f_code):
                self._visit_code(frame.f_code, frame.f_globals)
        for item in marks.inside_iterator(value):
            self._add(f"{label} (inside)", item)

    def _visit_object(self, label: str, value: Any) -> None:
        kind = type(value)
        library = ownership.is_left_out(kind)
        if not library:
            self._visit_hidden(label, value)
        attributes = contents.attributes(value) if not ownership.is_tensor(kind) else None
        if attributes is None:
            return
        owned = self._project.owns_class(kind)
        if not (issubclass(kind, _CONTAINERS) or ownership.is_holder(kind)):
            self._is_own = owned
        own = ownership.watched(value, attributes, self._project)
        self._keep("attribute", label, value, own)
        if not library:
            self._visit_class(kind)
        for name, item in own.items():
            # A library's methods can reach the attributes that it set, even if the project's code does not name them.
            named = owned and ownership.is_set_by_the_project(kind, name, self._project)
            self._add(f"{label}.{name}", item, name if named else None)
        if holdings.is_part(kind):
            rest = {name: item for name, item in attributes.items() if name not in own}
            for name, item in self._holdings.of(rest):
                self._add(f"{label}.{name}", item)

    def _visit_hidden(self, label: str, value: Any) -> None:
        kind = type(value)
        try:
            mark = hidden.mark(value)
        except marks.Unseen:
            self._doubt(f"it may use {label}, of the type {_type_name(kind)}, which does not show its state")
        else:
            if mark is None:
                return
            self._keep("state", label, value, mark)
        for item in hidden.inside(value):
            self._add(f"{label} (inside)", item)

    def _may_name(self, value: Any, name: str) -> bool:
        """Whether code that may run names an attribute of an object, or reaches it without a name."""
        kind = type(value)
        named = self._project.owns_class(kind) and ownership.is_set_by_the_project(kind, name, self._project)
        return not named or self._near.is_named(name)

    def _now(self, kind: str, container: Any) -> dict[str, Any]:
        """The current content of an attribute container, limited to the watched names."""
        if kind == "class attribute":
            return contents.class_attributes(container)
        if kind == "library class":
            return outskirts.of_class(container, self._project.assigned_attributes)
        if kind == "library module":
            names = self._watched_names[id(container)]
            return outskirts.of_space(container, self._project.assigned_attributes, names)
        if kind == "function attribute":
            return {name: item for name, item in container.items() if name not in FUNCTION_ATTRIBUTES}
        if kind == "module":
            return {name: item for name, item in container.items() if not name.startswith("__")}
        return ownership.watched(container, contents.attributes(container) or {}, self._project)


def _type_name(kind: type) -> str:
    module = marks.module_of(kind)
    return kind.__qualname__ if module in ("", "builtins") else f"{module}.{kind.__qualname__}"
