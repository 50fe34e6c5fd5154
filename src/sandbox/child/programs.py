"""Finds the files whose mode, owner, times or attributes a program of the script will change.

Landlock has no right for these changes, and no Python hook sees another program. But a few well-known programs make
most of them, and the audit hook sees their command lines before they start.
"""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence

CHANGERS = frozenset({"chmod", "chown", "chgrp", "touch", "setfattr", "setfacl", "chattr"})
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_ENDS = frozenset({";", "&", "&&", "|", "||", "(", ")", "\n"})


def changed_by(command: object, cwd: str, environment: Mapping[str, str]) -> list[str]:
    """The existing files (absolute paths) whose mode, owner, times or attributes a command changes.

    ``command`` is a list of words or a text for the shell; anything else gives an empty list. File names are expanded
    as the shell does: variables, ``~`` and patterns. Names that a command finds itself (``xargs``, ``find``) are
    not known.
    """
    found: list[str] = []
    for words in _commands(command):
        names = [os.path.basename(word) for word in words]
        at = next((number for number, name in enumerate(names) if name in CHANGERS), None)
        if at is not None:
            for word in words[at + 1 :]:
                found += _files(word, cwd, environment)
    return list(dict.fromkeys(found))


def _commands(command: object) -> Iterator[list[str]]:
    """The simple commands in a command, each as its words."""
    if isinstance(command, str | bytes | os.PathLike):
        yield from _split(os.fsdecode(command))
    elif isinstance(command, Sequence):
        words = [os.fsdecode(word) for word in command if isinstance(word, str | bytes | os.PathLike)]
        yield words
        # `sh -c text`, also after `env` or `sudo`.
        for number, word in enumerate(words[:-1]):
            behind_shell = any(os.path.basename(before) in _SHELLS for before in words[:number])
            if behind_shell and word.startswith("-") and word.endswith("c"):
                yield from _split(words[number + 1])


def _split(text: str) -> Iterator[list[str]]:
    lexer = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    words: list[str] = []
    try:
        for word in lexer:
            if word in _ENDS:
                yield words
                words = []
            else:
                words.append(word)
    except ValueError:
        # A quote without its end; the shell does not run it either.
        return
    yield words


def _files(word: str, cwd: str, environment: Mapping[str, str]) -> list[str]:
    if word.startswith("-"):
        return []
    for name, value in environment.items():
        word = word.replace(f"${{{name}}}", value).replace(f"${name}", value) if "$" in word else word
    path = os.path.join(cwd, os.path.expanduser(word))
    matches = [path] if os.path.lexists(path) else glob.glob(path)
    return [match for match in matches if os.path.lexists(match)]
