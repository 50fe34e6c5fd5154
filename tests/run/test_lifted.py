"""A scan of an outlined script, told in the lines of the user's file."""

from __future__ import annotations

import pytest

from hybridize.records import Action, Edit
from hybridize.rewrite import edit_project
from hybridize.run.lifted import in_users_lines
from hybridize.static import scan

SOURCE = """import tensorflow as tf


def before(x):
    return tf.square(x)


w = tf.Variable(2.0)
optimizer = tf.keras.optimizers.SGD(0.01)
for x in tf.data.Dataset.range(3):
    x = tf.cast(x, tf.float32)
    with tf.GradientTape() as tape:
        loss = before(w * x)
    optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    print(float(loss))


def after(x):
    return before(x) + 1.0


for x in tf.data.Dataset.range(3):
    after(tf.cast(x, tf.float32))
"""


@pytest.mark.slow
def test_what_was_made_a_function_is_its_region_again_and_all_lines_are_the_users(tmp_path):
    (tmp_path / "train.py").write_text(SOURCE)
    first = scan(tmp_path, tmp_path / "train.py")
    (region,) = [function for function in first.functions if function.region is not None]
    assert region.id == "train:<module>@11-14" and region.region is not None
    edit = Edit(region.id, region.file, region.line, region.qualname, Action.EXTRACT, region=region.region)
    files, _ = edit_project(tmp_path, [edit])
    edited = {each.file: each.after for each in files}
    second = scan(tmp_path, tmp_path / "train.py", edited=edited)
    found = in_users_lines(second, files, {region.id: region.region})
    assert [(f.id, f.line, f.end_line) for f in sorted(found.functions, key=lambda f: f.line)] == [
        ("train:before", 4, 5),
        ("train:<module>@11-14", 11, 14),
        ("train:after", 18, 19),
    ]
    lifted = next(function for function in found.functions if function.region is not None)
    assert lifted.proposal is Action.HYBRIDIZE
    assert lifted.calls == ("train:before",)
    assert [parameter.name for parameter in lifted.parameters] == ["x"]
    lines = {finding.line for function in found.functions for finding in function.findings}
    assert all(line <= len(SOURCE.splitlines()) for line in lines)


def test_the_content_of_an_edited_file_is_read_in_place_of_the_files_own(tmp_path):
    (tmp_path / "train.py").write_text("import tensorflow as tf\n")
    found = scan(
        tmp_path, tmp_path / "train.py", edited={"train.py": b"import tensorflow as tf\n\n\ndef f(x):\n    pass\n"}
    )
    assert [function.id for function in found.functions] == ["train:f"]
    assert (tmp_path / "train.py").read_text() == "import tensorflow as tf\n"
