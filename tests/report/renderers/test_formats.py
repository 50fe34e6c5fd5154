"""What holds of every format of the report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.records import Plan, Reason
from hybridize.report import outputs, renderers

each_format = pytest.mark.parametrize("name", renderers.names())


@pytest.mark.slow
@each_format
def test_a_format_gives_text_of_any_report(name, examples):
    for report in examples.values():
        text = renderers.load(name).render(report, None)
        assert isinstance(text, str)
        # Of nothing to edit there is no patch.
        assert text.endswith("\n") or (name == "diff" and not report.plan.files)


@each_format
def test_a_format_needs_no_file_of_the_folder_of_results(name, report, tmp_path):
    assert renderers.load(name).render(report, tmp_path / "gone")


def test_the_folder_of_formats_holds_formats_alone():
    assert all(callable(getattr(renderers.load(name), "render", None)) for name in renderers.names())


def test_a_format_is_found_by_being_there(report, tmp_path, monkeypatch):
    """What CONTRIBUTING.md says of a renderer: one file, and no list to edit."""
    (tmp_path / "one_line.py").write_text("def render(report, results):\n    return report.message + '\\n'\n")
    monkeypatch.setattr(renderers, "__path__", [*renderers.__path__, str(tmp_path)])
    assert "one-line" in renderers.names()
    assert outputs.write(report, [("one-line", str(tmp_path / "out.txt"))], None) == []
    assert (tmp_path / "out.txt").read_text(encoding="utf-8") == f"{report.message}\n"


HIDDEN = "\u202e\u2066\u200f\x00\x07\x1b[31m\x85\u2028\ufeff\udce9\r"


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted({*renderers.names()} - {"json", "diff"}))
def test_what_is_not_seen_or_changes_what_is_seen_is_shown_as_an_escape(name, report):
    """Not in report.json, which is for programs and is exact, nor in the patch, whose bytes are those of the source."""
    odd = f"a{HIDDEN}b</script><!-- ]]> {{{{ | `c` \n::error::d"
    reason = Reason("x", odd, odd, f"{odd}:3")
    judgements = tuple(
        replace(
            each,
            function=replace(each.function, id=f"m:{odd}", qualname=odd, module=odd, file=f"{odd}.py", hybrid=odd),
            reasons=(reason,),
        )
        for each in report.judgements
    )
    target = replace(report.command.target, script=odd, arguments=(odd,))
    hostile = replace(
        report,
        message=odd,
        warnings=(odd,),
        judgements=(*judgements, *(replace(each, reasons=(reason,)) for each in report.judgements)),
        command=replace(report.command, target=target),
        environment={odd: odd, "platform": odd},
        benchmark=replace(report.benchmark, unit=odd, reason=odd),
        drift=replace(report.drift, reason=odd, metrics=(replace(report.drift.metrics[0], name=odd),)),
        profile=replace(report.profile, files=(odd,), reason=odd),
        plan=replace(report.plan, files=(replace(report.plan.files[0], diff=odd, file=odd),)),
    )
    text = renderers.load(name).render(hostile, None)
    assert not {each for each in text if each != "\n" and each in HIDDEN.replace("[31m", "")}
    text.encode("utf-8")


def test_the_diff_is_the_patch(report):
    assert renderers.load("diff").render(report, None) == report.plan.files[0].diff
    assert renderers.load("diff").render(replace(report, plan=Plan()), None) == ""


def test_json_is_what_the_folder_of_results_holds(report):
    from hybridize.report.folder import write

    folder = Path(report.folder)
    folder.mkdir(parents=True)
    write(report, folder)
    assert renderers.load("json").render(report, folder) == (folder / "report.json").read_text(encoding="utf-8")
