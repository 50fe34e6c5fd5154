"""Reads Keras' records of the training when the script has ended (in the child process)."""

from __future__ import annotations

import gc
import math
from collections import Counter
from typing import Any

MOST = 40
_LIBRARIES = ("keras", "tf_keras")


def final_values() -> dict[str, float | None]:
    """The last value of each entry of each living ``History``, and the result of each living metric, by name.

    This covers Keras 3 and tf_keras. A value that is not finite is None. Entries that can't be read are left out (a
    metric whose result is not a scalar, or that has not been built). Names that occur several times are left out too,
    because they can't be matched between two runs.
    """
    found: dict[str, float | None] = {}
    named: Counter[str] = Counter()

    def add(name: str, value: Any) -> None:
        number = float(value)
        named[name] += 1
        found[name] = number if math.isfinite(number) else None

    for each in gc.get_objects():
        try:
            libraries = [kind for kind in type(each).__mro__ if kind.__module__.partition(".")[0] in _LIBRARIES]
            kinds = {kind.__name__ for kind in libraries}
            if "History" in kinds and isinstance(each.history, dict):
                for name, values in each.history.items():
                    if values:
                        add(f"history {name}", values[-1])
            elif "Metric" in kinds:
                result = each.result()
                if tuple(result.shape) == ():
                    add(f"metric {each.name}", result)
        except Exception:
            continue
    return {name: value for name, value in list(found.items())[:MOST] if named[name] == 1}
