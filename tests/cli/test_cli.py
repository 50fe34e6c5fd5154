"""The `optimize` command, called as a function: arguments in, text and exit code out."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from hybridize import __version__, cli, static
from hybridize.options import Options
from hybridize.records import Action, Budget, Command, Confidence, Finding, Function, FunctionKind, Report, Scan, Target
from hybridize.report import scan as formats


class Called:
    """The command's outcome."""

    def __init__(self, *arguments: str) -> None:
        out, err = io.StringIO(), io.StringIO()
        self.code = cli.main(arguments, out, err)
        self.out, self.err = out.getvalue(), err.getvalue()

    @property
    def sentence(self) -> str:
        """The one sentence on standard error."""
        assert self.err.startswith("optimize: ") and self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        return self.err


def report(options: Options, **changes: object) -> Report:
    fields: dict[str, object] = {
        "status": "nothing-to-gain",
        "message": "Nothing is to be gained.",
        "exit_code": 0,
        "created": "2026-11-22T09:30:15+00:00",
        "command": Command(("optimize",), Target("/p", "/p", "/p/train.py", options.arguments), {}),
        "environment": {},
        "budget": Budget(options.budget_seconds, 1.0),
    }
    return Report(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def pipeline(monkeypatch, tmp_path):
    """A project with a script, and a pipeline that only notes what it is asked for."""
    from hybridize.run import pipeline

    (tmp_path / "train.py").write_text("import tensorflow as tf\n")
    monkeypatch.chdir(tmp_path)
    asked = SimpleNamespace(options=None, command=None, outcome=report)

    def run(options, watcher, command=()):
        asked.options, asked.command = options, tuple(command)
        watcher.stage("static", "reading")
        return asked.outcome(options)

    monkeypatch.setattr(pipeline, "run", run)
    return asked


def test_the_options_reach_the_pipeline(pipeline):
    called = Called(
        *("--train-script", "train.py", "--budget", "20m", "--steps", "50", "--pairs", "3", "--seed", "none"),
        *("--only", "train:a", "--only", "train:b", "--skip", "train:c", "--min-speedup", "1.2", "--apply"),
        *("--metric", "acc=acc: (.*)", "--results", "out", "--drift-runs", "5", "-v", "-v"),
        *("--", "--epochs", "3", "--", "-v"),
    )
    assert called.code == 0
    assert pipeline.options == Options(
        script=Path("train.py"),
        arguments=("--epochs", "3", "--", "-v"),
        only=("train:a", "train:b"),
        skip=("train:c",),
        budget_seconds=1200.0,
        steps=50,
        pairs=3,
        drift_runs=5,
        seed=None,
        min_speedup=1.2,
        metrics=(("acc", "acc: (.*)"),),
        apply=True,
        results=Path("out"),
        verbosity=2,
    )
    assert pipeline.command[:3] == ("optimize", "--train-script", "train.py")


def test_pyproject_is_read_and_the_command_line_wins(pipeline):
    Path("pyproject.toml").write_text("[tool.optimize]\ntrain-script = 'train.py'\npairs = 9\nsteps = 8\n")
    assert Called("--pairs", "3").code == 0
    assert (pipeline.options.pairs, pipeline.options.steps) == (3, 8)
    assert pipeline.options.script == Path("train.py").absolute()


def test_the_pyproject_beside_the_script_counts(pipeline, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "train.py").touch()
    (tmp_path / "other" / "pyproject.toml").write_text("[tool.optimize]\npairs = 9\n")
    assert Called("--train-script", "other/train.py").code == 0
    assert pipeline.options.pairs == 9


@pytest.mark.slow
@pytest.mark.parametrize("code", [0, 1, 3, 4, 130])
def test_the_exit_code_is_the_reports(pipeline, code):
    pipeline.outcome = lambda options: report(options, exit_code=code, message="So it ended.")
    called = Called("--train-script", "train.py")
    assert called.code == code
    assert called.out.endswith("So it ended.\n")


def test_quiet_prints_the_result_alone(pipeline):
    assert Called("--train-script", "train.py", "-q").out.strip() == "Nothing is to be gained."


def test_json_is_all_that_standard_output_gets(pipeline):
    called = Called("--train-script", "train.py", "--format", "json")
    assert json.loads(called.out)["status"] == "nothing-to-gain"
    assert "static" in called.err and called.err.endswith("Nothing is to be gained.\n")
    assert Called("--train-script", "train.py", "--output", "json=-").out == called.out


def test_outputs_are_written_after_the_run(pipeline, tmp_path):
    called = Called("--train-script", "train.py", "--output", "json=out/a.json", "--output", "markdown=b.md")
    assert called.code == 0 and "Nothing is to be gained." in called.out
    assert pipeline.options.outputs == (("json", "out/a.json"), ("markdown", "b.md"))
    assert json.loads((tmp_path / "out" / "a.json").read_text())["status"] == "nothing-to-gain"
    assert "Nothing is to be gained." in (tmp_path / "b.md").read_text()


@pytest.mark.parametrize("code, expected", [(0, 4), (1, 1), (3, 3)])
def test_an_output_that_can_not_be_written_is_said_and_fails_a_run_that_was_well(pipeline, code, expected):
    pipeline.outcome = lambda options: report(options, exit_code=code, message="So it ended.")
    Path("file").touch()
    called = Called("--train-script", "train.py", "--output", "json=file/a.json", "--output", "json=b.json")
    assert called.code == expected and "So it ended." in called.out
    assert "The json output can't be written to file/a.json (" in called.sentence
    assert json.loads(Path("b.json").read_text())["message"] == "So it ended."


def test_help_lists_the_output_formats(monkeypatch, tmp_path):
    from hybridize.report import renderers

    (tmp_path / "brand_new.py").touch()
    monkeypatch.setattr(renderers, "__path__", [*renderers.__path__, str(tmp_path)])
    text = " ".join(Called("--help").out.split())
    assert all(name in text for name in renderers.names()) and "brand-new" in text


def test_help_explains_by_example():
    called = Called("--help")
    assert called.code == 0 and called.err == ""
    for word in ("--train-script train.py", "optimize scan", "optimize explain", "exit codes", "[tool.optimize]"):
        assert word in called.out
    assert max(map(len, called.out.splitlines())) <= 110


def test_help_names_every_option():
    from hybridize.options import SETTINGS

    text = Called("-h").out
    assert all(f"--{name}" in text for name in SETTINGS.keys() - {"arguments", "verbosity"})


@pytest.mark.parametrize("system", ["darwin", "win32"])
def test_another_system_than_linux_is_told_in_one_sentence_before_anything_runs(pipeline, monkeypatch, system):
    monkeypatch.setattr(sys, "platform", system)
    called = Called("--train-script", "train.py")
    assert called.code == 2 and called.err.count("\n") == 1
    assert "optimize needs Linux, " in called.err and system in called.err and "optimize scan" in called.err
    assert pipeline.options is None


def test_version():
    assert Called("--version").out == f"optimize (hybridize) {__version__}\n"


@pytest.mark.parametrize(
    "arguments, expected",
    [
        ([], "did you mean optimize --train-script train.py?"),
        (["train.py"], "did you mean optimize --train-script train.py?"),
        (["train.py", "--", "--epochs", "3"], "did you mean optimize --train-script train.py?"),
        (["--train-script", "trian.py"], "Did you mean --train-script train.py?"),
        (["--train-script", "."], "is a folder"),
        (["--train-script"], "--train-script needs a value."),
        (["--train-script", "train.py", "--train-module", "train"], "not both"),
        (["--train-module", "train.py"], "did you mean --train-script train.py?"),
        (["--train-script", "train.py", "--budget", "soon"], "--budget takes a length of time, such as 90s"),
        (["--train-script", "train.py", "--budget", "-5"], "--budget takes"),
        (["--train-script", "train.py", "--epochs", "3"], "train.py -- --epochs 3"),
        (["--train-script", "train.py", "--bugdet", "3"], "did you mean --budget?"),
        (["--train-script", "train.py", "-q", "-v"], "not both"),
        (["--train-script", "train.py", "--format", "xml"], "'text' or 'json'"),
        (["--train-script", "train.py", "--output", "markdown"], "--output takes a format and a file, such as"),
        (["--train-script", "train.py", "--output", "=x"], "--output takes a format and a file, such as"),
        (["--train-script", "train.py", "--output", "markdwn=x"], "format markdwn. Did you mean markdown? It is"),
        (["--train-script", "train.py", "--output", "zip=x"], "There is no output format zip. It is one of diff, "),
        (["--train-script", "train.py", "--output", "json=."], "names a folder"),
        (["--train-script", "train.py", "--output", "json=train.py"], "would overwrite a source file"),
        (["--train-script", "train.py", "--output", "json=a", "--output", "diff=./a"], "Two outputs go to a;"),
        (["--train-script", "train.py", "--output", "diff=-", "--format", "json"], "Two outputs go to standard output"),
        (["--train-script", "train.py", "--project", "nowhere"], "--project needs a folder"),
        (["--train-script", "train.py", "--apply=yes"], "--apply"),
        (["scan"], "optimize scan ."),
        (["scan", "trian.py"], "Did you mean train.py?"),
        (["scan", ".", "--fail-on-candidate"], "Did you mean --fail-on-candidates?"),
        (["scan", ".", "--format", "xml"], ", ".join(formats.names())),
        (["explain", "a", "b"], "one code"),
    ],
)
def test_wrong_usage_ends_with_one_sentence_and_2(pipeline, arguments, expected):
    called = Called(*arguments)
    assert called.code == 2
    assert expected in called.sentence
    assert pipeline.options is None


def test_a_wrong_pyproject_is_wrong_usage(pipeline):
    Path("pyproject.toml").write_text("[tool.optimize]\nbudgit = '5m'\n")
    called = Called("--train-script", "train.py")
    assert called.code == 2 and "did you mean 'budget'" in called.sentence


def test_an_interrupt_ends_without_a_traceback(pipeline):
    def interrupted(options):
        raise KeyboardInterrupt

    pipeline.outcome = interrupted
    called = Called("--train-script", "train.py")
    assert called.code == 130 and "interrupted" in called.sentence


def failing(options):
    raise RuntimeError("no such luck\nand more")


def test_our_own_failure_is_one_sentence_and_a_file(pipeline, tmp_path):
    pipeline.outcome = failing
    called = Called("--train-script", "train.py", "--results", "out")
    assert called.code == 4
    assert "hybridize itself failed: RuntimeError: no such luck; the traceback is in" in called.sentence
    assert "please report" in called.sentence
    assert "Traceback" in (tmp_path / "out" / "error.log").read_text()


def test_our_own_failure_shows_its_traceback_where_asked_for(pipeline):
    pipeline.outcome = failing
    assert "Traceback" not in Called("--train-script", "train.py", "-v").err
    assert "Traceback" in Called("--train-script", "train.py", "-vv").err


def test_a_traceback_finds_a_place_where_the_results_can_not_be_written(pipeline, tmp_path, monkeypatch):
    pipeline.outcome = failing
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "file").touch()
    called = Called("--train-script", "train.py", "--results", "file/out")
    place = Path(called.sentence.partition("the traceback is in ")[2].partition(";")[0])
    assert "Traceback" in place.read_text()


def test_a_stream_that_can_not_take_a_character_gets_it_escaped(pipeline):
    pipeline.outcome = lambda options: report(options, message="schön µs")
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    assert cli.main(["--train-script", "train.py"], stream, io.StringIO()) == 0
    assert raw.getvalue().decode("ascii").endswith("sch\\xf6n \\xb5s\n")


MAYBE = Finding("HYB104", "may print", "train.py", 2)
PRINTS = Finding("HYB101", "prints", "train.py", 5, certain=True)


def function(name: str, line: int, finding: Finding, proposal: Action) -> Function:
    return Function(
        f"train:{name}", "train.py", line, line + 1, "train", name, FunctionKind.FUNCTION, None, (), (finding,),
        (), proposal, None if proposal is Action.HYBRIDIZE else finding,
    )  # fmt: skip


@pytest.fixture
def scanned(monkeypatch, tmp_path):
    """A static stage that knows two functions and two rules."""
    from hybridize.static import rules

    (tmp_path / "train.py").touch()
    monkeypatch.chdir(tmp_path)
    functions = (function("f", 1, MAYBE, Action.HYBRIDIZE), function("g", 4, PRINTS, Action.NONE))
    asked = SimpleNamespace(root=None, paths=None, functions=functions)

    def scan(root, entry=None, paths=()):
        asked.root, asked.paths = root, tuple(paths)
        return Scan(str(root), asked.functions, ("old.py can't be parsed.",), {}, frozenset(), frozenset(), 5, True)

    known = [SimpleNamespace(code="HYB104", title="May print"), SimpleNamespace(code="HYB101", title="Prints")]
    monkeypatch.setattr(static, "scan", scan)
    monkeypatch.setattr(rules, "all_rules", lambda: known, raising=False)
    monkeypatch.setattr(rules, "explain", lambda code: f"{code}: what it means\n", raising=False)
    return asked


def test_scan_prints_candidates_and_ends_with_0_for_candidates_are_no_failure(scanned):
    called = Called("scan", ".")
    assert called.code == 0
    assert "1: f: candidate, hybridize" in called.out and "HYB101 prints" in called.out
    assert called.err == "warning: old.py can't be parsed.\n"


def test_scan_ends_with_1_where_it_is_to_fail_on_candidates_and_there_is_one(scanned):
    assert Called("scan", ".", "--fail-on-candidates").code == 1
    scanned.functions = scanned.functions[1:]
    assert Called("scan", ".", "--fail-on-candidates").code == 0


@pytest.mark.parametrize("format", ["json", "sarif"])
def test_scan_prints_for_programs(scanned, format):
    called = Called("scan", ".", "--format", format)
    assert called.code == 0 and json.loads(called.out)


def test_scan_writes_formats_to_files_and_prints_text_besides(scanned, tmp_path):
    called = Called("scan", ".", "--output", "sarif=out/a.sarif", "--output", "json=b.json")
    assert called.code == 0 and "1: f: candidate, hybridize" in called.out
    assert json.loads((tmp_path / "out" / "a.sarif").read_text())["version"] == "2.1.0"
    assert (tmp_path / "b.json").read_text() == Called("scan", ".", "--format", "json").out
    # What is to be printed is all that is printed.
    assert Called("scan", ".", "--output", "json=-").out == (tmp_path / "b.json").read_text()


@pytest.mark.parametrize(
    "arguments, expected",
    [
        (["--output", "markdown=a"], f"There is no output format markdown. It is one of {formats.names()[0]}, "),
        (["--output", "json=train.py"], "would overwrite a source file"),
        (["--output", "json=-", "--format", "sarif"], "Two outputs go to standard output"),
    ],
)
def test_an_output_of_scan_that_is_none_is_wrong_usage(scanned, arguments, expected):
    called = Called("scan", ".", *arguments)
    assert called.code == 2 and expected in called.sentence


def test_an_output_of_scan_that_can_not_be_written_is_said(scanned, tmp_path):
    (tmp_path / "file").touch()
    called = Called("scan", ".", "--output", "json=file/a.json")
    assert called.code == 4 and "The json output can't be written to file/a.json (" in called.err


def test_scan_takes_the_folder_above_a_package_as_the_root(scanned, tmp_path):
    (tmp_path / "p" / "q").mkdir(parents=True)
    for folder in ("p", "p/q"):
        (tmp_path / folder / "__init__.py").touch()
    Called("scan", "p/q")
    assert (scanned.root, scanned.paths) == (tmp_path.resolve(), ((tmp_path / "p/q").resolve(),))
    Called("scan", "train.py", "p")
    assert scanned.root == tmp_path.resolve()


def test_scan_selects_and_ignores_by_code(scanned):
    def ids(*arguments):
        return {each["id"]: each for each in json.loads(Called("scan", ".", "--format", "json", *arguments).out)}

    assert ids("--select", "HYB104").keys() == {"train:f"}
    assert ids("--select", "hyb1").keys() == {"train:f", "train:g"}
    assert ids("--ignore", "HYB104,HYB101")["train:f"]["findings"] == []
    assert ids("--ignore", "HYB104")["train:g"]["blocker"]["code"] == "HYB101"
    called = Called("scan", ".", "--select", "HYB1O4")
    assert called.code == 2 and "Did you mean HYB104?" in called.sentence


def test_scan_leaves_out_candidates_of_less_confidence_than_is_asked_for(scanned):
    weak, printing = scanned.functions
    strong = replace(weak, id="train:h", qualname="h", confidence=Confidence.HIGH, rank=1)
    scanned.functions = (replace(weak, confidence=Confidence.LOW, rank=2), strong, printing)

    def told(*arguments):
        return [each["id"] for each in json.loads(Called("scan", ".", "--format", "json", *arguments).out)]

    assert told() == told("--min-confidence", "low") == ["train:f", "train:h", "train:g"]
    assert told("--min-confidence", "medium") == told("--min-confidence", "high") == ["train:h", "train:g"]
    scanned.functions = scanned.functions[:1]
    assert Called("scan", ".", "--min-confidence", "high").code == 0
    assert "high, medium, low, not 'sure'" in Called("scan", ".", "--min-confidence", "sure").err


def test_explain_prints_a_rule_or_lists_them(scanned):
    assert Called("explain", "hyb104").out == "HYB104: what it means\n"
    assert Called("explain").out == "HYB101  Prints\nHYB104  May print\n"
    called = Called("explain", "HYB140")
    assert called.code == 2 and "Did you mean HYB104?" in called.sentence


def test_a_reader_that_goes_away_is_no_failure(scanned):
    class Closed(io.StringIO):
        def write(self, text):
            raise BrokenPipeError

    err = io.StringIO()
    assert cli.main(["scan", "."], Closed(), err) == 0
    assert "Traceback" not in err.getvalue()


@pytest.mark.slow
def test_the_answer_to_help_and_mistakes_imports_nothing_heavy():
    program = (
        "import sys, io; from hybridize.cli import main\n"
        "for arguments in ([], ['--help'], ['train.py'], ['scan', '--help'], ['--train-script', 'gone.py']):\n"
        "    main(arguments, io.StringIO(), io.StringIO())\n"
        "heavy = {'tensorflow', 'numpy', 'scipy', 'rich', 'libcst', 'hybridize.run.pipeline', 'tomllib', 'shutil'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, cwd="/")
    assert (done.stdout, done.stderr) == ("[]\n", "")
