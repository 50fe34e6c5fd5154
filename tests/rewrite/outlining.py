"""Programs before and after their steps are made functions, and a TensorFlow of a few lines to run both with."""

from __future__ import annotations

import ast
import contextlib
import io
import math
import random
import sys
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hybridize.records import Action, Edit, EditedFile, Function, Reason
from hybridize.rewrite import edit_project
from hybridize.static import scan
from hybridize.static.lifting.loops import Step, count_names, find_loops
from hybridize.static.lifting.reading import Unliftable

HERE = Path(__file__).parent
DIVIDER = "# ---- after ----\n"


def pairs(folder: str = "outlines") -> dict[str, tuple[str, str]]:
    """The programs of a folder, before and after, by name."""
    found = {}
    for file in sorted((HERE / folder).glob("*.txt")):
        before, _, after = file.read_bytes().decode().partition(DIVIDER)
        found[file.stem] = before, after
    return found


def steps_of(folder: Path, source: str | bytes) -> list[Function]:
    """What the scan says of the training steps of a program that are no function yet."""
    raw = source.encode() if isinstance(source, str) else source
    (folder / "train.py").write_bytes(raw)
    found = scan(folder, folder / "train.py")
    assert found.warnings == ()
    return [function for function in found.functions if "@" in function.id]


def outlined(folder: Path, source: str | bytes) -> tuple[EditedFile | None, Mapping[str, Reason]]:
    """A program with all of its steps that can be functions made so, still eager."""
    return moved(folder, steps_of(folder, source))


def moved(folder: Path, steps: Iterable[Function]) -> tuple[EditedFile | None, Mapping[str, Reason]]:
    """The program that lies in a folder, with these of its steps made functions."""
    edits = [
        Edit(each.id, each.file, each.line, each.qualname, Action.EXTRACT, region=each.region)
        for each in steps
        if each.region is not None
    ]
    files, refused = edit_project(folder, edits)
    return (files[0] if files else None), refused


def looped(folder: Path, source: str) -> tuple[EditedFile | None, Mapping[str, Reason], list[Unliftable]]:
    """A program with the whole loops around its steps made functions, still eager, and why the others are not.

    Its steps are the statements that the scan finds, and the functions that are called `train_...`.
    """
    (folder / "train.py").write_text(source)
    found = scan(folder, folder / "train.py")
    steps = [
        Step(each.id, each.qualname, each.region)
        for each in found.functions
        if each.region is not None or each.qualname.rpartition(".")[2].startswith("train_")
    ]
    tree = ast.parse(source)
    loops = find_loops(tree, "train.py", steps, *count_names([tree]))
    edits = [
        Edit(str(number), "train.py", loop.region.first, loop.qualname, Action.EXTRACT, region=loop.region)
        for number, loop in enumerate(loops)
        if not isinstance(loop, Unliftable)
    ]
    files, refused = edit_project(folder, edits)
    return (files[0] if files else None), refused, [loop for loop in loops if isinstance(loop, Unliftable)]


@dataclass
class Trace:
    """What a program did: the operations in their order, what it printed, and how it ended."""

    operations: list[str]
    printed: str
    ended: str


def run(source: str | bytes) -> Trace:
    """Run a program with the stand-in for TensorFlow."""
    log: list[str] = []
    printed = io.StringIO()
    ended = ""
    known = sys.modules.get("tensorflow")
    sys.modules["tensorflow"] = stand_in(log)
    random.seed(3)
    np.random.seed(3)
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(source, "train.py", "exec"), {"__name__": "__main__"})
    except Exception as error:
        ended = f"{type(error).__name__}: {error}"
    finally:
        if known is None:
            del sys.modules["tensorflow"]
        else:
            sys.modules["tensorflow"] = known
    return Trace(log, printed.getvalue(), ended)


class Tensor:
    """A number that notes what is computed with it."""

    def __init__(self, log: list[str], value: float) -> None:
        self.log, self.value = log, value

    def _binary(self, name: str, other: Any, value: float) -> Tensor:
        self.log.append(f"{name} {value:.12g}")
        return Tensor(self.log, value)

    def __add__(self, other: Any) -> Tensor:
        return self._binary("add", other, self.value + number(other))

    def __sub__(self, other: Any) -> Tensor:
        return self._binary("sub", other, self.value - number(other))

    def __rsub__(self, other: Any) -> Tensor:
        return self._binary("sub", other, number(other) - self.value)

    def __mul__(self, other: Any) -> Tensor:
        return self._binary("mul", other, self.value * number(other))

    __radd__, __rmul__ = __add__, __mul__

    def __float__(self) -> float:
        return self.value

    def __lt__(self, other: Any) -> bool:
        return self.value < number(other)

    def __gt__(self, other: Any) -> bool:
        return self.value > number(other)

    def numpy(self) -> float:
        return self.value

    def assign_sub(self, other: Any) -> None:
        self.value -= number(other)
        self.log.append(f"assign {self.value:.12g}")


def number(value: Any) -> float:
    return value.value if isinstance(value, Tensor) else float(value)


def stand_in(log: list[str]) -> types.ModuleType:
    """A module in place of TensorFlow, whose operations are noted in ``log``."""

    def operation(name: str, function: Any) -> Any:
        def call(value: Any, *_rest: Any, **_more: Any) -> Tensor:
            result = function(number(value))
            log.append(f"{name} {result:.12g}")
            return Tensor(log, result)

        return call

    class Tape:
        def __init__(self, persistent: bool = False) -> None:
            pass

        def __enter__(self) -> Tape:
            log.append("tape")
            return self

        def __exit__(self, *_error: object) -> None:
            log.append("tape ends")

        def watch(self, _value: object) -> None:
            log.append("watch")

        def gradient(self, loss: Any, variables: Any) -> Any:
            if isinstance(variables, list):
                return [self.gradient(loss, each) for each in variables]
            return Tensor(log, number(loss) / 8 + number(variables) / 16) * 1.0

    class Optimizer:
        def __init__(self, rate: float = 0.1, lr: float | None = None) -> None:
            self.rate = rate if lr is None else lr

        def apply_gradients(self, pairs: Any) -> None:
            for gradient, variable in pairs:
                variable.assign_sub(self.rate * number(gradient))

    class Model:
        def __call__(self, *inputs: Any, **more: Any) -> Any:
            return self.call(*inputs, **more)  # type: ignore[attr-defined]

    module = types.ModuleType("tensorflow")
    members = {
        "Variable": lambda value: Tensor(log, float(value)),
        "GradientTape": Tape,
        "constant": operation("constant", lambda value: value),
        "convert_to_tensor": lambda value, dtype=None: Tensor(log, number(value)),
        "square": operation("square", lambda value: value * value),
        "float32": "float32",
        "cast": operation("cast", float),
        "range": lambda stop: [Tensor(log, number) for number in range(stop)],
        "tanh": operation("tanh", math.tanh),
        "keras": types.SimpleNamespace(Model=Model, optimizers=types.SimpleNamespace(SGD=Optimizer)),
    }
    for name, member in members.items():
        setattr(module, name, member)
    return module
