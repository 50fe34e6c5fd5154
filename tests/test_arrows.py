"""The house's plan: which folder may know of which. It is drawn in CONTRIBUTING.md, and held here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources import SOURCES, imports_in

#: What has no folder of its own: anything may ask it, and it asks for nothing but the like.
GROUND = {
    "records", "fingerprints", "errors", "interrupts", "installed", "options", "exit_codes", "tensorflow_internals", ""
}  # fmt: skip
#: What each folder may ask besides.
ARROWS = {
    "static": set(),
    "rewrite": set(),
    "report": set(),
    "sandbox": set(),
    "measure": {"rewrite", "sandbox"},
    "dynamic": {"measure", "rewrite", "sandbox"},
    "run": {"dynamic", "measure", "report", "rewrite", "sandbox", "static"},
    "testing": {"dynamic", "measure", "sandbox"},
    "api": {"report", "run", "static"},
    "cli": {"report", "run", "static"},
    "__main__": {"cli"},
}


#: The rooms of static/, each above those that it may ask: no arrow runs back up.
ROOMS = [
    "reading",
    "ir",
    "libraries",
    "dataflow",
    "lowering",
    "facts",
    "rules",
    "lifting",
    "verdicts",
    "analysis",
    "project",
    "selecting",
    "document",
]


def module_of(path: Path) -> list[str]:
    parts = list(path.relative_to(SOURCES).with_suffix("").parts)
    return parts[:-1] if parts[-1] == "__init__" else parts


def imports(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Each import from the package itself in a file, wherever it stands: the line, and the module from the root."""
    parts = module_of(path)
    package = parts if path.name == "__init__.py" else parts[:-1]
    for node in imports_in(path):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - (node.level - 1)]
            named = base + (node.module.split(".") if node.module else [])
            for name in node.names:
                yield node.lineno, [*named, name.name]


def foreign(path: Path) -> Iterator[tuple[int, str]]:
    """Each import of another package, wherever it stands: the line, and the package."""
    for node in imports_in(path):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name.partition(".")[0]) for name in node.names)
        elif not node.level:
            yield node.lineno, (node.module or "").partition(".")[0]


@pytest.mark.slow
@pytest.mark.parametrize("folder", sorted(ARROWS))
def test_a_folder_asks_only_those_below_it(folder: str) -> None:
    files = sorted((SOURCES / folder).rglob("*.py")) if (SOURCES / folder).is_dir() else [SOURCES / f"{folder}.py"]
    allowed = ARROWS[folder] | GROUND | {folder, "__version__"}
    wrong = [
        f"{path.relative_to(SOURCES)}:{line} asks {to[0]}"
        for path in files
        for line, to in imports(path)
        if to[0] not in allowed
    ]
    assert files and not wrong


def test_the_plan_names_every_folder_and_has_no_circle() -> None:
    names = {path.name if path.is_dir() else path.stem for path in SOURCES.iterdir() if path.name != "__pycache__"}
    assert {name for name in names if not name.startswith((".", "py"))} <= ARROWS.keys() | GROUND | {"__init__"}
    done: set[str] = set()
    while done != ARROWS.keys():
        ready = {name for name, asked in ARROWS.items() if name not in done and asked <= done}
        assert ready, f"a circle among {ARROWS.keys() - done}"
        done |= ready


@pytest.mark.slow
def test_the_ground_asks_for_nothing_above_it() -> None:
    for name in GROUND - {""}:
        path = SOURCES / f"{name}.py"
        files = [path] if path.is_file() else sorted((SOURCES / name).rglob("*.py"))
        assert files and all(to[0] in GROUND for each in files for _, to in imports(each)), name


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["sandbox", "dynamic"])
def test_neither_side_of_the_line_knows_of_the_other(folder: str) -> None:
    for side, others in (("parent", {"child"}), ("child", {"parent"}), ("", {"parent", "child"})):
        room = SOURCES / folder / side
        files = sorted(room.rglob("*.py") if side else room.glob("*.py"))
        wrong = [
            f"{path.relative_to(SOURCES)}:{line} asks {'.'.join(to)}"
            for path in files
            for line, to in imports(path)
            if to[0] in ("sandbox", "dynamic") and to[1] in others
        ]
        assert files and not wrong


@pytest.mark.slow
def test_a_stage_asks_another_only_to_run_it_again() -> None:
    """What two stages share stands above them, in run/; and only who orders the stages, or reuses them, imports one."""
    stages = SOURCES / "run" / "stages"
    names = {path.stem for path in stages.glob("*.py")} - {"__init__"}
    asked = {
        (path.relative_to(SOURCES / "run").as_posix(), ".".join(to[2:]))
        for path in sorted((SOURCES / "run").rglob("*.py"))
        for _, to in imports(path)
        if to[:2] == ["run", "stages"]
    }
    again = {(path, to) for path, to in asked if path.startswith("stages/")}
    assert again <= {("stages/observe.py", "scan"), ("stages/outline.py", "scan")}
    for path in {path for path, _ in again}:
        tree = ast.parse((SOURCES / "run" / path).read_text(encoding="utf-8"))
        from_stages = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module is None]
        local = {name.asname or name.name for node in from_stages for name in node.names if name.name == "scan"}
        attributes = [node for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        used = {each.attr for each in attributes if isinstance(each.value, ast.Name) and each.value.id in local}
        assert used == {"run"}, path
    others = {(path, to) for path, to in asked - again if not path.startswith("held/")}
    assert {path for path, _ in others} == {"pipeline.py"} and {to for _, to in others} == names
    for name in names:
        tree = ast.parse((stages / f"{name}.py").read_text(encoding="utf-8"))
        assert any(isinstance(node, ast.FunctionDef) and node.name == "run" for node in tree.body), name


@pytest.mark.slow
def test_the_process_that_the_user_starts_imports_no_tensorflow() -> None:
    """Neither at its start nor later: nothing but what runs beside the script does, and nothing imports that.

    The package itself hands out names of either kind, whichever it is asked for.
    """
    files = [path for path in sorted(SOURCES.rglob("*.py")) if not is_beside_the_script(module_of(path))]
    files.remove(SOURCES / "__init__.py")
    wrong = [
        f"{path.relative_to(SOURCES)}:{line} imports {package}"
        for path in files
        for line, package in foreign(path)
        if package in ("tensorflow", "keras", "tf_keras")
    ]
    wrong += [
        f"{path.relative_to(SOURCES)}:{line} asks {'.'.join(to)}"
        for path in files
        for line, to in imports(path)
        if is_beside_the_script(to)
    ]
    assert len(files) > 200 and not wrong


def is_beside_the_script(module: list[str]) -> bool:
    """Whether a module is used in a child process, or in the process of the user's own tests."""
    return module[1:2] == ["child"] or module[:1] in (["testing"], ["tensorflow_internals"])


def test_no_arrow_runs_back_up_inside_of_the_static_analysis() -> None:
    rooms = {
        path.stem for path in (SOURCES / "static").iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert rooms - {"__init__"} == set(ROOMS)
    wrong = []
    for number, room in enumerate(ROOMS):
        folder = SOURCES / "static" / room
        files = sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]
        above = ROOMS[number + 1 :]
        wrong += [
            f"{p.name}:{line} asks {to[1]}"
            for p in files
            for line, to in imports(p)
            if to[:1] == ["static"] and to[1:2] and to[1] in above
        ]
    assert not wrong
