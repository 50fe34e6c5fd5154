"""The result at a terminal: the answer first, then a line for each candidate, and no line longer than the terminal."""

from __future__ import annotations

import io
import re
import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len

from hybridize.records import Cost, HostCost, Plan, Profile, Reason, Verdict
from hybridize.report.terminal.live import Terminal
from hybridize.report.visible import visible


def shown(report, *, width=100, **options) -> str:
    stream = io.StringIO()
    Terminal(stream, width=width, verbosity=options.pop("verbosity", 0), **options).finish(
        replace(report, warnings=())
    )
    return stream.getvalue()


def words(text: str) -> str:
    return " ".join(text.split())


def large(report, number=60):
    """A project of many functions: each judgement of the report several times."""
    found = [
        replace(each, selected=False, function=replace(each.function, id=f"{each.function.id}{copy}"))
        for copy in range(number // len(report.judgements))
        for each in report.judgements
    ]
    return replace(report, judgements=(report.judgements[0], *found[1:]))


def test_the_answer_stands_in_the_first_lines(report):
    text = shown(report, cwd=Path(report.command.target.root))
    head = words("\n".join(text.splitlines()[:8]))
    assert report.message in head
    assert "Per step 7.90x faster (95% interval 7.50x to 8.30x)" in head
    assert "Whole run 1.40x faster over the part that was run" in head
    assert "Breaks even after 830 steps; tracing costs 900 ms once" in head
    assert "Drift none: 40 of 40 steps of the graph gave what eager gave" in head
    assert "5 groups of runs, 2,000 steps (calls of train:step); noise 1.02x" in words(text)


def test_the_diff_stands_before_the_candidates_and_a_long_one_is_named(report):
    text = shown(report)
    assert text.index("+@tf.function") < text.index("Apply it") < text.index("candidate ")
    long = replace(report.plan.files[0], diff=report.plan.files[0].diff + " x\n" * 30)
    text = shown(replace(report, plan=replace(report.plan, files=(long,))))
    assert "+@tf.function" not in text and re.search(r"Diff +\d+ lines for train.py: .*optimize\.patch", words(text))


def test_a_long_line_of_the_diff_stays_one_line(report):
    line = " " * 8 + "return " + " + ".join(f"term_{number}" for number in range(20))
    file = replace(report.plan.files[0], diff=f"{report.plan.files[0].diff} {line}\n")
    text = shown(replace(report, plan=replace(report.plan, files=(file,))), width=60)
    assert f" {line}\n" in text


@pytest.mark.slow
@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 200])
@pytest.mark.parametrize("verbosity", [0, 1])
def test_no_line_is_longer_than_the_terminal(report, width, verbosity):
    hard = replace(report, message="word " * 80, command=replace(report.command))
    for each in (hard, large(hard), replace(hard, plan=Plan())):
        lines = shown(each, width=width, verbosity=verbosity, cwd=Path(report.command.target.root)).splitlines()
        # A path has no place to be broken at where it still can be copied.
        too_long = [line for line in lines if cell_len(line) > width and "optimize.patch" not in line]
        assert not too_long


def test_a_long_command_goes_on_in_the_next_line_as_the_shell_reads_it(report):
    text = shown(report, width=60, cwd=Path("/somewhere/else"))
    lines = text[text.index("Apply it") + len("Apply it") :].split("\n\n")[0]
    command = shlex.split(lines.replace("\\\n", " "))
    assert command[:2] == ["patch", "-p1"] and command[-1].endswith("optimize.patch") and "<" in command


def test_what_takes_much_of_the_time_and_was_never_proposed_has_a_line(report):
    slow = next(each for each in report.judgements if each.verdict is Verdict.NOT_PROPOSED)
    seen = replace(slow.observation, calls=700, seconds=7.0, own_seconds=4.6, share=0.7)
    others = [replace(slow, observation=seen) if each is slow else each for each in report.judgements]
    text = shown(replace(report, judgements=tuple(others)), width=160)
    row = next(line for line in text.splitlines() if line.startswith(slow.function.id))
    assert "not-proposed" in row and "46% of the time" in row
    assert "1 not proposed" in words(text)


def test_each_candidate_is_one_line_with_one_figure(report):
    text = shown(report, width=140)
    row = next(line for line in text.splitlines() if line.startswith("train:step"))
    assert row.split()[:3] == ["train:step", "confirmed", "7.90x"]
    assert "7.94x" not in text and "1.23 ms" not in text
    assert "self.losses grew by one element in 4,000 of 4,000 calls (train.py:44)" in text


def test_of_what_was_not_faster_no_break_even_is_told_and_the_measured_step_has_its_own_figure(report):
    slow = replace(report.benchmark, verdict="inconclusive", break_even_units=None)
    judged = replace(report.judgements[0], selected=False)
    text = words(shown(replace(report, benchmark=slow, plan=Plan(), judgements=(judged,))))
    assert "never" not in text and "Tracing costs 900 ms once" in text
    assert "7.94x" not in text and text.count("7.90x") == 2


def test_a_narrow_terminal_has_the_reason_below_the_candidate_in_one_line(report):
    long = replace(report.judgements[1], reasons=(Reason("effect", "it changes " + "x" * 200),))
    lines = shown(replace(report, judgements=(long,)), width=60).splitlines()
    (reason,) = [line for line in lines if "it changes" in line]
    assert reason.rstrip().endswith("…") and len(reason.rstrip()) == 60


def test_what_has_nothing_to_tell_is_counted_and_listed_with_v(report):
    assert "Not listed: 1 never called, 2 not proposed. -v lists them." in words(shown(report))
    text = shown(report, verbosity=1)
    assert "prints the loss (HYB101)" in text and "it is already a tf.function: @tf.function" in text
    assert "train:evaluate" in text


def test_a_whole_run_that_the_noise_makes_a_little_longer_is_not_called_slower(report):
    benchmark = replace(report.benchmark, verdict="faster", end_to_end_speedup=0.99)
    text = words(shown(replace(report, benchmark=benchmark)))
    assert "Whole run as long as before" in text and "0.99x" in text and "slower" not in text


def test_a_training_whose_end_depends_on_rounding_is_said_to_beside_the_whole_run(report):
    ended = "the end of its training depends on rounding"
    benchmark = replace(report.benchmark, verdict="faster", end_to_end_speedup=1.2, ending=ended)
    assert f"the full script is longer; {ended}" in words(shown(replace(report, benchmark=benchmark)))


def test_a_large_project_has_an_answer_that_fits_on_a_screen(report):
    text = shown(large(report), width=100, cwd=Path(report.command.target.root))
    assert len(text.splitlines()) < 60
    assert re.search(r"12 never called, 24 not proposed", text)
    many = large(report, 300)
    assert "more candidates tried; -v lists them." in shown(many)


def test_where_nothing_is_changed_it_says_where_the_time_goes_and_what_helps(report):
    text = words(shown(replace(report, plan=Plan(), benchmark=None, drift=None)))
    assert "Where the time goes (412 samples)" in text
    assert "31% train.py:9 in main calls keras.predict" in text and "model(x, training=False)" in text
    assert "Where the time goes" not in shown(report)


def test_a_remedy_is_told_once(report):
    twice = tuple(HostCost(f"train.py:{line}", "f", 0.3, Cost.DATA, "tensorflow: __next__") for line in (1, 2))
    text = shown(replace(report, plan=Plan(), profile=Profile(host_costs=twice, samples_before=100)))
    assert text.count("prefetch") == 1


def test_what_was_not_measured_is_not_made_up(report):
    poor = replace(
        report.benchmark,
        speedup=None,
        noise_floor=None,
        steady_state_speedup=None,
        end_to_end_speedup=None,
        cold_start_seconds=None,
        peak_rss_bytes=None,
        verdict="inconclusive",
    )
    text = words(shown(replace(report, benchmark=poor), width=200))
    assert "Per step not measured: inconclusive" in text
    for label in ("Whole run", "Breaks even", "Memory", "noise"):
        assert label not in text


def test_applied_edits_are_told_with_how_to_undo_them(report):
    text = words(shown(replace(report, plan=replace(report.plan, applied=True))))
    assert "Applied to train.py" in text and "Undo it patch -R -p1" in text and "Apply it" not in text


def test_what_the_user_named_is_shown_as_it_is(report):
    hostile = "[bold]loss[/bold] :smile: \x1b[2J\x1b]0;title\x07 \u202eevil\u202c \x9b31m"
    judged = replace(
        report.judgements[1],
        function=replace(report.judgements[1].function, id=f"train:{hostile}"),
        reasons=(Reason("effect", hostile + "x" * 10_000_000),),
    )
    text = shown(replace(report, message=hostile, judgements=(judged,)), width=200, verbosity=1)
    assert "[bold]loss[/bold] :smile: ␛[2J" in text and "\\u202eevil" in text
    assert text.replace("\n", "").isprintable() and len(text) < 20_000


@pytest.mark.parametrize(
    "text, seen",
    [
        ("plain text é 漢字 🙂", "plain text é 漢字 🙂"),
        ("\x1b[31mred\x07", "␛[31mred␇"),
        ("a\r\nb\tc", "a␍ b c"),
        ("\u202eabc\u2066\u200b", "\\u202eabc\\u2066\\u200b"),
        ("\x7f\x9b\udce9\u2028", "␡\\x9b\\udce9\\u2028"),
    ],
)
def test_characters_that_act_are_shown_as_what_they_are(text, seen):
    assert visible(text) == seen


def test_a_long_text_is_cut_and_says_so_and_lines_can_be_kept():
    assert visible("x" * 5000, 10) == "xxxxxxxxxx… (4,990 more characters)"
    assert visible("a\n\tb", lines=True) == "a\n    b"


def test_a_training_step_that_is_no_function_is_called_by_its_lines(report):
    from hybridize.records import Region

    region = Region("train.py", 41, 58, "train_step", (), (), (), 40)
    judged = replace(report.judgements[0], function=replace(report.judgements[0].function, region=region))
    text = shown(replace(report, judgements=(judged,)), width=140)
    assert "the step at train.py:41–58" in text


def test_it_says_how_to_ask_about_one_function_wherever_the_results_are(report):
    root = Path(report.command.target.root)
    assert "optimize explain ID shows the details of one function." in shown(report, cwd=root)
    elsewhere = replace(report, folder="/data/runs/1")
    assert "optimize explain ID --report /data/runs/1 shows the details" in shown(elsewhere, cwd=root)


def test_an_interrupted_run_says_the_best_so_far(report):
    stopped = replace(report, status="interrupted", exit_code=130, message="Interrupted after 60 s.")
    text = words(shown(stopped))
    assert "Interrupted after 60 s." in text and "7.90x faster" in text


def test_a_refuted_candidate_has_no_gain(report):
    judged = replace(report.judgements[0], verdict=Verdict.REFUTED, selected=False)
    text = shown(replace(report, judgements=(judged,), plan=Plan(), benchmark=None), width=140)
    assert "refuted" in text and "7.94x" not in text
