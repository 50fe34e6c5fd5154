"""What tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hybridize.sandbox.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One process that has imported TensorFlow and forks children: made when the first test asks for it.

    It gets ready while that test goes on, so tests that use no TensorFlow pay nothing.
    """
    from hybridize.sandbox.nursery import Nursery

    with Nursery({"TF_CPP_MIN_LOG_LEVEL": "2", **os.environ}) as process:
        yield process
