"""Redirects TensorFlow's paths of remote file systems (``gs://``, ``s3://``, ``hdfs://``).

The first run reads and writes them as the script does, and reports them. In later runs a write goes to a folder of the
run, and the script reads its own writes from there. It reads other remote files from their real place, if the first run
read from there too.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .network import Network

# `ram://` is this process's memory, `file://` is this machine.
_REMOTE = re.compile(r"(?!file:|ram:)([A-Za-z][\w+.-]*)://([^/]*)(.*)", re.DOTALL)

Path_ = str | bytes | os.PathLike[Any]


class Remote:
    """Redirects one run's remote paths; its writes go to ``folder``, which need not exist yet."""

    def __init__(self, network: Network, folder: str) -> None:
        self._network = network
        self._folder = folder
        self._gone: set[str] = set()

    def is_remote(self, path: Any) -> bool:
        """Whether a path names a file on a remote file system."""
        return isinstance(path, (str, bytes, os.PathLike)) and _REMOTE.match(os.fsdecode(path)) is not None

    def to_write(self, path: Any) -> Any:
        """The path to write to instead; makes the folder that contains it."""
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
        """The path to read from instead. Raises RefusedConnection if the first run did not read from there."""
        if not self.is_remote(path):
            return path
        local, place = self._local(path), _place(path)
        unread = self._network.mode == "deny" or place not in self._network.remote_reads
        # The first run read nothing in this bucket, so a folder that this run made holds only this run's files.
        if not self._network.open and (self._is_here(local) or (unread and os.path.isdir(os.path.dirname(local)))):
            return _alike(path, local)
        if not self._network.open and unread:
            self._network.refuse(_shown(path), f"does not allow this run to read {_shown(path)}")
        self._network.tell("read", place)
        return path

    def to_remove(self, path: Any) -> Any | None:
        """The path to remove instead; None if nothing has to be removed here."""
        if not self.is_remote(path):
            return path
        self._network.tell("wrote", _shown(path))
        if self._network.open:
            return path
        local = self._local(path)
        self._gone.add(local)
        return _alike(path, local) if os.path.lexists(local) else None

    def original(self, path: Any) -> Any:
        """The script's remote path for a path in the run's folder."""
        text = os.fsdecode(path) if isinstance(path, (str, bytes)) else ""
        if not text.startswith(self._folder + "/"):
            return path
        scheme, _, rest = text[len(self._folder) + 1 :].partition("/")
        return _alike(path, f"{scheme}://{rest}")

    def _local(self, path: Path_) -> str:
        found = _REMOTE.match(os.fsdecode(path))
        assert found is not None
        # A ``..`` that leaves the bucket must not leave the folder.
        inner = os.path.normpath(f"/{found[2]}/{found[3]}")
        return f"{self._folder}/{found[1]}{inner}"

    def _is_here(self, local: str) -> bool:
        """Whether this run has written or removed the file that a path (or a pattern) names."""
        plain = re.split(r"[*?\[]", local, maxsplit=1)[0]
        if any(local == gone or local.startswith(gone + "/") for gone in self._gone):
            return True
        if plain == local:
            return os.path.lexists(local) or any(Path(local).parent.glob(Path(local).name + ".index"))
        folder = Path(os.path.dirname(plain))
        return folder.is_dir() and any(folder.iterdir())


def watch_files(remote: Remote, module: Any) -> None:
    """Redirect the remote paths of `tf.io.gfile`; ``module`` contains the functions that implement it."""
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
    """Redirect the remote paths of checkpoints, which ops write; ``module`` contains ``TrackableSaver``."""
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
    """Redirect the remote folders of summaries; ``module`` contains the op function that opens their file."""
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
