"""Which of a function's parameters an argument is for."""

from __future__ import annotations

from ..ir.code import FunctionCode


class Signature:
    """The positions of a function's parameters, by how arguments reach them.

    ``positional`` are those that take an argument by position, ``names`` those that take one by keyword. ``rest`` and
    ``extra`` are ``*args`` and ``**kwargs``, None without them.
    """

    __slots__ = ("extra", "names", "positional", "rest")

    def __init__(self, code: FunctionCode) -> None:
        self.positional: list[int] = []
        self.names: dict[str, int] = {}
        self.rest: int | None = None
        self.extra: int | None = None
        for index, parameter in enumerate(code.parameters):
            if parameter.kind == "star":
                self.rest = index
            elif parameter.kind == "double star":
                self.extra = index
            else:
                self.names[parameter.name] = index
                if parameter.kind == "positional":
                    self.positional.append(index)
