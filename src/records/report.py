"""All that one run of the tool found."""

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
    """What was asked for."""

    argv: tuple[str, ...]
    """The command line."""
    target: Annotated[Target, Inline()]
    options: Mapping[str, object]
    """Every option with its value, those of pyproject.toml included."""


@dataclass(frozen=True)
class Budget:
    """Wall time for all runs together."""

    seconds: Seconds
    """What was granted."""
    spent_seconds: Seconds
    """What was spent."""


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
    """How it ended; `held` and `lost` are of `optimize check`, `confirmed` and `slower` of `optimize confirm`,
    `undecided` of both."""
    message: str
    """The one sentence to read first."""
    exit_code: Annotated[int, OneOf((0, 1, 2, 3, 4, 130))]
    """What the command exits with: 0 done, also where a candidate was refuted; 1 drift (the edited script ends with
    other numbers), or what `check` and `confirm` guard against; 2 wrong usage; 3 the script failed by itself; 4 our own
    failure, or --apply could not edit the files; 130 interrupted."""
    created: str
    """When the report was made, in ISO 8601."""
    command: Command
    """What was asked for."""
    environment: Mapping[str, str]
    """The machine and the versions that the script ran with."""
    budget: Budget
    """Wall time for all runs together."""
    judgements: Annotated[tuple[Judgement, ...], Key("candidates")] = ()
    """Every function that was considered."""
    plan: Plan = field(default_factory=Plan)
    """The changes chosen."""
    benchmark: Benchmark | None = None
    """The measured speedup; null where nothing was measured."""
    drift: Drift | None = None
    """The comparison of results; null where nothing was compared."""
    profile: Profile | None = None
    """Where the time goes, by sampling, before and after; null where the run did not come to it or no candidate took
    time."""
    timings: Mapping[str, Annotated[Seconds, Unsure()]] = field(default_factory=dict)
    """Seconds spent per stage."""
    warnings: tuple[str, ...] = ()
    """What the user should know whatever the outcome."""
    folder: str | None = None
    """The folder of results, absolute; null where the run left none."""
    held: Held | None = None
    """The code as it stands against a baseline; null where there was none."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """For each function of the plan a content hash of what its verdict rests on: its source and how it is converted,
    what it calls and what calls it, the code that runs on import, the script's arguments and the versions."""
