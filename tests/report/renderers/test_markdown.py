"""The summary of a run as Markdown."""

from __future__ import annotations

from dataclasses import replace

from hybridize.records import Plan, Reason
from hybridize.report.renderers import markdown


def test_a_summary_has_the_outcome_the_candidates_the_numbers_and_the_change(report):
    page = markdown.render(report, None)
    assert page.startswith("# optimize: optimized\n\ntrain.py runs 7.9x faster")
    assert "| `train:step` | confirmed | 7.90x | yes | the graph gave what eager gave in 40 of 40 calls" in page
    assert "- `train:show`: prints the loss (HYB101)" in page
    assert "4,000 calls, 2 signatures" in page
    assert "- Per step: 7.90x faster (95% interval 7.50x to 8.30x)" in page
    assert "Verdict: **none** (level L2)." in page
    assert "```sh\npatch -p1 < results/20261122-093015-train/optimize.patch\n```" in page
    assert "```diff\n--- a/train.py\n+++ b/train.py\n" in page
    assert "## Warnings" in page


def test_a_run_that_came_to_nothing_has_no_empty_sections(report):
    nothing = replace(report, judgements=(), plan=Plan(), benchmark=None, drift=None, profile=None, warnings=())
    page = markdown.render(replace(nothing, status="usage"), None)
    assert page.count("#") == 1 and page.startswith("# optimize: usage")


def test_what_the_user_wrote_can_not_break_the_page(report):
    judgement = replace(report.judgements[0], reasons=(Reason("so", "a | b\n<script> `x` *y*"),))
    diff = "--- a/m.py\n+++ b/m.py\n@@ -1 +1,2 @@\n+```\n x\n"
    plan = replace(report.plan, files=(replace(report.plan.files[0], diff=diff),))
    page = markdown.render(replace(report, judgements=(judgement,), plan=plan), None)
    row = next(line for line in page.splitlines() if line.startswith("| `train:step`"))
    assert r"a \| b \<script\> \`x\` \*y\*" in row
    assert "````diff\n" in page and page.rstrip().split("\n\n## Warnings")[0].endswith("````")


def test_applied_edits_need_no_command(report):
    page = markdown.render(replace(report, plan=replace(report.plan, applied=True)), None)
    assert "edited in place" in page and "patch -p1" not in page


def test_the_profile_has_its_section_and_names_its_files(report):
    page = markdown.render(report, None)
    assert "## Where the time goes" in page
    assert "95% ±2% of the time before" in page
    assert "`profile-eager.speedscope.json`" in page
