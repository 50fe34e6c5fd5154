"""The ready-made jobs: the GitHub Action, the pre-commit hook, and the examples of docs/ci.md."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "tests" / "schemas"
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
PROJECT = """import tensorflow as tf


def step(x):
    for _ in range(3):
        x = tf.matmul(x, x)
    return x


if __name__ == "__main__":
    for _ in range(9):
        step(tf.ones((2, 2)))
"""


def validate(document: Any, schema: str) -> None:
    jsonschema.validate(document, json.loads((SCHEMAS / schema).read_text(encoding="utf-8")))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


# The action


def test_the_action_fits_the_schema_of_actions():
    validate(ACTION, "github-action.json")


def test_every_input_and_output_of_the_action_is_described_and_used():
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    for name, entry in {**ACTION["inputs"], **ACTION["outputs"]}.items():
        assert entry["description"].endswith("."), name
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == ACTION["inputs"].keys()
    told = set(re.findall(r"^\| `([\w-]+)` \|", PAGE, re.MULTILINE))
    assert told >= ACTION["inputs"].keys() | ACTION["outputs"].keys()


def test_nothing_that_users_give_is_text_of_a_shell_script():
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step["run"], step["name"]


class Job:
    """The action's steps, executed as GitHub's runner does: a bash for each, and files to write to."""

    def __init__(self, folder: Path, **inputs: str) -> None:
        self.folder = folder
        self.inputs = {name: str(entry["default"]) for name, entry in ACTION["inputs"].items()}
        self.inputs |= {"python": sys.executable, "install": "false"}
        self.inputs |= {name.replace("_", "-"): value for name, value in inputs.items()}
        self.files = {name: folder / name for name in ("output", "summary")}
        for file in self.files.values():
            file.touch()
        (folder / "temp").mkdir()
        self.steps: dict[str, Mapping[str, str]] = {}
        self.codes: dict[str, int] = {}
        self.log = ""
        for step in ACTION["runs"]["steps"]:
            self._run(step)

    def _run(self, step: Mapping[str, Any]) -> None:
        condition = step.get("if", "'' == ''")
        left, right = (self._value(part.strip()) for part in condition.split("=="))
        if left != right or any(self.codes.values()):
            return
        self.files["output"].write_text("")
        script = self.folder / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=self.folder / self._filled(step.get("working-directory", ".")),
            env={
                **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                "RUNNER_TEMP": str(self.folder / "temp"),
                "GITHUB_OUTPUT": str(self.files["output"]),
                "GITHUB_STEP_SUMMARY": str(self.files["summary"]),
                **{name: self._filled(value) for name, value in step["env"].items()},
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.codes[step["name"]] = done.returncode
        self.log += done.stdout + done.stderr
        lines = self.files["output"].read_text().splitlines()
        self.steps[step.get("id", "")] = dict(line.split("=", 1) for line in lines)

    def _filled(self, text: str) -> str:
        return re.sub(r"\$\{\{ (.+?) \}\}", lambda found: self._value(found[1]), text)

    def _value(self, expression: str) -> str:
        if expression.startswith("'"):
            return expression.strip("'")
        if expression.startswith("inputs."):
            return self.inputs[expression.removeprefix("inputs.")]
        if expression == "github.action_path":
            return str(ROOT)
        _, step, _, name = expression.split(".")
        return self.steps[step].get(name, "")

    @property
    def outputs(self) -> dict[str, str]:
        return {name: self._filled(entry["value"]) for name, entry in ACTION["outputs"].items()}

    @property
    def failed(self) -> bool:
        return any(self.codes.values())


@pytest.fixture
def project(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "train.py").write_text(PROJECT)
    return tmp_path


@pytest.mark.slow
def test_the_action_scans_and_gives_its_files_annotations_and_summary(project):
    job = Job(project, paths="src\n", options="--min-confidence=medium\n")
    assert not job.failed and job.outputs["exit-code"] == "0", job.log
    ids = [each["id"] for each in json.loads(Path(job.outputs["json"]).read_text())]
    assert "train:step" in ids
    run = json.loads(Path(job.outputs["sarif"]).read_text())["runs"][0]
    places = [each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for each in run["results"]]
    assert set(places) == {"src/train.py"}
    # GitHub takes commands between the two lines for text.
    between, after = re.search(r"::stop-commands::(.+)\n((?:.*\n)*?)::\1::\n((?:.*\n)*)", job.log).groups()[1:]
    assert "candidate" in between and "::notice file=src/train.py,line=4," in after
    assert "    src/train.py:4: step: candidate" in job.files["summary"].read_text()


@pytest.mark.slow
def test_the_action_ends_as_the_command_does_and_keeps_its_outputs(project):
    job = Job(project, paths="src", options="--fail-on-candidates", annotations="false")
    assert job.codes["Run hybridize"] == 0 and job.codes["End as hybridize ended"] == 1
    assert job.outputs["exit-code"] == "1" and Path(job.outputs["sarif"]).exists() and "::notice file" not in job.log
    (project / "again").mkdir()
    (project / "again" / "train.py").write_text(PROJECT)
    assert not Job(project / "again", options="--fail-on-candidates", fail="false").failed


@pytest.mark.slow
def test_what_users_give_to_the_action_is_data_for_the_shell(project):
    odd = "x$(touch pwned); `touch pwned` \"'\nsrc"
    (project / odd.partition("\n")[0]).mkdir()
    job = Job(project, paths=odd, options="--ignore=$(touch pwned)")
    assert not list(project.rglob("pwned")) and job.outputs["exit-code"] == "2"
    assert "There is no code $(TOUCH PWNED)." in job.log
    assert Job(mkdir(project / "b"), command="scan; touch pwned").failed and not list(project.rglob("pwned"))


def mkdir(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.mark.slow
def test_the_action_optimizes_and_writes_the_comment_the_verdicts_and_the_patch(project):
    """Of a script that does not train, so that it takes no time."""
    (project / "src" / "train.py").write_text("import sys\nprint('::error::not for you', sys.argv[1:])\n")
    job = Job(project, command="optimize", train_script="src/train.py", arguments="--name\na b", options="--budget=60s")
    assert job.outputs["exit-code"] == "0" and not job.failed, job.log
    comment = Path(job.outputs["markdown"]).read_text()
    assert comment.startswith("<!-- hybridize optimize: src/train.py -->\n")
    assert comment == job.files["summary"].read_text()
    report = json.loads(Path(job.outputs["json"]).read_text())
    assert report["command"]["arguments"] == ["--name", "a b"]
    assert "<html" in Path(job.outputs["html"]).read_text()
    assert "<testsuites" in Path(job.outputs["junit"]).read_text() and Path(job.outputs["patch"]).read_text() == ""


# The hook


def test_the_hooks_fit_the_schema_of_pre_commit():
    validate(HOOKS, "pre-commit-hooks.json")


@pytest.mark.slow
def test_the_hook_runs_as_pre_commit_runs_it(project):
    (hook,) = HOOKS
    for more, code in (([], 0), (["--fail-on-candidates"], 1)):
        command = [*shlex.split(hook["entry"]), *more, *hook["args"]]
        done = subprocess.run(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            cwd=project, capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == code and "src/train.py:4: step: candidate" in done.stdout


# The page


@pytest.mark.slow
def test_the_workflows_of_the_page_fit_the_schema_of_workflows():
    documents = [yaml.safe_load(block) for block in blocks("yaml")]
    workflows = [document for document in documents if "jobs" in document]
    assert workflows
    for workflow in workflows:
        # YAML 1.1 reads the key `on` as true.
        validate({"on" if key is True else key: value for key, value in workflow.items()}, "github-workflow.json")
        steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
        for step in steps:
            if step.get("uses", "").startswith("OWNER/hybridize"):
                assert step.get("with", {}).keys() <= ACTION["inputs"].keys()


def commands() -> list[list[str]]:
    """The calls of `optimize` in all scripts of the page, whatever they are written in."""
    scripts = blocks("sh")
    for document in map(yaml.safe_load, blocks("yaml")):
        jobs = document.get("jobs", document)
        for job in jobs.values() if isinstance(jobs, dict) else ():
            if isinstance(job, dict):
                scripts += job.get("script", ())
                scripts += [step["run"] for step in job.get("steps", ()) if "run" in step]
    joined = [line for script in scripts for line in script.replace("\\\n", " ").splitlines()]
    words = [shlex.split(line, comments=True) for line in joined]
    return [line[line.index("optimize") + 1 :] for line in words if "optimize" in line]


def test_the_options_that_the_page_names_exist():
    from hybridize.cli import commands as known
    from hybridize.cli import main
    from hybridize.report import renderers, scan

    given = commands()
    assert len(given) >= 3
    for words in given:
        command = words[0] if words[0] in known.names() else ""
        out = io.StringIO()
        assert main([*filter(None, [command]), "--help"], out, io.StringIO()) == 0
        for word in words[: words.index("--") if "--" in words else None]:
            if word.startswith("--"):
                assert word.partition("=")[0] in out.getvalue(), words
            if "=" in word and not word.startswith("-"):
                assert word.partition("=")[0] in (scan if command == "scan" else renderers).names(), words


@pytest.mark.slow
def test_the_shell_script_of_the_page_runs(project):
    """As far as it goes without TensorFlow: what only reads the source."""
    (script,) = (block for block in blocks("sh") if "optimize scan" in block)
    lines = [line for line in script.splitlines() if line.startswith("optimize scan")]
    assert lines
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(lines)],
        cwd=project,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "step: candidate" in done.stdout and list(project.rglob("*.sarif"))
