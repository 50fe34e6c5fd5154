"""What a command line of the script's would change of modes, owners, times and attributes."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.sandbox.child.programs import changed_by


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.bin", "b.bin", "a b", "600"):
        (tmp_path / name).write_text("")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "c.bin").write_text("")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["chmod", "644", "a.bin"], ["a.bin"]),
        ([b"/usr/bin/touch", Path("a.bin"), "none.bin"], ["a.bin"]),
        (["env", "X=1", "chown", "-R", "me", "sub", "a b"], ["sub", "a b"]),
        (["bash", "-lc", "chmod 644 a.bin"], ["a.bin"]),
        ("cat a.bin; touch 'a b' && setfattr -n user.x b.bin", ["a b", "b.bin"]),
        ("true\nchgrp staff *.bin | cat", ["a.bin", "b.bin"]),
        ("(chmod +x sub/*)", ["sub/c.bin"]),
        ("touch $WHERE/c.bin ${WHERE}", ["sub/c.bin", "sub"]),
    ],
)
def test_the_files_that_are_changed_are_those_named(folder: Path, command: object, names: list[str]) -> None:
    assert changed_by(command, str(folder), {"WHERE": "sub"}) == [str(folder / name) for name in names]


@pytest.mark.parametrize(
    "command",
    [["cp", "a.bin", "b.bin"], "cat a.bin > b.bin", "echo 'touch a.bin", ["git", "log"], "", [], None, 3, [1, 2]],
)
def test_other_commands_are_left_to_the_kernel(folder: Path, command: object) -> None:
    assert changed_by(command, str(folder), {}) == []
