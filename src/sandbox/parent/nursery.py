"""A process that has imported TensorFlow and forks children; each child is ready in milliseconds.

Importing TensorFlow takes seconds, and a search makes tens of runs. Forking is safe as long as no op has
run (TensorFlow starts its threads with its first op) and no accelerator is used; the script's first run, which
is not forked, shows whether later runs may be (see `admits`). A forked child is re-parented to this process, which
waits for it and ends it like any other child.
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

#: The prefixes of environment variables that TensorFlow and its libraries read at import.
IMPORT_TIME = ("TF_", "XLA_", "KERAS", "CUDA", "NVIDIA", "ONEDNN", "DNNL", "OMP_", "MKL_", "OPENBLAS", "KMP_")
#: These and the ones that the interpreter and the loader read at process start, such as the seed of `hash`. A child
#: rebuilds `sys.path`.
READ_ONCE = (*IMPORT_TIME, "PYTHON", "LD_", "MALLOC_", "GLIBC_")
#: Exceptions: variables that are read later or affect only messages.
HARMLESS = ("TF_CPP_MIN_LOG_LEVEL", "TF_CPP_MAX_VLOG_LEVEL", "TF_CPP_VMODULE")
#: Read when TensorFlow lists the devices, which no import does; only without a GPU can we be sure of that.
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
    """The environment with PYTHONPATH made absolute: the nursery has another working directory."""
    places = environment.get("PYTHONPATH")
    if not places:
        return dict(environment)
    return {**environment, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, places.split(os.pathsep)))}


class Nursery:
    """A process that forks children. Make it early: it imports TensorFlow in the background."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # The seconds of importing TensorFlow alone, and those that it took here, in parallel to the observed run.
        self.import_seconds = self.import_wall_seconds = 0.0
        # The seconds that a process with TensorFlow takes to exit: the user's script pays them, our children do not.
        self.leaving_seconds = 0.0
        # This process decides how the children's standard streams are buffered.
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
        """Whether children can be forked; waits until the process is ready or has failed."""
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
        """Whether a child with this environment may be forked: the variables that are read once must be the same."""
        names = {name for name in {*self.environment, *environment} if name.startswith(READ_ONCE)}
        names -= {"PYTHONPATH", *_harmless()}
        return all(self.environment.get(name) == environment.get(name) for name in names)

    def fork(self, job_file: str, cwd: str, fds: Sequence[int], neighbours: Collection[str] = ()) -> int | None:
        """Fork a child that runs a job.

        ``fds`` are the child's standard output, standard error and further file descriptors that it inherits.
        ``neighbours`` are the names of the modules beside the script: the nursery may have imported another file
        under such a name. Returns the process's id, or None if forking failed (then start the child directly).
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
        # The size of a message is limited.
        names = sorted(neighbours)[:1000]
        try:
            self._socket.settimeout(FORK_SECONDS)
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            self._socket.sendmsg([json.dumps({**request, "neighbours": names}).encode()], ancillary)
            while True:
                reply = json.loads(self._socket.recv(_MESSAGE_BYTES) or b'{"number": 0}')
                # The reply to an interrupted call may still be in the socket.
                if reply["number"] in (0, self._number):
                    break
        except (OSError, ValueError):
            reply = {}
        if not reply.get("number"):
            self.close()
            # It may have forked the child nevertheless, and a second one must not run.
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

    It may not if it sets an environment variable that TensorFlow reads at import (``environment_changed``:
    names), if there is an accelerator (``devices``: types), or if it imports a library before TensorFlow that
    may fail in the other order (``rivals``).
    """
    changed = any(name.startswith(IMPORT_TIME) for name in environment_changed if name not in _harmless())
    return not changed and not rivals and set(devices) <= {"CPU"}


def _harmless() -> tuple[str, ...]:
    return HARMLESS if any(map(os.path.exists, _GPU_DEVICES)) else HARMLESS + GPU_CHOICE
