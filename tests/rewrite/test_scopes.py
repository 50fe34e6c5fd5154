"""What each scope of a file binds, as far as it decides what a decorator's name means."""

from __future__ import annotations

import ast
import textwrap

import pytest

from hybridize.rewrite.scopes import Scope, read_scopes


def scopes_of(text: str):
    return read_scopes(ast.parse(textwrap.dedent(text)))


def kinds(scope: Scope, name: str) -> list[tuple[str, bool]]:
    return [(each.kind, each.certain) for each in scope.bindings.get(name, [])]


@pytest.mark.parametrize(
    ("line", "name", "kind"),
    (
        ("import tensorflow", "tensorflow", "module"),
        ("import tensorflow as tf", "tf", "module"),
        ("import tensorflow.compat.v2 as tf", "tf", "module"),
        ("import tensorflow.keras", "tensorflow", "module"),
        ("import tensorflow.keras as tf", "tf", "else"),
        ("from tensorflow import function", "function", "function"),
        ("from tensorflow import function as graph", "graph", "function"),
        ("from tensorflow.compat import v1 as tf", "tf", "module"),
        ("from .tensorflow import function", "function", "else"),
        ("import numpy as tf", "tf", "else"),
        ("tf = 3", "tf", "else"),
        ("for tf in x: pass", "tf", "else"),
        ("with x as tf: pass", "tf", "else"),
        ("(tf := 3)", "tf", "else"),
        ("class tf: pass", "tf", "else"),
        ("def tf(): pass", "tf", "else"),
        ("del tf", "tf", "else"),
    ),
)
def test_a_statement_binds(line, name, kind):
    assert [each for each, _ in kinds(scopes_of(line).module, name)] == [kind]


@pytest.mark.parametrize(
    ("text", "certain"),
    (
        ("import tensorflow as tf", True),
        ("with x:\n    import tensorflow as tf", True),
        ("try:\n    import tensorflow as tf\nexcept ImportError:\n    pass", True),
        ("try:\n    pass\nexcept ImportError:\n    import tensorflow as tf", False),
        ("try:\n    pass\nfinally:\n    import tensorflow as tf", True),
        ("if x:\n    import tensorflow as tf", False),
        ("while x:\n    import tensorflow as tf", False),
        ("for y in x:\n    import tensorflow as tf", False),
        ("match x:\n    case 1:\n        import tensorflow as tf", False),
    ),
)
def test_a_binding_is_certain_where_it_is_run_whenever_its_scope_is(text, certain):
    assert kinds(scopes_of(text).module, "tf") == [("module", certain)]


def test_an_except_clause_is_told_with_the_try_that_it_belongs_to():
    found = scopes_of("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\n").module.bindings["tf"]
    assert [(each.kind, each.attempt, each.handler) for each in found] == [("module", 1, False), ("else", 1, True)]


def test_a_def_is_looked_up_in_the_scope_that_it_stands_in():
    scopes = scopes_of("class A:\n    tf = 3\n    def f(self, tf):\n        def g():\n            pass\n")
    assert isinstance(scopes.of[3].node, ast.ClassDef)
    assert kinds(scopes.of[3], "tf") == [("else", True)]
    assert isinstance(scopes.of[4].node, ast.FunctionDef)


def test_a_class_further_out_is_not_seen():
    scopes = scopes_of("class A:\n    def f(self):\n        def g():\n            pass\n")
    seen = [type(scope.node).__name__ for scope in scopes.of[3].chain()]
    assert seen == ["FunctionDef", "Module"]


@pytest.mark.parametrize("word", ("global", "nonlocal"))
def test_a_name_of_an_outer_scope_is_bound_there_and_never_certainly(word):
    text = f"def f():\n    tf = 1\n    def g():\n        {word} tf\n        tf = 3\n    def h():\n        pass\n"
    scopes = scopes_of(text)
    holder = scopes.module if word == "global" else scopes.of[6]
    assert kinds(holder, "tf")[-1] == ("else", False)


def test_a_comprehension_has_a_scope_of_its_own_but_for_what_it_names():
    module = scopes_of("[tf for tf in x if (seen := tf)]").module
    assert "tf" not in module.bindings
    assert "seen" in module.bindings
