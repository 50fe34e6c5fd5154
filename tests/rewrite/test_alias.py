"""By which name the decorator reaches TensorFlow, and the import where there is none."""

from __future__ import annotations

import pytest

from hybridize.records import Variant

DEF = "def f(x): return x\n"

EXISTING = {
    "import tensorflow as tf": "tf.function",
    "import tensorflow as K": "K.function",
    "import tensorflow": "tensorflow.function",
    "import tensorflow.keras": "tensorflow.function",
    "import tensorflow.compat.v2 as tf": "tf.function",
    "import tensorflow.compat.v1 as tf1": "tf1.function",
    "from tensorflow.compat import v2 as tf": "tf.function",
    "from tensorflow import function": "function",
    "from tensorflow import keras, function as graph": "graph",
    "from tensorflow import function\nimport tensorflow as tf": "tf.function",
    "import os, tensorflow as tf": "tf.function",
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    raise SystemExit('none')": "tf.function",
    "try:\n    import tensorflow.compat.v2 as tf\nexcept E:\n    import tensorflow as tf": "tf.function",
    "with quiet():\n    import tensorflow as tf": "tf.function",
    "import tensorflow as tf\ndef other(tf): return tf\n": "tf.function",
    "import tensorflow as tf\nsquares = [tf for tf in range(3)]\n": "tf.function",
    "import tensorflow as tf\nclass A:\n    tf = 3\n": "tf.function",
}


@pytest.mark.slow
@pytest.mark.parametrize("head", EXISTING)
def test_the_modules_own_name_is_used(rewrite, head):
    edited = rewrite(f"{head}\n{DEF}")
    assert edited.after.decode() == f"{head}\n@{EXISTING[head]}\n{DEF}"


def test_the_functions_own_parameter_may_have_the_aliass_name(rewrite):
    edited = rewrite("import tensorflow as tf\ndef f(tf): return tf\n")
    assert edited.after.decode() == "import tensorflow as tf\n@tf.function\ndef f(tf): return tf\n"


def test_an_import_in_the_function_around_it_is_used(rewrite):
    before = "def main():\n    import tensorflow as tf\n    def f(x): return x\n    return f\n"
    after = (
        "def main():\n    import tensorflow as tf\n    @tf.function\n    def f(x): return x\n    return f\n"
    )
    assert rewrite(before, "main.<locals>.f").after.decode() == after


# What the name is bound to at the def is not certainly TensorFlow, so the import is written out.
NOT_USABLE = {
    # It stands in another function.
    "def g():\n    import tensorflow as tf\n": "tf",
    # It may not run.
    "if a:\n    import tensorflow as tf\n": "tf",
    "if TYPE_CHECKING:\n    import tensorflow as tf\n": "tf",
    "while a:\n    import tensorflow as tf\n": "tf",
    # A submodule alone.
    "import tensorflow.keras as tf\n": "tensorflow",
    "import tensorflow_probability as tf\n": "tensorflow",
    # A project's own module.
    "import tf\n": "tensorflow",
    "from . import tensorflow\n": "tf",
    # The name is bound to something else later on.
    "import tensorflow as tf\ntf = wrap(tf)\n": "tensorflow",
    "import tensorflow as tf\ndel tf\n": "tensorflow",
    "import tensorflow as tf\nfor tf in x: pass\n": "tensorflow",
    "import tensorflow as tf\nif (tf := x): pass\n": "tensorflow",
    "import tensorflow as tf\nwith a as tf: pass\n": "tensorflow",
    "import tensorflow as tf\ndef tf(): pass\n": "tensorflow",
    "import tensorflow as tf\nclass tf: pass\n": "tensorflow",
    "import tensorflow as tf\nmatch x:\n    case [*tf]: pass\n": "tensorflow",
    "import tensorflow as tf\nmatch x:\n    case {'a': 1, **tf}: pass\n": "tensorflow",
    "import tensorflow as tf\nmatch x:\n    case int() as tf: pass\n": "tensorflow",
    "import tensorflow as tf\ntry: pass\nexcept E as tf: pass\n": "tensorflow",
    "import tensorflow as tf\ndef g():\n    global tf\n    tf = 1\n": "tensorflow",
    "import tensorflow as tf\nx = [(tf := y) for y in z]\n": "tensorflow",
    "import tensorflow as tf\ntensorflow = tf = 1\n": "_tf",
    "from tensorflow import function\nfunction = cached(function)\n": "tf",
}


@pytest.mark.parametrize("head", NOT_USABLE)
def test_a_name_that_is_not_certainly_tensorflow_is_not_used(rewrite, head):
    name = NOT_USABLE[head]
    after = rewrite(head + DEF).after.decode()
    assert f"@{name}.function\ndef f(x)" in after
    statement = "import tensorflow\n" if name == "tensorflow" else f"import tensorflow as {name}\n"
    assert statement in after.replace(head, "") or after.count(statement) > head.count(statement)


def test_an_alias_that_is_imported_below_the_def_is_imported_above_too(rewrite):
    after = rewrite(f"import os\n{DEF}import tensorflow as tf\n").after.decode()
    assert after == f"import os\nimport tensorflow as tf\n@tf.function\n{DEF}import tensorflow as tf\n"


SHADOWED = {
    "A.f": "class A:\n    tf = 1\n    def f(x): return x\n",
    "g.f": "def g(tf):\n    def f(x): return x\n",
    "g.A.f": "def g():\n    tf = 1\n    class A:\n        def f(x): return x\n",
    "h.g.f": "def h(tf):\n    def g():\n        nonlocal tf\n        tf = 1\n        def f(x): return x\n",
}


@pytest.mark.parametrize("qualname", SHADOWED)
def test_a_name_that_is_shadowed_around_the_def_is_not_used(rewrite, qualname):
    after = rewrite("import tensorflow as tf\n" + SHADOWED[qualname], qualname).after.decode()
    assert "import tensorflow as tf\nimport tensorflow\n" in after
    assert "@tensorflow.function\n" in after


def test_a_class_further_out_shadows_nothing(rewrite):
    source = "import tensorflow as tf\nclass A:\n    tf = 1\n    class B:\n        def f(x): return x\n"
    assert "        @tf.function\n" in rewrite(source, "A.B.f").after.decode()


def test_specs_need_the_module_and_not_only_the_function(rewrite):
    variant = Variant("signature", (("input_signature", "[tf.TensorSpec([])]"),))
    after = rewrite("from tensorflow import function\n" + DEF, variant=variant).after.decode()
    assert after.splitlines()[:3] == [
        "from tensorflow import function",
        "import tensorflow as tf",
        "@tf.function(input_signature=[tf.TensorSpec([])])",
    ]


def test_an_option_without_specs_needs_the_function_only(rewrite):
    variant = Variant("xla", (("jit_compile", "True"),))
    after = rewrite("from tensorflow import function\n" + DEF, variant=variant).after.decode()
    assert "@function(jit_compile=True)\n" in after


# A module that can be imported without TensorFlow must stay so.
OPTIONAL = (
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None\n",
    "try:\n    import tensorflow as tf\nexcept ImportError:\n    import fake as tf\n",
)


@pytest.mark.parametrize("head", OPTIONAL)
def test_where_tensorflow_is_optional_nothing_is_decorated(skipped, head):
    assert "without TensorFlow" in skipped(head + DEF).message


IMPORTS = {
    "after a docstring": (
        '"""Doc."""\n\nX = 1\n\n' + DEF,
        '"""Doc."""\n\nimport tensorflow as tf\n\nX = 1\n\n@tf.function\n' + DEF,
    ),
    "after a docstring without a blank line": (
        '"""Doc."""\nX = 1\n' + DEF,
        '"""Doc."""\n\nimport tensorflow as tf\n\nX = 1\n@tf.function\n' + DEF,
    ),
    "after __future__": (
        '"""Doc."""\nfrom __future__ import annotations\n\n\n' + DEF,
        '"""Doc."""\nfrom __future__ import annotations\n\nimport tensorflow as tf\n\n\n@tf.function\n' + DEF,
    ),
    "after what is set before other imports": (
        "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nfrom tensorflow import keras  # quiet\n\n"
        + DEF,
        "import os\nos.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'\nfrom tensorflow import keras  # quiet\n"
        "import tensorflow as tf\n\n@tf.function\n" + DEF,
    ),
    "not into a statement of several lines": (
        "from a import (\n    b,\n    c,\n)\n\n" + DEF,
        "from a import (\n    b,\n    c,\n)\nimport tensorflow as tf\n\n@tf.function\n" + DEF,
    ),
    "not after an import below the def": (
        "import os\n\n" + DEF + "import sys\n",
        "import os\nimport tensorflow as tf\n\n@tf.function\n" + DEF + "import sys\n",
    ),
    "below shebang, cookie and licence": (
        "#!/usr/bin/env python\n# coding: utf-8\n# Licence\n\n# Doubles.\n" + DEF,
        "#!/usr/bin/env python\n# coding: utf-8\n# Licence\n\n"
        "import tensorflow as tf\n\n\n# Doubles.\n@tf.function\n" + DEF,
    ),
    "below a header that touches the code": (
        "#!/usr/bin/env python\n# coding: utf-8\n@log\n" + DEF,
        "#!/usr/bin/env python\n# coding: utf-8\nimport tensorflow as tf\n\n\n@log\n@tf.function\n" + DEF,
    ),
    "at the top": (
        DEF,
        "import tensorflow as tf\n\n\n@tf.function\n" + DEF,
    ),
}


@pytest.mark.parametrize("case", IMPORTS)
def test_a_missing_import_is_added(rewrite, case):
    before, after = IMPORTS[case]
    assert rewrite(before).after.decode() == after


def test_one_import_serves_every_function_of_the_file(rewrite):
    edited = rewrite("import os\n\ndef g(x): return x\n\n" + DEF, "g", "f")
    assert edited.after.decode().count("import tensorflow as tf\n") == 1
    assert edited.def_lines == {"m:g": 5, "m:f": 8}
    assert edited.line_map == (1, 3, 5, 6, 8)


def test_no_import_is_added_where_nothing_is_decorated(skipped):
    skipped("import os\nasync def f(x): return x\n")


def test_a_private_alias_is_not_used_in_a_class_that_would_mangle_it(rewrite):
    after = rewrite("import tensorflow as __tf\nclass A:\n    def f(self): pass\n", "A.f").after.decode()
    assert "@tf.function" in after
