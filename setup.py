"""The packages are found and not listed: `src/` is the package `hybridize` itself, which pyproject.toml can't say."""

from setuptools import find_packages, setup

setup(
    packages=["hybridize", *(f"hybridize.{name}" for name in find_packages("src"))],
    package_dir={"hybridize": "src"},
)
