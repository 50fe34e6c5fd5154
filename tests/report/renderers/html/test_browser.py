"""The page as a person uses it: in a browser, by keyboard and mouse, in light and dark, wide and narrow."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import browser
import pytest
from reports import crashed, empty, full

from hybridize.report.renderers import html

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.PROGRAM is None, reason="there is no Chromium"),
]
STACKS = """\
<module> (ROOT/train.py:9);step (ROOT/train.py:5);matmul (/lib/python3.11/site-packages/tensorflow/ops.py:6) 60
<module> (ROOT/train.py:9);step (ROOT/train.py:5);apply (/lib/python3.11/site-packages/keras/optimizer.py:6) 30
<module> (ROOT/train.py:9);load (ROOT/data.py:3) 10
"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a project with many functions."""
    root = tmp_path_factory.mktemp("project")
    report = full(root)
    more = [
        replace(each, selected=False, function=replace(each.function, id=f"other{n}:{each.function.qualname}"))
        for n in range(12)
        for each in report.judgements
    ]
    for name in ("eager", "edited"):
        (root / f"profile-{name}.raw.txt").write_text(STACKS.replace("ROOT", str(root)))
    profile = replace(report.profile, files=("profile-eager.raw.txt", "profile-edited.raw.txt"))
    (root / "report.html").write_text(
        html.render(replace(report, profile=profile, judgements=(*report.judgements, *more)), root)
    )
    return root / "report.html"


@pytest.fixture(scope="module")
def chromium() -> Iterator[browser.Browser]:
    with browser.Browser(240) as found:
        yield found


@pytest.fixture
def opened(chromium: browser.Browser, page: Path) -> Iterator[browser.Browser]:
    chromium.problems.clear()
    chromium.requests.clear()
    chromium.open(page)
    yield chromium
    assert not chromium.problems, "the console has errors"
    asked = [url for url in chromium.requests if not url.startswith(("file:", "data:"))]
    assert not asked, "the page asks the network"


def test_the_page_of_any_run_is_free_of_errors(opened, tmp_path):
    report = full(tmp_path)
    for number, each in enumerate((report, crashed(report), empty(report))):
        path = tmp_path / f"{number}.html"
        path.write_text(html.render(each, None), "utf-8")
        opened.open(path)
        assert opened.evaluate("document.querySelectorAll('h1').length") == 1


SHOWN = "[...document.querySelectorAll('#functions tbody')].filter(each => !each.hidden).length"


def test_functions_are_filtered_by_keyboard_and_by_verdict(opened):
    assert opened.evaluate(SHOWN) == 65
    opened.press("/")
    opened.write("other3: step")
    assert (opened.evaluate(SHOWN), opened.evaluate("document.querySelector('#shown').textContent")) == (1, "1 of 65")
    opened.press("Escape")
    assert opened.evaluate(SHOWN) == 65
    opened.evaluate("document.querySelector('button[data-verdict=not-proposed]').click()")
    assert opened.evaluate(SHOWN) == 39


def test_a_function_is_opened_and_the_next_one_reached_by_keyboard(opened):
    detail = "document.querySelector('#f0').hidden"
    assert opened.evaluate(detail) is True
    opened.evaluate("document.querySelector('#functions .open').focus()")
    opened.press("Enter")
    assert opened.evaluate(detail) is False
    assert "def step(x):" in opened.evaluate("document.querySelector('#f0').innerText")
    opened.press("ArrowDown")
    assert opened.evaluate("document.activeElement.getAttribute('aria-controls')") == "f1"


def test_a_table_is_sorted_by_keyboard(opened):
    bodies = "[...document.querySelectorAll('#functions tbody')]"
    calls = f"{bodies}.map(each => Number(each.rows[0].cells[4].dataset.value))"
    opened.evaluate("document.querySelectorAll('#functions thead button')[4].focus()")
    opened.press("Enter")
    found = opened.evaluate(calls)
    assert found == sorted(found, reverse=True) and len(set(found)) > 1
    opened.press("Enter")
    assert opened.evaluate(calls) == sorted(found)


def test_the_flame_graph_is_drawn_searched_and_zoomed(opened):
    said = "document.querySelector('#flame-said').textContent"
    opened.evaluate("document.querySelector('#flame').focus()")
    for _ in range(2):
        opened.press("ArrowDown")
    assert opened.evaluate(said).startswith("step (train.py:5): 90.0% of the time (90 samples)")
    opened.press("Enter")
    opened.press("ArrowDown")
    assert opened.evaluate(said).startswith("matmul (tensorflow/ops.py): 60.0%")
    opened.evaluate("document.querySelector('#flame-search').focus()")
    opened.write("keras")
    assert opened.evaluate("document.querySelector('#flame-found').textContent") == "30% of the time"
    opened.evaluate("document.querySelector('[data-flame=edited]').click()")
    painted = (
        "(() => { const c = document.querySelector('#flame'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; return new Set(new Uint32Array(d.buffer)).size })()"
    )
    assert opened.evaluate(painted) > 3


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1400, 420])
def test_it_fits_the_window_and_can_be_read(opened, page, width, dark):
    opened.open(page, width, dark=dark)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    # The contrast of text and ground by the formula of WCAG 2, of all that holds text by itself.
    poor = opened.evaluate(f"({CONTRAST})()")
    assert not poor, json.dumps(poor)


CONTRAST = r"""() => {
  const light = ([r, g, b]) => {
    const part = (v) => ((v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  };
  const numbers = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const found = numbers(getComputedStyle(node).backgroundColor);
      if (found.length === 3 || found[3] > 0) return found;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const node of document.querySelectorAll("main *:not(svg *):not(script)")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.textContent.trim());
    if (!own || node.offsetParent === null) continue;
    const [one, two] = [numbers(getComputedStyle(node).color), ground(node)].map(light).sort((a, b) => b - a);
    const said = `${node.tagName}.${node.className}: ${node.textContent.slice(0, 20)}`;
    if ((one + 0.05) / (two + 0.05) < 4.2) poor.add(said);
  }
  return [...poor];
}"""
