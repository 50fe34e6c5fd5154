"""The report as one page of HTML: it asks no network and loads no script but its own, which a browser holds it to."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from pathlib import Path

from ....records import Report
from . import candidates, sections
from .markup import tag, trusted


def render(report: Report, results: Path | None) -> str:
    """Give the page. The flame graphs are made of the stacks in ``results``; without them, it has none."""
    script = _resource("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    # Nothing is loaded, and no script is run but this one, even if something of the user's were taken for markup.
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
