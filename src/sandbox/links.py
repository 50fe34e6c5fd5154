"""Replaces a link in the scratch copy by its content, so that a change stays in the scratch copy."""

from __future__ import annotations

import ctypes
import os
import platform
import shutil
import uuid

_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}.get(platform.machine())
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2


def open_up(link: str, source: str) -> None:
    """Replace a link to the folder ``source`` by a folder of links to the entries of ``source``."""
    draft = _beside(link)
    os.mkdir(draft)
    for name in os.listdir(source):
        os.symlink(os.path.join(source, name), os.path.join(draft, name))
    if _exchange(draft, link):
        os.unlink(draft)
    else:
        os.unlink(link)
        os.rename(draft, link)


def copy(link: str, source: str) -> None:
    """Replace a link to the file ``source`` by a copy of it."""
    draft = _beside(link)
    try:
        shutil.copy2(source, draft)
        os.replace(draft, link)
    except BaseException:
        os.unlink(draft)
        raise


def empty(link: str, source: str) -> None:
    """Replace a link to the file ``source`` by an empty file of the same mode."""
    draft = _beside(link)
    open(draft, "xb").close()
    shutil.copymode(source, draft)
    os.replace(draft, link)


def _exchange(one: str, other: str) -> bool:
    """Exchange two paths atomically, so that both always exist; False where the system cannot."""
    if _RENAMEAT2 is None or platform.system() != "Linux":
        return False
    here, flag = ctypes.c_long(_AT_FDCWD), ctypes.c_long(_RENAME_EXCHANGE)
    call = ctypes.CDLL(None).syscall
    return bool(call(ctypes.c_long(_RENAMEAT2), here, os.fsencode(one), here, os.fsencode(other), flag) == 0)


def _beside(link: str) -> str:
    return f"{link}.hybridize-{uuid.uuid4().hex[:8]}"
