"""Every dependency has its reason, and nothing is used that is not declared."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from pathlib import Path

from tests.sources import SOURCES, imports_in

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0] for requirement in requirements}


def test_every_dependency_is_explained_and_nothing_else():
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    explained = set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE))
    assert explained == names(PROJECT["project"]["dependencies"])
    for name in names(PROJECT["dependency-groups"]["dev"]):
        assert f"`{name}`" in page


def test_the_package_imports_only_what_it_declares():
    declared = {name.replace("-", "_") for name in names(PROJECT["project"]["dependencies"])}
    # Keras comes with TensorFlow, as Keras 3 or, where a script asks for it, as tf_keras.
    allowed = declared | {"keras", "tf_keras"} | set(sys.stdlib_module_names)
    files = list(SOURCES.rglob("*.py"))
    assert files
    for file in files:
        for node in imports_in(file):
            modules: list[str] = []
            if isinstance(node, ast.Import):
                modules = [each.name for each in node.names]
            elif not node.level:
                modules = [node.module or ""]
            for module in modules:
                assert module.partition(".")[0] in allowed | {"hybridize"}, f"{file}: {module}"
