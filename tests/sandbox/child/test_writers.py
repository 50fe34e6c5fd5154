"""Libraries that write from C find a copy where the scratch copy has a link to the user's large file."""

from __future__ import annotations

import numpy as np
import pytest
from sandboxed import state

from hybridize.records import Ending
from hybridize.sandbox.parent.scratch import COPY_LIMIT_BYTES

pytestmark = pytest.mark.slow

h5py = pytest.importorskip("h5py")


@pytest.fixture
def large(project):
    """A project with files too large to be copied, which must be the same afterwards."""
    with h5py.File(project.root / "model.h5", "w") as file:
        file["weights"] = np.full(COPY_LIMIT_BYTES // 8, 0.5)
    project.write("records.tfrecord", bytes(COPY_LIMIT_BYTES + 1))
    project.write("crowd/keep.txt", "x")
    for number in range(600):
        project.write(f"crowd/{number}", "x")
    before = state(project.root)
    yield project
    (project.root / "train.py").unlink()
    assert state(project.root) == before


@pytest.mark.parametrize(
    ("mode", "names"), [("w", "['new']"), ("a", "['new', 'weights']"), ("r+", "['new', 'weights']")]
)
def test_a_large_model_is_written_over_by_h5py(large, guarded, mode, names):
    outcome = large.run(
        f"""
        import h5py
        with h5py.File("model.h5", "{mode}") as file:
            file["new"] = 1
        with h5py.File("model.h5") as file:
            print(sorted(file))
        """
    )
    assert outcome.lines == (names,)
    assert outcome.blocked_writes == ()


def test_a_model_that_is_read_stays_a_link(large):
    child = large.start("import h5py\nprint(sorted(h5py.File('model.h5', 'r')))\nprint(open('model.h5').closed)\n")
    child.receive(60)
    assert child.scratch.root.joinpath("model.h5").is_symlink()
    assert child.wait(60).lines[0] == "['weights']"


def test_a_large_model_of_the_original_is_refused_to_h5py(large, guarded):
    outcome = large.run(f"import h5py\nh5py.File({str(large.root / 'model.h5')!r}, 'w')\n")
    assert outcome.ending is Ending.RAISED
    assert outcome.blocked_writes == (f"{large.root}/model.h5",)


WRITES = {
    "gfile": "with tf.io.gfile.GFile('model.h5', 'w') as file: file.write('x')",
    "gfile append": "with tf.io.gfile.GFile('model.h5', 'a') as file: file.write('x')",
    "records": "with tf.io.TFRecordWriter('records.tfrecord') as writer: writer.write(b'x')",
    "copy": "tf.io.gfile.copy('train.py', 'model.h5', overwrite=True)",
    "rename": "tf.io.gfile.rename('model.h5', 'old.h5')",
    "remove": "tf.io.gfile.remove('model.h5')",
    "remove a folder": "tf.io.gfile.rmtree('crowd'); assert not tf.io.gfile.exists('crowd')",
    "checkpoint": "tf.train.Checkpoint(x=tf.Variable(1.0)).write('model.h5')",
    "keras": "m = tf.keras.Sequential([tf.keras.layers.Input([1]), tf.keras.layers.Dense(1)]); m.save('model.h5')",
    "weights": "m = tf.keras.Sequential([tf.keras.layers.Input([1]), tf.keras.layers.Dense(1)]); m.save('m.keras')",
    "saved model": "m = tf.Module(); m.v = tf.Variable(1.0); tf.saved_model.save(m, 'saved')",
    "summaries": "w = tf.summary.create_file_writer('logs'); w.init(); w.flush()",
    "write_file": "tf.io.write_file('new.txt', 'x')",
    "dataset": "list(tf.data.Dataset.range(3).cache('cache')); tf.data.Dataset.range(3).save('ds')",
}


@pytest.mark.slow
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_what_tensorflow_writes_lands_in_the_copy(large, nursery, write):
    outcome = large.run(f"import tensorflow as tf\n{write}\nprint('done')\n", nursery=nursery)
    assert outcome.lines[-1:] == ("done",), outcome
    assert outcome.blocked_writes == ()


@pytest.mark.slow
def test_the_same_without_the_kernel(large, without_kernel):
    # Nothing but the hooks stands in the way of these, and they change nothing all the same.
    source = "\n".join(WRITES[name] for name in ("gfile", "gfile append", "records", "copy", "remove a folder"))
    outcome = large.run(f"import tensorflow as tf\n{source}\nprint('done')\n")
    assert outcome.lines[-1:] == ("done",), outcome


@pytest.mark.slow
@pytest.mark.parametrize("path", ["ROOT + '/new.txt'", "ROOT + '/model.h5'", "'model.h5'"])
def test_an_op_that_writes_to_the_original_is_refused_by_the_kernel_and_told(large, nursery, path):
    path = path.replace("ROOT", repr(str(large.root)))
    outcome = large.run(f"import tensorflow as tf\ntf.io.write_file({path}, 'x')\n", nursery=nursery)
    assert outcome.ending is Ending.RAISED
    assert len(outcome.blocked_writes) == 1
    assert outcome.blocked_writes[0].startswith(str(large.root))
