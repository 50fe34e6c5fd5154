"""Measures the speedup of a function as a graph, over the calls of a test."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from statistics import median
from typing import Any

from ..measure.statistics import ratio_interval
from ..sandbox.child.binding import bind
from ..sandbox.child.clock import perf_counter
from ..sandbox.child.units import synchronize
from .calls import Call, Subject
from .plugin import Measured


def measure(subject: Subject, calls: Sequence[Call], rounds: int) -> Measured:
    """Time all calls eagerly and as a graph, in turns, ``rounds`` times; restores the variables afterwards.

    Tracing is not timed. A round is one turn of each, so that both meet the same drift of the machine.
    """
    from ..dynamic.child import variables

    variables.adopt()
    state = variables.snapshot()
    graph = bind(subject.make())
    eager = _eagerly(subject)
    times: dict[str, list[float]] = {"eager": [], "graph": []}
    try:
        _timed(graph, calls)
        for number in range(rounds):
            turns = [("eager", eager), ("graph", graph)]
            for name, way in turns if number % 2 else reversed(turns):
                times[name].append(_timed(way, calls) / len(calls))
    finally:
        variables.restore(state)
        variables.forget()
    ratios = [math.log(one / other) for one, other in zip(times["eager"], times["graph"], strict=True)]
    found = ratio_interval(ratios)
    middle = {name: median(each) for name, each in times.items()}
    return Measured(subject.name, middle["eager"], middle["graph"], found.median, found.low, found.high, rounds)


_Way = Callable[[tuple[Any, ...], Mapping[str, Any]], Any]


def _eagerly(subject: Subject) -> _Way:
    return lambda args, kwargs: subject.original(*args, **kwargs)


def _timed(way: _Way, calls: Sequence[Call]) -> float:
    synchronize()
    begun = perf_counter()
    for each in calls:
        way(each.args, each.kwargs)
    synchronize()
    return perf_counter() - begun
