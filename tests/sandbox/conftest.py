from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from outer import Server
from sandboxed import Project, is_running

from hybridize.sandbox.parent import launch, processes


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project whose children, and the scratch copies they had, are gone when the test is over."""
    made = Project(tmp_path / "work" / "project", tmp_path / "logs")
    yield made
    for child in made.children:
        child.close()
        assert not is_running(child._process.pid if child._process else 0)
        assert not child._home.exists()
    assert not launch._living
    assert not processes._started - processes._kept


def _run_first(monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Have children run ``source`` before anything of ours."""
    code = launch._BOOTSTRAP.replace("from {package}.sandbox.child", source + "from {package}.sandbox.child")
    monkeypatch.setattr(launch, "_BOOTSTRAP", code)


@pytest.fixture
def without_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children that the kernel does not guard, as where it has no Landlock."""
    _run_first(monkeypatch, "from hybridize.sandbox.child import landlock\nlandlock.restrict = lambda paths: False\n")


@pytest.fixture(params=["kernel", "python"])
def guarded(request: pytest.FixtureRequest) -> str:
    """Each test of the guard with Landlock, and with Python's hook alone."""
    if request.param == "python":
        request.getfixturevalue("without_kernel")
    return str(request.param)


@pytest.fixture
def without_watching_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children whose connections the kernel does not watch, as where it has no seccomp."""
    _run_first(monkeypatch, "from hybridize.sandbox.child import seccomp\nseccomp.watch = lambda folder: False\n")


@pytest.fixture(params=["kernel", "python"])
def watched(request: pytest.FixtureRequest) -> str:
    """Each test of what Python code reaches with the kernel's questions, and with the hook alone."""
    if request.param == "python":
        request.getfixturevalue("without_watching_kernel")
    return str(request.param)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server at an address of this machine by which others know it."""
    made = Server()
    yield made
    made.close()
