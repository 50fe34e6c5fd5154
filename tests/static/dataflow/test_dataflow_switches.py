"""Lines that make graph code run eagerly: where one may be on is said, and for which classes."""

from __future__ import annotations

import textwrap

import pytest
from laying import calls_of, class_in

from hybridize.static.dataflow.switches import Switches, find_switches

HEAD = """
import sys
import tensorflow as tf
from tensorflow import config
from tensorflow.config import run_functions_eagerly as eagerly

class Base(tf.keras.Model): pass
class Net(Base): pass
class Deep(Net): pass
class Other(tf.keras.Model): pass

debug = len(sys.argv) > 1
"""
#: How many lines stand above what a test says.
ABOVE = HEAD.count("\n")
SWITCHING = "tf.config.run_functions_eagerly"


def switches(text: str) -> Switches:
    return find_switches(calls_of(HEAD + textwrap.dedent(text) + "\n"))


def models(text: str) -> set[str]:
    """The classes that Keras may run eagerly because of a program."""
    calls = calls_of(HEAD + textwrap.dedent(text) + "\n")
    found = find_switches(calls)
    names = ("Base", "Net", "Deep", "Other")
    return {name for name in names if found.for_model(class_in(calls.program, name)) is not None}


# For every `tf.function`


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"{SWITCHING}(True)", "tf.config.run_functions_eagerly(True)"),
        (f"{SWITCHING}(run_eagerly=True)", "tf.config.run_functions_eagerly(True)"),
        (f"{SWITCHING}(debug)", "tf.config.run_functions_eagerly(…)"),
        (f"{SWITCHING}(1)", "tf.config.run_functions_eagerly(…)"),
        (f"{SWITCHING}(*sys.argv)", "tf.config.run_functions_eagerly(…)"),
        (f"{SWITCHING}(**vars(sys))", "tf.config.run_functions_eagerly(…)"),
        ("config.run_functions_eagerly(True)", "tf.config.run_functions_eagerly(True)"),
        ("eagerly(True)", "tf.config.run_functions_eagerly(True)"),
        ("switch = eagerly\nswitch(True)", "tf.config.run_functions_eagerly(True)"),
        (
            "tf.config.experimental_run_functions_eagerly(True)",
            "tf.config.experimental_run_functions_eagerly(True)",
        ),
        ("def main():\n    if debug:\n        eagerly(True)", "tf.config.run_functions_eagerly(True)"),
    ],
)
def test_what_may_switch_every_function_is_said_with_its_line(line: str, words: str) -> None:
    found = switches(line).for_functions()
    assert found is not None
    assert found.words == f"{words} (train.py:{ABOVE + line.count(chr(10)) + 1})"


@pytest.mark.parametrize(
    "line", [f"{SWITCHING}(False)", f"{SWITCHING}(run_eagerly=False)", f"{SWITCHING}(None)", "x = 1"]
)
def test_what_is_off_is_no_switch(line: str) -> None:
    assert switches(line) == Switches()


@pytest.mark.parametrize("off", [f"{SWITCHING}(False)", "eagerly(run_eagerly=False)"])
def test_what_is_on_for_a_part_of_the_script_was_not_left_on(off: str) -> None:
    assert switches(f"eagerly(True)\n{off}").for_functions() is None


def test_the_first_of_several_lines_is_said() -> None:
    found = switches(f"{SWITCHING}(True)\n{SWITCHING}(True)")
    assert len(found.functions) == 2
    assert found.for_functions() == found.functions[0]


# For what Keras traces


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Net().compile(run_eagerly=True)", {"Base", "Net", "Deep"}),
        ("Net().compile('adam', run_eagerly=debug)", {"Base", "Net", "Deep"}),
        ("Base().compile(run_eagerly=True)", {"Base", "Net", "Deep"}),
        ("Deep().compile(run_eagerly=True)", {"Base", "Net", "Deep"}),
        ("Other().compile(run_eagerly=True)", {"Other"}),
        ("Net().run_eagerly = True", {"Base", "Net", "Deep"}),
        ("Other().run_eagerly = debug", {"Other"}),
        ("for model in (Net(), Other()):\n    model.compile(run_eagerly=True)", {"Base", "Net", "Deep", "Other"}),
        ("class Own(Other):\n    def setup(self):\n        self.compile(run_eagerly=True)", {"Other"}),
        ("class Own(Other):\n    def setup(self):\n        super().compile(run_eagerly=True)", {"Other"}),
        (
            "class Own(Other):\n    def compile(self, **more):\n        pass\nOwn().compile(run_eagerly=True)",
            {"Other"},
        ),
        # Nobody knows of which
        ("from somewhere import model\nmodel.compile(run_eagerly=True)", {"Base", "Net", "Deep", "Other"}),
        ("from somewhere import model\nmodel.run_eagerly = True", {"Base", "Net", "Deep", "Other"}),
        ("setattr(Net(), 'run_eagerly', True)", {"Base", "Net", "Deep"}),
        # Off
        ("Net().compile(run_eagerly=False)", set()),
        ("Net().compile(run_eagerly=None)", set()),
        ("Net().compile('adam')", set()),
        ("Net().run_eagerly = False", set()),
        ("Net().run_eagerly = None", set()),
        # Every function, and so what Keras makes of a model's
        (f"{SWITCHING}(True)", {"Base", "Net", "Deep", "Other"}),
    ],
)
def test_a_switch_of_a_model_is_one_for_the_classes_that_the_model_may_be_of(text: str, classes: set[str]) -> None:
    assert models(text) == classes


def test_a_switch_of_the_model_is_said_before_that_of_every_function() -> None:
    calls = calls_of(HEAD + "eagerly(True)\nNet().compile(run_eagerly=True)\n")
    found = find_switches(calls).for_model(class_in(calls.program, "Net"))
    assert found is not None and found.words == f"run_eagerly=True (train.py:{ABOVE + 2})"


def test_a_switch_of_a_model_is_none_for_other_functions() -> None:
    assert switches("Net().compile(run_eagerly=True)").for_functions() is None
