"""The proof, run over small projects as they are really laid out: what is hard, and must work."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from proving import Job, Outcome, Prover

PROJECTS = Path(__file__).resolve().parents[1] / "projects"
PATIENCE_SECONDS = 3600

CONFIRMED, REFUTED, INCONCLUSIVE, NOT_PROPOSED = "confirmed", "refuted", "inconclusive", "not-proposed"


@dataclass(frozen=True)
class Expected:
    """What is to be said of a function: one of the ``verdicts``, for reasons that match ``because``."""

    verdicts: tuple[str, ...]
    because: str = ""


@dataclass(frozen=True)
class Project:
    """A folder with what the proof is to say of its functions; all of these are made candidates."""

    folder: str
    functions: Mapping[str, Expected]
    script: str = "train.py"
    module: str | None = None
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    steps: int | None = None


def confirmed(because: str = "") -> Expected:
    return Expected((CONFIRMED,), because)


def refuted(because: str) -> Expected:
    return Expected((REFUTED,), because)


def in_graph_code() -> Expected:
    return Expected((NOT_PROPOSED,), "already runs only inside graphs")


TABLE = [
    Project(
        "package",
        {"train_step": confirmed(), "Line.loss": confirmed(), "mean_square": confirmed()},
        module="regress.train",
        arguments=("--steps", "40"),
    ),
    Project("click_like", {"make_step.<locals>.train_step": confirmed()}, arguments=("--steps=30",)),
    Project("hydra_like", {"Trainer.step": confirmed()}),
    Project(
        "decorators",
        {
            "Trained.step": confirmed(),
            "Trained.forward": confirmed(),
            "Trained.timed_loss": refuted("changes SECONDS"),
            "Net.activate": confirmed(),
            "Net.distance": confirmed(),
            "Net.output": confirmed(),
        },
    ),
    # What the loader does meanwhile is not the step's doing. It waits for the step, so there is a quiet moment to tell.
    Project("loader_thread", {"Trainer.step": confirmed()}),
    Project("trainer_thread", {"train_step": confirmed()}),
    Project("pipelines", {"train_step": confirmed(), "augment": in_graph_code(), "normalize": in_graph_code()}),
    Project("mirrored", {"distributed_step": confirmed()}),
    Project("legacy", {"train_step": confirmed()}, environment={"TF_USE_LEGACY_KERAS": "1"}),
    Project("mixed_half", {"train_step": confirmed()}),
    Project("run_eagerly", {"train_step": Expected((INCONCLUSIVE,), "run_functions_eagerly")}),
    Project(
        "switched_functions",
        {
            "run_functions_eagerly": confirmed("without it 2 functions ran as graphs and agreed"),
            "train_step": Expected((NOT_PROPOSED,), r"ran eagerly in 30 of 30 calls, because of .*train.py:7"),
            "evaluate": Expected((NOT_PROPOSED,), "ran eagerly in 30 of 30 calls"),
        },
    ),
    Project(
        "switched_effect",
        {
            "run_functions_eagerly": refuted("train_step would run in a graph: it changes history"),
            "train_step": Expected((NOT_PROPOSED,), "ran eagerly in 30 of 30 calls"),
        },
    ),
    Project(
        "switched_fit",
        {"run_eagerly": confirmed("without it Model.fit ran as a graph and agreed")},
    ),
    Project(
        "switched_fit_effect",
        {
            "run_eagerly": refuted("Cooling.call would run in a graph: it changes self.seen"),
            "Cooling.call": refuted("changes self.seen"),
        },
    ),
    Project("switched_by_flag", {"run_eagerly": Expected((INCONCLUSIVE,), "given `DEBUG` on line 12 of train.py")}),
    Project(
        "switched_for_a_part",
        {"train_step": Expected((NOT_PROPOSED,), "in 3 of 30 calls, because of .*:19, switched off again at .*:22")},
    ),
    Project("patched_once", {"train_step": confirmed()}),
    Project("patched_again", {"train_step": refuted("branch on Python state was taken differently")}),
    Project("swallowing", {"train_step": confirmed()}, steps=80),
    Project("configuring", {"train_step": confirmed()}),
    Project("old_graphs", {"network": in_graph_code(), "loss_of": in_graph_code()}),
    Project("disabled_eager", {"train_step": in_graph_code()}),
    Project("worker_processes", {"train_step": confirmed()}),
    Project(
        "rare_evaluation",
        {"train_step": confirmed(), "Evaluation.improvement": refuted("stores a symbolic tensor|raises")},
    ),
    Project("cached_mask", {"train_step": refuted("the cache of .*mask|out of scope")}),
    Project(
        "fit_override",
        {
            "penalty": in_graph_code(),
            "Net.train_step": Expected((NOT_PROPOSED,), "inside a? ?graph|already"),
            "Net.call": in_graph_code(),
        },
    ),
    Project(
        "attribute_config", {"Trainer.step": confirmed(), "Trainer.penalty": refuted("as a graph it raises KeyError")}
    ),
    Project("strict_warnings", {"Trainer.step": confirmed()}),
    Project("tee_output", {"quiet_step": confirmed(), "loud_step": refuted("prints")}),
    Project("summaries", {"train_step": Expected((CONFIRMED, INCONCLUSIVE))}),
    Project(
        "batch_generator", {"given_step": confirmed(), "taking_step": refuted("random numbers were drawn|advances")}
    ),
    Project("two_trainers", {"Trainer.step": confirmed(), "Trainer.loss": confirmed()}),
    # A decorator that asks a function for its code gets an answer, as without us; of a tf.function there is none.
    Project(
        "introspecting",
        {"train_step": confirmed(), "penalty": Expected((INCONCLUSIVE, REFUTED), "raise|broke")},
    ),
    Project(
        "frame_reader",
        {"train_step": confirmed(), "registered_loss": Expected((INCONCLUSIVE,), "when hybridize watches its calls")},
    ),
    # Where the code lies: what is imported from elsewhere than from beside the script is the project's too.
    Project("sibling_folder", {"Network.step": confirmed()}, script="burgers/train.py"),
    Project("package_above", {"Trainer.train_step": confirmed()}, script="tests/flow/train.py"),
    Project(
        "search_path_variable",
        {"train_step": confirmed()},
        script="examples/train.py",
        environment={"PYTHONPATH": "."},
    ),
    Project("namespace_packages", {"train_step": confirmed()}),
    Project("same_names", {"Trainer.step": confirmed()}),
    Project("computed_imports", {"train_step": confirmed()}, script="runs/train.py", arguments=("plugins",)),
    Project(
        "other_endings",
        {"train_step": confirmed(), "refine": confirmed(), "predict": confirmed()},
        arguments=("phases",),
    ),
    Project("other_processes", {"train_step": confirmed()}, arguments=("here",)),
    Project("attention_shapes", {"train_step": confirmed(), "attend": confirmed()}),
]
each_project = pytest.mark.parametrize("project", TABLE, ids=lambda project: project.folder)


def ask(prover: Prover, project: Project) -> Outcome:
    return prover.prove(f"project {project.folder}", _job(prover, project)).result(PATIENCE_SECONDS)


def prepare(prover: Prover, parameters: Mapping[str, Any]) -> None:
    prover.prove(f"project {parameters['project'].folder}", _job(prover, parameters["project"]))


def _job(prover: Prover, project: Project) -> Job:
    folder = prover.folder / "projects" / project.folder
    if not folder.exists():
        shutil.copytree(PROJECTS / project.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return Job(
        folder,
        project.script,
        project.module,
        project.arguments,
        project.environment,
        tuple(project.functions),
        project.steps,
    )


@pytest.mark.slow
@each_project
def test_every_function_gets_the_verdict_that_it_deserves(project: Project, prover: Prover) -> None:
    outcome = ask(prover, project)
    for name, expected in project.functions.items():
        reason = outcome.reason(name) or outcome.status
        assert outcome.verdicts.get(name) in expected.verdicts, f"{name}: {outcome.verdicts.get(name)}: {reason}"
        assert re.search(expected.because, reason, re.DOTALL), f"{name}: {reason}"


@pytest.mark.slow
@each_project
def test_no_file_of_the_project_is_changed(project: Project, prover: Prover) -> None:
    assert not ask(prover, project).changed_files


def test_every_project_is_in_the_table() -> None:
    folders = {path.name for path in PROJECTS.iterdir() if path.is_dir()}
    assert folders == {project.folder for project in TABLE}
