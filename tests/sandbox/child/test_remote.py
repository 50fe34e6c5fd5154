"""Paths of remote file systems: the first run is told what it writes, later ones write to a folder of their own."""

from __future__ import annotations

import os

import pytest

from hybridize.records import Network
from hybridize.sandbox.child.refusal import RefusedConnection
from hybridize.sandbox.child.remote import Remote, watch_files


class Files:
    """A file system as the functions behind `tf.io.gfile` have it; notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        for name in ("FileExists", "WritableFile", "CopyFile", "DeleteRecursively", "GetMatchingFiles", "RenameFile"):
            setattr(self, name, self._noting(name))

    def _noting(self, name):
        def ask(*paths):
            self.asked.append(f"{name} {' '.join(map(str, paths))}")
            return [os.fsencode(paths[0])] if name == "GetMatchingFiles" else True

        return ask


class Rules:
    """What `Network` decides, and what it is told."""

    def __init__(self, mode="offline", first=False, remote_reads=()) -> None:
        self.mode, self.remote_reads = mode, frozenset(remote_reads)
        self.open = mode == "allow" or (mode == "offline" and first)
        self.told: list[tuple[str, ...]] = []

    def tell(self, *event):
        self.told.append(event)

    def refuse(self, place, what):
        self.tell("refused", place)
        raise RefusedConnection(place, what)


@pytest.fixture
def watched(tmp_path):
    def make(**rules):
        files, network = Files(), Rules(**rules)
        watch_files(Remote(network, str(tmp_path / "remote")), files)
        return files, network

    return make


def test_the_first_run_writes_where_the_script_says_and_that_is_told(watched):
    files, network = watched(first=True)
    files.WritableFile("gs://bucket/model/weights", "w")
    files.FileExists(b"s3://data/train.csv")
    assert files.asked == ["WritableFile gs://bucket/model/weights w", "FileExists b's3://data/train.csv'"]
    assert network.told == [("wrote", "gs://bucket/model/weights"), ("read", "s3://data")]


@pytest.mark.parametrize("mode", ["offline", "deny"])
def test_a_later_run_writes_to_a_folder_of_its_own(watched, tmp_path, mode):
    files, network = watched(mode=mode)
    files.WritableFile("gs://bucket/model/weights", "w")
    files.CopyFile("/data/a", b"hdfs://host:9000/b", True)
    assert files.asked == [
        f"WritableFile {tmp_path}/remote/gs/bucket/model/weights w",
        f"CopyFile /data/a {os.fsencode(f'{tmp_path}/remote/hdfs/host:9000/b')} True",
    ]
    assert ("wrote", "gs://bucket/model/weights") in network.told


def test_what_a_later_run_has_written_it_finds_again_under_its_name(watched, tmp_path):
    files, _ = watched()
    place = tmp_path / "remote/gs/bucket/model"
    files.WritableFile("gs://bucket/model/weights", "w")
    (place / "weights").write_text("x")
    files.FileExists("gs://bucket/model/weights")
    assert files.asked[-1] == f"FileExists {place}/weights"
    assert files.GetMatchingFiles(b"gs://bucket/model/w*") == [b"gs://bucket/model/w*"]
    assert files.asked[-1] == f"GetMatchingFiles {os.fsencode(f'{place}/w*')}"


def test_what_the_first_run_read_is_read_where_it_lies(watched):
    files, _ = watched(remote_reads=["gs://data"])
    files.FileExists("gs://data/train.csv")
    assert files.asked == ["FileExists gs://data/train.csv"]


@pytest.mark.parametrize("rules", [{}, {"mode": "deny", "remote_reads": ["gs://data"]}], ids=["offline", "deny"])
def test_what_it_did_not_read_is_refused_by_name(watched, rules):
    files, network = watched(**rules)
    with pytest.raises(OSError, match="--network allow") as refused:
        files.FileExists("gs://data/train.csv")
    assert refused.value.filename == "gs://data/train.csv"
    assert (files.asked, network.told) == ([], [("refused", "gs://data/train.csv")])


def test_what_a_later_run_removes_stays_and_is_gone_for_that_run(watched):
    files, _ = watched(remote_reads=["gs://logs"])
    files.FileExists("gs://logs/run/events")
    files.DeleteRecursively("gs://logs/run")
    files.FileExists("gs://logs/run/events")
    assert [line.partition(" ")[0] for line in files.asked] == ["FileExists", "FileExists"]
    assert "/remote/gs/logs/run/events" in files.asked[-1]


def test_no_path_leads_out_of_the_folder(watched, tmp_path):
    files, _ = watched()
    files.WritableFile("gs://../../../etc/passwd", "w")
    files.WritableFile("gs://bucket/../../../../etc/passwd", "w")
    assert all(line.startswith(f"WritableFile {tmp_path}/remote/gs/") and ".." not in line for line in files.asked)


@pytest.mark.parametrize("path", ["model/weights", "/data/a", "file:///data/a", "ram://a", b"C://a"[3:]])
def test_a_path_of_this_machine_is_left(watched, path):
    files, network = watched()
    files.WritableFile(path, "w")
    assert files.asked == [f"WritableFile {path} w"]
    assert network.told == []


SCRIPT = """
    import tensorflow as tf
    with tf.io.gfile.GFile("gs://bucket/notes.txt", "w") as file:
        file.write("noted")
    print(tf.io.gfile.GFile("gs://bucket/notes.txt").read(), tf.io.gfile.listdir("gs://bucket"))
    print(tf.io.gfile.glob("gs://bucket/*.txt"))
    with tf.io.TFRecordWriter("gs://bucket/data/a.tfrecord") as writer:
        writer.write(b"x")
    print(tf.io.gfile.exists("gs://bucket/data/a.tfrecord"))
    tf.io.gfile.makedirs("gs://bucket/checkpoints")
    step = tf.Variable(3)
    checkpoint = tf.train.Checkpoint(step=step)
    manager = tf.train.CheckpointManager(checkpoint, "gs://bucket/checkpoints", max_to_keep=1)
    manager.save()
    print(manager.save())
    step.assign(0)
    checkpoint.restore(manager.latest_checkpoint)
    print(step.numpy(), tf.train.latest_checkpoint("gs://bucket/checkpoints"))
    with tf.summary.create_file_writer("gs://bucket/logs").as_default():
        tf.summary.write("loss", 1.0, step=0)
    print(len(tf.io.gfile.glob("gs://bucket/logs/events*")))
    model = tf.keras.Sequential([tf.keras.layers.Input([1]), tf.keras.layers.Dense(1)])
    model.save("gs://bucket/model.keras")
    print(tf.io.gfile.exists("gs://bucket/model.keras"))
    tf.io.gfile.rmtree("gs://bucket/logs")
    print(tf.io.gfile.exists("gs://bucket/logs"))
"""


@pytest.mark.slow
def test_what_tensorflow_writes_to_a_bucket_lands_in_the_copy(project, nursery):
    project.network = Network(first=False)
    outcome = project.run(SCRIPT, nursery=nursery)
    assert outcome.lines == (
        "noted ['notes.txt']",
        "['gs://bucket/notes.txt']",
        "True",
        "gs://bucket/checkpoints/ckpt-2",
        "3 gs://bucket/checkpoints/ckpt-2",
        "1",
        "True",
        "False",
    ), outcome
    assert outcome.contacts.refused == ()
    assert "gs://bucket/notes.txt" in outcome.contacts.remote_writes
