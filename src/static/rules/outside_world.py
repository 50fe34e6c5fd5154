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

    Finds reads and writes of files, processes, sockets, the environment and the like: `open`, methods of
    file objects, `os`, `shutil`, `subprocess`, `np.save`, checkpoints, saved models.

    ## Why is this bad

    A graph runs Python once per trace: the file is written while tracing and not afterwards, and what is
    read from it is baked into the graph.

    ## What to do

    Move the input and output out of the function. Files that each step reads belong into a `tf.data`
    pipeline, values that each step writes into what the function returns.
    """

    code = "HYB102"
    title = "touches files, processes or the environment"
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
            message="`step` calls `open`, which acts outside of Python",
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
            message="`step` calls `os.makedirs`, which acts outside of Python",
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
        """The hazard that the event is, if it is one."""
        assert isinstance(event, Call)
        if event.methods and all(receiver is FILE for receiver, _ in event.methods):
            name = f"file.{event.methods[0][1]}"
            if not event.methods[0][1].startswith(("write", "read", "close", "flush", "seek", "truncate")):
                return
        else:
            name = next(iter(event.externals), event.attribute or "a file").removeprefix("builtins.")
        if _reads(event, name):
            message = f"reads what lies outside of Python with `{name}`"
            yield view.hazard(self.code, message, event, False, AssumptionKind.STABLE, name)
            return
        yield view.hazard(
            self.code, f"calls `{name}`, which acts outside of Python", event, True, self.assumption, name, effect=True
        )


def _reads(call: Call, name: str) -> bool:
    """Whether a call reads and changes nothing: a graph keeps what was read, and is right as long as that stays."""
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
