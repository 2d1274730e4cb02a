"""The project's own files agree with each other, and name nothing that is not theirs."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONDA_NAMES = {"igraph": "python-igraph", "matplotlib": "matplotlib-base"}


def _conda_name(requirement: str) -> str:
    name, bound = re.match(r"([\w-]+)(.*)", requirement).groups()
    return CONDA_NAMES.get(name, name) + bound


def test_environment_asks_for_what_the_package_asks_for() -> None:
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    named = [entry for entry in environment if isinstance(entry, str)]
    wanted = {_conda_name(requirement) for requirement in PROJECT["project"]["dependencies"]}
    assert set(named) - {"pip"} == wanted | {"python" + PROJECT["project"]["requires-python"]}
    assert environment[-1] == {"pip": ["-e ."]}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements.boot"])
def test_locks_hold_hashes_and_no_address(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    packages = re.findall(r"^[\w.-]+==", text, flags=re.MULTILINE)
    assert packages
    assert len(re.findall(r"==[^\n]*\\\n    --hash=sha256:", text)) == len(packages)


def test_lock_holds_every_dependency() -> None:
    locked = {
        name.lower()
        for name in re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(), re.MULTILINE)
    }
    wanted = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    assert {re.match(r"[\w-]+", requirement).group().lower() for requirement in wanted} <= locked


def test_readme_stays_short_and_names_the_commands() -> None:
    lines = (ROOT / "README.md").read_text().splitlines()
    assert len(lines) <= 150
    assert {"make study", "make test"} <= {line.strip() for line in lines}


def test_version_is_one() -> None:
    from influgraph import __version__

    assert PROJECT["project"]["version"] == __version__
    assert f"version: {__version__}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text()


def test_no_tracked_file_names_a_machine() -> None:
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if tracked.returncode:
        pytest.skip("not a git checkout: nothing is tracked")
    names = tracked.stdout.splitlines()
    assert not [name for name in names if re.search(r"(^|/)(uv\.lock|pylock.*\.toml)$", name)]
    home = re.compile(r"(?<![\w.])/(?:work|root|home)/\w")
    text = {name: (ROOT / name).read_text(errors="ignore") for name in names if (ROOT / name).is_file()}
    assert not [name for name in names if name in text and home.search(text[name])]
