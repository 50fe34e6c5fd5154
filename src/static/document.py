"""Writes ``docs/rules``: one page per rule, and an index.

``python -m hybridize.static.document`` from a checkout of the project.
"""

from __future__ import annotations

from pathlib import Path

from .rules import Group, all_rules, page_of

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "docs" / "rules"


def render_pages() -> dict[str, str]:
    """All pages by file name: one per rule, and ``README.md`` with the list."""
    pages = {f"{rule.code}.md": page_of(rule) for rule in all_rules()}
    lines = ["# Rules", ""]
    for group in Group:
        head = ["| code | finds a function that | if the analysis is uncertain |", "| --- | --- | --- |"]
        lines += [f"## {group.value}", "", *head]
        for rule in all_rules():
            if rule.group is group:
                lines.append(f"| [{rule.code}]({rule.code}.md) | {rule.title} | {rule.polarity.value} |")
        lines.append("")
    pages["README.md"] = "\n".join(lines)
    return pages


def write_pages(directory: Path = DIRECTORY) -> list[Path]:
    """Write the pages, delete pages of removed rules, and return the paths written."""
    directory.mkdir(parents=True, exist_ok=True)
    pages = render_pages()
    for path in directory.glob("*.md"):
        if path.name not in pages:
            path.unlink()
    for name, text in pages.items():
        (directory / name).write_text(text)
    return [directory / name for name in pages]


if __name__ == "__main__":
    write_pages()
