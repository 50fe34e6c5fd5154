"""hybridize from Python."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

import hybridize
from hybridize.options import SETTINGS, Options
from hybridize.records import Budget, Command, Report, Target

PAGE = (Path(__file__).parents[1] / "docs" / "python.md").read_text(encoding="utf-8")


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """A project with a script, and a pipeline that only notes what it is asked for."""
    from hybridize.run import pipeline

    (tmp_path / "train.py").write_text("import tensorflow as tf\n\n\ndef step(x):\n    return tf.matmul(x, x)\n")
    monkeypatch.chdir(tmp_path)
    calls = []

    def run(options, watcher, command=()):
        calls.append(options)
        watcher.stage("static", "reading")
        target = Target("/p", "/p", "/p/train.py", options.arguments)
        return Report("nothing-to-gain", "m", 0, "t", Command(command, target, {}), {}, Budget(1.0, 1.0))

    monkeypatch.setattr(pipeline, "run", run)
    return calls


def test_the_options_mean_what_they_mean_on_the_command_line(asked, capsys):
    report = hybridize.optimize(
        Path("train.py"), arguments=["-v"], budget="20m", steps=50, pairs=3, drift_runs=4, seed=None, min_speedup=1.2,
        only=["a:b"], skip=("a:c",), metrics={"acc": "x(.*)"}, rewrite="decorate", apply=True, network="deny",
        results=Path("out"),
    )  # fmt: skip
    assert isinstance(report, Report)
    assert asked == [
        Options(
            script=Path("train.py"), arguments=("-v",), budget_seconds=1200.0, steps=50, pairs=3, drift_runs=4,
            seed=None, min_speedup=1.2, only=("a:b",), skip=("a:c",), metrics=(("acc", "x(.*)"),), rewrite="decorate",
            apply=True, network="deny", results=Path("out"),
        )
    ]  # fmt: skip
    assert capsys.readouterr() == ("", "")


def test_the_defaults_are_those_of_the_command_line(asked):
    hybridize.optimize("train.py")
    assert asked == [Options(script=Path("train.py"))]


def test_every_option_can_be_given():
    named = set(inspect.signature(hybridize.optimize).parameters)
    renamed = {"train-script": "script", "train-module": "module", "metric": "metrics"}
    # What is printed or written besides is for the command line: here there is a report.
    settings = SETTINGS.keys() - {"format", "output", "verbosity"}
    assert named == {renamed.get(name, name.replace("-", "_")) for name in settings} | {"apply", "watcher"}


@pytest.mark.parametrize(
    "given, said",
    [
        ({}, "Name the script to run"),
        ({"script": "trian.py"}, "Did you mean --train-script train.py"),
        ({"script": "train.py", "module": "train"}, "not both"),
        ({"script": "train.py", "budget": "soon"}, "budget takes a length of time"),
        ({"script": "train.py", "pairs": 1}, "pairs takes a whole number, at least 2"),
        ({"script": "train.py", "metrics": {"a": "("}}, "unterminated subpattern"),
        ({"script": "train.py", "only": [1]}, "only takes a list"),
    ],
)
def test_what_is_not_right_is_a_value_error_in_one_sentence(asked, given, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        hybridize.optimize(**given)
    assert not asked


def test_a_watcher_is_told_how_far_the_run_is(asked):
    from hybridize.report.watcher import Silent

    told = []

    class Watcher(Silent):
        def stage(self, name, detail=""):
            told.append(name)

    hybridize.optimize("train.py", watcher=Watcher())
    assert told == ["static"]


def test_a_scan_is_that_of_the_command_line(asked):
    import io
    import json

    from hybridize.cli import main

    out = io.StringIO()
    main(["scan", ".", "--format", "json"], out, io.StringIO())
    scan = hybridize.scan(".")
    assert [function.id for function in scan.functions] == [each["id"] for each in json.loads(out.getvalue())]
    assert [function.id for function in scan.functions] == ["train:step"]
    assert hybridize.scan("train.py", select=["HYB6"]).functions == ()


@pytest.mark.parametrize(
    "paths, options, said",
    [
        ((), {}, "Name the files or folders"),
        (("gone",), {}, "There is no "),
        ((".",), {"select": ["HYB999"]}, "There is no code HYB999."),
        ((".",), {"min_confidence": "sure"}, "high, medium, low, not 'sure'"),
    ],
)
def test_what_can_not_be_scanned_is_a_value_error(asked, paths, options, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        hybridize.scan(*paths, **options)


def test_what_is_offered_is_there_and_documented():
    for name in hybridize.__all__:
        assert getattr(hybridize, name).__doc__ or name == "__version__"
    assert set(hybridize.__all__) <= set(dir(hybridize))
    with pytest.raises(AttributeError):
        hybridize.nothing  # noqa: B018


@pytest.mark.slow
def test_the_code_of_the_page_runs(tmp_path, monkeypatch, capsys):
    """On a script that does not train, so that it takes no time."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "model.py").write_text(
        "import tensorflow as tf\n\nw = tf.Variable(1.0)\n\n\ndef step(x):\n    with tf.GradientTape() as tape:\n"
        "        loss = tf.reduce_mean(w * x)\n    w.assign_sub(tape.gradient(loss, w))\n    return loss\n\n\n"
        "for _ in range(9):\n    step(tf.ones((2, 2)))\n"
    )
    (tmp_path / "train.py").write_text("import sys\n\nprint(sys.argv)\n")
    names: dict[str, object] = {}
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        exec(compile(block, "docs/python.md", "exec"), names)
    assert "model.py:6: model:step" in capsys.readouterr().out
    assert str(names["text"]).startswith("<!-- hybridize optimize: train.py -->")
