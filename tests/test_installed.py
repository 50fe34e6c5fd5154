"""What the environment has, told apart from projects."""

from __future__ import annotations

import json
import site
from collections.abc import Iterator
from pathlib import Path

import pytest

import hybridize
from hybridize import installed
from hybridize.installed import find_installed, is_library


@pytest.fixture
def fresh_environment() -> Iterator[None]:
    """What was read of the environment is read anew, in the test and after it."""
    for read in (installed._library_folders, installed._environment_path):
        read.cache_clear()
    yield
    for read in (installed._library_folders, installed._environment_path):
        read.cache_clear()


@pytest.mark.usefixtures("fresh_environment")
def test_an_editable_install_is_found_by_its_pth_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = site.getsitepackages()
    for name in ("site", "code/mine"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "site" / "mine.pth").write_text(f"import sys\n# a comment\n\n{tmp_path / 'code'}\n")
    (tmp_path / "code" / "mine" / "__init__.py").touch()
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(tmp_path / "site"), *real])
    spec = find_installed("mine")
    assert spec is not None and spec.origin == str(tmp_path / "code" / "mine" / "__init__.py")
    assert not is_library(spec.origin)


def test_what_only_this_process_finds_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "beside.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert find_installed("beside") is None
    assert find_installed("pytest") is not None and find_installed("json") is not None


def test_python_its_packages_and_this_tool_are_libraries(tmp_path: Path) -> None:
    assert all(map(is_library, (pytest.__file__, json.__file__, hybridize.__file__)))
    assert is_library("/home/you/repo/venv/lib/python3.12/site-packages/six.py")
    assert not is_library(str(tmp_path / "train.py"))
    # A project in the folder that Python is installed below of (/usr/src/app) is one all the same.
    assert not is_library("/usr/src/app/train.py")
