"""Run every benchmark in turn; print one table of times, and one for each benchmark of another kind."""

import argparse
import importlib
import os
import pkgutil
import platform
from importlib.metadata import PackageNotFoundError, version

import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

import benchmarks
from benchmarks._measure import LARGE

TITLES = {
    "name": "what",
    "ours_seconds": "ours, s",
    "peer": "peer",
    "peer_seconds": "peer, s",
    "ratio": "times faster",
    "peak_mb": "ours, MB",
    "peer_peak_mb": "peer, MB",
}
LIBRARIES = ("numpy", "scipy", "pandas", "pyarrow", "numba", "igraph", "networkit")
# Judge estimates, not times, for minutes: `python -m benchmarks.oracle`, `.forecast`, `.fewer`, ...
APART = {"apart", "oracle", "forecast", "fewer", "niches", "bots", "resistance", "blocks"}
PREFACE = """# What it costs

`python -m benchmarks --markdown`: in processes of their own, the fastest warm call of each, and the most
memory that a call held beyond its input.
"""


def names() -> list[str]:
    """Modules of this package that measure times."""
    found = [module.name for module in pkgutil.iter_modules(benchmarks.__path__)]
    return [name for name in found if not name.startswith("_") and name not in APART]


def run(wanted: list[str]) -> dict[str, pd.DataFrame]:
    """Table by title: "times" of all comparisons with peers, then what else was measured, by benchmark."""
    tables = {}
    for name in track(wanted, console=Console(stderr=True), transient=True):
        tables[name] = pd.DataFrame(importlib.import_module(f"benchmarks.{name}").run())
    times = [table for table in tables.values() if "peer_seconds" in table]
    others = {name: table.reset_index() for name, table in tables.items() if "peer_seconds" not in table}
    if times:
        others = {"times": pd.concat(times).reindex(columns=list(TITLES)).rename(columns=TITLES)} | others
    return others


def cells(table: pd.DataFrame) -> list[list[str]]:
    """Text of every row, its numbers to three digits."""
    rows = table.astype(object).to_numpy().tolist()
    return [[f"{value:.3g}" if isinstance(value, float) else str(value) for value in row] for row in rows]


def machine() -> str:
    """What the figures were taken on."""
    versions = []
    for name in LIBRARIES:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    system = f"{platform.system()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return ", ".join([system, *versions])


def show(title: str, table: pd.DataFrame) -> None:
    """Print for the eye."""
    drawn = Table(*map(str, table.columns), title=title, caption=machine())
    for row in cells(table):
        drawn.add_row(*row)
    Console().print(drawn)


def show_markdown(title: str, table: pd.DataFrame) -> None:
    """Print for a page of the documentation."""
    print(f"\n## {title.capitalize()}\n")
    for row in (map(str, table.columns), ["---"] * table.shape[1], *cells(table)):
        print("|", " | ".join(row), "|")


def main() -> None:
    """Measure what is named, or everything."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"which of {', '.join(names())}; default: all")
    parser.add_argument("--markdown", action="store_true", help="print a page for the documentation")
    parser.add_argument("--large", action="store_true", help="networks of 20 instead of 5 million pairs")
    options = parser.parse_args()
    if options.large:
        os.environ[LARGE] = "yes"
    unknown = sorted(set(options.names) - set(names()))
    if unknown:
        parser.error(f"names must be among {', '.join(names())}; received {', '.join(unknown)}")
    tables = run(options.names or names())
    if options.markdown:
        print(PREFACE, machine(), sep="\n")
    for title, table in tables.items():
        (show_markdown if options.markdown else show)(title, table)


if __name__ == "__main__":
    main()
