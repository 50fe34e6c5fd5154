"""A process that has imported TensorFlow and forks children from there, each ready in milliseconds.

Importing TensorFlow takes seconds, and a search makes tens of runs. Forking is safe as long as no op has
run (TensorFlow starts its threads with its first op) and no accelerator is used; whether a script may be
started so is for its first, plain run to show (see ``admits``). A child is re-parented to this process,
so that it is waited for and ended like one that was started plainly.
"""

from __future__ import annotations

import array
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from . import processes

#: The prefixes of environment variables that TensorFlow and what it loads read when it is imported.
IMPORT_TIME = ("TF_", "XLA_", "KERAS", "CUDA", "NVIDIA", "ONEDNN", "DNNL", "OMP_", "MKL_", "OPENBLAS", "KMP_", "PYTHON")
START_SECONDS = 90.0


class Nursery:
    """A process that forks children. `start` it early: it gets ready while other things happen."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.import_seconds = 0.0
        self._token = processes.new_token()
        self._usable: bool | None = None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        package = __name__.rpartition(".")[0]
        code = f"import sys; sys.path.pop(0); from {package}.nursery import serve; serve({theirs.fileno()})"
        processes.become_subreaper()
        self._process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**environment, processes.TOKEN_VARIABLE: self._token},
            pass_fds=(theirs.fileno(),),
            start_new_session=True,
            preexec_fn=processes.die_with_parent,
        )
        theirs.close()
        processes.keep(self._process.pid)
        self._socket = ours

    @property
    def usable(self) -> bool:
        """Whether children can be forked; waits until the process has made itself ready or failed."""
        if self._usable is None:
            self._usable = False
            self._socket.settimeout(START_SECONDS)
            with contextlib.suppress(OSError, ValueError):
                ready = json.loads(self._socket.recv(1 << 16) or b"{}")
                self._usable = bool(ready.get("ready"))
                self.import_seconds = float(ready.get("import_seconds", 0.0))
            if not self._usable:
                self.close()
        return self._usable

    def fork(self, job_file: str, cwd: str, environment: Mapping[str, str], fds: Sequence[int]) -> int | None:
        """Fork a child that runs a job; ``fds`` become its standard output and error, and are passed on.

        Returns its process id, or None where it can't be had (then start the child plainly).
        """
        if not self.usable:
            return None
        request = {"job": job_file, "cwd": cwd, "environment": dict(environment), "parent": os.getpid()}
        request["spared"] = self.import_seconds
        try:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
            self._socket.sendmsg([json.dumps(request).encode()], ancillary)
            reply = json.loads(self._socket.recv(1 << 16) or b"{}")
        except (OSError, ValueError):
            self._usable = False
            return None
        pid = reply.get("pid")
        return int(pid) if pid else None

    def close(self) -> None:
        """End the process; the children that it forked live on."""
        with contextlib.suppress(OSError):
            self._socket.close()
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()
        processes.release(self._process.pid)
        self._usable = False

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def admits(environment_changed: Sequence[str], devices: Sequence[str]) -> bool:
    """Whether a script may be forked from a process that has imported TensorFlow already.

    Not where it sets, before its own import of TensorFlow, an environment variable that is read at import
    (``environment_changed``: names), and not where there is an accelerator (``devices``: types).
    """
    return not any(name.startswith(IMPORT_TIME) for name in environment_changed) and set(devices) <= {"CPU"}


def serve(fd: int) -> None:
    """The nursery process itself: import TensorFlow, then fork a child for each request."""
    line = socket.socket(fileno=fd)
    begun = time.perf_counter()
    try:
        import tensorflow
        from tensorflow.python.eager import context
    except Exception as error:
        line.send(json.dumps({"ready": False, "error": repr(error)}).encode())
        return
    hasattr(tensorflow, "keras") and hasattr(tensorflow.keras, "layers")
    ready = not context.context()._initialized
    line.send(json.dumps({"ready": ready, "import_seconds": time.perf_counter() - begun}).encode())
    while ready:
        request, fds = _next_request(line)
        if request is None:
            break
        line.send(json.dumps({"pid": _fork_child(request, fds, line)}).encode())
        for each in fds:
            os.close(each)
    os._exit(0)


def _next_request(line: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    fds = array.array("i")
    data, ancillary, _, _ = line.recvmsg(1 << 20, socket.CMSG_LEN(4 * fds.itemsize))
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    return (json.loads(data) if data else None), list(fds)


def _fork_child(request: dict[str, Any], fds: Sequence[int], line: socket.socket) -> int:
    """Fork twice, so that the child is re-parented to the one that asked; returns the child's id."""
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        child = os.fork()
        if child == 0:
            os.close(read)
            os.close(write)
            line.close()
            _become_child(request, fds)
        os.write(write, str(child).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        pid = int(stream.read() or b"0")
    os.waitpid(middle, 0)
    return pid


def _become_child(request: dict[str, Any], fds: Sequence[int]) -> None:
    status = 1
    try:
        os.setsid()
        parent = request["parent"]
        while os.getppid() not in (parent, 1):
            time.sleep(0.0005)
        processes.die_with_parent()
        out, err, events, control = fds
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        os.chdir(request["cwd"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        from .child import main, restart_clock

        restart_clock(request["spared"])
        status = main(request["job"], events, control)
    finally:
        os._exit(status)
