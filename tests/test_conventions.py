"""The conventions of CONTRIBUTING.md: layers, signatures, docstrings, chance."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import influgraph

ROOT = Path(__file__).parents[1]


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(influgraph.__path__, "influgraph."):
        if not any(part.startswith("_") for part in found.name.split(".")):
            yield importlib.import_module(found.name)


def _functions() -> list[Callable[..., object]]:
    return [
        member
        for module in _modules()
        for name, member in vars(module).items()
        if inspect.isfunction(member) and not name.startswith("_")
        if member.__module__ == module.__name__ or name in getattr(module, "__all__", ())
    ]


FUNCTIONS = _functions()
MEASURES = [f for f in FUNCTIONS if f.__module__.split(".")[1] not in {"cli", "report", "settings", "study"}]


def _label(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{function.__qualname__}"


@pytest.mark.parametrize("function", FUNCTIONS, ids=_label)
def test_options_are_keywords(function: Callable[..., object]) -> None:
    parameters = inspect.signature(function).parameters.values()
    positional = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert len(positional) <= 3
    assert all(p.default is p.empty for p in positional)
    assert not any(p.annotation is bool for p in positional)
    assert len(inspect.signature(function).parameters) <= 8


@pytest.mark.parametrize("function", FUNCTIONS, ids=_label)
def test_chance_is_asked_for(function: Callable[..., object]) -> None:
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.name not in {"seed", "random_state"} or function.__module__ == "influgraph.cli"
        if parameter.name == "rng":
            assert parameter.default is parameter.empty
            assert parameter.kind is parameter.KEYWORD_ONLY


@pytest.mark.parametrize("function", MEASURES, ids=_label)
def test_public_functions_show_how_they_are_used(function: Callable[..., object]) -> None:
    text = inspect.getdoc(function) or ""
    assert text, "no docstring"
    if not function.__module__.startswith("influgraph.plots"):
        assert ">>>" in text, "no example"


def test_floors() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_package_reexports_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import influgraph; print([n for n in vars(influgraph) if n[0] != '_'])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("module", ["cli", "dataset", "networks", "study", "influence.attribution", "plots"])
def test_import_leaves_heavy_libraries_alone(module: str) -> None:
    heavy = {"numba", "igraph", "statsmodels", "seaborn", "matplotlib", "sklearn", "networkx"}
    code = f"import sys, influgraph.{module}; print(*sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_nobody_touches_global_chance() -> None:
    import random

    import pandas as pd

    from influgraph import niches, synthetic
    from influgraph.influence import attribution

    np.random.seed(1)  # noqa: NPY002 (its state is what is watched)
    random.seed(1)
    before = np.random.get_state()[1].copy(), random.getstate()  # noqa: NPY002
    rng = np.random.default_rng(7)
    data = synthetic.make_world(synthetic.WorldSettings(accounts=1000), rng=rng).data
    from influgraph import networks

    found = niches.find_niches(networks.follow_network(data), rng=rng).accounts["niche"]
    attribution.incremental_actions(data, kinds=["purchase"], niches=pd.Series(found), rng=rng)
    assert (np.random.get_state()[1] == before[0]).all()  # noqa: NPY002
    assert random.getstate() == before[1]
