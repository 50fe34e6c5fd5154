"""HTML that can't be broken by what it shows."""

from __future__ import annotations

import json

import pytest

from hybridize.report.renderers.html.markup import Markup, data, escape, join, tag


@pytest.mark.parametrize(
    "text, shown",
    [
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b \"c\" 'd'", "a &amp; b &quot;c&quot; &#x27;d&#x27;"),
        ("\x1b[2J\x00\u202e", "␛[2J␀\\u202e"),
        ("</style><img src=x onerror=y>", "&lt;/style&gt;&lt;img src=x onerror=y&gt;"),
    ],
)
def test_text_is_escaped_wherever_it_stands(text, shown):
    assert escape(text) == shown
    assert tag("p", text) == f"<p>{shown}</p>"
    assert tag("p", title=text) == f'<p title="{shown}"></p>'
    assert join([text, Markup("<br>")]) == f"{shown}<br>"


def test_markup_is_not_escaped_twice_and_nothing_is_left_out_silently():
    assert tag("p", tag("b", "<"), None, "x") == "<p><b>&lt;</b>x</p>"
    assert (
        tag("input", hidden=True, title=None, checked=False, class_="a", data_x=1)
        == '<input hidden class="a" data-x="1">'
    )


def test_data_for_the_script_can_not_end_its_element():
    value = {"a": "</script><script>alert(1)</script>&\u2028"}
    text = data("x", value)
    inside = text.partition(">")[2].rpartition("</script>")[0]
    assert not set("<>&\u2028") & set(inside)
    assert json.loads(inside) == value


def test_a_long_text_is_cut():
    assert len(tag("p", "x" * 10_000_000)) < 3_000
