"""Experiment trackers are kept offline in every run, by their own switches, whatever the script says."""

from __future__ import annotations

import textwrap

import pytest

from hybridize.records import Network
from hybridize.sandbox.trackers import TRACKERS, variables

pytestmark = pytest.mark.slow

#: A tracker as Weights & Biases is one: it sends what it is told, unless its mode is another.
STAND_IN = """
    import os, urllib.request
    class Run:
        def __init__(self, mode):
            self.mode = mode
        def log(self, values):
            if self.mode == "online":
                urllib.request.urlopen(urllib.request.Request({url!r}, b"x", method="POST")).read()
    def init(project=None, mode=None, **options):
        return Run(mode or os.environ.get("WANDB_MODE", "online"))
"""
CALLS = ["init()", "init('mine', 'online')", "init(project='mine', mode='online', tags=['a'])", "init(mode=None)"]


def script(call: str) -> str:
    return f"import wandb\nrun = wandb.{call}\nrun.log({{'loss': 1.0}})\nprint(run.mode)\n"


@pytest.fixture
def wandb(project, server):
    project.write("wandb.py", STAND_IN.format(url=server.url))
    return project


@pytest.mark.parametrize("call", CALLS)
def test_a_tracker_gets_nothing_of_any_run(wandb, server, call):
    for network in (Network(), Network(first=False), Network("deny")):
        wandb.network = network
        outcome = wandb.run(script(call))
        assert outcome.lines == ("offline",)
        assert outcome.contacts.trackers == ("Weights & Biases",)
        assert outcome.contacts.refused == ()
    assert server.requests == []


def test_a_variable_that_the_script_sets_is_set_back(wandb, server):
    source = "import os\nos.environ['WANDB_MODE'] = 'online'\nimport wandb\nprint(os.environ['WANDB_MODE'])\n"
    assert wandb.run(source).lines == ("offline",)


def test_a_tracker_that_the_user_has_put_off_otherwise_stays_so(wandb, server):
    assert wandb.run(script("init(mode='disabled')")).lines == ("disabled",)


def test_a_tracker_is_left_alone_where_the_user_allows_it(wandb, server):
    wandb.network = Network("allow")
    outcome = wandb.run(script("init()"))
    assert outcome.lines == ("online",)
    assert outcome.contacts.trackers == ()
    assert server.requests == ["POST /"]


def test_a_call_that_is_wrong_fails_by_its_own_error(wandb, server):
    outcome = wandb.run("import wandb\nwandb.init(1, 2, 3)\n")
    assert (outcome.error_type, outcome.error) == (
        "TypeError",
        "init() takes from 0 to 2 positional arguments but 3 were given",
    )


def test_a_variable_that_says_so_already_is_left():
    found = variables({"WANDB_MODE": "disabled", "CLEARML_OFFLINE_MODE": "1", "SWANLAB_MODE": "cloud"}, "/tmp/run")
    assert "WANDB_MODE" not in found and "CLEARML_OFFLINE_MODE" not in found
    assert found["SWANLAB_MODE"] == "offline"


@pytest.mark.parametrize("place", ["http://localhost:5000", "https://tracking.example", "databricks", "databricks://me"])
def test_mlflow_is_led_away_from_a_server_wherever_it_runs(place):
    assert variables({"MLFLOW_TRACKING_URI": place}, "/tmp/run")["MLFLOW_TRACKING_URI"] == "file:///tmp/run/mlruns"


@pytest.mark.parametrize("place", ["", "mlruns", "file:///data/mlruns", "sqlite:///mlflow.db"])
def test_mlflow_keeps_a_folder_of_the_users_which_is_that_of_the_copy(place):
    assert "MLFLOW_TRACKING_URI" not in variables({"MLFLOW_TRACKING_URI": place}, "/tmp/run")


def test_every_tracker_has_a_switch_and_the_page_that_documents_it():
    for tracker in TRACKERS:
        assert tracker.documented.startswith("https://")
        assert tracker.variables or tracker.places or tracker.arguments or tracker.addresses


def test_classes_that_are_online_are_replaced_by_those_that_are_not(project):
    project.write(
        "comet_ml.py",
        """
        class Experiment:
            def __init__(self, api_key=None, project_name=None):
                print("online")
        class OfflineExperiment:
            def __init__(self, project_name=None):
                print("offline", project_name)
        def start(api_key=None, online=None):
            print("online" if online else "offline")
        """,
    )
    outcome = project.run(
        """
        import comet_ml
        comet_ml.Experiment("key", project_name="mine")
        comet_ml.start(online=True)
        """
    )
    assert outcome.lines == ("offline mine", "offline")


# The real packages, where they are installed.


def test_the_real_weights_and_biases_stays_offline(project, server):
    pytest.importorskip("wandb")
    source = textwrap.dedent(f"""
        import os
        os.environ["WANDB_BASE_URL"], os.environ["WANDB_API_KEY"] = {server.url!r}, "x" * 40
        os.environ["WANDB_MODE"] = "online"
        import wandb
        wandb.login(key="x" * 40)
        with wandb.init(project="mine", mode="online", config={{"rate": 0.1}}) as run:
            for step in range(3):
                run.log({{"loss": 1.0 / (step + 1)}})
            print(run.settings.mode, run.config.rate)
    """)
    for network in (Network(), Network(first=False)):
        project.network = network
        outcome = project.run(source)
        # What it prints by itself has the run's random name in it, and differs from run to run.
        assert outcome.lines == ("offline 0.1",)
        assert (outcome.contacts.reached, outcome.contacts.refused) == ((), ())
    assert server.connections == 0


@pytest.mark.parametrize("said", ["by a call", "by the environment", "by the client"])
def test_the_real_mlflow_writes_to_the_run_s_own_folder(project, server, monkeypatch, said):
    pytest.importorskip("mlflow")
    if said == "by the environment":
        monkeypatch.setenv("MLFLOW_TRACKING_URI", server.url)
    source = textwrap.dedent(f"""
        import mlflow
        if {said == "by a call"}:
            mlflow.set_tracking_uri({server.url!r})
        if {said == "by the client"}:
            client = mlflow.MlflowClient(tracking_uri={server.url!r})
            run = client.create_run("0").info.run_id
            client.log_metric(run, "loss", 1.0)
            print(client.get_run(run).data.metrics)
        else:
            mlflow.set_experiment("mine")
            with mlflow.start_run() as run:
                mlflow.log_metric("loss", 1.0)
            print(mlflow.get_run(run.info.run_id).data.metrics)
    """)
    for network in (Network(), Network(first=False)):
        project.network = network
        outcome = project.run(source)
        assert outcome.lines[-1:] == ("{'loss': 1.0}",)
        assert (outcome.contacts.reached, outcome.contacts.refused) == ((), ())
    assert server.connections == 0


#: Scripts that say, as far as they can, that they are online; each prints "done" at its end.
REAL = {
    "comet_ml": """
        import os
        os.environ["COMET_URL_OVERRIDE"] = {url!r}
        import comet_ml
        for made in (comet_ml.Experiment("k" * 25, project_name="mine"), comet_ml.start(api_key="k" * 25, online=True)):
            made.log_metric("loss", 1.0, step=1)
            made.end()
    """,
    "neptune": """
        import base64, json, os
        address = json.dumps({{"api_address": {url!r}, "api_url": {url!r}}}).encode()
        os.environ["NEPTUNE_API_TOKEN"] = base64.b64encode(address).decode()
        os.environ["NEPTUNE_MODE"] = "async"
        import neptune
        for make in (neptune.init_run, neptune.Run):
            with make(project="me/mine", mode="sync") as run:
                run["loss"].append(1.0)
        with neptune.init_model(key="MOD", project="me/mine", mode="async") as model:
            model["size"] = 1
    """,
    "neptune_scale": """
        import base64, json, os
        address = json.dumps({{"api_address": {url!r}, "api_url": {url!r}}}).encode()
        os.environ["NEPTUNE_API_TOKEN"] = base64.b64encode(address).decode()
        os.environ["NEPTUNE_MODE"] = "async"
        from neptune_scale import Run
        if __name__ == "__main__":
            with Run(project="me/mine", mode="async", source_tracking_config=None) as run:
                run.log_metrics({{"loss": 1.0}}, step=1)
    """,
    "clearml": """
        import os
        for name in ("API", "WEB", "FILES"):
            os.environ[f"CLEARML_{{name}}_HOST"] = {url!r}
        os.environ["CLEARML_API_ACCESS_KEY"] = os.environ["CLEARML_API_SECRET_KEY"] = "k"
        os.environ["CLEARML_OFFLINE_MODE"] = "0"
        import clearml
        task = clearml.Task.init("mine", "first", auto_connect_frameworks=False, auto_resource_monitoring=False)
        task.get_logger().report_scalar("loss", "train", 1.0, 1)
        task.close()
    """,
    "swanlab": """
        import os
        os.environ["SWANLAB_API_HOST"] = os.environ["SWANLAB_WEB_HOST"] = {url!r}
        os.environ["SWANLAB_API_KEY"], os.environ["SWANLAB_MODE"] = "k" * 21, "cloud"
        import swanlab
        swanlab.init(project="mine", mode="cloud")
        swanlab.log({{"loss": 1.0}})
        swanlab.finish()
    """,
    "dvclive": """
        import os
        os.environ["DVC_STUDIO_URL"], os.environ["DVC_STUDIO_TOKEN"] = {url!r}, "k"
        os.environ["DVC_STUDIO_OFFLINE"] = "false"
        from dvclive import Live
        with Live(save_dvc_exp=False) as live:
            live.log_metric("loss", 1.0)
            live.next_step()
    """,
    "aim": """
        import aim
        run = aim.Run(repo="aim://{name}", experiment="mine")
        run.track(1.0, name="loss", step=1)
        run.close()
    """,
}


@pytest.mark.parametrize("package", REAL)
def test_other_real_trackers_stay_offline(project, server, package):
    pytest.importorskip(package)
    source = textwrap.dedent(REAL[package]).format(url=server.url, name=server.name) + "print('done')\n"
    for network in (Network(), Network(first=False)):
        project.network = network
        outcome = project.run(source)
        assert outcome.lines[-1:] == ("done",), outcome.error
        # Comet asks the cloud that it may run in what machine it has got.
        assert {*outcome.contacts.reached, *outcome.contacts.refused} <= {"169.254.169.254:80"}
        assert len(outcome.contacts.trackers) == 1
    assert server.connections == 0
