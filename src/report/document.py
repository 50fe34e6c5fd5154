"""The report as data: the contract of docs/report.md and schema.json, for CI and other tools."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from enum import Enum
from pathlib import Path
from typing import Any

from .. import __version__
from ..records import (
    Benchmark,
    CheckedAssumption,
    Drift,
    Judgement,
    Metric,
    Pair,
    Parameter,
    Plan,
    Report,
    VariantResult,
)
from .evidence import finding_of, step_of
from .wording import chosen_variant, speedup_of, words

SCHEMA_VERSION = 1
_SURROGATES = re.compile("[\ud800-\udfff]")


def to_json(report: Report) -> dict[str, Any]:
    """Give the report as plain data that `json` can write; fits schema.json.

    What was not measured is None, and so is any number that is not finite. Text that is not valid
    Unicode (paths, lines of sources in other encodings) has U+FFFD in place of the odd bytes.
    """
    target = report.target
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "hybridize", "version": __version__},
        "created": report.created,
        "environment": dict(report.environment),
        "command": {
            "argv": report.command,
            "cwd": target.cwd,
            "project": target.root,
            "script": target.script,
            "module": target.module,
            "arguments": target.arguments,
            "seed": target.seed,
            "options": dict(report.options),
        },
        "budget": {"seconds": report.budget_seconds, "spent_seconds": report.spent_seconds},
        "status": report.status,
        "message": report.message,
        "exit_code": report.exit_code,
        "candidates": [_candidate(judgement, report) for judgement in report.judgements],
        "plan": _plan(report.plan, report.applied),
        "benchmark": None if report.benchmark is None else _benchmark(report.benchmark, report),
        "drift": None if report.drift is None else _drift(report.drift),
        "profile": None if report.profile is None else asdict(report.profile),
        "timings": dict(report.timings),
        "warnings": report.warnings,
    }
    plain: dict[str, Any] = _plain(document)
    return plain


def to_text(report: Report) -> str:
    """Give the report as the text of report.json."""
    return json.dumps(to_json(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def load_schema() -> dict[str, Any]:
    """Give the JSON Schema (2020-12) of the report."""
    schema: dict[str, Any] = json.loads(Path(__file__).with_name("schema.json").read_text(encoding="utf-8"))
    return schema


def _candidate(judgement: Judgement, report: Report) -> dict[str, Any]:
    function, seen = judgement.function, judgement.observation
    chosen = chosen_variant(judgement, report)
    planned = {edit.candidate for edit in report.plan.edits}
    return {
        "id": function.id,
        "file": function.file,
        "line": function.line,
        "kind": function.kind,
        "hybrid": function.hybrid,
        "parameters": [_parameter(parameter, judgement) for parameter in function.parameters],
        "findings": [finding_of(finding) for finding in function.findings],
        "assumptions": [_assumption(checked) for checked in judgement.assumptions],
        "verdict": judgement.verdict,
        "reasons": words(judgement.reasons),
        "observed": {
            "calls": seen.calls,
            "seconds": seen.seconds,
            "own_seconds": seen.own_seconds,
            "share": seen.share,
            "share_at_most": seen.share_at_most,
            "ops_per_call": seen.ops_per_call,
            "signatures": seen.signatures,
            "paths": seen.paths,
            "traces": None if chosen is None else chosen.traces,
            "traced_calls": seen.traced_calls,
            "function_objects": seen.function_objects,
            "threads": seen.threads,
            "effects": [
                {
                    "kind": effect.kind,
                    "subject": effect.subject,
                    "detail": effect.detail,
                    "place": effect.place,
                    "calls": effect.calls,
                }
                for effect in seen.effects
            ],
            "exceptions": seen.exceptions,
            "result_types": seen.result_types,
            "callers": dict(seen.callers),
            "first_seconds": seen.first_seconds,
            "last_seconds": seen.last_seconds,
            "overhead_seconds": seen.overhead_seconds,
            "draws": seen.draws,
            "caller_seconds": dict(seen.caller_seconds),
        },
        "variants": [_variant(variant) for variant in judgement.variants],
        "variant": chosen.name if chosen is not None and function.id in planned else None,
        "action": function.proposal,
        "covered_by": judgement.covered_by,
        "selected": judgement.selected,
    }


def _parameter(parameter: Parameter, judgement: Judgement) -> dict[str, Any]:
    named = {observed.name: observed for observed in judgement.observation.parameters}
    observed = named.get(parameter.name)
    return {
        "name": parameter.name,
        "kind": parameter.kind,
        "evidence": [step_of(step) for step in parameter.evidence],
        "observed_kinds": observed.kinds if observed else (),
        "dtypes": observed.dtypes if observed else (),
        "shapes": observed.shapes if observed else (),
        "distinct_values": observed.distinct_values if observed else None,
    }


def _assumption(checked: CheckedAssumption) -> dict[str, Any]:
    assumption = checked.assumption
    return {
        "kind": assumption.kind,
        "subject": assumption.subject,
        "statement": assumption.statement,
        "code": assumption.code,
        "hint": assumption.hint,
        "verdict": checked.verdict,
        "evidence": checked.evidence,
    }


def _variant(variant: VariantResult) -> dict[str, Any]:
    return {
        "name": variant.name,
        "arguments": dict(variant.arguments),
        "outcome": variant.outcome,
        "reason": variant.reason,
        "traces": variant.traces,
        "trace_seconds": variant.trace_seconds,
        "seconds_per_call": variant.seconds_per_call,
        "eager_seconds_per_call": variant.eager_seconds_per_call,
        "max_rel_error": variant.max_rel_error,
        "retrace_causes": variant.retrace_causes,
    }


def _plan(plan: Plan, applied: bool) -> dict[str, Any]:
    return {
        "edits": [
            {
                "file": edited.file,
                "sha256_before": edited.sha256_before,
                "diff": diff,
                "candidates": [edit.candidate for edit in plan.edits if edit.file == edited.file],
            }
            for edited, diff in zip(plan.files, plan.diffs, strict=True)
        ],
        "patch": None if plan.patch_file is None else Path(plan.patch_file).name,
        "applied": applied,
    }


def _benchmark(benchmark: Benchmark, report: Report) -> dict[str, Any]:
    interval = benchmark.speedup
    per_candidate = {
        judgement.function.id: speedup_of(chosen_variant(judgement, report))
        for judgement in report.judgements
        if judgement.selected
    }
    return {
        "unit": benchmark.unit,
        "units": benchmark.units,
        "pairs": [_pair(pair) for pair in benchmark.pairs],
        "speedup": interval and asdict(interval),
        "noise_floor": benchmark.noise_floor,
        "steady_state_speedup": benchmark.steady_state_speedup,
        "end_to_end_speedup": benchmark.end_to_end_speedup,
        "whole_script": benchmark.whole_script,
        "script_units": benchmark.script_units,
        "by_clock": benchmark.by_clock,
        "cold_start_seconds": benchmark.cold_start_seconds,
        "break_even_units": benchmark.break_even_units,
        "candidates": per_candidate,
        "peak_rss_bytes": _peaks(benchmark.peak_rss_bytes),
        "peak_device_bytes": _peaks(benchmark.peak_device_bytes),
        "verdict": benchmark.verdict,
        "reason": benchmark.reason,
        "cause": benchmark.cause,
        "crash": benchmark.crash and asdict(benchmark.crash),
        "xla_auto_clustering": benchmark.xla_auto_clustering and asdict(benchmark.xla_auto_clustering),
    }


def _peaks(peaks: tuple[int, int] | None) -> dict[str, int] | None:
    return peaks and {"eager": peaks[0], "edited": peaks[1]}


def _pair(pair: Pair) -> dict[str, Any]:
    return {
        "arms": pair.arms,
        "turns": [{"units": units, "seconds": seconds} for units, seconds in pair.turns],
        "warm_turns": pair.warm_turns,
        "ratio": pair.ratio,
        "eager_ratio": pair.eager_ratio,
        "startup_seconds": pair.startup_seconds,
        "total_seconds": pair.total_seconds,
        "peak_rss_bytes": pair.peak_rss_bytes,
        "peak_device_bytes": pair.peak_device_bytes,
        "complete": pair.complete,
        "whole": pair.whole,
        "reason": pair.reason,
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "verdict": drift.verdict,
        "level": drift.level,
        "reason": drift.reason,
        "metrics": [_metric(metric) for metric in drift.metrics],
    }


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "source": metric.source,
        "baseline": metric.baseline,
        "optimized": metric.optimized,
        "difference": metric.difference,
        "noise_floor": metric.noise_floor,
        "low": metric.low,
        "high": metric.high,
        "seeds": metric.seeds,
        "verdict": metric.verdict,
    }


def _plain(value: Any) -> Any:
    """Turn a tree of values into what JSON has: no NaN, no infinity, no lone surrogates, no other types."""
    match value:
        case None | bool() | int():
            return value
        case float():
            return value if math.isfinite(value) else None
        case str():
            return _SURROGATES.sub("\ufffd", value)
        case Enum():
            return _plain(value.value)
        case Mapping():
            return {_plain(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(item) for item in value]
        case _:
            return _plain(str(value))
