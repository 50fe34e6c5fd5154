"""A process that has imported TensorFlow and forks children from there, each ready in milliseconds.

Importing TensorFlow takes seconds, and a search makes tens of runs. Forking is safe as long as no op has
run (TensorFlow starts its threads with its first op) and no accelerator is used; whether a script may be
started so is for its first, plain run to show (see `admits`). A child is re-parented to this process,
so that it is waited for and ended like one that was started plainly.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import socket
import sys
import tempfile
from collections.abc import Collection, Mapping, Sequence

from . import processes

#: The prefixes of environment variables that TensorFlow and what it loads read when it is imported.
IMPORT_TIME = ("TF_", "XLA_", "KERAS", "CUDA", "NVIDIA", "ONEDNN", "DNNL", "OMP_", "MKL_", "OPENBLAS", "KMP_")
#: And those that the interpreter and the loader read when a process starts: the seed of `hash` is one. `sys.path` is
#: made anew in a child.
READ_ONCE = (*IMPORT_TIME, "PYTHON", "LD_", "MALLOC_", "GLIBC_")
#: Of these, the ones that are read later or concern messages alone.
HARMLESS = ("TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL", "TF_CPP_VMODULE")
#: Read when the devices are looked for, which no import does; but only a machine without a GPU is sure of that.
GPU_CHOICE = ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "TF_FORCE_GPU_ALLOW_GROWTH")
_GPU_DEVICES = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
START_SECONDS = 90.0
FORK_SECONDS = 30.0
_MESSAGE_BYTES = 1 << 16

_BOOTSTRAP = """\
import sys
loaded = frozenset(sys.modules)
if sys.path and sys.path[0] == "":
    sys.path.pop(0)
from {package}.child.forking import serve
serve(int(sys.argv[1]), int(sys.argv[2]), loaded)
"""


def _with_places(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the relative folders of PYTHONPATH as they are seen from here, and not from the nursery."""
    places = environment.get("PYTHONPATH")
    if not places:
        return dict(environment)
    return {**environment, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, places.split(os.pathsep)))}


class Nursery:
    """A process that forks children. `start` it early: it gets ready while other things happen."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # What importing TensorFlow takes by itself, and what it took here, beside the observed run.
        self.import_seconds = self.import_wall_seconds = 0.0
        # What it takes a process that has imported TensorFlow to end: a user waits for that, our children don't.
        self.leaving_seconds = 0.0
        # What a child's standard streams are to be is decided in this process.
        self.environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._usable: bool | None = None
        self._number = 0
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket = ours
        code = _BOOTSTRAP.format(package=__name__.rpartition(".parent")[0])
        try:
            self._process = processes.spawn(
                [sys.executable, "-c", code, str(os.getpid()), str(theirs.fileno())],
                _with_places(self.environment),
                tempfile.gettempdir(),
                [theirs.fileno()],
            )
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()
        self._process.keep()

    @property
    def usable(self) -> bool:
        """Whether children can be forked; waits until the process has made itself ready or failed."""
        if self._usable is None:
            self._usable = False
            self._socket.settimeout(START_SECONDS)
            with contextlib.suppress(OSError, ValueError):
                ready = json.loads(self._socket.recv(_MESSAGE_BYTES) or b"{}")
                self._usable = bool(ready.get("ready"))
                self.import_seconds = float(ready.get("import_seconds", 0.0))
                self.import_wall_seconds = float(ready.get("import_wall_seconds", 0.0))
                self.leaving_seconds = float(ready.get("leaving_seconds", 0.0))
            if not self._usable:
                self.close()
        return self._usable

    def suits(self, environment: Mapping[str, str]) -> bool:
        """Whether a child with this environment may be forked: what Python and TensorFlow read once is the same."""
        names = {name for name in {*self.environment, *environment} if name.startswith(READ_ONCE)}
        names -= {"PYTHONPATH", *_harmless()}
        return all(self.environment.get(name) == environment.get(name) for name in names)

    def fork(self, job_file: str, cwd: str, fds: Sequence[int], neighbours: Collection[str] = ()) -> int | None:
        """Fork a child that runs a job.

        ``fds`` become its standard output and error and are passed on. ``neighbours`` are the names of the
        modules that lie beside the script: one of them may have been imported here under another file.
        Returns the process's id, or None where it can't be had (then start the child plainly).
        """
        if not self.usable:
            return None
        self._number += 1
        request = {
            "number": self._number,
            "job": job_file,
            "cwd": cwd,
            "parent": os.getpid(),
            "spared": self.import_seconds,
        }
        # One message may hold so much, and no more.
        names = sorted(neighbours)[:1000]
        try:
            self._socket.settimeout(FORK_SECONDS)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            self._socket.sendmsg([json.dumps({**request, "neighbours": names}).encode()], ancillary)
            while True:
                reply = json.loads(self._socket.recv(_MESSAGE_BYTES) or b'{"number": 0}')
                # An interrupted call may have left its reply behind.
                if reply["number"] in (0, self._number):
                    break
        except (OSError, ValueError):
            reply = {}
        if not reply.get("number"):
            self.close()
            # It may have forked the child all the same, and there must be no second one.
            processes.end_orphans()
            return None
        return int(reply["pid"]) or None

    def close(self) -> None:
        """End the process; the children that it forked live on."""
        self._usable = False
        with contextlib.suppress(OSError):
            self._socket.close()
        self._process.kill()
        self._process.wait(10.0)
        self._process.reap()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def admits(environment_changed: Sequence[str], devices: Sequence[str], rivals: Sequence[str] = ()) -> bool:
    """Whether a script may be forked from a process that has imported TensorFlow already.

    Not where it sets, before its own import of TensorFlow, an environment variable that is read at import
    (``environment_changed``: names), not where there is an accelerator (``devices``: types), and not where
    it imports a library before TensorFlow that may not stand the other order (``rivals``).
    """
    changed = any(name.startswith(IMPORT_TIME) for name in environment_changed if name not in _harmless())
    return not changed and not rivals and set(devices) <= {"CPU"}


def _harmless() -> tuple[str, ...]:
    return HARMLESS if any(map(os.path.exists, _GPU_DEVICES)) else HARMLESS + GPU_CHOICE
