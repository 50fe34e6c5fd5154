"""What tests of several folders share."""

from __future__ import annotations

import gc
import itertools
import os
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from hybridize.sandbox.parent.nursery import Nursery


# For `make test`: the same code is tried on the same generated examples each time, so that a change is never blamed for
# an example that another one would have failed as well. Every other run draws new ones.
settings.register_profile("repeatable", derandomize=True)


def pytest_configure() -> None:
    """Let Ctrl-C mean to the tests' processes what it means to a user's.

    A shell starts what runs in the background with the signal ignored, and all that it starts inherits that.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where processes share the files, let those come first that start TensorFlow: the quick ones fill up the end."""
    if hasattr(config, "workerinput"):
        slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
        items.sort(key=lambda item: -slow[item.path])


def pytest_collection_finish() -> None:
    """Leave what was imported and collected out of all further garbage collections: nothing of it goes before the end.

    The collector took more than a tenth of the time of the quick tests; so it runs less often, too.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


_numbers = itertools.count()


@pytest.fixture
def tmp_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the test's own.

    pytest's fixture looks at the folders of all tests before it to find a free name, and there are thousands.
    """
    folder = tmp_path_factory.getbasetemp() / f"test_{next(_numbers)}"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One process that has imported TensorFlow and forks children: made when the first test asks for it.

    It gets ready while that test goes on, so tests that use no TensorFlow pay nothing.
    """
    from hybridize.sandbox.parent.nursery import Nursery

    with Nursery({"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}) as process:
        yield process


@pytest.fixture(scope="session")
def seeded_nursery() -> Iterator[Nursery]:
    """The same for runs with the seed 0, which ``hash`` has too: the other would start each of them plainly."""
    from hybridize.records import Target
    from hybridize.sandbox.parent.launch import base_environment
    from hybridize.sandbox.parent.nursery import Nursery

    with Nursery(base_environment(Target("", "", "", seed=0))) as process:
        yield process
