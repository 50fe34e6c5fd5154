"""The machine and the flags that a script runs with. They help to compare two runs."""

from __future__ import annotations

import contextlib
import os
import platform
from pathlib import Path

from .. import __version__

#: Prefixes of variables that change TensorFlow's results or speed.
_FLAGS = ("TF_", "XLA_", "OMP_", "CUDA_VISIBLE_DEVICES", "KERAS_BACKEND")
#: Those that only control logging, and those of Terraform, whose tokens and variables may be secret.
_NO_FLAGS = (
    *("TF_CPP_", "TF_LOG"),
    *("TF_CLI_", "TF_CLOUD_", "TF_DATA_DIR", "TF_ENCRYPTION", "TF_IGNORE", "TF_INPUT", "TF_IN_AUTOMATION"),
    *("TF_PLUGIN_", "TF_REGISTRY_", "TF_TOKEN", "TF_VAR_", "TF_WORKSPACE"),
)
_PACKAGES = ("tensorflow", "tensorflow-cpu", "tf-nightly", "keras", "tf-keras", "numpy")


def machine() -> dict[str, str]:
    """The machine, the versions of Python and of this tool, and the flags, each as text by name."""
    return {
        "hybridize": __version__,
        "platform": platform.platform(),
        "processor": processor(),
        "cpus": str(os.cpu_count()),
        "python": platform.python_version(),
        "flags": flags(),
    }


def processor() -> str:
    """The name of the processor from the system, or else from Python."""
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def flags() -> str:
    """The environment variables that affect TensorFlow, as one text."""
    set_here = {name: value for name, value in os.environ.items() if name.startswith(_FLAGS)}
    return " ".join(f"{name}={set_here[name]}" for name in sorted(set_here) if not name.startswith(_NO_FLAGS))


def versions() -> list[str]:
    """The installed versions of the packages that a verdict depends on."""
    from importlib.metadata import PackageNotFoundError, version

    found = [f"python {platform.python_version()}", f"hybridize {__version__}", f"flags {flags()}"]
    for name in _PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found
