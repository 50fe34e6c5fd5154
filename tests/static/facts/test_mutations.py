"""Which containers and arrays are changed in place, outside of where they are made."""

from __future__ import annotations

import pytest
from running import analysed

from hybridize.static.facts.mutations import find_changes
from hybridize.static.ir.program import Cell
from hybridize.static.ir.values import Box

HEAD = "import numpy as np\nimport random\nHELD = [1]\nTABLE = np.zeros(3)\n"


@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("HELD[0] = 2", True),
        ("HELD[:] = x", True),
        ("del HELD[0]", True),
        ("HELD.append(x)", True),
        ("HELD.sort()", True),
        ("HELD += [x]", True),
        ("random.shuffle(HELD)", True),
        ("HELD.index(x)", False),
        ("HELD + [x]", False),
        ("print(HELD[0])", False),
        ("other = [2]; other.append(x)", False),
    ],
)
def test_a_list_of_a_module_is_changed_or_is_not(statement: str, changed: bool) -> None:
    declared = "    global HELD\n" if "+=" in statement else ""
    program = analysed(f"{HEAD}def f(x):\n{declared}    {statement}\n")
    made = next(value for value in program.cells["", "HELD"].values if isinstance(value, Box))
    assert (made in find_changes(program).boxes) == changed


@pytest.mark.parametrize("statement", ["TABLE[0] = 1", "np.copyto(TABLE, x)", "TABLE.fill(1)", "TABLE.sort()"])
def test_an_array_of_a_module_is_changed(statement: str) -> None:
    program = analysed(f"{HEAD}def f(x):\n    {statement}\n")
    cells = find_changes(program).cells
    assert [cell.name for cell in cells if isinstance(cell, Cell)] == ["TABLE"]


@pytest.mark.parametrize("name", ["__init__", "build", "__post_init__"])
def test_what_builds_an_object_changes_nothing_of_it(name: str) -> None:
    program = analysed(f"{HEAD}def {name}(x):\n    HELD.append(x)\n")
    assert not find_changes(program).boxes


def test_a_module_changes_what_it_changes_in_a_loop():
    program = analysed(f"{HEAD}TABLE[0] = 1\nfor i in [1]:\n    HELD.append(i)\n")
    changes = find_changes(program)
    assert len(changes.boxes) == 1 and not changes.cells
