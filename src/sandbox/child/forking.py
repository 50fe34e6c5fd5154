"""Inside the nursery: imports TensorFlow, and forks a child for each request."""

from __future__ import annotations

import array
import gc
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from typing import Any

from ... import tensorflow_internals
from ..prctl import die_with
from .child import restart_clock
from .entry import main


def serve(parent: int, fd: int, loaded: Collection[str]) -> None:
    """Import TensorFlow, then fork a child for each request that comes through the socket ``fd``.

    ``loaded`` are the names of the modules that a bare interpreter loads.
    """
    die_with(parent)
    line = socket.socket(fileno=fd)
    # One thread imports and never blocks, so its CPU time is the user's waiting time on an idle machine. The wall time
    # is longer, because the script is observed at the same time.
    begun, wall = time.process_time(), time.perf_counter()
    try:
        import tensorflow

        # TensorFlow imports Keras at its first use.
        hasattr(tensorflow, "keras") and hasattr(tensorflow.keras, "layers")
        # A lock that another thread holds at the fork would stay locked in the child.
        ready = not tensorflow_internals.is_initialized() and threading.active_count() == 1
    except Exception as error:
        line.send(json.dumps({"ready": False, "error": repr(error)}).encode())
        return
    seconds = {
        "import_seconds": time.process_time() - begun,
        "import_wall_seconds": time.perf_counter() - wall,
    }
    gc.collect()
    leaving = _leave_once()
    # Otherwise a garbage collection in a child would copy nearly every shared page.
    gc.freeze()
    line.send(json.dumps({"ready": ready, "leaving_seconds": leaving, **seconds}).encode())
    own = {name for name in sys.modules if "." not in name} - set(loaded)
    while ready:
        request, fds = _next_request(line)
        if request is None:
            break
        shadows = own.intersection(request["neighbours"])
        pid = 0 if shadows else _fork_child(request, fds, line, loaded)
        line.send(json.dumps({"number": request["number"], "pid": pid}).encode())
        for each in fds:
            os.close(each)
    os._exit(0)


def _leave_once() -> float:
    """The CPU seconds that a process with these modules takes to exit, measured with a fork of this process."""
    leaver = os.fork()
    if leaver == 0:
        # Discard what it prints during the teardown.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.exit(0)
    usage = os.wait4(leaver, 0)[2]
    return usage.ru_utime + usage.ru_stime


def _next_request(line: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    fds = array.array("i")
    data, ancillary, _, _ = line.recvmsg(1 << 20, socket.CMSG_LEN(4 * fds.itemsize))
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[: len(payload) - len(payload) % fds.itemsize])
    return (json.loads(data) if data else None), list(fds)


def _fork_child(request: dict[str, Any], fds: Sequence[int], line: socket.socket, loaded: Collection[str]) -> int:
    """Fork twice, so that the child is re-parented to the requesting process; returns the child's id."""
    read, write = os.pipe()
    middle = os.fork()
    if middle == 0:
        between = os.getpid()
        child = os.fork()
        if child == 0:
            os.close(read)
            os.close(write)
            line.close()
            _become_child(request, fds, between, loaded)
        os.write(write, str(child).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as stream:
        pid = int(stream.read() or b"0")
    os.waitpid(middle, 0)
    return pid


def _become_child(request: dict[str, Any], fds: Sequence[int], between: int, loaded: Collection[str]) -> None:
    status = 1
    try:
        os.setsid()
        while os.getppid() == between:
            time.sleep(0.0005)
        die_with(request["parent"])
        out, err, events, control = fds
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        os.chdir(request["cwd"])
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _forget_process()
        restart_clock(request["spared"])
        status = main(request["job"], events, control, loaded)
    finally:
        os._exit(status)


def _forget_process() -> None:
    """Reset what modules remember about the process that imported them."""
    tempfile.tempdir = None
    if (process := sys.modules.get("multiprocessing.process")) is not None:
        process.__dict__["ORIGINAL_DIR"] = os.getcwd()
    if (numpy := sys.modules.get("numpy")) is not None:
        # Python's own generator reseeds itself after a fork.
        numpy.random.seed()
