"""HYB102."""

from __future__ import annotations

from collections.abc import Iterable

from ...records import AssumptionKind
from ..facts.hazards import Hazard
from ..facts.view import View
from ..ir.code import Call, Event
from ..ir.values import FILE
from ..libraries.effects import READING_CALLS
from .rule import Example, Group, Move, Polarity, Rule


class OutsideWorld(Rule):
    """
    ## What it does

    Finds reads and writes of files, processes, sockets and the environment: `open`, methods of file objects, `os`,
    `shutil`, `subprocess`, `np.save`, checkpoints, saved models.

    ## Why it matters

    A graph runs Python once per trace. The file is written during tracing and not again, and anything read from it
    becomes a constant of the graph.

    ## What to do

    Move input and output out of the function. Read files for each step in a `tf.data` pipeline. Return the values
    that each step should write.
    """

    code = "HYB102"
    title = "accesses files, processes or the environment"
    group = Group.EFFECTS
    polarity = Polarity.ASSUMES
    move = Move.YOURS
    assumption = AssumptionKind.NO_EFFECT
    topics = ("file", "process", "exit")
    INVALID = (
        Example(
            """
            import tensorflow as tf

            def step(x):
                with open("losses.txt", "a") as log:
                    log.write("one step")
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=4,
            certain=True,
            message="`step` calls `open`, which accesses files, processes or the environment",
        ),
        Example(
            """
            import os
            import tensorflow as tf

            def step(x):
                os.makedirs("out")
                return tf.reduce_sum(x)

            step(tf.ones([2]))
            """,
            line=5,
            certain=True,
            message="`step` calls `os.makedirs`, which accesses files, processes or the environment",
        ),
    )
    VALID = (
        """
        import os
        import tensorflow as tf

        def step(x):
            name = os.path.join("a", "b")
            return tf.strings.length(name) + tf.cast(tf.reduce_sum(x), tf.int32)

        step(tf.ones([2]))
        """,
    )

    def visit(self, view: View, event: Event) -> Iterable[Hazard]:
        """The hazard of the event, if it has one."""
        assert isinstance(event, Call)
        if event.methods and all(receiver is FILE for receiver, _ in event.methods):
            name = f"file.{event.methods[0][1]}"
            if not event.methods[0][1].startswith(("write", "read", "close", "flush", "seek", "truncate")):
                return
        else:
            name = next(iter(event.externals), event.attribute or "a file").removeprefix("builtins.")
        if _reads(event, name):
            message = f"reads external data with `{name}`"
            yield view.hazard(self.code, message, event, False, AssumptionKind.STABLE, name)
            return
        message = f"calls `{name}`, which accesses files, processes or the environment"
        yield view.hazard(self.code, message, event, True, self.assumption, name, effect=True)


def _reads(call: Call, name: str) -> bool:
    """Whether a call only reads: a graph keeps the data that was read, and is right while the data stays the same."""
    if name in READING_CALLS or name.startswith("file.read"):
        return True
    if name in ("file.close", "file.seek"):
        return True
    if name.rpartition(".")[2] not in ("open", "GFile", "Open"):
        return False
    if "mode" not in call.keywords and len(call.arguments) < 2:
        return not call.stars and not call.double_stars
    literals = call.literals or {}
    mode = literals.get("mode", literals.get(1))
    return isinstance(mode, str) and not set(mode) & set("wax+")
