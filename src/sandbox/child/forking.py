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
    """Import TensorFlow, then fork a child for each request that comes through ``fd``.

    ``loaded`` are the names of the modules that a bare interpreter has loaded too.
    """
    die_with(parent)
    line = socket.socket(fileno=fd)
    # One thread imports, and waits for nothing but its turn: on a machine that does nothing else, its processor time is
    # what a user waits for. Here the script is observed at the same time.
    begun, wall = time.process_time(), time.perf_counter()
    try:
        import tensorflow

        # Keras is imported when it is first asked for.
        hasattr(tensorflow, "keras") and hasattr(tensorflow.keras, "layers")
        # A thread that holds a lock would leave it locked in the forked child for ever.
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
    # A collection in a child would otherwise copy nearly every page that it shares.
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
    """The processor time that a process with these modules takes to end as Python does; here, a fork of this one."""
    leaver = os.fork()
    if leaver == 0:
        # Nothing that it says while it takes its modules down is anybody's.
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
    """Fork twice, so that the child is re-parented to the one that asked; returns the child's id."""
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
    """Undo what modules remember of the process that imported them."""
    tempfile.tempdir = None
    if (process := sys.modules.get("multiprocessing.process")) is not None:
        process.__dict__["ORIGINAL_DIR"] = os.getcwd()
    if (numpy := sys.modules.get("numpy")) is not None:
        # Python's own generator sees to this by itself.
        numpy.random.seed()
