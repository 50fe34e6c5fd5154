"""Error messages in one line."""

from __future__ import annotations

import re
import signal

from .records import Ending, RunOutcome

LENGTH = 240
# Lines in which Python, Keras and TensorFlow say where something failed, not what: frames, node names, arguments.
_WHERE = re.compile(
    r"""File\s"|Graph execution error:|\[\[\{\{node|Detected at node|in user code:|Arguments received"""
    r"""|Call arguments received|Stack trace for"""
    r"""|Traceback|The above exception|During handling|Defined at|\d+ root error|\(\d+\) |•|\^+$|\.\.\.$"""
)
_NAMED = re.compile(r"[\w.]*(?:Error|Exception|Warning): ")

# The exceptions that TensorFlow, NumPy and Python raise if memory runs out, and the messages of other libraries.
_OUT_OF_MEMORY_TYPES = ("ResourceExhaustedError", "MemoryError", "_ArrayMemoryError")
_OUT_OF_MEMORY = re.compile(
    r"out of memory|OOM when allocating|RESOURCE_EXHAUSTED|OUT_OF_MEMORY|_ALLOC_FAILED|failed to allocate|bad_alloc",
    re.IGNORECASE,
)


def telling_line(text: str | None) -> str:
    """The line of an error message that names the problem: the last one if several do. Cut to LENGTH characters."""
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    named = [line for line in lines if _NAMED.match(line)]
    said = [line for line in lines if not _WHERE.match(line)]
    if named:
        return named[-1][:LENGTH]
    # The first line tells the problem, unless the message begins with frames: then the last line does.
    chosen = (said[:1] if lines and lines[0] in said[:1] else said[-1:]) or lines[:1] or [""]
    return chosen[0][:LENGTH]


def ran_out_of_memory(outcome: RunOutcome) -> bool:
    """Whether a run ended because the machine or a device ran out of memory."""
    if outcome.ending is Ending.KILLED:
        return outcome.code == -signal.SIGKILL
    if outcome.ending is not Ending.RAISED:
        return False
    return outcome.error_type in _OUT_OF_MEMORY_TYPES or bool(_OUT_OF_MEMORY.search(outcome.error or ""))


def own_failure(what: str, trace: str) -> str:
    """A failure of hybridize itself, as a clause. ``what`` failed; ``trace`` is the traceback that the child sent."""
    last = (trace.strip().splitlines() or [""])[-1]
    _, missing, said = last.partition("MissingName: ")
    return said if missing else f"hybridize's own {what} failed ({last})"


def one_line(kind: str | None, text: str | None) -> str:
    """An error of the type ``kind`` in one line: the type and the telling line of the text."""
    name, said = kind or "an exception", telling_line(text)
    if said.partition(": ")[0].rpartition(".")[2] == name:
        return said
    return f"{name}: {said}" if said else name
