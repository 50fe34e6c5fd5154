"""Experiment trackers, and the documented switches that keep each one offline: one row per tracker.

`optimize` starts the script many times, and none of these runs belongs in the user's tracker. An offline tracker still
accepts what the script logs, and writes it to the scratch copy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

#: In a row, the placeholder for the run's folder.
FOLDER = "{folder}"
_SERVER = re.compile(r"(https?|aim|databricks|postgresql|mysql|mssql)(\+\w+)?(://|$)")


@dataclass(frozen=True)
class Tracker:
    """One tracker: the module that its users import, its switches, and the page that documents them.

    ``variables`` are environment variables; one whose value is already in ``off`` is kept. The variables in ``places``
    name the tracker's destination; one is replaced only if it names a server. ``arguments`` are (path of the function
    in the module, parameter, value): the value replaces each call's argument that is not in ``off``, since a call may
    ask for online mode. ``addresses`` has the same form; it replaces only an argument that names a server. ``classes``
    maps the name of a class to the name of the class that replaces it.
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
        # Its output contains the run's random name; two runs of the script would seem to print different lines.
        {"WANDB_MODE": "offline", "WANDB_SILENT": "true"},
        ("offline", "disabled", "dryrun"),
        arguments=(("init", "mode", "offline"),),
    ),
    # It has no offline mode: a file store replaces the server.
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
        # `init_run` and the like call these classes. Only a run has an offline mode; "debug" sends nothing either.
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
    # It writes to a folder unless it gets the address of a server.
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
    """The environment variables that keep the trackers offline; their files go to ``folder``."""
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
    """Whether an address of a tracker names no server. A server on this machine counts too: it stores runs."""
    return not (isinstance(address, str) and _SERVER.match(address))
