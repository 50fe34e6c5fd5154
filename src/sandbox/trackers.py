"""Experiment trackers, and how each is kept offline by its own documented means: one row a tracker.

`optimize` starts the script many times, and none of these runs is one that belongs in somebody's tracker. A tracker
that is offline still takes what the script logs, and writes it to the scratch copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: In a row, the folder that is the run's own.
FOLDER = "{folder}"
_SERVER = re.compile(r"(https?|aim|databricks|postgresql|mysql|mssql)(\+\w+)?(://|$)")


@dataclass(frozen=True)
class Tracker:
    """One tracker: the module that its users import, its switches, and the page that documents them.

    ``variables`` are environment variables; one that has a value of ``off`` already is left. Those of ``places`` name
    where the tracker sends to, and are set only where they name another machine. ``arguments`` are set in calls, since
    a script may say there that it is online: by the function's path in the module, the parameter and its value.
    ``addresses`` are parameters that may name another machine, and then get the value. ``classes`` take the place of
    others, by their paths.
    """

    name: str
    module: str
    documented: str
    variables: Mapping[str, str] = field(default_factory=dict)
    off: tuple[str, ...] = ("offline", "disabled")
    places: Mapping[str, str] = field(default_factory=dict)
    arguments: tuple[tuple[str, str, Any], ...] = ()
    addresses: tuple[tuple[str, str, Any], ...] = ()
    classes: Mapping[str, str] = field(default_factory=dict)


TRACKERS = (
    Tracker(
        "Weights & Biases",
        "wandb",
        "https://docs.wandb.ai/models/support/run_wandb_offline",
        # What it prints has the run's random name in it, which would be taken for another output of the script.
        {"WANDB_MODE": "offline", "WANDB_SILENT": "true"},
        ("offline", "disabled", "dryrun"),
        arguments=(("init", "mode", "offline"),),
    ),
    # It has no mode that is offline: what it would send to a server is kept in files.
    Tracker(
        "MLflow",
        "mlflow",
        "https://mlflow.org/docs/latest/self-hosting/architecture/tracking-server",
        {"MLFLOW_ALLOW_FILE_STORE": "true"},
        places={"MLFLOW_TRACKING_URI": f"file://{FOLDER}/mlruns", "MLFLOW_REGISTRY_URI": f"file://{FOLDER}/mlruns"},
        addresses=(
            ("set_tracking_uri", "uri", f"file://{FOLDER}/mlruns"),
            ("set_registry_uri", "uri", f"file://{FOLDER}/mlruns"),
            ("MlflowClient.__init__", "tracking_uri", f"file://{FOLDER}/mlruns"),
            ("MlflowClient.__init__", "registry_uri", f"file://{FOLDER}/mlruns"),
        ),
    ),
    Tracker(
        "Neptune",
        "neptune",
        "https://docs.neptune.ai/logging/manual_sync/",
        {"NEPTUNE_MODE": "offline"},
        ("offline", "debug", "disabled"),
        # `init_run` and the like are these classes. Only a run can be offline; the mode "debug" sends nothing either.
        arguments=(
            ("Run.__init__", "mode", "offline"),
            ("Model.__init__", "mode", "debug"),
            ("ModelVersion.__init__", "mode", "debug"),
            ("Project.__init__", "mode", "debug"),
        ),
    ),
    Tracker(
        "Neptune Scale",
        "neptune_scale",
        "https://docs.neptune.ai/environment_variables/neptune_scale",
        {"NEPTUNE_MODE": "offline"},
        arguments=(("Run.__init__", "mode", "offline"),),
    ),
    Tracker(
        "Comet",
        "comet_ml",
        "https://comet.com/docs/v2/api-and-sdk/python-sdk/advanced/running-offline",
        arguments=(("start", "online", False),),
        classes={"Experiment": "OfflineExperiment", "ExistingExperiment": "ExistingOfflineExperiment"},
    ),
    Tracker(
        "ClearML",
        "clearml",
        "https://clear.ml/docs/latest/docs/guides/set_offline",
        {"CLEARML_OFFLINE_MODE": "1", "CLEARML_CACHE_DIR": f"{FOLDER}/clearml"},
        ("1", "true"),
    ),
    Tracker(
        "SwanLab",
        "swanlab",
        "https://docs.swanlab.cn/en/api/cli-swanlab-offline.html",
        {"SWANLAB_MODE": "offline", "SWANLAB_LOG_LEVEL": "error"},
        ("offline", "disabled", "local"),
        arguments=(("init", "mode", "offline"),),
    ),
    # It writes to a folder unless it is told the address of a server.
    Tracker(
        "Aim",
        "aim",
        "https://aimstack.readthedocs.io/en/latest/using/remote_tracking.html",
        addresses=(("Run.__init__", "repo", None),),
    ),
    Tracker(
        "DVCLive",
        "dvclive",
        "https://doc.dvc.org/command-reference/config#studio",
        {"DVC_STUDIO_OFFLINE": "true"},
        ("true",),
    ),
)


def variables(environment: Mapping[str, str], folder: str) -> dict[str, str]:
    """The environment variables that keep the trackers offline, in a run that has ``folder`` for its own files."""
    found = {}
    for tracker in TRACKERS:
        for name, value in tracker.variables.items():
            if environment.get(name, "").lower() not in tracker.off:
                found[name] = value.replace(FOLDER, folder)
        for name, value in tracker.places.items():
            if not is_no_server(environment.get(name)):
                found[name] = value.replace(FOLDER, folder)
    return found


def is_no_server(address: Any) -> bool:
    """Whether an address of a tracker names no server, not even one on this machine: that keeps runs as well."""
    return not (isinstance(address, str) and _SERVER.match(address))
