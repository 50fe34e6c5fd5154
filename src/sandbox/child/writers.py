"""Makes libraries that open files from C, unseen by audit hooks, ask the guard first.

Without this, the kernel would refuse a script that overwrites its large old ``model.h5``, because the
scratch copy has only a link there.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from types import ModuleType
from typing import Any

from ... import tensorflow_internals
from .guard import Change, Guard
from .network import Network
from .remote import Remote, watch_checkpoints, watch_files, watch_summaries
from .sources import Finder


def watch(finder: Finder, guard: Guard, network: Network) -> None:
    """Make the writing functions of h5py and TensorFlow ask ``guard``, once they have been imported.

    Paths of remote file systems are redirected by the rules of ``network``.
    """
    remote = Remote(network, os.path.join(guard.scratch, "remote"))
    finder.after(tensorflow_internals.CHECKPOINT_MODULE, functools.partial(watch_checkpoints, remote))
    finder.after(tensorflow_internals.SUMMARY_MODULE, functools.partial(watch_summaries, remote))
    finder.after("h5py._hl.files", functools.partial(_watch_h5py, guard))
    finder.after(tensorflow_internals.FILE_MODULE, functools.partial(_watch_files, guard, remote))
    finder.after(tensorflow_internals.RECORD_MODULE, functools.partial(_watch_records, guard, remote))


def _watch_h5py(guard: Guard, module: ModuleType) -> None:
    original = module.File.__init__

    @functools.wraps(original)
    def init(self: Any, name: Any, mode: Any = "r", *args: Any, **kwargs: Any) -> None:
        if isinstance(mode, str) and mode != "r":
            _ask(guard, name, Change.TRUNCATE if mode == "w" else Change.CONTENT)
        original(self, name, mode, *args, **kwargs)

    module.File.__init__ = init


def _watch_files(guard: Guard, remote: Remote, module: ModuleType) -> None:
    def changes(name: str, position: int, change: Callable[[tuple[Any, ...]], Change]) -> None:
        original = getattr(module, name, None)
        if original is None:
            return

        def ask_first(*args: Any) -> Any:
            if position < len(args):
                _ask(guard, args[position], change(args))
            return original(*args)

        setattr(module, name, ask_first)

    changes("WritableFile", 0, lambda args: _of_mode(args[1] if len(args) > 1 else "w"))
    changes("CopyFile", 1, lambda args: Change.TRUNCATE)
    changes("RenameFile", 1, lambda args: Change.ENTRY)
    changes("DeleteRecursively", 0, lambda args: Change.FOLDER)
    watch_files(remote, module)


def _watch_records(guard: Guard, remote: Remote, module: ModuleType) -> None:
    original = module.TFRecordWriter.__init__

    @functools.wraps(original)
    def init(self: Any, path: Any, *args: Any, **kwargs: Any) -> None:
        path = remote.to_write(path)
        _ask(guard, path, Change.TRUNCATE)
        original(self, path, *args, **kwargs)

    module.TFRecordWriter.__init__ = init


def _of_mode(mode: str | bytes) -> Change:
    return Change.TRUNCATE if "w" in os.fsdecode(mode) else Change.CONTENT


def _ask(guard: Guard, path: Any, change: Change) -> None:
    if isinstance(path, (str, bytes, os.PathLike)) and "://" not in os.fsdecode(path):
        guard.before_write(path, change)
