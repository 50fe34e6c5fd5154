"""Where an import leads."""

from __future__ import annotations

import pytest

from hybridize.static.reading.imports import Resolver

PROJECT = Resolver(
    ["train", "utils", "pkg", "pkg.model", "pkg.sub", "pkg.sub.deep", "scripts.run", "scripts.helper", "pkg.numpy"],
    ["pkg", "pkg.sub"],
)


@pytest.mark.parametrize(
    ("importer", "dotted", "level", "module", "rest"),
    [
        ("train", "utils", 0, "utils", ()),
        ("train", "utils.f", 0, "utils", ("f",)),
        ("train", "pkg.model.Net", 0, "pkg.model", ("Net",)),
        ("train", "pkg.Net", 0, "pkg", ("Net",)),
        ("pkg.model", "sub.deep", 1, "pkg.sub.deep", ()),
        ("pkg.sub.deep", "model.Net", 2, "pkg.model", ("Net",)),
        ("pkg.sub", "deep.f", 1, "pkg.sub.deep", ("f",)),
        ("scripts.run", "helper.f", 0, "scripts.helper", ("f",)),
        ("train", "src.utils.f", 0, "utils", ("f",)),
        ("train", "deep.f", 0, "pkg.sub.deep", ("f",)),
    ],
)
def test_a_name_of_the_project(importer, dotted, level, module, rest):
    target = PROJECT.resolve(importer, dotted, level)
    assert (target.module, target.rest) == (module, rest)


@pytest.mark.parametrize(
    ("importer", "dotted", "level", "path"),
    [
        ("train", "tensorflow.nn.relu", 0, "tensorflow.nn.relu"),
        ("train", "tensorflow.compat.v1.ones", 0, "tensorflow.ones"),
        ("train", "tensorflow.keras.layers.Dense", 0, "keras.layers.Dense"),
        ("train", "tf_keras.layers.Dense", 0, "keras.layers.Dense"),
        ("train", "tensorflow.python.keras.layers.core.Dense", 0, "keras.layers.Dense"),
        ("train", "tensorflow.optimizers.Adam", 0, "keras.optimizers.Adam"),
        ("train", "keras.engine.input_layer.Input", 0, "keras.Input"),
        ("train", "tensorflow.python.eager.def_function.function", 0, "tensorflow.function"),
        ("train", "tensorflow.python.ops.variables.Variable", 0, "tensorflow.Variable"),
        ("train", "nowhere.at.all", 0, "nowhere.at.all"),
        ("train", "beyond", 3, "beyond"),
    ],
)
def test_a_name_of_a_library_by_its_canonical_path(importer, dotted, level, path):
    target = PROJECT.resolve(importer, dotted, level)
    assert target.module is None
    assert target.path == path


def test_a_package_does_not_shadow_a_library_by_a_module_of_its_name():
    """``import numpy`` in a package is NumPy, whatever modules stand beside it."""
    assert PROJECT.resolve("pkg.model", "numpy.array").path == "numpy.array"


def test_a_script_beside_a_module_of_a_librarys_name_imports_that_module():
    """``sys.path[0]`` is the script's folder, so its neighbours come first."""
    assert Resolver(["tensorflow", "train"], []).resolve("train", "tensorflow").module == "tensorflow"


def test_a_module_may_have_further_names():
    resolver = Resolver(["step"], [], {"lib.step": "step"})
    target = resolver.resolve("train", "lib.step.f")
    assert (target.module, target.rest) == ("step", ("f",))


def test_a_script_imports_what_lies_beside_it_where_nobody_knows_which_folders_are_searched():
    """Two versions of a program in one repository: each has its own ``data.py``."""
    names = ["data", "run", "second.data", "second.run", "package", "package.data", "package.run"]
    resolver = Resolver(names, ["package"], beside=True)
    assert resolver.resolve("run", "data").module == "data"
    assert resolver.resolve("second.run", "data.load").module == "second.data"
    assert resolver.resolve("package.run", "data").module == "data"
    assert Resolver(names, ["package"]).resolve("second.run", "data").module == "data"
