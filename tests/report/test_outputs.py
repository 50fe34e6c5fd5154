"""Formats written to files and to standard output."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace

from hybridize.report import renderers
from hybridize.report.outputs import write


def test_each_format_goes_to_its_file_and_folders_are_made(report, tmp_path):
    files = [("json", str(tmp_path / "a" / "b" / "report.json")), ("diff", str(tmp_path / "c.patch"))]
    assert write(report, files, io.StringIO()) == []
    assert json.loads((tmp_path / "a/b/report.json").read_text(encoding="utf-8"))["message"] == report.message
    assert (tmp_path / "c.patch").read_text(encoding="utf-8") == report.plan.files[0].diff


def test_a_dash_is_standard_output(report):
    out = io.StringIO()
    assert write(report, [("json", "-")], out) == []
    assert json.loads(out.getvalue())["message"] == report.message


def test_standard_output_gets_utf_8_whatever_its_encoding(report):
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    assert write(replace(report, message="schön"), [("json", "-")], stream) == []
    assert json.loads(raw.getvalue().decode("utf-8"))["message"] == "schön"


def test_a_patch_keeps_bytes_that_are_no_utf_8_and_other_formats_are_valid_utf_8(report, tmp_path):
    edited = replace(report.plan.files[0], diff="--- a/t.py\n+++ b/t.py\n@@ -1 +1 @@\n+caf\udce9\n")
    odd = replace(report, plan=replace(report.plan, files=(edited,)), message="caf\udce9", warnings=("\ud800",))
    files = {name: tmp_path / name for name in renderers.names()}
    assert write(odd, [(name, str(file)) for name, file in files.items()], io.StringIO()) == []
    assert files.pop("diff").read_bytes().endswith(b"+caf\xe9\n")
    for file in files.values():
        file.read_bytes().decode("utf-8")


def test_a_file_that_can_not_be_written_is_said_and_the_others_are_written(report, tmp_path):
    (tmp_path / "file").touch()
    wanted = [("markdown", str(tmp_path / "file" / "x.md")), ("diff", str(tmp_path / "x.patch"))]
    (problem,) = write(report, wanted, io.StringIO())
    assert problem.startswith(f"The markdown output can't be written to {tmp_path}/file/x.md (")
    assert problem.endswith(f"The results are in {report.folder}.") and "\n" not in problem
    assert (tmp_path / "x.patch").exists()


def test_a_reader_that_goes_away_is_no_problem(report, tmp_path):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    assert write(report, [("json", "-"), ("diff", str(tmp_path / "x.patch"))], Closed()) == []
    assert (tmp_path / "x.patch").exists()


def test_a_device_or_a_link_stays_what_it_is(report, tmp_path):
    (tmp_path / "real.json").touch()
    (tmp_path / "link.json").symlink_to("real.json")
    assert write(report, [("json", os.devnull), ("json", str(tmp_path / "link.json"))], io.StringIO()) == []
    assert not os.path.isfile(os.devnull) and (tmp_path / "link.json").is_symlink()
    assert json.loads((tmp_path / "real.json").read_text(encoding="utf-8"))["status"] == "optimized"
