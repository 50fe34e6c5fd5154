"""HYB508."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.parameters import holds_tensor, own_parameters, supplied_values
from ..facts.view import View
from .rule import Example, Group, Move, Polarity, Rule


class ProgramEntry(Rule):
    """
    ## What it does

    Finds the function that is the program itself: `main`, or a function without tensor parameters that is called
    once at the end of the script. Tests of a test suite count too.

    ## Why it matters

    It runs once, so its trace would never be reused, and the graph would contain the whole program.

    ## What to do

    Nothing. The steps that it calls are the functions to trace.
    """

    code = "HYB508"
    title = "is the program's entry point"
    group = Group.BENEFIT
    polarity = Polarity.REFUSES
    move = Move.FUNDAMENTAL
    assumption = AssumptionKind.BOUNDED_TRACES
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def main():
                x = tf.ones([2])
                for _ in range(10):
                    x = x * 2

            if __name__ == "__main__":
                main()
            """,
            line=3,
            certain=True,
            message="`main` is the program's entry point and runs once",
        ),
    )
    VALID = (
        """
        import tensorflow as tf

        def step(x):
            return tf.reduce_sum(x)

        if __name__ == "__main__":
            step(tf.ones([2]))
        """,
    )

    def conclude(self, view: View) -> Iterable[Hazard]:
        """The hazards of the function as a whole."""
        code = view.code
        if self._is_test(view):
            yield view.hazard(
                self.code,
                "is a test and runs once",
                code.node.place,
                True,
                self.assumption,
                code.name,
                transitive=False,
            )
            return
        if code.kind != "function":
            return
        called_once = (
            len(code.callers) == 1
            and code.callers[0][0].owner.kind == "module"
            and not code.callers[0][0].in_loop
            and code.callers[0][1].mode == "call"
        )
        tensors = any(holds_tensor(supplied_values(code, index)) for index, _ in own_parameters(code))
        if code.name == "main" or (called_once and not tensors and code.name in ("run", "train", "cli", "app")):
            yield view.hazard(
                self.code,
                "is the program's entry point and runs once",
                code.node.place,
                True,
                self.assumption,
                code.name,
                transitive=False,
            )

    def _is_test(self, view: View) -> bool:
        """Whether only pytest or unittest calls the function: it is in a test module, or has a pytest decorator."""
        code = view.code
        file = code.module.file.rpartition("/")[2]
        if any((decorator.path or "").startswith("pytest.") for decorator in code.decorators):
            return True
        return (
            code.name.startswith("test")
            and (file.startswith("test_") or file.endswith("_test.py"))
            and code.kind in ("function", "method")
            and not code.callers
        )
