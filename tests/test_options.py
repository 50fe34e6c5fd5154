"""Options from the command line and from pyproject.toml: same names, same values, same refusals."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from hybridize.options import (
    SETTINGS,
    Mistake,
    Options,
    combine,
    parse_duration,
    read_configuration,
    read_option,
)


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("90s", 90.0),
        ("5m", 300.0),
        ("1h30m", 5400.0),
        ("1h5s", 3605.0),
        ("1.5h", 5400.0),
        ("90", 90.0),
        (" 2M ", 120.0),
        ("5m30", 330.0),
        ("1h30", 5400.0),
        ("1h30s", 3630.0),
        ("1h30m15", 5415.0),
        (45, 45.0),
        (0.5, 0.5),
    ],
)
def test_a_duration_is_read_as_people_write_it(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", " ", "m", "5x", "5 minutes", "-5m", "0", "0s", 0, -1, True, None, "1m1h", "1e3", "inf", float("nan"),
     float("inf"), "9" * 400, "5mm", []],
)  # fmt: skip
def test_anything_else_is_no_duration(text):
    with pytest.raises(ValueError):
        parse_duration(text)


def test_every_setting_has_a_field_and_every_field_can_be_set():
    settable = {setting.field for setting in SETTINGS.values()}
    # `apply` is for the command line alone.
    assert settable | {"apply"} == {field.name for field in fields(Options)}


READ = [
    ("budget", "20m", 1200.0),
    ("budget", 90, 90.0),
    ("steps", "500", 500),
    ("pairs", 3, 3),
    ("drift-runs", "5", 5),
    ("drift-runs", 0, 0),
    ("seed", "7", 7),
    ("seed", "none", None),
    ("min-speedup", "1.2", 1.2),
    ("min-speedup", "2x", 2.0),
    ("min-speedup", 1, 1.0),
    ("only", ["a:b", "a:C.d"], ("a:b", "a:C.d")),
    ("arguments", ["--epochs", ""], ("--epochs", "")),
    ("metric", ["acc=val_acc: ([0-9.]+)", "a=b=c"], (("acc", "val_acc: ([0-9.]+)"), ("a", "b=c"))),
    ("metric", {"acc": "x"}, (("acc", "x"),)),
    ("format", "json", "json"),
    ("output", ["json=-", "markdown=a=b.md"], (("json", "-"), ("markdown", "a=b.md"))),
    ("verbosity", -1, -1),
    ("results", "out", Path("out")),
]


@pytest.mark.parametrize("name, value, expected", READ)
def test_an_option_is_read(name, value, expected):
    assert read_option(name, value) == (SETTINGS[name].field, expected)


REFUSED = [
    ("budget", "soon"),
    ("budget", False),
    ("steps", "0"),
    ("steps", "5"),
    ("drift-runs", "1"),
    ("drift-runs", "2"),
    ("steps", "1.5"),
    ("steps", 1.0),
    ("steps", True),
    ("pairs", "many"),
    ("pairs", 1),
    ("pairs", "1"),
    ("drift-runs", -1),
    ("drift-runs", "2.5"),
    ("seed", -1),
    ("seed", 2**32),
    ("seed", "None"),
    ("min-speedup", 0.9),
    ("min-speedup", "nan"),
    ("min-speedup", "fast"),
    ("only", "a:b"),
    ("only", [1]),
    ("only", [""]),
    ("metric", ["acc"]),
    ("metric", ["=x"]),
    ("metric", ["acc=("]),
    ("metric", {"acc": 1}),
    ("metric", ["a=x", "a=y"]),
    ("metric", "acc=x"),
    ("format", "xml"),
    ("output", ["json"]),
    ("output", ["json="]),
    ("output", "json=-"),
    ("verbosity", 3),
    ("results", ""),
    ("train-script", 1),
    ("arguments", "--epochs 3"),
]


@pytest.mark.parametrize("name, value", REFUSED)
def test_a_value_that_does_not_fit_is_refused_in_one_sentence(name, value):
    mistake = read_option(name, value)
    assert isinstance(mistake, Mistake)
    assert mistake.sentence.startswith(f"{name} takes {SETTINGS[name].takes}, not ")
    assert "\n" not in mistake.sentence and "literal" not in mistake.sentence


def test_a_regular_expression_that_is_none_is_refused_with_its_error():
    mistake = read_option("metric", ["acc=("])
    assert isinstance(mistake, Mistake) and "unterminated subpattern" in mistake.sentence


def configure(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_the_nearest_pyproject_counts(tmp_path):
    inner = tmp_path / "project" / "package"
    inner.mkdir(parents=True)
    configure(tmp_path, "[tool.optimize]\npairs = 9\n")
    assert read_configuration(inner) == {"pairs": 9}
    configure(tmp_path / "project", "[project]\nname = 'x'\n")
    assert read_configuration(inner) == {}


def test_paths_in_pyproject_start_from_its_folder(tmp_path):
    configure(tmp_path, "[tool.optimize]\ntrain-script = 'a/train.py'\nresults = 'out'\n")
    (tmp_path / "a").mkdir()
    assert read_configuration(tmp_path / "a") == {
        "script": tmp_path / "a/train.py",
        "results": tmp_path / "out",
    }


WRONG_FILES = {
    "[tool.optimize]\nsteps = '9'\nbudgets = 3\n": "did you mean 'budget'",
    "[tool.optimize]\nmin_speedup = 1.2\n": "did you mean 'min-speedup'",
    "[tool.optimize]\nzzz = 1\n": "it knows arguments, budget",
    "[tool.optimize]\nbudget = 'soon'\n": "budget takes a length of time",
    "[tool.optimize]\nonly = 'a:b'\n": "only takes a list",
    "[tool]\noptimize = 3\n": "must be a table",
    "[tool.optimize\n": "can't be read",
    # A project's file must not be able to have its sources edited.
    "[tool.optimize]\napply = true\n": "apply can only be given on the command line, as --apply",
    # ... or overwritten.
    "[tool.optimize]\noutput = ['json=train.py']\n": "output can only be given on the command line, as --output",
}


@pytest.mark.parametrize("text", WRONG_FILES)
def test_a_wrong_pyproject_is_refused_by_name_in_one_sentence(tmp_path, text):
    mistake = read_configuration(configure(tmp_path, text))
    assert isinstance(mistake, Mistake)
    assert WRONG_FILES[text] in mistake.sentence
    assert str(tmp_path / "pyproject.toml") in mistake.sentence
    assert "\n" not in mistake.sentence


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[tool.optimize]\nresults = '\xe9'\n"])
def test_a_pyproject_that_is_not_utf_8_is_refused(tmp_path, content):
    (tmp_path / "pyproject.toml").write_bytes(content)
    assert isinstance(read_configuration(tmp_path), Mistake)


def test_the_command_line_wins():
    options = combine({"pairs": 3}, {"pairs": 9, "steps": 7})
    assert options == Options(pairs=3, steps=7)


def test_naming_what_to_run_puts_aside_what_the_configuration_names():
    assert combine({"train_module": "a.b"}, {"script": Path("t.py")}) == Options(train_module="a.b")
    assert combine({"script": Path("u.py")}, {"script": Path("t.py")}) == Options(script=Path("u.py"))


def test_a_script_and_a_module_are_one_too_many():
    both = {"script": Path("t.py"), "train_module": "a.b"}
    assert isinstance(combine(both, {}), Mistake)
    assert isinstance(combine({}, both), Mistake)
