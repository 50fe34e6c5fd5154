"""The house is in order: set-up, documents, licence, and the workloads that the project is measured on."""

from __future__ import annotations

import ast
import io
import math
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from hybridize.cli import main

ROOT = Path(__file__).resolve().parents[1]
WORKLOADS = sorted(folder.parent for folder in (ROOT / "bench" / "workloads").glob("*/expect.toml"))
DOCUMENTS = [
    ROOT / name
    for name in ("README.md", "CONTRIBUTING.md", "docs/README.md", "results/README.md", "bench/README.md")
]
EXPECTED = {"confirmed", "safe", "covered", "slower", "hybrid", "unsafe"}
OUTCOMES = {"faster", "nothing-to-gain"}
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")

each_workload = pytest.mark.parametrize("folder", WORKLOADS, ids=lambda folder: folder.name)
each_document = pytest.mark.parametrize("page", DOCUMENTS, ids=lambda page: str(page.relative_to(ROOT)))


def read(*parts: str) -> str:
    return ROOT.joinpath(*parts).read_text(encoding="utf-8")


def expectations(folder: Path) -> dict:
    return tomllib.loads((folder / "expect.toml").read_text(encoding="utf-8"))


def parse(folder: Path, name: str) -> ast.Module:
    return ast.parse((folder / name).read_bytes(), filename=f"{folder.name}/{name}")


def functions(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.FunctionDef]]:
    """Each function of a file with its qualified name."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef):
            yield prefix + node.name, node
            yield from functions(node, f"{prefix}{node.name}.<locals>.")
        elif isinstance(node, ast.ClassDef):
            yield from functions(node, f"{prefix}{node.name}.")
        else:
            yield from functions(node, prefix)


def is_graph_decorator(node: ast.expr) -> bool:
    call = node.func if isinstance(node, ast.Call) else node
    return ast.unparse(call) == "tf.function"


def graph_functions(tree: ast.Module) -> set[str]:
    return {
        name for name, node in functions(tree) if any(is_graph_decorator(each) for each in node.decorator_list)
    }


# Set-up


def test_ci_runs_the_tests_of_make():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    assert re.search(r"^(exec )?make test\b", script.read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.slow
def test_make_test_checks_style_types_and_behaviour():
    done = subprocess.run(["make", "-n", "test"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    for tool in ("ruff check", "mypy src", "pytest"):
        assert tool in done.stdout


def test_make_says_what_is_missing_where_no_python_fits(tmp_path):
    for name in ("Makefile", "pyproject.toml"):
        (tmp_path / name).write_text(read(name), encoding="utf-8")
    done = subprocess.run(
        ["make", "install", "PYTHON=false"], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert "No Python 3.11, 3.12 or 3.13" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_license_is_the_one_that_is_declared():
    text = " ".join(read("LICENSE").split())
    assert text.startswith("Apache License Version 2.0, January 2004")
    assert text.endswith("limitations under the License.")
    assert tomllib.loads(read("pyproject.toml"))["project"]["license"] == "Apache-2.0"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sandbox.md", "sandbox-details.md"])
def test_the_constants_that_a_page_of_the_sandbox_names_exist(name: str) -> None:
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", read("docs", name)))
    sources = "\n".join(path.read_text() for path in (ROOT / "src" / "sandbox").rglob("*.py"))
    assert {word for word in named if not re.search(rf"\b_?{word}\b", sources)} == set()


@pytest.mark.slow
def test_no_file_holds_a_path_of_a_developers_machine():
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    private = re.compile(r"(?<![\w.}~-])/(?:(?:home|Users)/(?!you\b|user\b)\w|(?:root|work)/\w)")
    found = []
    for name in filter(None, listed.stdout.split("\0")):
        file = ROOT / name
        text = file.read_text(encoding="utf-8", errors="ignore") if file.is_file() else ""
        if private.search(text) or f"{ROOT}/" in text:
            found.append(name)
    assert not found


# Documents


@each_document
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert "://" in target or (page.parent / target).exists(), target


def heading_anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as a forge makes them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower() for heading in headings]
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in plain}


def test_each_link_between_documents_leads_to_a_page_and_its_heading():
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    wrong, links = [], 0
    for page in pages:
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if "://" not in target:
                links += 1
                file, _, anchor = target.partition("#")
                there = page.parent / file if file else page
                if not there.exists() or (anchor and anchor not in heading_anchors(there)):
                    wrong.append(f"{page.relative_to(ROOT)}: {target}")
    assert links > 50 and not wrong


@each_document
def test_the_make_commands_that_documents_name_exist(page):
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE))
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"^\s*make ([a-z]+)\b", text, re.MULTILINE) + re.findall(r"`make ([a-z]+)\b", text)
    assert set(named) <= targets


def test_readme_gives_the_two_commands():
    assert re.search(r"^make demo\b", read("README.md"), re.MULTILINE)
    assert re.search(r"^make test\b", read("README.md"), re.MULTILINE)


def test_the_options_that_readme_names_exist():
    out = io.StringIO()
    assert main(["--help"], out, io.StringIO()) == 0
    help_text = out.getvalue()
    for line in re.findall(r"^optimize .*$", read("README.md"), re.MULTILINE):
        for option in re.findall(r"(?<!\S)--[a-z-]+", line.split(" -- ")[0]):
            assert option in help_text, line


def test_the_table_of_workloads_is_the_workloads():
    rows = dict(re.findall(r"^\| \[(\w+)\]\(workloads/\1/train\.py\) \| (.+) \|$", read("bench", "README.md"), re.M))
    assert rows == {folder.name: expectations(folder)["description"] for folder in WORKLOADS}


def test_the_index_of_the_documentation_names_every_page():
    index = read("docs", "README.md")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"({page.name})" in index, page.name


# Workloads


def test_there_is_a_workload_for_every_kind_of_script():
    assert len(WORKLOADS) >= 12
    assert {folder.parent for folder in (ROOT / "bench" / "workloads").glob("*/train.py")} == set(WORKLOADS)


@each_workload
def test_expectations_are_complete(folder):
    expect = expectations(folder)
    keys = {"description", "unit", "random_ops", "outcome", "short", "functions"}
    assert keys <= set(expect) <= keys | {"environment", "lifted", "rewrite"}
    # Where a whole loop may go into the graph, there are copies by hand of the loop and of the step.
    others = [file for file in ("by_step.py", "by_loop.py") if (folder / file).exists()]
    assert len(others) == (expect.get("rewrite") == "loops")
    assert expect["outcome"] in OUTCOMES
    assert isinstance(expect["random_ops"], bool)
    assert all(isinstance(value, str) for value in [*expect["short"], *expect.get("environment", {}).values()])
    for name, function in expect["functions"].items():
        assert {"expected", "reason"} <= set(function) <= {"expected", "reason", "names"}, name
        assert function["expected"] in EXPECTED, name
        # What is refused has to be refused for the right reason.
        assert (function["expected"] == "unsafe") == ("names" in function), name
        re.compile(function.get("names", ""))
    confirmed = [name for name, f in expect["functions"].items() if f["expected"] == "confirmed"]
    assert bool(confirmed or expect.get("lifted")) == (expect["outcome"] == "faster")


@each_workload
def test_expectations_are_of_functions_that_exist(folder):
    expect = expectations(folder)
    defined = [name for name, _ in functions(parse(folder, "train.py"))]
    assert set(expect["functions"]) <= set(defined)
    assert expect["unit"] in expect["functions"]
    assert len(defined) == len(set(defined))


@each_workload
def test_a_script_is_eager_but_where_it_is_said_to_be_hybrid(folder):
    expect = expectations(folder)
    hybrid = {name for name, f in expect["functions"].items() if f["expected"] == "hybrid"}
    assert graph_functions(parse(folder, "train.py")) == hybrid


@pytest.mark.slow
@each_workload
def test_by_hand_adds_decorators_where_they_are_expected_and_changes_nothing_else(folder):
    train, by_hand = parse(folder, "train.py"), parse(folder, "by_hand.py")
    wanted = {
        word: {name for name, f in expectations(folder)["functions"].items() if f["expected"] == word}
        for word in EXPECTED
    }
    decorated = graph_functions(by_hand) - graph_functions(train)
    lifted = set(expectations(folder).get("lifted", ()))
    if lifted:
        # The copy has functions more: that it trains as the script does is for the long test to say.
        assert lifted <= decorated
        assert not lifted & {name for name, _ in functions(train)}
        return
    assert wanted["confirmed"] <= decorated <= wanted["confirmed"] | wanted["safe"]
    for tree in (train, by_hand):
        for _, node in functions(tree):
            node.decorator_list = [each for each in node.decorator_list if not is_graph_decorator(each)]
    assert ast.dump(train) == ast.dump(by_hand)


@each_workload
def test_a_script_needs_nothing_but_tensorflow_numpy_and_scikit_learn(folder):
    allowed = {"tensorflow", "numpy", "sklearn"} | set(sys.stdlib_module_names)
    for node in ast.walk(parse(folder, "train.py")):
        if isinstance(node, ast.Import):
            assert {alias.name.partition(".")[0] for alias in node.names} <= allowed
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and (node.module or "").partition(".")[0] in allowed


# Modules whose tests are those of another, which uses nothing else of theirs.
TESTED_WITH = {
    "static/lifting/dividing.py": "static/lifting/test_choosing.py",
    "static/libraries/methods.py": "static/libraries/test_results.py",
    "static/libraries/method_effects.py": "static/libraries/test_library_effects.py",
}
BRANCHES = (ast.If, ast.For, ast.While, ast.IfExp, ast.BoolOp, ast.Try, ast.Match, ast.comprehension)


@pytest.mark.parametrize("folder", ["static", "dynamic", "rewrite"])
@pytest.mark.slow
def test_each_module_with_logic_has_tests_where_one_looks_for_them(folder):
    """Rules have none of that name: their own examples are their tests."""
    missing = []
    for path in sorted((ROOT / "src" / folder).rglob("*.py")):
        module = path.relative_to(ROOT / "src")
        if path.name == "__init__.py" or module.parts[:2] == ("static", "rules"):
            continue
        names = [f"test_{path.stem}.py", f"test_{path.parent.name}_{path.stem}.py", f"test_library_{path.stem}.py"]
        places = [ROOT / "tests" / module.parent / name for name in names]
        places += [ROOT / "tests" / TESTED_WITH[str(module)]] if str(module) in TESTED_WITH else []
        nodes = ast.walk(ast.parse(path.read_bytes()))
        if not any(place.is_file() for place in places) and any(isinstance(node, BRANCHES) for node in nodes):
            missing.append(str(module))
    assert not missing


# One process runs both scripts, for the import of TensorFlow takes longer than either.
RUN_BOTH = """
import runpy, sys
for script in ("train.py", "by_hand.py"):
    sys.argv = [script, *sys.argv[1:]]
    runpy.run_path(script, run_name="__main__")
    print("-- end")
"""


@pytest.mark.slow
@pytest.mark.long
@each_workload
def test_by_hand_trains_as_the_eager_script_does(folder):
    expect = expectations(folder)
    done = subprocess.run(
        [sys.executable, "-c", RUN_BOTH, *expect["short"]],
        cwd=folder, env=os.environ | expect.get("environment", {}), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    eager, by_hand, rest = done.stdout.split("-- end\n")
    assert eager and not rest
    assert NUMBER.sub("#", eager) == NUMBER.sub("#", by_hand)
    if not expect["random_ops"]:
        for one, other in zip(NUMBER.findall(eager), NUMBER.findall(by_hand), strict=True):
            assert math.isclose(float(one), float(other), rel_tol=1e-3, abs_tol=2e-4), (eager, by_hand)
