"""py-spy is found, and where it may not work that is known beforehand if the kernel says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridize.measure import spy


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_one_of_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own, other = program(tmp_path / "env" / "py-spy"), program(tmp_path / "bin" / "py-spy")
    monkeypatch.setenv("PATH", str(other.parent))
    assert spy.find(str(own.parent / "python")) == str(own)
    own.unlink()
    assert spy.find(str(own.parent / "python")) == str(other)
    other.unlink()
    assert spy.find(str(own.parent / "python")) is None


@pytest.mark.parametrize(
    "scope, user, is_forbidden",
    [("0", 1000, False), ("1", 1000, False), ("2", 1000, True), ("2", 0, False), ("3", 0, True), ("?", 1000, False)],
)
def test_a_kernel_that_lets_nobody_trace_is_asked_beforehand(
    tmp_path: Path, scope: str, user: int, is_forbidden: bool
) -> None:
    place = tmp_path / "ptrace_scope"
    place.write_text(f"{scope}\n")
    said = spy.forbidden(place, user)
    assert (said is not None) == is_forbidden
    assert said is None or scope in said


def test_a_kernel_without_yama_forbids_nothing(tmp_path: Path) -> None:
    assert spy.forbidden(tmp_path / "missing", 1000) is None
