"""How numbers and commands read."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from hybridize.records import Profile, Target
from hybridize.report import wording
from hybridize.report.folder import write


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0.0, "0 s"),
        (1.2e-9, "0.0012 µs"),
        (15.5e-6, "15.5 µs"),
        (0.00123, "1.23 ms"),
        (2.345, "2.35 s"),
        (125.4, "2m05s"),
        (3725.0, "1h02m05s"),
        (-0.5, "-500 ms"),
        (float("nan"), "unknown"),
    ],
)
def test_a_duration_has_a_fitting_unit(seconds, text):
    assert wording.duration(seconds) == text


@pytest.mark.parametrize(
    "value, text",
    [
        (7.934, "7.93x"),
        (0.11, "0.11x"),
        (12.44, "12.4x"),
        (164.2, "164x"),
        (None, ""),
        (float("nan"), ""),
        (float("inf"), ""),
        (0.0, ""),
    ],
)
def test_a_ratio_has_three_digits_and_is_never_made_up(value, text):
    assert wording.ratio(value) == text


def test_counts_have_separators_and_a_plural():
    assert wording.count(12400, "call") == "12,400 calls"
    assert wording.count(1, "call") == "1 call"


PLACES = [
    # (the project's root, where the user stands, below the same folder)
    (".", "."),
    ("project", "."),
    ("my project", "."),
    (".", "project/sub"),
    ("project/sub", "elsewhere"),
]


@pytest.mark.slow
@pytest.mark.parametrize("has_patch", [True, False], ids=["patch", "git"])
@pytest.mark.parametrize("is_repository", [True, False], ids=["repository", "plain"])
@pytest.mark.parametrize("root, cwd", PLACES)
def test_the_command_applies_the_patch_as_typed(report, tmp_path, monkeypatch, root, cwd, is_repository, has_patch):
    root, cwd = tmp_path / root, tmp_path / cwd
    for folder in (root, cwd, Path(report.folder)):
        folder.mkdir(parents=True, exist_ok=True)
    if is_repository:
        subprocess.run(["git", "init", "-q", str(tmp_path)], check=True, timeout=60)
    (root / "train.py").write_bytes(report.plan.files[0].before)
    target = Target(str(root), str(cwd), str(root / "train.py"))
    report = replace(report, command=replace(report.command, target=target))
    write(report, Path(report.folder))
    monkeypatch.setattr(wording.shutil, "which", lambda name: f"/{name}" if name == "git" or has_patch else None)

    command = wording.apply_command(report, cwd)

    assert command is not None and command.startswith("patch -p1" if has_patch else "git -C")
    environment = {"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}
    done = subprocess.run(command, shell=True, cwd=cwd, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert (root / "train.py").read_bytes() == report.plan.files[0].after


def test_in_the_projects_root_the_command_is_short(report):
    command = wording.apply_command(report, Path(report.command.target.root))
    assert command == "patch -p1 < results/20261122-093015-train/optimize.patch"


def test_the_patch_is_taken_back_by_the_same_command_with_one_letter_more(report):
    root = Path(report.command.target.root)
    assert wording.apply_command(report, root, undo=True).startswith("patch -R -p1 < results/")


def test_without_a_patch_there_is_no_command(report):
    assert wording.apply_command(replace(report, plan=replace(report.plan, patch_file=None)), Path("/")) is None


def test_the_fastest_confirmed_variant_stands_for_a_candidate_outside_the_plan(report):
    judgement = report.judgements[0]
    slow = replace(judgement.variants[0], name="slow", seconds_per_call=1.0)
    judgement = replace(judgement, variants=(slow, *judgement.variants))
    assert wording.chosen_variant(judgement, replace(report, plan=replace(report.plan, edits=()))).name == "graph"
    planned = replace(report.plan.edits[0], variant=replace(report.plan.edits[0].variant, name="slow"))
    assert wording.chosen_variant(judgement, replace(report, plan=replace(report.plan, edits=(planned,)))) == slow


def test_a_refuted_variant_stands_for_nothing(report):
    judgement = replace(report.judgements[0], variants=report.judgements[0].variants[1:])
    assert wording.chosen_variant(judgement, replace(report, plan=replace(report.plan, edits=()))) is None


def test_a_profile_says_shares_their_spread_and_the_samples(report):
    (label, step), (_, evaluate) = wording.profile_lines(report.profile)
    assert label == "Profile"
    assert step == "train:step: 95% ±2% of the time before, 62% ±5% after (412 and 400 samples)"
    assert evaluate == "train:evaluate: 2% ±1% of the time before (412 samples)"


def test_a_profile_without_samples_says_why():
    assert wording.profile_lines(Profile(reason="py-spy was not found")) == [("Profile", "none: py-spy was not found")]


def test_a_profile_of_many_candidates_names_the_first_ones(report):
    share = report.profile.shares[0]
    lines = wording.profile_lines(replace(report.profile, shares=(share,) * 9))
    assert len(lines) == 6 and lines[-1] == ("", "4 more candidates in report.json")


def test_a_number_over_several_seeds_says_so(report):
    line = wording.metric_line(report.drift.metrics[1])
    assert line == (
        "val_acc (printed): 0.91 eager, 0.912 edited, difference 0.002 [-0.003, 0.007] over 5 seeds, "
        "noise floor 0.01: none"
    )
    assert "seed" not in wording.metric_line(report.drift.metrics[0])
