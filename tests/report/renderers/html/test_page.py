"""The page: what it says, and that nothing which it shows can break it or reach out of it."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from hybridize.records import Drift, Metric, Reason, Report, Step
from hybridize.report.renderers import html

HOSTILE = (
    "<script>alert(1)</script><img src=//evil.example onerror=alert(2)>\"'></style></title>"
    "\x1b[2J\x07\x00\u202egnp.exe\u2066{{7*7}}${x}"
)
STACKS = "<module> (ROOT/train.py:9);step (ROOT/train.py:5);{} (ROOT/train.py:6) 90\n"


class Page(HTMLParser):
    """The elements of a page and its text; fails where an element is not closed."""

    VOID = ("meta", "link", "input", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.elements)


def with_stacks(report: Report, name: str = "matmul") -> Path:
    folder = Path(report.folder)
    folder.mkdir(parents=True, exist_ok=True)
    text = STACKS.format(name).replace("ROOT", report.command.target.root)
    (folder / "profile-eager.raw.txt").write_text(text, encoding="utf-8")
    return folder


def hostile(report: Report) -> Report:
    """A report in which everything that comes from the user's code or its output is hostile."""
    step = report.judgements[0]
    finding = replace(step.function.findings[0], message=HOSTILE, chain=(Step(HOSTILE, 1, HOSTILE),))
    judged = replace(
        step,
        function=replace(step.function, id=f"train:{HOSTILE}", qualname=HOSTILE, file=HOSTILE, findings=(finding,)),
        reasons=(Reason("so", HOSTILE, HOSTILE, HOSTILE),),
        source=f"def f():\n    '{HOSTILE}'\n# {HOSTILE}",
        variants=(replace(step.variants[0], retrace_causes=(HOSTILE,), reason=HOSTILE),),
    )
    profile = replace(
        report.profile,
        reason=HOSTILE,
        host_costs=(replace(report.profile.host_costs[0], place=HOSTILE, called=HOSTILE),),
    )
    target = replace(report.command.target, script=HOSTILE, arguments=(HOSTILE,))
    return replace(
        report,
        message=HOSTILE,
        judgements=(judged, *report.judgements[1:]),
        plan=replace(report.plan, files=(replace(report.plan.files[0], diff=f"+{HOSTILE}\n-{HOSTILE}\n"),)),
        drift=Drift(
            "none",
            HOSTILE,
            HOSTILE,
            (Metric(HOSTILE, "printed", 1.0, 1.0, 0.0, 0.0, "none"),),
            (replace(report.drift.courses[0], name=HOSTILE),),
        ),
        profile=profile,
        command=replace(report.command, argv=(HOSTILE,), target=target, options={HOSTILE: HOSTILE}),
        environment={HOSTILE: HOSTILE},
        timings={HOSTILE: 1.0},
        warnings=(HOSTILE,),
    )


def test_the_page_says_what_was_found(report):
    page = Page(html.render(report, with_stacks(report)))
    for part in (
        report.message, "7.90x", "steps to break even", "830", "patch -p1 < ", "patch -R -p1 < ", "+@tf.function",
        "95% interval 7.50x to 8.30x", "train:step", "self.losses grew by one element", "prints the loss (HYB101)",
        "Drift: none (level L2)", "train.py:9 in main calls keras.predict", "model(x, training=False)", "2.21.0",
        "pyproject.toml has no project table.", "log keeps nothing", "def step(x):", "HYB102", "retraced because of x",
    ):  # fmt: skip
        assert part in page.text, part
    assert page.count("canvas") == 1 and page.count("svg") >= 6


@pytest.mark.slow
def test_reports_of_every_kind_are_pages(examples):
    for report in examples.values():
        page = Page(html.render(report, None))
        assert page.count("h1") == 1 and page.count("canvas") == 0


@pytest.mark.slow
def test_what_the_user_wrote_is_text(report):
    folder = with_stacks(report, name=HOSTILE.replace(";", ","))
    plain, text = html.render(report, with_stacks(report)), html.render(hostile(report), folder)
    page = Page(text)
    assert page.count("script") == Page(plain).count("script") and page.count("img") == 0
    assert page.count("style") == 1 and page.count("title") == Page(plain).count("title")
    assert "<script>alert(1)</script><img src=//evil.example" in page.text
    assert "␛[2J␇␀\\u202egnp.exe\\u2066" in page.text
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert not [name for _, given in page.elements for name in given if name.startswith("on")]


def test_nothing_is_asked_of_any_host(report):
    text = html.render(hostile(report), with_stacks(report))
    links = [value for _, given in Page(text).elements for name, value in given.items() if name in ("src", "href")]
    assert links and all(link.startswith("#") or link == "data:," for link in links)
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)[1]
    assert "default-src &#x27;none&#x27;" in policy and "unsafe-inline" not in policy.split("script-src")[1]


@pytest.mark.slow
def test_ten_megabytes_on_one_line_do_not_make_a_large_page(report):
    long = "x" * 10_000_000
    judged = replace(report.judgements[0], reasons=(Reason("so", long),), source=long)
    text = html.render(replace(report, message=long, judgements=(judged,), warnings=(long,)), None)
    assert len(text) < 500_000 and "more characters" in text


@pytest.mark.slow
def test_a_large_project_has_a_page_of_a_bounded_size(report):
    many = tuple(
        replace(each, function=replace(each.function, id=f"{each.function.id}{n}"))
        for n in range(200)
        for each in report.judgements
    )
    assert len(html.render(replace(report, judgements=many), None)) < 4_000_000


@pytest.mark.parametrize("applied", [False, True])
def test_it_says_how_to_apply_and_how_to_undo(report, applied):
    text = Page(html.render(replace(report, plan=replace(report.plan, applied=applied)), None)).text
    assert ("edited in place" in text) == applied and "patch -R -p1" in text
