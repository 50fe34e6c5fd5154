from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from proving import Prover
from reading import Program


@pytest.fixture(scope="session")
def proofs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    """The processes that prove projects, for the tests of all files."""
    prover = Prover(tmp_path_factory.mktemp("proofs"))
    yield prover
    prover.close()


@pytest.fixture(scope="module")
def prover(request: pytest.FixtureRequest, proofs: Prover) -> Prover:
    """Proves projects; all that the selected tests of a file will ask for is queued at once, so that no worker is idle.

    That of other files is not: where two processes share the files, each would prove what the other is asked for, too.
    """
    for item in request.session.items:
        if isinstance(item, pytest.Function) and item.module is request.module and "prover" in item.fixturenames:
            item.module.prepare(proofs, getattr(getattr(item, "callspec", None), "params", {}))
    return proofs


@pytest.fixture(autouse=True)
def no_helpers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests lie in no library, and are no helpers of the programs that they run in their own process."""
    from hybridize.dynamic.child import effects

    tests, is_a_users = str(Path(__file__).parents[1]), effects._is_a_users
    monkeypatch.setattr(effects, "_is_a_users", lambda path: not path.startswith(tests) and is_a_users(path))


@pytest.fixture(autouse=True)
def no_threads() -> None:
    """The threads that tests of other files have left in this process are none of the programs'."""
    from hybridize.dynamic.child import effects

    effects.disregard(threading.enumerate())


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[[str], Program]]:
    """Makes a module of a project of its source."""
    yield lambda source: Program(tmp_path, source)
    sys.modules.pop("program", None)


@pytest.fixture
def one_stream(tf: Any) -> Iterator[Any]:
    """The module ``streams``, installed for the length of a test."""
    from hybridize import tensorflow_internals as internals
    from hybridize.dynamic.child import ambient, streams

    names = (
        *(*internals._RANDOM_OPS, *internals._RARE_RANDOM_OPS),
        *(internals._SEED_SOURCE, *internals._RARE_SEED_SOURCES),
    )
    originals = [(sys.modules[name.module], name.path, name.get()) for name in names]
    streams._counters.clear()
    ambient.given.seed = None
    streams.install(7)
    yield streams
    for module, path, original in originals:
        setattr(module, path, original)
    streams._counters.clear()


@pytest.fixture
def tracked(tf: Any) -> Iterator[Any]:
    """The module ``variables``, tracking for the length of a test."""
    from tensorflow.python.ops import resource_variable_ops

    from hybridize.dynamic.child import variables

    original = resource_variable_ops.BaseResourceVariable.__init__
    variables.track()
    yield variables
    resource_variable_ops.BaseResourceVariable.__init__ = original
    variables._known.clear()


@pytest.fixture(scope="session")
def tf() -> Any:
    """TensorFlow, imported when the first test needs it."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import tensorflow

    return tensorflow


@pytest.fixture
def lose(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Has one private name be missing where it is asked for (TensorFlow and Keras go on using it)."""
    from hybridize import tensorflow_internals as internals

    attribute, get = internals._attribute, internals.Name.get

    def lose_it(missing: str) -> None:
        def look(value: Any, name: str) -> Any:
            return attribute(value, name if name != missing else f"{missing}_that_is_gone")

        def look_up(name: Any) -> Any:
            if name.path == missing:
                raise internals.MissingName(f"{name.module}.{missing}", name.module.partition(".")[0])
            return get(name)

        monkeypatch.setattr(internals, "_attribute", look)
        monkeypatch.setattr(internals.Name, "get", look_up)

    return lose_it
