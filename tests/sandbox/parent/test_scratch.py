"""A scratch copy shows the script what it would see, and leaves the original out of reach."""

from __future__ import annotations

import os
import socket
import sys
import tempfile
from pathlib import Path

import pytest

from hybridize.records import EditedFile, Target
from hybridize.sandbox.parent import home, scratch
from hybridize.sandbox.parent.scratch import Scratch, lay


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "work" / "project"
    folder.mkdir(parents=True)
    (folder / "train.py").write_text("print('training')\n")
    return folder


@pytest.fixture
def copy(root: Path, tmp_path: Path):
    def make(*files: EditedFile, cwd: Path | None = None, leave_out: tuple[Path, ...] = ()) -> Scratch:
        target = Target(str(root), str(cwd or root), str(root / "train.py"))
        return lay(target, files, tmp_path / "scratch" / "1", leave_out)

    return make


def edited(file: str, after: bytes = b"edited\n") -> EditedFile:
    return EditedFile(file, b"", after, "", {}, ())


def test_sources_and_small_files_are_copied(root, copy):
    (root / "package").mkdir()
    (root / "package" / "model.py").write_text("x = 1\n")
    (root / "config.yaml").write_text("lr: 0.1\n")
    laid = copy()
    for name in ("train.py", "package/model.py", "config.yaml"):
        assert not (laid.root / name).is_symlink()
        assert (laid.root / name).read_bytes() == (root / name).read_bytes()
        assert (laid.root / name).stat().st_mtime == (root / name).stat().st_mtime


def test_a_data_file_of_two_megabytes_is_copied(root, copy):
    """What is copied keeps its mode, times and attributes whoever changes them: C code and programs as well."""
    (root / "data.bin").write_bytes(bytes(2 << 20))
    assert not (copy().root / "data.bin").is_symlink()


def test_large_files_are_linked_but_sources_never(root, copy, monkeypatch):
    monkeypatch.setattr(scratch, "COPY_LIMIT_BYTES", 1000)
    (root / "data.bin").write_bytes(b"x" * 1001)
    (root / "generated.py").write_text("#" * 1001)
    laid = copy()
    assert os.readlink(laid.root / "data.bin") == str(root / "data.bin")
    assert not (laid.root / "generated.py").is_symlink()


def test_large_files_take_no_more_than_their_part_of_what_is_copied(root, copy, monkeypatch):
    monkeypatch.setattr(scratch, "LARGE_BYTES", 1000)
    monkeypatch.setattr(scratch, "LARGE_TOTAL_BYTES", 4000)
    for number in range(3):
        (root / f"{number}.bin").write_bytes(b"x" * 1500)
    (root / "z.txt").write_bytes(b"x" * 900)
    laid = copy()
    linked = [(laid.root / name).is_symlink() for name in ("0.bin", "1.bin", "2.bin", "z.txt")]
    assert linked == [False, False, True, False]


def test_small_files_are_copied_up_to_a_total(root, copy, monkeypatch):
    monkeypatch.setattr(scratch, "COPY_TOTAL_BYTES", 2500)
    for number in range(4):
        (root / f"{number}.txt").write_bytes(b"x" * 1000)
    laid = copy()
    assert [(laid.root / f"{number}.txt").is_symlink() for number in range(4)] == [False, False, True, True]


def test_a_crowded_folder_is_linked_as_a_whole(root, copy, monkeypatch):
    monkeypatch.setattr(scratch, "CROWDED_ENTRIES", 10)
    (root / "images").mkdir()
    for number in range(11):
        (root / "images" / f"{number}.png").write_bytes(b"")
    assert os.readlink(copy().root / "images") == str(root / "images")


def test_in_a_crowded_folder_with_sources_only_these_are_copied(root, copy, monkeypatch):
    monkeypatch.setattr(scratch, "CROWDED_ENTRIES", 10)
    (root / "mixed").mkdir()
    (root / "mixed" / "module.py").write_text("")
    for number in range(11):
        (root / "mixed" / f"{number}.png").write_bytes(b"")
    laid = copy()
    assert not (laid.root / "mixed").is_symlink()
    assert not (laid.root / "mixed" / "module.py").is_symlink()
    assert (laid.root / "mixed" / "3.png").is_symlink()


@pytest.mark.slow
def test_what_lies_deep_in_a_huge_folder_is_linked(root, copy, monkeypatch):
    # A script that lies in the home folder must not have all of that copied.
    monkeypatch.setattr(scratch, "LAID_ENTRIES", 30)
    for number in range(10):
        for inner in range(10):
            (root / f"{number}" / "inner").mkdir(parents=True, exist_ok=True)
            (root / f"{number}" / "inner" / f"{inner}.txt").write_text("text")
    laid = copy()
    assert not (laid.root / "0").is_symlink()
    assert (laid.root / "9" / "inner").is_symlink()
    assert (laid.root / "9" / "inner" / "9.txt").read_text() == "text"


def test_environments_and_hidden_folders_are_linked(root, copy):
    for name in (".git", ".venv", "env"):
        (root / name).mkdir()
    (root / "env" / "pyvenv.cfg").write_text("")
    (root / "envs").mkdir()
    laid = copy()
    assert [(laid.root / name).is_symlink() for name in (".git", ".venv", "env", "envs")] == [True, True, True, False]


def test_bytecode_is_left_out(root, copy):
    (root / "__pycache__").mkdir()
    assert not os.path.lexists(copy().root / "__pycache__")


def test_a_relative_path_leads_out_of_the_project_as_it_would(root, copy):
    (root.parent / "data").mkdir()
    (root.parent / "data" / "train.csv").write_text("1,2\n")
    (root.parent.parent / "shared.txt").write_text("shared")
    laid = copy()
    assert (laid.cwd / "../data/train.csv").read_text() == "1,2\n"
    assert (laid.cwd / "../../shared.txt").read_text() == "shared"


@pytest.mark.slow
def test_a_working_folder_outside_of_the_project_has_its_own_copy(root, copy, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "data.csv").write_text("1\n")
    laid = copy(cwd=elsewhere)
    assert laid.cwd != elsewhere
    assert (laid.cwd / "data.csv").read_text() == "1\n"
    (laid.cwd / "new.txt").write_text("new")
    assert not (elsewhere / "new.txt").exists()


@pytest.mark.slow
def test_a_working_folder_above_the_project_keeps_the_project_copied(root, copy):
    (root.parent / "notes.txt").write_text("notes")
    laid = copy(cwd=root.parent)
    assert laid.cwd == laid.root.parent
    assert (laid.cwd / "notes.txt").is_symlink()
    assert not (laid.cwd / "project" / "train.py").is_symlink()


def test_a_working_folder_below_the_project_is_part_of_it(root, copy):
    (root / "below").mkdir()
    assert copy(cwd=root / "below").cwd == copy_of(root, "below", copy)


def copy_of(root: Path, name: str, copy) -> Path:
    return root.parents[2] / "scratch" / "1" / "files" / (root / name).relative_to("/")


def test_links_inside_the_project_lead_to_the_copy(root, copy):
    (root / "versions").mkdir()
    (root / "versions" / "1.py").write_text("one")
    (root / "model.py").symlink_to("versions/1.py")
    (root / "current").symlink_to(root / "versions")
    (root / "dangling").symlink_to("versions/2.py")
    laid = copy()
    assert (laid.root / "model.py").resolve() == (laid.root / "versions/1.py").resolve()
    assert (laid.root / "current").resolve() == (laid.root / "versions").resolve()
    (laid.root / "dangling").write_text("two")
    assert (laid.root / "versions/2.py").read_text() == "two"
    assert not (root / "versions/2.py").exists()


def test_links_that_leave_the_project_lead_where_they_did(root, copy, tmp_path):
    (tmp_path / "data").mkdir()
    (root / "data").symlink_to("../../../data")
    assert (copy().root / "data").resolve() == (tmp_path / "data").resolve()


@pytest.mark.parametrize("target", [".", "loop", "../project", "missing/loop"])
def test_links_that_go_in_circles_do_no_harm(root, copy, target):
    (root / "loop").symlink_to(target)
    assert (copy().root / "loop").is_symlink()


def test_sockets_and_pipes_are_linked(root, copy, monkeypatch):
    monkeypatch.chdir(root)
    os.mkfifo("pipe")
    server = socket.socket(socket.AF_UNIX)
    server.bind("socket")
    laid = copy()
    server.close()
    assert os.readlink(laid.root / "pipe") == str(root / "pipe")
    assert os.readlink(laid.root / "socket") == str(root / "socket")


def test_names_that_are_no_text_are_kept(root, copy):
    name = os.fsdecode(b"caf\xe9")
    (root / name).mkdir()
    (root / name / os.fsdecode(b"\xff.py")).write_text("x = 1\n")
    assert os.listdir(os.fsencode(copy().root / name)) == [b"\xff.py"]


def test_the_results_are_not_copied(root, copy):
    run = root / "results" / "now"
    run.mkdir(parents=True)
    (run / "log").write_text("")
    assert not (copy(leave_out=(run,)).root / "results" / "now").exists()


def test_a_copy_that_lies_in_the_project_does_not_contain_itself(root, tmp_path):
    target = Target(str(root), str(root), str(root / "train.py"))
    for number in ("1", "2"):
        laid = lay(target, (), root / "hybridize-x" / number)
        assert (laid.root / "train.py").exists()
        assert not (laid.root / "hybridize-x").exists()


@pytest.fixture
def nobody(tmp_path: Path):
    """Be a user whom file modes concern, in a folder of this user's."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    if os.geteuid() == 0:
        os.seteuid(65534)
        yield folder
        os.seteuid(0)
    else:
        yield folder
    home.remove(folder)


def test_what_cannot_be_read_is_there_and_cannot_be_read(nobody):
    root = nobody / "project"
    (root / "secret").mkdir(parents=True)
    (root / "key").write_text("x")
    (root / "key").chmod(0)
    (root / "secret").chmod(0)
    laid = lay(Target(str(root), str(root), str(root / "train.py")), (), nobody / "scratch")
    for name in ("key", "secret/x"):
        with pytest.raises(PermissionError):
            (laid.root / name).read_bytes()
    assert (laid.root / "secret").is_dir()


def test_read_only_folders_are_no_hindrance(nobody):
    root = nobody / "project"
    (root / "frozen").mkdir(parents=True)
    (root / "frozen" / "file").write_text("text")
    (root / "frozen").chmod(0o555)
    laid = lay(Target(str(root), str(root), str(root / "train.py")), (), nobody / "scratch")
    (laid.root / "made").mkdir()
    (laid.root / "made" / "file").write_text("text")
    (laid.root / "made").chmod(0o500)
    laid.remove()
    assert not laid.folder.exists()
    assert (root / "frozen" / "file").read_text() == "text"


def test_read_only_files_can_be_edited_and_removed(root, copy):
    (root / "model.py").write_text("old")
    (root / "model.py").chmod(0o444)
    laid = copy(edited("model.py"))
    assert (laid.root / "model.py").read_text() == "edited\n"
    assert (root / "model.py").read_text() == "old"
    laid.remove()
    assert not laid.folder.exists()


def test_edits_never_go_through_a_link(root, copy, tmp_path, monkeypatch):
    # Had it been written through the link, the user's own source would be changed.
    monkeypatch.setattr(scratch, "CROWDED_ENTRIES", 3)
    shared = tmp_path / "shared"
    shared.mkdir()
    for name in ("model.py", "other.py"):
        (shared / name).write_text("original\n")
    (root / "shared").symlink_to(shared)
    (root / ".hidden").mkdir()
    (root / ".hidden" / "model.py").write_text("original\n")
    laid = copy(edited("shared/model.py"), edited(".hidden/model.py"))
    assert (laid.root / "shared/model.py").read_text() == "edited\n"
    assert (laid.root / "shared/other.py").read_text() == "original\n"
    assert (laid.root / ".hidden/model.py").read_text() == "edited\n"
    assert (shared / "model.py").read_text() == (root / ".hidden/model.py").read_text() == "original\n"


def test_a_run_has_the_eager_form_of_files_that_it_does_not_edit_itself(root, tmp_path):
    (root / "other.py").write_text("@tf.function\n")
    eager = (edited("train.py", b"eager\n"), edited("other.py", b"eager\n"))
    target = Target(str(root), str(root), str(root / "train.py"), eager=eager)
    laid = lay(target, [edited("train.py", b"edited\n")], tmp_path / "scratch" / "2")
    assert (laid.root / "train.py").read_bytes() == b"edited\n"
    assert (laid.root / "other.py").read_bytes() == b"eager\n"
    assert (root / "other.py").read_text() == "@tf.function\n"


def test_an_edited_file_keeps_its_mode(root, copy):
    (root / "train.py").chmod(0o755)
    assert copy(edited("train.py")).root.joinpath("train.py").stat().st_mode & 0o777 == 0o755


def test_paths_lead_to_the_copy_and_back(root, copy):
    laid = copy()
    assert laid.path(root / "train.py") == laid.root / "train.py"
    assert laid.path("/usr/lib") == Path("/usr/lib")
    assert laid.original(f"File {laid.root}/train.py") == f"File {root}/train.py"
    assert laid.original(f"{laid.root.parent}/data") == f"{root.parent}/data"
    assert laid.original(f"{laid.temporary}/x") == f"{tempfile.gettempdir()}/x"


def test_a_folder_whose_name_only_begins_alike_is_another_one(root, copy):
    laid = copy()
    assert laid.path(f"{root}-2/train.py") == Path(f"{root}-2/train.py")


def test_arguments_and_variables_that_name_the_project_name_the_copy(root, copy, monkeypatch):
    laid = copy()
    assert laid.argument(f"{root}/out") == f"{laid.root}/out"
    assert laid.argument(f"--out={root}/out") == f"--out={laid.root}/out"
    assert laid.argument("--rate=0.1") == "--rate=0.1"
    assert laid.argument("/data=x") == "/data=x"
    variables = {
        "OUT": f"{root}/out",
        "PYTHONPATH": f"/opt/lib:{root}/lib",
        "HOME": "/root",
        "TMPDIR": "/tmp",
        "PWD": str(root),
    }
    assert scratch.environment(laid, variables) == {
        "OUT": f"{laid.root}/out",
        "PYTHONPATH": f"/opt/lib:{laid.root}/lib",
        "HOME": "/root",
        "TMPDIR": str(laid.temporary),
        "PWD": str(laid.cwd),
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "{}/out", "--out={}/out", "data_dir={}/data", "model.data.dir={}/data", "+out={}", "-I{}/include", "-o{}/x",
        "@{}/args.txt", "file://{}/data", "file:{}/data", "--uri=file://{}/runs", "dirs=[{}/a,{}/b]",
        "{{'dir': '{}/a', \"out\": \"{}\"}}", "{}/a:{}/b", "/opt/data:{}/data", "--paths=/opt:{}",
        "--command=cp -r /opt {}/x", "-Dpath={}", "sqlite:///{}/study.db", "storage=sqlite+aiosqlite:///{}/study.db",
    ],
)  # fmt: skip
def test_a_path_of_the_project_is_led_to_the_copy_wherever_it_stands_in_an_argument(root, copy, text):
    laid = copy()
    theirs, ours = text.replace("{}", str(root)), text.replace("{}", str(laid.root))
    assert laid.argument(theirs) == ours
    assert laid.variable("SOMETHING", theirs) == ours
    # What is led there once is not led further, and what the script prints of it is turned back.
    assert laid.argument(ours) == ours and laid.original(ours) == theirs


@pytest.mark.slow
@pytest.mark.parametrize(
    "text",
    [
        "http://host{}/data", "postgresql://host:5432{}", "https://host:80{}/data", "http://host:{}", "host:{}/data",
        "me@host:{}/data",
        "s3://bucket{}", "/mnt{}/data", "~{}", "../..{}", "{}-2/data", "{}2", "{}.bak", "x{}", "s/a{}", "rate=0.1", "",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_path_of_the_project_is_left_as_it_is(root, copy, text):
    assert copy().argument(text.replace("{}", str(root))) == text.replace("{}", str(root))


@pytest.mark.slow
def test_a_path_with_a_space_is_found_as_it_is_and_as_urls_write_it(tmp_path):
    root = tmp_path / "my project"
    root.mkdir()
    (root / "train.py").write_text("")
    laid = lay(Target(str(root), str(root), str(root / "train.py")), (), tmp_path / "scratch")
    assert laid.argument(f"out={root}/x") == f"out={laid.root}/x"
    quoted = str(root).replace(" ", "%20")
    assert laid.argument(f"file://{quoted}/x") == f"file://{str(laid.root).replace(' ', '%20')}/x"


def test_an_environment_in_the_project_is_used_where_it_is_also_in_a_list_of_paths(root, copy, monkeypatch):
    monkeypatch.setattr(sys, "prefix", f"{root}/.venv")
    laid = copy()
    path = f"/usr/bin:{root}/.venv/bin:{root}/tools"
    assert laid.variable("PATH", path) == f"/usr/bin:{root}/.venv/bin:{laid.root}/tools"


def test_the_home_folder_as_a_project_stays_the_home(root, copy, monkeypatch):
    monkeypatch.setenv("HOME", str(root))
    laid = copy()
    assert laid.variable("HOME", str(root)) == str(root)
    assert laid.variable("XDG_CACHE_HOME", f"{root}/.cache") == f"{root}/.cache"


def test_the_root_folder_as_working_folder_maps_nothing_else(root, copy):
    # As in a container whose image sets none.
    laid = copy(cwd=Path("/"))
    assert laid.path("/usr/bin") == Path("/usr/bin")
    assert (laid.cwd / "usr").is_symlink()
    assert laid.path(root / "train.py") == laid.root / "train.py"


@pytest.mark.slow
def test_a_project_named_by_a_link_is_found_by_both_names(root, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(root)
    laid = lay(Target(str(link), str(link), str(link / "train.py")), (), tmp_path / "scratch")
    assert laid.path(root / "train.py") == laid.path(link / "train.py") == laid.root / "train.py"
