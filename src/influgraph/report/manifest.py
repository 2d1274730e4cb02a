"""What a study was made of, with what, and whether its files are still the same."""

import hashlib
import json
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import influgraph
from influgraph.settings import Settings, as_mapping

MANIFEST = "manifest.json"
SETTINGS = "study.toml"
ELSEWHERE = "--settings"
TABLES = ("accounts", "follows", "posts", "engagements")
SUFFIXES = (".parquet", ".csv", ".csv.gz")
LIBRARIES = (
    "igraph",
    "jinja2",
    "matplotlib",
    "networkx",
    "numba",
    "numpy",
    "pandas",
    "pyarrow",
    "pydantic",
    "scikit-learn",
    "scipy",
    "seaborn",
    "statsmodels",
)


class ResultsError(ValueError):
    """A results folder that cannot be used or checked, and what to do about it."""


def file_hash(path: Path) -> str:
    """Hash a file.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    Its sha256 in hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def input_hashes(folder: Path) -> dict[str, str]:
    """Hash what a study reads from a dataset folder: its tables, and its settings; never its truth.

    Parameters
    ----------
    folder
        The dataset folder.

    Returns
    -------
    sha256 by file name.
    """
    names = [f"{table}{suffix}" for table in TABLES for suffix in SUFFIXES] + [SETTINGS]
    return {name: file_hash(folder / name) for name in names if (folder / name).is_file()}


def code_hash() -> str:
    """Hash the package's own files.

    Returns
    -------
    sha256 over their names and contents.
    """
    package = Path(influgraph.__file__).parent
    files = sorted(path for path in package.rglob("*") if path.suffix in {".py", ".j2"})
    listing = "\n".join(f"{path.relative_to(package).as_posix()} {file_hash(path)}" for path in files)
    return hashlib.sha256(listing.encode()).hexdigest()


def versions() -> dict[str, str]:
    """List the versions of influgraph, Python and the libraries that compute.

    Returns
    -------
    Version by name.
    """
    own = {"influgraph": influgraph.__version__, "python": platform.python_version()}
    return own | {library: metadata.version(library) for library in LIBRARIES}


def study_manifest(settings: Settings, inputs: Mapping[str, str]) -> dict[str, Any]:
    """Describe what a study depends on.

    Parameters
    ----------
    settings
        The study's settings, written out in full.
    inputs
        sha256 by file name.

    Returns
    -------
    The manifest without outputs and durations: equal for two studies exactly when their files will be.
    `base_rates` are shares taken for granted, by what they are of; null where none is: clusters are tested.
    """
    return {
        "versions": versions(),
        "machine": {"system": platform.system(), "architecture": platform.machine()},
        "code": code_hash(),
        "seed": settings.seed,
        "settings": as_mapping(settings),
        "base_rates": {"automation": settings.bots.automated, "bot_cluster": None},
        "inputs": dict(inputs),
    }


def read_manifest(results: Path) -> dict[str, Any]:
    """Read the manifest of a results folder.

    Parameters
    ----------
    results
        The results folder.

    Returns
    -------
    The manifest.

    Raises
    ------
    ResultsError
        If there is none, or it is not one of ours.
    """
    path = results / MANIFEST
    if not path.is_file():
        raise ResultsError(
            f"{results} holds no {MANIFEST}: it is no results folder, or its study did not finish"
        )
    try:
        manifest = json.loads(path.read_bytes())
        parts = [manifest[part] for part in ("inputs", "outputs", "versions")]
    except (ValueError, KeyError, TypeError):
        parts = []
    if not parts or not all(isinstance(part, dict) for part in parts):
        raise ResultsError(f"{path} is not a manifest of influgraph; run the study again")
    return dict(manifest)


def find_differences(results: Path, *, data: Path | None = None) -> list[str]:
    """Compare a results folder, and its input, with its manifest.

    Parameters
    ----------
    results
        The results folder.
    data
        The dataset folder it was made from; None leaves the input unchecked.

    Returns
    -------
    One sentence per file that was changed, added or is missing; empty where all is as it was.
    """
    manifest = read_manifest(results)
    now = {name: file_hash(results / name) for name in manifest["outputs"] if (results / name).is_file()}
    differences = _differences(manifest["outputs"], now, results)
    if data is not None:
        if not data.is_dir():
            raise ResultsError(f"{data} is not a folder: name the dataset folder of the study")
        then, found = dict(manifest["inputs"]), input_hashes(data)
        if then.pop(ELSEWHERE, None):
            found.pop(SETTINGS, None)
        differences += _differences(then, found, data)
    return differences


def _differences(then: Mapping[str, str], now: Mapping[str, str], folder: Path) -> list[str]:
    gone = [f"{folder / name} is missing" for name in then if name not in now]
    changed = [f"{folder / name} was changed" for name in then if name in now and now[name] != then[name]]
    added = [f"{folder / name} was not there when the study was made" for name in now if name not in then]
    return gone + changed + added
