"""Where the decorator goes, and what it looks like."""

from __future__ import annotations

import pytest

from hybridize.records import Variant

HEAD = "import tensorflow as tf\n\n\n"

BEFORE_AND_AFTER = {
    "a function": (
        "def f(x):\n    return x\n",
        "@tf.function\ndef f(x):\n    return x\n",
    ),
    "a one-liner without a final newline": (
        "def f(x): return x",
        "@tf.function\ndef f(x): return x",
    ),
    "a method": (
        "class A:\n    def f(self, x):\n        return x\n",
        "class A:\n    @tf.function\n    def f(self, x):\n        return x\n",
    ),
    "a method indented by tabs": (
        "class A:\n\tdef f(self, x):\n\t\treturn x\n",
        "class A:\n\t@tf.function\n\tdef f(self, x):\n\t\treturn x\n",
    ),
    "innermost, under a property": (
        "class A:\n    @property\n    def f(self):\n        return self.x\n",
        "class A:\n    @property\n    @tf.function\n    def f(self):\n        return self.x\n",
    ),
    "innermost, under a static method": (
        "class A:\n    @staticmethod\n    def f(x): return x\n",
        "class A:\n    @staticmethod\n    @tf.function\n    def f(x): return x\n",
    ),
    "below comments between decorators": (
        "@outer  # why\n# and\n\n@inner(\n    1,\n)\n# last\ndef f(x):\n    return x\n",
        "@outer  # why\n# and\n\n@inner(\n    1,\n)\n# last\n@tf.function\ndef f(x):\n    return x\n",
    ),
    "a nested function": (
        "def f():\n  def f(x):\n    return x\n  return f\n",
        "def f():\n  @tf.function\n  def f(x):\n    return x\n  return f\n",
    ),
    "a signature over several lines": (
        "def f(\n    x,  # the input\n    y=(1,\n2),\n):\n    return x\n",
        "@tf.function\ndef f(\n    x,  # the input\n    y=(1,\n2),\n):\n    return x\n",
    ),
    "after a form feed": (
        "\x0cdef f(x):\n    return x\n",
        "\x0c@tf.function\ndef f(x):\n    return x\n",
    ),
    "trailing blanks and a comment at the end stay": (
        "def f(x):   \n    return x  \n   \n# end",
        "@tf.function\ndef f(x):   \n    return x  \n   \n# end",
    ),
}


@pytest.mark.parametrize("case", BEFORE_AND_AFTER)
def test_the_decorator_is_put_right_above_def_and_nothing_else_changes(rewrite, case):
    before, after = BEFORE_AND_AFTER[case]
    qualname = {"a nested function": "f.<locals>.f"}.get(case, "A.f" if "class A" in before else "f")
    assert rewrite(HEAD + before, qualname).after.decode() == HEAD + after


def test_carriage_returns_and_line_feeds_are_kept_and_used(rewrite):
    before = b"import tensorflow as tf\r\n\r\nclass A:\r\n    def f(self, x):\r\n        return x\r\n"
    assert rewrite(before, "A.f").after == before.replace(b"    def", b"    @tf.function\r\n    def")


def test_the_line_end_of_the_def_is_used_where_line_ends_are_mixed(rewrite):
    edited = rewrite(b"import tensorflow as tf\ndef f(x):\r\n    return x\n")
    assert edited.after == b"import tensorflow as tf\n@tf.function\r\ndef f(x):\r\n    return x\n"


def test_lone_carriage_returns_are_line_ends(rewrite):
    edited = rewrite(b"import tensorflow as tf\rdef f(x):\r    return x\r")
    assert edited.after == b"import tensorflow as tf\r@tf.function\rdef f(x):\r    return x\r"
    assert edited.def_lines == {"m:f": 3}


def test_a_byte_order_mark_stays_the_only_one(rewrite):
    edited = rewrite(b"\xef\xbb\xbfimport tensorflow as tf\ndef f(x): return x\n")
    assert edited.after == b"\xef\xbb\xbfimport tensorflow as tf\n@tf.function\ndef f(x): return x\n"


def test_a_declared_encoding_is_kept(rewrite):
    before = b"# -*- coding: latin-1 -*-\nimport tensorflow as tf\nE = '\xe9'\ndef f(x): return E\n"
    assert rewrite(before).after == before.replace(b"def f", b"@tf.function\ndef f")


def test_a_variants_arguments_are_written_with_the_modules_own_alias(rewrite):
    variant = Variant(
        "signature",
        (("input_signature", "[tf.TensorSpec([None, 4], tf.float32)]"), ("reduce_retracing", "True")),
    )
    edited = rewrite("import tensorflow as flow\ndef f(x): return x\n", variant=variant)
    assert edited.after.decode().splitlines()[1:4] == [
        "@flow.function(input_signature=[flow.TensorSpec([None, 4], flow.float32)], reduce_retracing=True)",
        "def f(x): return x",
    ]


def test_a_string_that_holds_tf_is_not_an_alias(rewrite):
    variant = Variant("named", (("input_signature", "[tf.TensorSpec([], tf.int32, name='é tf.x')]"),))
    edited = rewrite("import tensorflow\ndef f(x): return x\n", variant=variant)
    assert "[tensorflow.TensorSpec([], tensorflow.int32, name='é tf.x')]" in edited.after.decode()


def test_a_long_decorator_has_one_argument_a_line(rewrite):
    specs = ", ".join(["tf.TensorSpec([32], tf.float32)"] * 2)
    variant = Variant("signature", (("input_signature", f"[{specs}]"), ("jit_compile", "True")))
    edited = rewrite(
        "import tensorflow as tf\nclass A:\n    def f(self, x): return x\n", "A.f", variant=variant
    )
    assert edited.after.decode() == (
        "import tensorflow as tf\nclass A:\n"
        f"    @tf.function(\n        input_signature=[{specs}],\n        jit_compile=True,\n    )\n"
        "    def f(self, x): return x\n"
    )
    assert edited.def_lines == {"m:A.f": 7}


def test_a_signature_that_is_too_long_for_a_line_has_one_spec_a_line(rewrite):
    spec = "tf.TensorSpec([None, 10], tf.float32)"
    variant = Variant("signature", (("input_signature", f"[{spec}, ({spec}, {spec})]"),))
    edited = rewrite(
        "import tensorflow as tf\nclass A:\n    def f(self, x, y): return x\n", "A.f", variant=variant
    )
    assert edited.after.decode() == (
        "import tensorflow as tf\nclass A:\n    @tf.function(\n        input_signature=[\n"
        f"            {spec},\n            ({spec}, {spec}),\n        ],\n    )\n"
        "    def f(self, x, y): return x\n"
    )
    assert edited.def_lines == {"m:A.f": 9}


def test_the_right_one_of_several_functions_of_a_name_is_decorated(rewrite):
    before = HEAD + "if a:\n    def f(x): return x\nelse:\n    def f(x): return -x\n"
    after = HEAD + "if a:\n    def f(x): return x\nelse:\n    @tf.function\n    def f(x): return -x\n"
    assert rewrite(before).after.decode() == after


NOOP = {
    # AutoGraph can't convert a coroutine, and its result would be no awaitable.
    "async def": (HEAD + "async def f(x):\n    return x\n", "async def"),
    # tf.function twice is one trace inside another.
    "decorated": (HEAD + "@tf.function\ndef f(x):\n    return x\n", "already"),
    "decorated with arguments": (
        HEAD + "@tf.function(jit_compile=True)\ndef f(x):\n    return x\n",
        "already",
    ),
    "decorated through partial": (
        HEAD + "@functools.partial(tf.function, jit_compile=True)\ndef f(x):\n    return x\n",
        "already",
    ),
    # Only the implementation is ever called.
    "overload": (HEAD + "@typing.overload\ndef f(x): ...\n", "overload"),
}


@pytest.mark.parametrize("case", NOOP)
def test_a_function_that_takes_no_decorator_is_left_alone(skipped, case):
    source, reason = NOOP[case]
    assert reason in skipped(source).message


def test_a_lambda_is_left_alone(skipped):
    assert "lambda" in skipped(HEAD + "f = lambda x: x\n", "f", line=4).message


@pytest.mark.parametrize("line, qualname", [(3, "f"), (4, "A.f"), (5, "f"), (99, "f"), (0, "f")])
def test_a_def_that_is_not_where_it_was_seen_is_left_alone(skipped, line, qualname):
    assert "has changed" in skipped(HEAD + "def f(x):\n    return x\n", qualname, line=line).message


@pytest.mark.parametrize("text", ["[np.float32]", "tf.", "tf.float32)(", "[x for x in y]"])
def test_an_argument_that_names_anything_but_tensorflow_is_refused(skipped, text):
    variant = Variant("odd", (("input_signature", text),))
    assert "not an expression over tf alone" in skipped(HEAD + "def f(x): return x\n", variant=variant).message
