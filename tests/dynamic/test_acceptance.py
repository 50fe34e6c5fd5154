"""The proof, run over the programs with known truth: nothing unsafe is confirmed, and what is safe mostly is.

Every function that a program's header names is made a candidate, also where the static stage would refuse it, so
that the dynamic stage is tested by itself. By default a part of the programs is run that meets each hazard; with
``HYBRIDIZE_ALL_PROGRAMS=1`` all of them are. With ``HYBRIDIZE_UNFORCED=1`` nothing is forced: the static stage
stands in front, as for a user, and what it refuses counts as not confirmed.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from proving import Job, Outcome, Prover
from test_programs_truth import ALL_PROGRAMS, Program, Truth

ALL = bool(os.environ.get("HYBRIDIZE_ALL_PROGRAMS"))
FORCED = not os.environ.get("HYBRIDIZE_UNFORCED")
PATIENCE_SECONDS = 3600

#: What the reasons must say of each hazard, so that a reader knows what is wrong and not only that something is.
NAMED = {
    "autograph-branch": r"must also be initialized",
    "autograph-fallback": r"as a graph it raises",
    "autograph-loop": r"as a graph it raises .*(loop|out of scope|shape)",
    "baked-array": r"keeps a constant",
    "baked-attribute": r"keeps a constant|not a variable|its trace reads",
    "baked-branch": r"branch on Python state|uses different variables|different number|its trace reads",
    "baked-closure": r"keeps a constant|its trace reads",
    "baked-global": r"keeps a constant|its trace reads",
    "baked-weights": r"would never see trained weights",
    "dtype": r"dtype|type float64",
    "eager-only": r"as a graph it raises .*(numpy|Python `bool`|converting|symbolic|float|predict)",
    "early-return": r"branch on Python state|random numbers were drawn|changed length|creates variables in call",
    "exception": r"raises|now holds another",
    "frozen-batch": r"advances the Python iterator",
    "frozen-random": r"random numbers were drawn",
    "frozen-time": r"keeps a constant|computes something different",
    "generator": r"generator|no TensorFlow op",
    "identity": r"eagerly and .* from the graph|now holds another|changes|computes something different",
    "instance-key": r"can't be hashed|can't be weakly referenced",
    "iterates-tensor": r"[Ii]terating over a symbolic|not iterable",
    "kept-seed": r"keeps the seed of its trace|its trace reads `seed of tf.random`",
    "kept-summary": r"keeps a constant|branch on Python state|its trace reads `(step of )?tf.summary",
    "late-variables": r"variables",
    "late-state-of-threads": r"keeps a |computed different numbers|called in 2 threads",  # numbers are used again
    "late-state": r"keeps a |branch on Python state|its trace reads|became|computed different numbers",
    "layer-per-call": r"random numbers were drawn|variable",
    "lone-instance": r"nothing else holds",
    "lost-append": r"changes \w+.*changed length",
    "lost-count": r"changes .*( then |was added)",
    "lost-write": r"writes to the file|changes",
    "mutated-argument": r"changes .*(changed length|was added|was removed)",
    "name-argument": r"expected string",
    "optimizer-per-call": r"singleton|variable",
    "other-path": r"computes something different|branch",
    "overflow": r"\binf\b",
    "print": r"prints|changes",
    "rebound-object": r"uses different variables|branch on Python state|keeps a |became",
    "recursion": r"[Rr]ecursion",
    "result-type": r"eagerly and .* from the graph|return zero or more Tensors",
    "retrace-function": r"redefined",
    "retrace-object": r"retraced repeatedly",
    "retrace-shape": r"retraced repeatedly",
    "retrace-value": r"retraced repeatedly",
    "step-counter": r"changes .*( then |was added)|advances the Python iterator",
    "symbolic-argument": r"symbolic",
    "tensor-leak": r"changes|stores a symbolic tensor|now holds another",
    "variable-per-call": r"variable",
    "variables-before-build": r"variable",
}

#: The safe programs that are run by default, each of which must be confirmed: each stands for something that looks
#: unsafe, or is hard to handle.
SAFE = frozenset(
    {
        "keras_block_baked",
        "safe_absl_main",
        "safe_bare_except_loop",
        "safe_custom_gradient",
        "safe_dataset_iterator",
        "safe_early_exit_on_tensor",
        "safe_gradient_accumulation",
        "safe_inherited_step",
        "safe_inner_of_phases",
        "safe_jacobian",
        "safe_keras_dropout",
        "safe_lazy_critics",
        "safe_lazy_seeded_layers",
        "safe_legacy_keras",
        "safe_lookup_table",
        "safe_module_logger",
        "safe_one_seed",
        "safe_random_shuffle",
        "safe_returned_counter",
        "safe_returned_iterations",
        "safe_sampled_loss",
        "safe_static_and_class_methods",
        "safe_step_factory",
        "safe_summary_written",
        "safe_strategy_run",
        "safe_trained_in_thread",
        "safe_user_decorator_above",
    }
)


#: The unsafe programs that are run by default besides the first of each hazard.
UNSAFE = frozenset({"late_rate_callable", "seed_of_last_phase"})


def selected() -> list[Program]:
    """The programs to run: all, or for each hazard the first that has it, and some safe ones."""
    if ALL:
        return ALL_PROGRAMS
    chosen: dict[str, Program] = {}
    for program in ALL_PROGRAMS:
        for truth in program.truths:
            if truth.hazard:
                chosen.setdefault(truth.hazard, program)
    names = {program.path.stem for program in chosen.values()} | SAFE | UNSAFE
    return [program for program in ALL_PROGRAMS if program.path.stem in names]


PROGRAMS = selected()
CLAIMS = [(program, truth) for program in PROGRAMS for truth in program.truths]
each_harmful = pytest.mark.parametrize(
    ("program", "truth"),
    [pytest.param(p, t, id=f"{p.path.stem}-{t.qualname}") for p, t in CLAIMS if t.word != "safe"],
)


def ask(prover: Prover, program: Program) -> Outcome:
    return prover.prove(program.path.stem, _job(prover, program)).result(PATIENCE_SECONDS)


def prepare(prover: Prover, parameters: Mapping[str, Any]) -> None:
    """Queues what a test will ask for; a test without a program asks for all that claim something safe."""
    safe = [program for program in PROGRAMS if any(truth.word == "safe" for truth in program.truths)]
    for program in [parameters["program"]] if parameters else safe:
        prover.prove(program.path.stem, _job(prover, program))


def _job(prover: Prover, program: Program) -> Job:
    folder = prover.folder / "programs" / program.path.stem
    if not folder.exists():
        folder.mkdir(parents=True)
        (folder / program.path.name).write_text(program.source)
    forced = tuple(truth.qualname for truth in program.truths) if FORCED else ()
    return Job(folder, program.path.name, None, program.arguments, program.environment, forced)


@pytest.mark.slow
@each_harmful
def test_what_is_unsafe_is_not_confirmed_and_its_hazard_named(program: Program, truth: Truth, prover: Prover) -> None:
    outcome = ask(prover, program)
    assert truth.qualname in outcome.verdicts, f"nothing is said of it; {outcome.status}"
    if truth.hazard.startswith("retrace-") and outcome.variants.get(truth.qualname, "graph") != "graph":
        assert "retraced repeatedly" in outcome.reason(truth.qualname)
        return  # the results were never in doubt, and with these arguments of tf.function the traces are few
    assert outcome.verdicts[truth.qualname] != "confirmed"
    if FORCED:
        assert re.search(NAMED[truth.hazard], outcome.reason(truth.qualname), re.DOTALL), outcome.reason(truth.qualname)


@pytest.mark.slow
def test_at_least_95_percent_of_what_is_safe_is_confirmed(prover: Prover) -> None:
    missed, required = {}, set()
    safe = [(program, truth) for program, truth in CLAIMS if truth.word == "safe"]
    for program, truth in safe:
        outcome = ask(prover, program)
        if outcome.verdicts.get(truth.qualname) != "confirmed":
            missed[f"{program.path.stem}: {truth.qualname}"] = outcome.reason(truth.qualname) or outcome.status
            required |= {program.path.stem} & SAFE
    assert not required, missed
    assert len(missed) <= 0.05 * len(safe), missed


@pytest.mark.slow
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.path.stem)
def test_a_proof_changes_no_file(program: Program, prover: Prover) -> None:
    assert not ask(prover, program).changed_files


def test_every_hazard_has_words_and_a_program_that_is_run() -> None:
    hazards = {truth.hazard for program in ALL_PROGRAMS for truth in program.truths} - {""}
    assert set(NAMED) == hazards
    assert {truth.hazard for _, truth in CLAIMS} - {""} == hazards
    assert {program.path.stem for program in ALL_PROGRAMS} >= SAFE | UNSAFE
