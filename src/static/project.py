"""One scan of a project, from its files to records."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from pathlib import Path

from ..records import (
    Action, Assumption, AssumptionKind, Finding, Function, FunctionKind, Parameter, ParameterKind, Scan,
)
from .sources import Source, Unreadable, count_lines, read_source, select_files

EAGER_ONLY = {"numpy", "item", "tolist", "fit", "predict", "evaluate", "train_on_batch", "test_on_batch"}
OWNED = {"__init__", "build", "add_weight", "get_config", "from_config", "compute_output_shape", "__new__",
         "__len__", "__repr__", "__str__", "__getitem__", "__iter__", "__next__", "__enter__", "__exit__",
         "__setattr__", "__getattr__", "__hash__", "__eq__", "__contains__", "__del__", "train_step", "test_step"}
MUTATORS = {"append", "extend", "insert", "update", "setdefault", "popleft", "appendleft", "add_scalar", "write"}


def _root(node):
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class _Module:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.tf, self.np, self.function_names, self.functions = set(), set(), set(), []
        self.imports = set()
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                for a in node.names:
                    self.imports.add(a.name)
                    top = a.name.split(".")[0]
                    if top in ("tensorflow", "keras", "tf_keras"):
                        self.tf.add(a.asname or top)
                    if top in ("numpy", "scipy"):
                        self.np.add(a.asname or top)
            elif isinstance(node, ast.ImportFrom):
                base = "." * node.level + (node.module or "")
                if node.level:
                    parts = source.module.split(".")
                    cut = len(parts) - node.level + (1 if source.is_package else 0)
                    base = ".".join([*parts[:max(cut, 0)], *([node.module] if node.module else [])])
                self.imports.add(base)
                for a in node.names:
                    self.imports.add(f"{base}.{a.name}" if base else a.name)
                    top = base.split(".")[0]
                    if top in ("tensorflow", "keras", "tf_keras"):
                        if a.name == "function":
                            self.function_names.add(a.asname or a.name)
                        self.tf.add(a.asname or a.name)
                    if top in ("numpy", "scipy"):
                        self.np.add(a.asname or a.name)


def _hybrid(module, node):
    for d in node.decorator_list:
        f = d.func if isinstance(d, ast.Call) else d
        if (isinstance(f, ast.Attribute) and f.attr == "function" and _root(f) in module.tf) or (
            isinstance(f, ast.Name) and f.id in module.function_names
        ):
            return "@" + ast.unparse(d)
    return None


def _own(node):
    stack = list(ast.iter_child_nodes(node))
    while stack:
        n = stack.pop()
        if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        yield n
        stack.extend(ast.iter_child_nodes(n))


def scan(root: Path, entry: Path | None = None, paths: Sequence[Path] = ()) -> Scan:
    """Analyse the project under ``root``. Never raises for what the project's files hold."""
    root = Path(root).resolve()
    files, problems = select_files(root, paths)
    modules, sources = [], []
    for path in files:
        source = read_source(root, path)
        if isinstance(source, Unreadable):
            problems.append(source)
        else:
            sources.append(source)
            modules.append(_Module(source))
    raw = []
    assigned = set()
    for m in modules:
        for n in ast.walk(m.source.tree):
            if isinstance(n, ast.Attribute) and isinstance(n.ctx, ast.Store):
                assigned.add(n.attr)

        def visit(node, prefix, cls, nested, m=m, seen=None):
            seen = {} if seen is None else seen
            for n in ast.iter_child_nodes(node):
                if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef)):
                    q = prefix + n.name
                    k = seen[q] = seen.get(q, 0) + 1
                    raw.append((m, n, q if k == 1 else f"{q}#{k}", cls, nested))
                    visit(n, q + ".<locals>.", None, True, m, seen)
                elif isinstance(n, ast.ClassDef):
                    visit(n, prefix + n.name + ".", n, nested, m, seen)
                else:
                    visit(n, prefix, cls, nested, m, seen)

        visit(m.source.tree, "", None, False)
    computes, names, info = set(), {}, {}
    for m, n, q, cls, nested in raw:
        names.setdefault(n.name, []).append((m, q))
    for m, n, q, cls, nested in raw:
        key, called, own = (m.source.module, q), set(), False
        for x in _own(n):
            if isinstance(x, ast.Call):
                if isinstance(x.func, (ast.Attribute, ast.Name)) and _root(x.func) in m.tf:
                    own = True
                if isinstance(x.func, ast.Name):
                    called.add(x.func.id)
                elif isinstance(x.func, ast.Attribute):
                    called.add(x.func.attr)
        info[key] = called
        if own:
            computes.add(key)
    changed = True
    while changed:
        changed = False
        for key, called in info.items():
            if key not in computes and any((m2.source.module, q2) in computes for c in called for m2, q2 in names.get(c, ())):
                computes.add(key)
                changed = True
    functions = []
    for m, n, q, cls, nested in raw:
        file, mod = m.source.file, m.source.module
        hybrid = _hybrid(m, n)
        findings = []

        def refuse(code, message, line, file=file, findings=findings):
            findings.append(Finding(code, message, file, line, (), True))

        params = [a.arg for a in [*n.args.posonlyargs, *n.args.args, *n.args.kwonlyargs]]
        decorators = {_root(d.func if isinstance(d, ast.Call) else d) for d in n.decorator_list}
        kind = FunctionKind.NESTED if nested else FunctionKind.METHOD if cls is not None else FunctionKind.FUNCTION
        for name in ("staticmethod", "classmethod", "property"):
            if name in decorators:
                kind = FunctionKind(name)
        if kind in (FunctionKind.METHOD, FunctionKind.CLASSMETHOD, FunctionKind.PROPERTY):
            params = params[1:]
        if isinstance(n, ast.AsyncFunctionDef):
            refuse("HYB000", "is a coroutine", n.lineno)
        if n.name in OWNED and (cls is not None):
            refuse("HYB000", f"{n.name} is called by Python or Keras itself", n.lineno)
        if n.name in info[(mod, q)] and not (kind is FunctionKind.METHOD and n.name == "call"):
            refuse("HYB000", "calls itself", n.lineno)
        local = {x.id for x in _own(n) if isinstance(x, ast.Name) and isinstance(x.ctx, ast.Store)}
        for x in sorted(_own(n), key=lambda x: getattr(x, "lineno", 0)):
            if isinstance(x, (ast.Yield, ast.YieldFrom, ast.Await)):
                refuse("HYB000", "is a generator or coroutine", x.lineno)
            elif isinstance(x, (ast.Global, ast.Nonlocal)):
                refuse("HYB000", f"rebinds {', '.join(x.names)} outside of the function", x.lineno)
            elif isinstance(x, ast.Attribute) and isinstance(x.ctx, ast.Store):
                refuse("HYB000", f"writes {ast.unparse(x)}", x.lineno)
            elif isinstance(x, ast.Call):
                if isinstance(x.func, ast.Name) and x.func.id in ("print", "open", "input"):
                    refuse("HYB000", f"calls {x.func.id}", x.lineno)
                elif isinstance(x.func, ast.Attribute):
                    r = _root(x.func)
                    if x.func.attr in EAGER_ONLY and r not in m.np and r not in m.tf:
                        refuse("HYB000", f".{x.func.attr}() works eagerly only", x.lineno)
                    elif x.func.attr in MUTATORS and r not in local and r not in m.tf:
                        refuse("HYB000", f"changes {ast.unparse(x.func.value)[:40]}", x.lineno)
                    elif r in m.np and any(isinstance(a, ast.Name) and a.id in params for a in x.args):
                        refuse("HYB000", "applies NumPy to a parameter", x.lineno)
        c = (mod, q) in computes
        certain = [f for f in findings if f.certain]
        blocker = certain[0] if certain else None
        if hybrid:
            blocker = Finding("HYB000", "is hybrid already", file, n.lineno, (), True)
        elif blocker is None and not c:
            blocker = Finding("HYB000", "does not compute with tensors", file, n.lineno, (), True)
        assumptions = ()
        if blocker is None:
            A, K = Assumption, AssumptionKind
            assumptions = (
                *(A(K.ARGUMENT_TYPE, p, f"{p} is a tensor", None, "tensor") for p in params if p == "x"),
                A(K.NO_EFFECT, q, "a call changes nothing in Python that outlives it"),
                A(K.STABLE, q, "what is read from Python does not change between calls"),
                A(K.TRACEABLE, q, "tracing raises nothing"),
                A(K.SAME_RESULT, q, "the graph gives what eager gives"),
                A(K.BOUNDED_TRACES, q, "the number of traces does not grow with the calls"),
                A(K.NO_CREATION, q, "no variable is created after the first call"),
            )
        functions.append(
            Function(
                f"{mod}:{q}", file, n.lineno, n.end_lineno or n.lineno, mod, q, kind, hybrid,
                tuple(Parameter(p, ParameterKind.UNKNOWN) for p in params), tuple(findings), assumptions,
                Action.HYBRIDIZE if blocker is None else Action.NONE, blocker, computes_with_tensors=c,
            )
        )
    by_module = {m.source.module: m for m in modules}
    reachable = {m.source.file for m in modules}
    if entry is not None:
        e = Path(entry).resolve()
        start = [m for m in modules if root / m.source.file == e]
        reachable = set()
        while start:
            m = start.pop()
            if m.source.file in reachable:
                continue
            reachable.add(m.source.file)
            base = m.source.module.rpartition(".")[0]
            for i in m.imports:
                for name in (i, f"{base}.{i}" if base else i):
                    parts = name.split(".")
                    for k in range(1, len(parts) + 1):
                        hit = by_module.get(".".join(parts[:k]))
                        if hit:
                            start.append(hit)
    return Scan(
        str(root), tuple(functions), tuple(f"{p.file} {p.reason}" for p in problems),
        {m.source.file: m.source.module for m in modules}, frozenset(reachable), frozenset(assigned),
        count_lines(sources), any(m.tf for m in modules),
    )
