"""The keys of verdicts: the same whether a run wrote a decorator or found it, and as long as nothing else changes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hybridize.options import Options
from hybridize.records import Edit, Plan, Target, Variant
from hybridize.run import machine
from hybridize.run.keys import keys_of
from hybridize.run.work import Work
from hybridize.static import scan

PROGRAM = """\
import tensorflow as tf

RATE = 0.1


def helper(x):
    return tf.square(x)


def step(x):
    return helper(x) * RATE


class Settings:
    size = 4


@tf.function
def apart(x):
    return x


def train(data):
    for batch in data:
        step(batch)


train(tf.ones([3, 2]))
apart(tf.ones([2]))
"""
DECORATED = PROGRAM.replace("def step", "@tf.function(reduce_retracing=True)\ndef step")


def keys(
    folder: Path, text: str, arguments: tuple[str, ...] = (), variant: Variant | None = None
) -> Mapping[str, str]:
    """The keys of the step and of a function apart from it; with ``variant``, of a plan that writes the decorator."""
    (folder / "train.py").write_text(text)
    found = scan(folder, folder / "train.py")
    target = Target(str(folder), str(folder), str(folder / "train.py"), arguments)
    work = Work(Options(), None, target, folder)  # type: ignore[arg-type]
    if variant is not None:
        work.plan = Plan((Edit("train:step", "train.py", 10, "step", variant=variant),))
    return keys_of(work, found, ["train:step", "train:apart"])


def test_a_run_that_writes_a_decorator_and_one_that_finds_it_agree(tmp_path: Path) -> None:
    written = keys(tmp_path, PROGRAM, variant=Variant("reduce_retracing", (("reduce_retracing", "True"),)))
    assert written == keys(tmp_path, DECORATED)
    assert set(written) == {"train:step", "train:apart"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def helper", "# moved\n\n\ndef helper"),
        ("    return x\n", '    """It gives what it is given."""\n    return x\n'),
        ("(reduce_retracing=True)", "(reduce_retracing = True)  # wide"),
        ("def apart(x):\n    return x", "def apart(x):\n    return x + 1"),
    ],
)
def test_the_key_stays_when_lines_move_or_something_changes_that_it_does_not_rest_on(
    tmp_path: Path, old: str, new: str
) -> None:
    assert old in DECORATED
    assert keys(tmp_path, DECORATED.replace(old, new))["train:step"] == keys(tmp_path, DECORATED)["train:step"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("helper(x) * RATE", "helper(x) + RATE"),
        ("tf.square(x)", "tf.sqrt(x)"),
        ("RATE = 0.1", "RATE = 0.2"),
        ("reduce_retracing=True", "jit_compile=True"),
        ("def helper", "@tf.function\ndef helper"),
        ("        step(batch)", "        step(batch[:1])"),
        ("size = 4", "size = 5"),
        ("tf.ones([3, 2])", "tf.ones([4, 2])"),
    ],
)
def test_the_key_changes_with_all_that_a_verdict_rests_on(tmp_path: Path, old: str, new: str) -> None:
    assert old in DECORATED
    assert keys(tmp_path, DECORATED.replace(old, new))["train:step"] != keys(tmp_path, DECORATED)["train:step"]


@pytest.mark.slow
def test_other_arguments_and_other_versions_are_other_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys(tmp_path, DECORATED)
    assert keys(tmp_path, DECORATED, ("--epochs", "3")) != before
    assert keys(tmp_path, DECORATED) == before
    monkeypatch.setattr("hybridize.run.keys.versions", lambda: [*machine.versions(), "tensorflow 9.9"])
    assert keys(tmp_path, DECORATED) != before


@pytest.mark.slow
def test_a_flag_is_another_key_and_what_logs_are_written_by_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = keys(tmp_path, DECORATED)
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    for secret in ("TF_VAR_password", "TF_TOKEN_app_example_com", "TF_CLI_ARGS_plan"):
        monkeypatch.setenv(secret, "hunter2")
    assert keys(tmp_path, DECORATED) == before
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    assert keys(tmp_path, DECORATED) != before
