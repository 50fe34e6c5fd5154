"""How the script's graph code runs, and what it calls of Keras' own loops."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from hybridize.dynamic.child.modes import MOST_CALLERS, Modes


class Trainer:
    """A model whose evaluation predicts, as it may be."""

    def predict(self, x: int) -> int:
        return x + 1

    def evaluate(self, x: int) -> int:
        return self.predict(x) + 1


def watched() -> tuple[type[Trainer], Modes]:
    """A class of models, and what watches its loops; this file is the project."""
    finder = SimpleNamespace(after=lambda name, callback: None)
    project: Any = SimpleNamespace(owns=lambda code: code.co_filename == __file__)
    modes = Modes(SimpleNamespace(finder=finder), project, nullcontext)  # type: ignore[arg-type]
    trainer = type("Model", (Trainer,), {})
    for name in ("predict", "evaluate"):
        modes._time_loop(trainer, name)
    return trainer, modes


def test_calls_of_a_loop_are_counted_by_the_line_that_makes_them() -> None:
    trainer, modes = watched()
    for number in range(3):
        assert trainer().predict(number) == number + 1
    assert trainer().predict(7) == 8
    first, second = modes.report()["loops"]
    assert (first["name"], first["calls"], second["calls"]) == ("predict", 3, 1)
    assert first["place"].startswith(__file__) and first["place"] != second["place"]


def test_a_loop_inside_of_another_is_that_ones() -> None:
    trainer, modes = watched()
    assert trainer().evaluate(1) == 3
    assert [(row["name"], row["calls"]) for row in modes.report()["loops"]] == [("evaluate", 1)]


def test_no_more_lines_are_kept_than_are_worth_it() -> None:
    trainer, modes = watched()
    model = trainer()
    for number in range(MOST_CALLERS + 5):
        exec(compile("\n" * number + "model.predict(1)", __file__, "exec"), {"model": model})
    assert len(modes.report()["loops"]) == MOST_CALLERS
