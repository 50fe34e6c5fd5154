"""What one stage hands the next: frozen dataclasses, no logic.

Paths named ``file`` are relative to the project's root, with ``/`` between the parts; ``line`` counts
from 1. A candidate's ``id`` is ``module:Qual.name`` (``train:Trainer.step``), the same in every stage.
"""

from __future__ import annotations

from .evidence import (
    CheckedAssumption,
    Effect,
    Form,
    Judgement,
    Move,
    Observation,
    ObservedParameter,
    Reason,
    VariantResult,
    Verdict,
)
from .measurement import (
    AutoClustering,
    Benchmark,
    Crash,
    Drift,
    Interval,
    Metric,
    Pair,
    Peaks,
    Profile,
    Share,
    TimedTurn,
    Unclear,
)
from .plan import Edit, EditedFile, Plan, Skip, Variant
from .report import Budget, Command, Report
from .runs import Batches, Contacts, Ending, KerasLoop, Modes, Network, Offspring, RunOutcome, Target, Throw
from .scan import (
    Action,
    Assumption,
    AssumptionKind,
    Confidence,
    Finding,
    Function,
    FunctionKind,
    Parameter,
    ParameterKind,
    Scan,
    Step,
)

__all__ = [
    "Action",
    "Assumption",
    "AssumptionKind",
    "AutoClustering",
    "Batches",
    "Benchmark",
    "Budget",
    "CheckedAssumption",
    "Command",
    "Confidence",
    "Contacts",
    "Crash",
    "Drift",
    "Edit",
    "EditedFile",
    "Effect",
    "Ending",
    "Finding",
    "Form",
    "Function",
    "FunctionKind",
    "Interval",
    "Judgement",
    "KerasLoop",
    "Metric",
    "Modes",
    "Move",
    "Network",
    "Observation",
    "ObservedParameter",
    "Offspring",
    "Pair",
    "Parameter",
    "ParameterKind",
    "Peaks",
    "Plan",
    "Profile",
    "Reason",
    "Report",
    "RunOutcome",
    "Scan",
    "Share",
    "Skip",
    "Step",
    "Target",
    "Throw",
    "TimedTurn",
    "Unclear",
    "Variant",
    "VariantResult",
    "Verdict",
]
