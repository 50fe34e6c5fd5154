from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from proving import Prover


@pytest.fixture(scope="session")
def prover(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    """Proves projects; all that the selected tests will ask for is queued at once, so that no worker is idle."""
    prover_ = Prover(tmp_path_factory.mktemp("proofs"))
    for item in request.session.items:
        prepare = getattr(item.module, "prepare", None) if isinstance(item, pytest.Function) else None
        if prepare is not None and "prover" in item.fixturenames:  # type: ignore[attr-defined]
            prepare(prover_, getattr(getattr(item, "callspec", None), "params", {}))
    yield prover_
    prover_.close()


@pytest.fixture(scope="session")
def tf() -> Any:
    """TensorFlow, imported when the first test needs it."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow

    return tensorflow
