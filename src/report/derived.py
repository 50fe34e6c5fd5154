"""Fields of report.json that are computed from the records when it is written. They are ignored when it is read.

Each class has the fields that are added to those of one record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from .. import __version__
from ..fingerprints import with_variant
from ..records import Benchmark, EditedFile, Judgement, Observation, ObservedParameter, Parameter, Report
from ..records.notes import Count, OneOf, Positive
from .encoding import to_plain
from .wording import chosen_variant, speedup_of, words

SCHEMA_VERSION = 1


@dataclass(frozen=True)
class Tool:
    """The program that wrote the file."""

    name: Annotated[str, OneOf(("hybridize",))]
    """Always `hybridize`."""
    version: str
    """The version of the package."""


@dataclass(frozen=True)
class _OfReport:
    schema_version: Annotated[int, OneOf((SCHEMA_VERSION,))]
    """The version of this format. Incompatible changes increase it."""
    tool: Tool
    """The program that wrote the file."""


@dataclass(frozen=True)
class _OfCandidate:
    reasons: tuple[str, ...]
    """The reasons for its verdict in words, the most important first."""
    variant: str | None
    """The variant that the plan writes; null if the plan does not change it."""
    fingerprint: str | None
    """A content hash of its source, its callees in the project, and its conversion. It does not change when lines move
    or comments change; null if its source was not found."""


@dataclass(frozen=True)
class _OfObservation:
    traces: Count | None
    """The number of traces of the chosen variant; null if none was tried."""


@dataclass(frozen=True)
class _OfParameter:
    observed_kinds: tuple[str, ...] = ()
    """The names of the argument types."""
    dtypes: tuple[str, ...] = ()
    """The dtypes of the arguments."""
    shapes: tuple[str, ...] = ()
    """The shapes of the arguments."""
    distinct_values: Count | None = None
    """The number of distinct values; null if not observed."""


@dataclass(frozen=True)
class _OfEditedFile:
    candidates: tuple[str, ...]
    """The ids of the candidates that are changed in this file."""


@dataclass(frozen=True)
class _OfBenchmark:
    candidates: Mapping[str, Positive | None]
    """The speedup per call of each changed candidate, tried alone."""


#: The fields that are added to a record.
ADDED: Mapping[type, type] = {
    Report: _OfReport,
    Judgement: _OfCandidate,
    Observation: _OfObservation,
    Parameter: _OfParameter,
    EditedFile: _OfEditedFile,
    Benchmark: _OfBenchmark,
}


def complete(document: dict[str, Any], report: Report) -> dict[str, Any]:
    """Add the derived fields to the document of a report."""
    header = _plain(_OfReport(SCHEMA_VERSION, Tool("hybridize", __version__)))
    planned = {edit.candidate for edit in report.plan.edits}
    for candidate, judgement in zip(document["candidates"], report.judgements, strict=True):
        function, chosen = judgement.function, chosen_variant(judgement, report)
        named = {observed.name: observed for observed in judgement.observation.parameters}
        variant = chosen.name if chosen is not None and function.id in planned else None
        fingerprint = with_variant(function.fingerprint, judgement.variant)
        candidate.update(_plain(_OfCandidate(tuple(words(judgement.reasons)), variant, fingerprint)))
        candidate["observed"].update(_plain(_OfObservation(None if chosen is None else chosen.traces)))
        for parameter in candidate["parameters"]:
            parameter.update(_plain(_of_parameter(named.get(parameter["name"]))))
    for edited, file in zip(document["plan"]["edits"], report.plan.files, strict=True):
        changed = tuple(edit.candidate for edit in report.plan.edits if edit.file == file.file)
        edited.update(_plain(_OfEditedFile(changed)))
    if document["benchmark"] is not None:
        selected = [judgement for judgement in report.judgements if judgement.selected]
        speedups = {each.function.id: speedup_of(chosen_variant(each, report)) for each in selected}
        document["benchmark"].update(_plain(_OfBenchmark(speedups)))
    return {**header, **document}


def _of_parameter(seen: ObservedParameter | None) -> _OfParameter:
    if seen is None:
        return _OfParameter()
    return _OfParameter(seen.kinds, seen.dtypes, seen.shapes, seen.distinct_values)


def _plain(added: Any) -> dict[str, Any]:
    plain: dict[str, Any] = to_plain(added, type(added))
    return plain
