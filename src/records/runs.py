"""The program to run, and the outcomes of its runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

from .notes import Count, Key, LeftOut
from .plan import EditedFile


@dataclass(frozen=True)
class Network:
    """What the runs of a script may connect to.

    ``mode`` is the user's choice: deny, offline or allow. With offline, the ``first`` run may connect to anything, and
    later runs only to the ``downloads`` (``host:port``), which the first run only read from. ``remote_reads`` are the
    remote file systems (``gs://bucket``) that it read from, and ``library_ports`` the ports that C code connected to
    for that. Each run adds the names of refused connections to ``refused``, and to ``stopped`` if it ended because of
    one.
    """

    mode: str = "offline"
    first: bool = True
    downloads: tuple[str, ...] = ()
    remote_reads: tuple[str, ...] = ()
    library_ports: tuple[int, ...] = ()
    refused: set[str] = field(default_factory=set, compare=False)
    stopped: set[str] = field(default_factory=set, compare=False)


@dataclass(frozen=True)
class Contacts:
    """The connections of a run to other machines, by readable names.

    ``reached`` are all hosts (``host:port``), ``downloads`` those that were only read from. ``posted`` are servers on
    this machine that received data over HTTP. ``remote_writes`` and ``remote_reads`` are paths of remote file systems.
    ``trackers`` are the imported experiment trackers, which were kept offline. ``refused`` are the refused connections,
    ``stopped`` the one that ended the run. ``kernel`` says whether the kernel also watched the connections of C code
    and of other programs.
    """

    reached: tuple[str, ...] = ()
    downloads: tuple[str, ...] = ()
    posted: tuple[str, ...] = ()
    remote_reads: tuple[str, ...] = ()
    remote_writes: tuple[str, ...] = ()
    library_ports: tuple[int, ...] = ()
    trackers: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    stopped: str = ""
    kernel: bool = True


@dataclass(frozen=True)
class Target:
    """The program to run. All paths are absolute."""

    root: Annotated[str, Key("project")]
    """The project root. Files are relative to it."""
    cwd: str
    """The working directory."""
    script: str
    """The file that was run as `__main__`."""
    arguments: tuple[str, ...] = ()
    """The arguments of the script."""
    module: str | None = None
    """The module that was run, if `--train-module` was given."""
    seed: Count | None = None
    """The seed that is set before the script starts; null if none is set."""
    network: Annotated[Network, LeftOut("the options say what was asked for, and the rest is of the runs")] = field(
        default_factory=Network
    )
    """What its runs may connect to."""
    eager: Annotated[tuple[EditedFile, ...], LeftOut("they are the project's files without some decorators")] = ()
    """The files whose decorators are removed in each run."""


class Ending(Enum):
    """How a child process ended."""

    FINISHED = "finished"
    CUT = "cut"
    EXITED = "exited"
    RAISED = "raised"
    KILLED = "killed"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class RunOutcome:
    """The outcome of one child process.

    ``code`` is the exit status (or minus the signal number). ``error`` is the type and message of the exception, and
    ``error_place`` the user's line that raised it. ``lines`` are the kept output lines; ``lines_dropped`` counts the
    others. ``seconds`` is wall-clock time. ``forkable`` says whether the script may be started from a process that has
    already imported TensorFlow. ``kernel_guard`` says whether the kernel, and not only the Python hooks, protected
    files. ``contacts`` are its connections; a run that failed because of a refused connection counts as cut there.
    """

    ending: Ending
    code: int | None
    seconds: float
    log: str
    error: str | None = None
    error_type: str | None = None
    error_place: str | None = None
    lines: tuple[str, ...] = ()
    lines_dropped: int = 0
    units: int = 0
    tensorflow_imported: bool = False
    blocked_writes: tuple[str, ...] = ()
    peak_rss_bytes: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    forkable: bool = False
    kernel_guard: bool = True
    contacts: Contacts = field(default_factory=Contacts)


@dataclass(frozen=True)
class Throw:
    """A setting that forces eager execution, as a run observed it.

    ``kind`` is "functions" (every ``tf.function``), "model" (everything that Keras traces of one model), "data"
    (``tf.data``) or "version 1" (eager execution is disabled). ``name`` is the called function, or the model's class.
    ``places`` are the project lines that set it, the innermost first, as (file, line).
    """

    kind: str
    name: str
    on: bool
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Batches:
    """The batches on which ``Model.fit`` trained a model class, and the number that ran eagerly.

    ``alone`` are the batches that the script passed to ``train_on_batch`` itself.
    """

    calls: int
    eager: int
    seconds: float
    alone: int = 0


@dataclass(frozen=True)
class KerasLoop:
    """The calls of a Keras loop (``predict``) on one line of the project, and the seconds spent in them."""

    name: str
    place: str
    calls: int
    seconds: float


@dataclass(frozen=True)
class Modes:
    """How a run executed functions that are graphs according to the source.

    ``eager`` and ``traced`` map function ids to the number of times that Python entered their code: eagerly, or during
    tracing. ``in_batches`` counts eager entries inside a batch of ``Model.fit``. ``batches`` are these batches, by
    model class.
    """

    eager: Mapping[str, int] = field(default_factory=dict)
    in_batches: Mapping[str, int] = field(default_factory=dict)
    traced: Mapping[str, int] = field(default_factory=dict)
    batches: Mapping[str, Batches] = field(default_factory=dict)
    thrown: tuple[Throw, ...] = ()
    loops: tuple[KerasLoop, ...] = ()


@dataclass(frozen=True)
class Offspring:
    """The other Python processes that a run started. They are not watched.

    ``started`` are the ways of starting them, each with the project line (``file:line``; empty if a library did it).
    ``share`` is their part of the total processor time, from 0 to 1.
    """

    started: tuple[tuple[str, str], ...] = ()
    share: float = 0.0

    @property
    def words(self) -> str:
        """The lines that start them, and how."""
        ways = [f"{place} ({how})" if place else f"a library ({how})" for how, place in self.started[:3]]
        return ", ".join(ways) + (f" and {len(self.started) - 3} more" if len(self.started) > 3 else "")
