"""All results of one run of the tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from .evidence import Judgement
from .measurement import Benchmark, Drift, Profile
from .notes import Inline, Key, OneOf, Seconds, Unsure
from .plan import Plan
from .runs import Target
from .standing import Held


@dataclass(frozen=True)
class Command:
    """The command that was given."""

    argv: tuple[str, ...]
    """The command line."""
    target: Annotated[Target, Inline()]
    options: Mapping[str, object]
    """Every option with its value, including those from pyproject.toml."""


@dataclass(frozen=True)
class Budget:
    """Wall-clock time for all runs together."""

    seconds: Seconds
    """The budget."""
    spent_seconds: Seconds
    """The time spent."""


@dataclass(frozen=True)
class Report:
    """The results of one run of optimize."""

    status: Annotated[
        str,
        OneOf(
            (
                "optimized",
                "nothing-to-gain",
                "refuted",
                "drift",
                "script-failed",
                "usage",
                "interrupted",
                "failed",
                "held",
                "lost",
                "confirmed",
                "slower",
                "undecided",
            )
        ),
    ]
    """The outcome. `held` and `lost` come from `optimize check`, `confirmed` and `slower` from `optimize confirm`,
    `undecided` from both."""
    message: str
    """The conclusion, in a sentence or two."""
    exit_code: Annotated[int, OneOf((0, 1, 2, 3, 4, 130))]
    """The exit code: 0 done, including when a candidate was refuted; 1 drift (the edited script ends with different
    numbers), or a failed `check` or `confirm`; 2 wrong usage; 3 the script failed by itself; 4 hybridize failed, or
    --apply could not edit the files; 130 interrupted."""
    created: str
    """The time of the report, in ISO 8601."""
    command: Command
    """The command that was given."""
    environment: Mapping[str, str]
    """The machine and the versions."""
    budget: Budget
    """Wall-clock time for all runs together."""
    judgements: Annotated[tuple[Judgement, ...], Key("candidates")] = ()
    """Every function that was considered."""
    plan: Plan = field(default_factory=Plan)
    """The chosen changes."""
    benchmark: Benchmark | None = None
    """The measured speedup; null if nothing was measured."""
    drift: Drift | None = None
    """The comparison of results; null if nothing was compared."""
    profile: Profile | None = None
    """The profile, before and after; null if the run did not get to it, or no candidate took time."""
    timings: Mapping[str, Annotated[Seconds, Unsure()]] = field(default_factory=dict)
    """Seconds spent per stage."""
    warnings: tuple[str, ...] = ()
    """Warnings that apply to every outcome."""
    folder: str | None = None
    """The absolute path of the results folder; null if there is none."""
    held: Held | None = None
    """The comparison of the current code with a baseline; null if there was none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """For each function of the plan, a content hash of everything that its verdict depends on: its source and
    conversion, its callers and callees, the code that runs on import, the script's arguments, and the versions."""
