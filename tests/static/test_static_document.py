"""The pages of the rules, as they are written: a page for each rule, and none of what is no rule any more."""

from __future__ import annotations

from pathlib import Path

from hybridize.static.document import render_pages, write_pages
from hybridize.static.rules import all_rules


def test_each_rule_has_a_page_and_a_line_in_the_index() -> None:
    pages = render_pages()
    assert set(pages) == {"README.md", *(f"{rule.code}.md" for rule in all_rules())}
    for rule in all_rules():
        (line,) = [each for each in pages["README.md"].splitlines() if f"({rule.code}.md)" in each]
        assert rule.title in line and rule.polarity.value in line


def test_pages_of_rules_that_are_gone_are_deleted_and_other_files_stay(tmp_path: Path) -> None:
    folder = tmp_path / "docs" / "rules"
    folder.mkdir(parents=True)
    (folder / "HYB999.md").write_text("gone")
    (folder / "picture.svg").write_text("kept")
    written = write_pages(folder)
    assert {path.name: path.read_text() for path in written} == render_pages()
    assert {path.name for path in folder.iterdir()} == {"picture.svg", *render_pages()}
