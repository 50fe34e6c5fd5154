"""The report as Markdown, read by a Markdown renderer that is not ours."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from reports import against_a_baseline

from hybridize.records import Plan, Reason
from hybridize.report.renderers import markdown


class Page(HTMLParser):
    """What a reader sees of a page: its text, and the tags that it is made with."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.text, self.tags, self.cells, self._in_cell = "", [], [[]], False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable("table").render(source))

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self._in_cell = True
            self.cells[-1].append("")

    def handle_data(self, data):
        self.text += data
        if self._in_cell:
            self.cells[-1][-1] += data

    def handle_endtag(self, tag):
        self._in_cell = self._in_cell and tag not in ("td", "th")


def rendered(report) -> str:
    return markdown.render(report, None)


def test_a_page_has_the_outcome_the_candidates_the_numbers_and_the_change(report):
    page = Page(rendered(report))
    assert page.text.lstrip().startswith("hybridize: optimized\ntrain.py runs 7.9x faster")
    head, step, refuted, unobserved = page.cells[1:5]
    assert head == ["function", "verdict", "gain", "evidence", "what to do"]
    assert step[:3] == ["train:step", "confirmed", "7.90x"] and step[4].startswith("Apply the patch.")
    assert step[3].startswith("the graph gave what eager gave in 40 of 40 calls") and "4,000 calls" in step[3]
    assert refuted[1] == "refuted" and unobserved[1] == "unobserved"
    assert "train:show: prints the loss (HYB101)" in page.text
    assert "Per step: 7.90x faster (95% interval 7.50x to 8.30x)" in page.text
    assert "Drift: none (level L2). 40 of 40 steps" in page.text
    assert "train:step: 95% ±2% of the time before" in page.text and "profile-eager.speedscope.json" in page.text
    assert "patch -p1 < results/20261122-093015-train/optimize.patch" in page.text
    assert "--- a/train.py\n+++ b/train.py\n" in page.text
    assert "pyproject.toml has no project table." in page.text


def test_a_run_that_came_to_nothing_has_no_empty_sections(report):
    nothing = replace(report, judgements=(), plan=Plan(), benchmark=None, drift=None, profile=None, warnings=())
    page = rendered(replace(nothing, status="usage"))
    assert page.count("##") == 1 and "\n## hybridize: usage\n" in page


def test_a_bot_finds_its_comment_by_the_hidden_first_line(report):
    first = rendered(report).splitlines()[0]
    assert first == "<!-- hybridize optimize: train.py -->"
    assert rendered(replace(report, message="another")).splitlines()[0] == first
    target = replace(report.command.target, script="/elsewhere/a-b -->.py")
    odd = rendered(replace(report, command=replace(report.command, target=target))).splitlines()[0]
    assert re.fullmatch(r"<!-- hybridize optimize: [\w./]+ -->", odd) and odd != first
    assert rendered(against_a_baseline(report)).startswith("<!-- hybridize check: train.py -->")
    assert "hybridize optimize: train" not in Page(rendered(report)).text


def test_a_check_tells_what_became_of_the_speedup_and_with_which_function(report):
    page = Page(rendered(against_a_baseline(report)))
    assert "lost; 8.00x [7.80x, 8.20x] in the baseline; 2.00x [1.90x, 2.10x] now" in page.text
    assert "train:step was traced 40 times, and 2 in the baseline: n: 1 then 2" in page.text
    # What is wrong comes first.
    refuted = page.cells[2]
    assert refuted[1] == "refuted" and refuted[4].startswith("Remove the tf.function")


HOSTILE = [
    "a | b\n<script>alert(1)</script> `x` *y* __z__ ~~w~~",
    "# head\n- item\n1. one\n***\n| a | b |",
    "[link](http://evil.example) ![image](x.png) <http://auto.example> [ref]: x",
    "&lt;b&gt; &amp; \\* \\",
    "</details></summary> <!-- open",
    "``` fence\n~~~",
    "\u202eabc\u2066 \x1b[31m \x00 \ufeff",
    "- x",
    "+ x",
    "12) x",
    "=== x",
    "val_acc_top1 a_b",
]


def seen(text: str) -> str:
    """What a reader has to see of a text: the same, with escapes for what is not seen, on one line."""
    table = {0x202E: r"\u202e", 0x2066: r"\u2066", 0x1B: "␛", 0: "␀", 0xFEFF: r"\ufeff"}
    return " ".join(text.translate(table).split())


@pytest.mark.slow
@pytest.mark.parametrize("text", HOSTILE)
def test_what_the_user_wrote_stays_text(report, text):
    plain = Page(rendered(replace(report, message="m", judgements=(replace(report.judgements[0], reasons=()),))))
    judgement = replace(report.judgements[0], reasons=(Reason("so", text),))
    page = Page(rendered(replace(report, message=text, judgements=(judgement,), warnings=(text,))))
    assert page.tags == plain.tags
    assert seen(text) in page.cells[2][3]
    assert page.text.count(seen(text)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a`b``c", "x|y", "<b>", "f\n# g", "\u202ef", "@team #1 :smile: www.x"])
def test_a_name_of_the_users_is_code(report, name):
    function = replace(report.judgements[0].function, id=f"m:{name}")
    page = Page(rendered(replace(report, judgements=(replace(report.judgements[0], function=function),))))
    assert page.cells[2][0].strip() == seen(f"m:{name}") and len(page.cells[2]) == 5
    assert "code" in page.tags and "b" not in page.tags


@pytest.mark.slow
@pytest.mark.parametrize("text", ["@team", "#12", ":smile:", "https://x.example", "www.x.example"])
def test_what_a_forge_would_make_a_mention_or_a_link_of_is_parted(report, text):
    page = rendered(replace(report, message=f"see {text} there"))
    assert text not in page and text in Page(page).text


def test_a_diff_does_not_end_its_fence(report):
    diff = "--- a/m.py\n+++ b/m.py\n@@ -1 +1,2 @@\n+````\n x\n"
    page = rendered(replace(report, plan=replace(report.plan, files=(replace(report.plan.files[0], diff=diff),))))
    assert "`````diff\n" in page and "+````\n x\n" in Page(page).text


def test_applied_edits_need_no_command(report):
    page = rendered(replace(report, plan=replace(report.plan, applied=True)))
    assert "edited in place" in page and "patch -p1" not in page and "Nothing: the change was applied." in page


@pytest.mark.slow
def test_a_comment_is_never_too_long_for_github(report):
    many = tuple(
        replace(each, function=replace(each.function, id=f"m:f{number}"), reasons=(Reason("x", "<@a" * 5000),))
        for each in report.judgements
        for number in range(300)
    )
    long = replace(report.plan.files[0], diff="".join(f"+line {number}\n" for number in range(20_000)))
    drift = replace(report.drift, reason="@x " * 9000, metrics=report.drift.metrics * 999)
    plan = replace(report.plan, files=(long,))
    page = rendered(
        replace(report, judgements=many, plan=plan, warnings=("w" * 9000,) * 99, drift=drift, message="#1 " * 9000)
    )
    assert len(page) < 65_536 and "The edits are too long to show here." in page and "optimize.patch" in page
    assert "more functions in the report." in page and "more warnings in the report." in page
    assert "more numbers in the report." in page
