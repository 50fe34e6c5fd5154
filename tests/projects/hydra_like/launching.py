"""A launcher as experiment frameworks have them: configuration from a file, a working directory of each run's own."""

import functools
import json
import os
from pathlib import Path
from types import SimpleNamespace


def main(config):
    def decorate(function):
        @functools.wraps(function)
        def run():
            folder = Path(__file__).parent
            settings = json.loads((folder / config).read_text())
            out = Path("outputs") / "run"
            out.mkdir(parents=True, exist_ok=True)
            os.chdir(out)
            (Path.cwd() / "config.json").write_text(json.dumps(settings))
            return function(SimpleNamespace(**settings))

        return run

    return decorate
