"""The program that is run, and what its runs came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Annotated

from .notes import Count, Key, LeftOut
from .plan import EditedFile


@dataclass(frozen=True)
class Network:
    """What the runs of a script may reach of the network.

    ``mode`` is the user's choice: deny, offline or allow. Offline, the ``first`` run may reach what it likes, and later
    ones reach the ``downloads`` (``host:port``) alone: what the first run only read from. ``remote_reads`` are the
    remote file systems (``gs://bucket``) that it read files of, ``library_ports`` the ports that C code of its own
    process connected to for that. ``refused`` is added to by each run: what it was refused, by name; ``stopped`` is
    added to where a run could not go on without.
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
    """What a run reached, or was refused, of what lies outside of this machine; each by a name for people.

    ``reached`` are all hosts (``host:port``), ``downloads`` those of them that were only read from. ``posted`` are
    servers on this machine that were sent something by HTTP. ``remote_writes`` and ``remote_reads`` are paths of remote
    file systems. ``trackers`` are the experiment trackers that were imported, and kept offline. ``refused`` is what
    the run was not let reach, ``stopped`` that of it which ended the run. ``kernel`` says whether the kernel watched
    the connections as well, of C code and of the programs that the script starts.
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
    """The program to run, as its user would run it. Its paths are absolute."""

    root: Annotated[str, Key("project")]
    """The project's root: files are relative to it."""
    cwd: str
    """The working directory."""
    script: str
    """The file that was run as `__main__`."""
    arguments: tuple[str, ...] = ()
    """The arguments of the script."""
    module: str | None = None
    """The module that was run, where it was asked for as one."""
    seed: Count | None = None
    """The seed set before the script starts; null where the generators were left alone."""
    network: Annotated[Network, LeftOut("the options say what was asked for, and the rest is of the runs")] = field(
        default_factory=Network
    )
    """What its runs may reach."""
    eager: Annotated[tuple[EditedFile, ...], LeftOut("they are the project's files without some decorators")] = ()
    """The files that each run has in another form than the project: without the decorators that are in question."""


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
    """What became of one child process.

    ``code`` is the exit status the script asked for (or minus the signal's number). ``error`` is the
    exception's type and message, ``error_place`` the user's line where it came from. ``lines`` are the
    printed lines kept (``lines_dropped`` counts the others). ``seconds`` is wall time. ``forkable`` says
    whether the script may be started from a process that has imported TensorFlow already, ``kernel_guard``
    whether the kernel kept the run from writing elsewhere, and not the hooks in Python alone. ``contacts`` is what it
    reached of the network; a run that failed because it was refused a connection counts as cut there.
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
    """A switch for debugging, as a run saw it thrown.

    ``kind`` is "functions" (every ``tf.function``), "model" (what Keras traces of one), "data" (``tf.data``) or
    "version 1" (eager execution is switched off altogether); ``name`` is what was called, or for "model" the model's
    class. ``places`` are the lines of the project that did it, the innermost first, as (file, line).
    """

    kind: str
    name: str
    on: bool
    places: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class Batches:
    """The batches that ``Model.fit`` trained a class of models on, and how many of them eagerly.

    ``alone`` are those that the script gave one at a time, to ``train_on_batch``.
    """

    calls: int
    eager: int
    seconds: float
    alone: int = 0


@dataclass(frozen=True)
class KerasLoop:
    """The calls of one of Keras' own loops (``predict``) that a line of the project makes, and the seconds in them."""

    name: str
    place: str
    calls: int
    seconds: float


@dataclass(frozen=True)
class Modes:
    """How a run ran what is a graph by its source.

    ``eager`` and ``traced`` map ids of functions to how often their own code was entered by Python: eagerly, or
    while tracing; ``in_batches`` counts what was entered eagerly inside of a batch of ``Model.fit``. ``batches`` are
    those, by the model's class.
    """

    eager: Mapping[str, int] = field(default_factory=dict)
    in_batches: Mapping[str, int] = field(default_factory=dict)
    traced: Mapping[str, int] = field(default_factory=dict)
    batches: Mapping[str, Batches] = field(default_factory=dict)
    thrown: tuple[Throw, ...] = ()
    loops: tuple[KerasLoop, ...] = ()


@dataclass(frozen=True)
class Offspring:
    """The other Python processes that a run started, in which nothing is watched.

    ``started`` are the ways in which it did, each with the line of the project (``file:line``, empty where a library
    did by itself). ``share`` is their part of the processor time of all, from 0 to 1.
    """

    started: tuple[tuple[str, str], ...] = ()
    share: float = 0.0

    @property
    def words(self) -> str:
        """Where they are started, and how."""
        ways = [f"{place} ({how})" if place else f"a library ({how})" for how, place in self.started[:3]]
        return ", ".join(ways) + (f" and {len(self.started) - 3} more" if len(self.started) > 3 else "")
