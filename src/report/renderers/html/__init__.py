"""The report as one HTML page. It loads nothing and runs only its own script; a content security policy enforces that.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from ....records import Report
from . import candidates, sections
from .markup import tag, trusted


def render(report: Report, results: Path | None) -> str:
    """Return the page. Its flame graphs are made from the stacks in ``results``; without these there are none."""
    script = _resource("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Even if text of the user were taken for markup, nothing is loaded and no other script is run.
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; img-src data:; base-uri 'none'"
    )
    title = f"{report.message[:80]} · hybridize"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("link", rel="icon", href="data:,"),
        tag("title", title),
        tag("style", trusted(_resource("page.css"))),
    )
    main = tag(
        "main",
        sections.headline(report),
        sections.change(report),
        sections.speed(report),
        sections.results(report),
        sections.section("Functions", "functions-section", candidates.table(report)),
        sections.time(report, results),
        sections.environment(report),
        sections.footer(report, report.judgements),
    )
    body = tag("body", main, tag("script", trusted(script)))
    return f"<!DOCTYPE html>\n{tag('html', head, body, lang='en')}\n"


@cache
def _resource(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
