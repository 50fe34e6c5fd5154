"""Paths of remote file systems (``gs://``, ``s3://``, ``hdfs://``), as TensorFlow's files have them.

The first run reads and writes them as the script does, and they are told. In later runs a write is led to a folder of
the run's own, where the script finds what it has written; what it reads and has not written is read where it lies, if
the first run did so too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .network import Network

# `ram://` is memory of the process, and `file://` this machine.
_REMOTE = re.compile(r"(?!file:|ram:)([A-Za-z][\w+.-]*)://([^/]*)(.*)", re.DOTALL)

Path_ = str | bytes | os.PathLike[Any]


class Remote:
    """Where one run's remote paths lead; ``folder`` (not there yet) takes what the run writes to them."""

    def __init__(self, network: Network, folder: str) -> None:
        self._network = network
        self._folder = folder
        self._gone: set[str] = set()

    def is_remote(self, path: Any) -> bool:
        """Whether a path names another machine's file."""
        return isinstance(path, (str, bytes, os.PathLike)) and _REMOTE.match(os.fsdecode(path)) is not None

    def to_write(self, path: Any) -> Any:
        """The path to write to instead; the folder that it lies in is there."""
        if not self.is_remote(path):
            return path
        self._network.tell("wrote", _shown(path))
        if self._network.open:
            return path
        local = self._local(path)
        os.makedirs(os.path.dirname(local), exist_ok=True)
        self._gone.discard(local)
        return _alike(path, local)

    def to_read(self, path: Any) -> Any:
        """The path to read from instead. Raises RefusedConnection where the first run has not read from there."""
        if not self.is_remote(path):
            return path
        local, place = self._local(path), _place(path)
        unread = self._network.mode == "deny" or place not in self._network.remote_reads
        # In a folder that this run has made, and where the first run has read nothing, there is what this run wrote.
        if not self._network.open and (self._is_here(local) or (unread and os.path.isdir(os.path.dirname(local)))):
            return _alike(path, local)
        if not self._network.open and unread:
            self._network.refuse(_shown(path), f"does not allow this run to read {_shown(path)}")
        self._network.tell("read", place)
        return path

    def to_remove(self, path: Any) -> Any | None:
        """The path to remove instead; None where the run only has to take it for removed."""
        if not self.is_remote(path):
            return path
        self._network.tell("wrote", _shown(path))
        if self._network.open:
            return path
        local = self._local(path)
        self._gone.add(local)
        return _alike(path, local) if os.path.lexists(local) else None

    def original(self, path: Any) -> Any:
        """A path of the run's own folder as the script named it."""
        text = os.fsdecode(path) if isinstance(path, (str, bytes)) else ""
        if not text.startswith(self._folder + "/"):
            return path
        scheme, _, rest = text[len(self._folder) + 1 :].partition("/")
        return _alike(path, f"{scheme}://{rest}")

    def _local(self, path: Path_) -> str:
        found = _REMOTE.match(os.fsdecode(path))
        assert found is not None
        # What leads out of the bucket must not lead out of the folder.
        inner = os.path.normpath(f"/{found[2]}/{found[3]}")
        return f"{self._folder}/{found[1]}{inner}"

    def _is_here(self, local: str) -> bool:
        """Whether what a path (or a pattern) names is the run's own by now: written by it, or removed."""
        plain = re.split(r"[*?\[]", local, maxsplit=1)[0]
        if any(local == gone or local.startswith(gone + "/") for gone in self._gone):
            return True
        if plain == local:
            return os.path.lexists(local) or any(Path(local).parent.glob(Path(local).name + ".index"))
        folder = Path(os.path.dirname(plain))
        return folder.is_dir() and any(folder.iterdir())


def watch_files(remote: Remote, module: Any) -> None:
    """Lead the remote paths of `tf.io.gfile`: ``module`` holds the functions that it is made of."""
    reads, writes, removes = remote.to_read, remote.to_write, remote.to_remove
    for name, leads in {
        "BufferedInputStream": (reads,),
        "FileExists": (reads,),
        "ReadFileToString": (reads,),
        "GetChildren": (reads,),
        "GetMatchingFiles": (reads,),
        "IsDirectory": (reads,),
        "Stat": (reads,),
        "HasAtomicMove": (reads,),
        "WritableFile": (writes,),
        "WriteStringToFile": (writes,),
        "CreateDir": (writes,),
        "RecursivelyCreateDir": (writes,),
        "CopyFile": (reads, writes),
        "RenameFile": (writes, writes),
        "DeleteFile": (removes,),
        "DeleteRecursively": (removes,),
    }.items():
        if hasattr(module, name):
            setattr(module, name, _leading(remote, getattr(module, name), leads))


def watch_checkpoints(remote: Remote, module: Any) -> None:
    """Lead the remote paths of checkpoints, whose files are written by ops: ``module`` holds ``TrackableSaver``."""
    saver = module.TrackableSaver
    save, restore = saver.save, saver.restore

    def led_save(self: Any, file_prefix: Any, *args: Any, **kwargs: Any) -> Any:
        led = remote.to_write(file_prefix)
        saved = save(self, led, *args, **kwargs)
        return saved if led is file_prefix else file_prefix

    def led_restore(self: Any, save_path: Any, *args: Any, **kwargs: Any) -> Any:
        return restore(self, remote.to_read(save_path), *args, **kwargs)

    saver.save, saver.restore = led_save, led_restore


def watch_summaries(remote: Remote, module: Any) -> None:
    """Lead the remote folders of summaries: ``module`` holds the function of the op that opens their file."""
    create = module.create_summary_file_writer

    def led_create(*args: Any, **kwargs: Any) -> Any:
        given = kwargs["logdir"] if "logdir" in kwargs else args[1]
        folder = given.numpy() if hasattr(given, "numpy") else given
        if remote.is_remote(folder):
            led = remote.to_write(folder)
            kwargs = {**kwargs, "logdir": led} if "logdir" in kwargs else kwargs
            args = args if "logdir" in kwargs else (args[0], led, *args[2:])
        return create(*args, **kwargs)

    module.create_summary_file_writer = led_create


def _leading(remote: Remote, original: Callable[..., Any], leads: tuple[Callable[[Any], Any], ...]) -> Any:
    def led(*args: Any) -> Any:
        if not any(map(remote.is_remote, args[: len(leads)])):
            return original(*args)
        paths = [lead(path) for lead, path in zip(leads, args, strict=False)]
        if None in paths:
            return None
        found = original(*paths, *args[len(leads) :])
        return [remote.original(each) for each in found] if isinstance(found, list) else found

    return led


def _alike(path: Any, text: str) -> Any:
    return os.fsencode(text) if isinstance(path, bytes) else text


def _shown(path: Path_) -> str:
    return os.fsdecode(path).partition("?")[0]


def _place(path: Path_) -> str:
    """The scheme and bucket (or host) of a path."""
    found = _REMOTE.match(os.fsdecode(path))
    assert found is not None
    return f"{found[1]}://{found[2]}"
