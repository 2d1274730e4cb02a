"""A study for other tools: Gephi's GEXF, GraphML, Parquet; with ids as they are, as in every table."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from influgraph import networks
from influgraph.dataset import Dataset, read_dataset
from influgraph.layout import account_positions
from influgraph.networks import Network, network_from_pairs
from influgraph.report import _graph_files as writers
from influgraph.report.manifest import (
    ELSEWHERE,
    SETTINGS,
    ResultsError,
    find_differences,
    input_hashes,
    read_manifest,
)

TIES: dict[str, Callable[[Dataset], Network]] = {
    "follow": networks.follow_network,
    "engagement": networks.engagement_network,
    "co-audience": networks.co_audience_network,
    "co-engagement": networks.co_engagement_network,
}
FORMATS: dict[str, Callable[[pd.DataFrame, Network, list[Path]], None]] = {
    "gexf": writers.write_gexf,
    "graphml": writers.write_graphml,
    "parquet": writers.write_parquet,
}


def export_study(
    results: Path,
    file: Path,
    *,
    form: str,
    data: Path | None = None,
    ties: str | None = None,
    replace: bool = False,
) -> str:
    """Write the accounts of a study with all scores, niches and places, and their ties, for other tools.

    Parameters
    ----------
    results
        The results folder, which holds no ties.
    file
        The file to write, whole or not at all; for "parquet" another one for ties is put beside it.
    form
        One of `FORMATS`.
    data
        The dataset of the study, whose ties are written; by default it is looked for near the results and
        the current folder, by its hashes. Where it is not found, accounts are written without ties.
    ties
        One of `TIES`; by default follows, else engagements.
    replace
        Whether a file that is there is replaced.

    Returns
    -------
    What was written, in words.

    Raises
    ------
    ResultsError
        If the results were changed, or belong to other data; if the file is there; if ties were asked for
        and the dataset is not found.
    OSError
        If something cannot be read or written.
    """
    paths = [file, edges_file(file)] if form == "parquet" else [file]
    if not replace and (there := [path for path in paths if path.exists()]):
        raise ResultsError(f"{there[0]} is there already: name another file, or ask for --replace")
    if differences := find_differences(results, data=data):
        raise ResultsError("\n".join(differences))
    folder = data or find_dataset(results)
    if ties and folder is None:
        raise ResultsError(f"{results} holds no ties, and its data are not near it: name them with --data")
    accounts = read_accounts(results)
    kind, network = _ties(folder, ties, accounts.index)
    seed = int(read_manifest(results).get("seed", 0))
    places = account_positions(network, accounts["niche"], rng=np.random.default_rng(seed))
    _write_whole(paths, lambda new: FORMATS[form](accounts.join(places), network, new))
    told = f"{len(accounts):,} accounts, {network.weights.nnz:,} ties ({kind}): {file}"
    return told if folder else f"{told}\nName the dataset with --data to export ties too."


def edges_file(file: Path) -> Path:
    """Place of the ties beside a Parquet file of accounts.

    Parameters
    ----------
    file
        The file of accounts.

    Returns
    -------
    `scores.edges.parquet` for `scores.parquet`.
    """
    return file.with_name(f"{file.name.removesuffix('.parquet')}.edges.parquet")


def find_dataset(results: Path) -> Path | None:
    """Look for the dataset of a study near its results and the current folder, by its hashes.

    Parameters
    ----------
    results
        The results folder.

    Returns
    -------
    The folder, or None where it is not there: a study does not note where its data lie.
    """
    then = dict(read_manifest(results)["inputs"])
    elsewhere = then.pop(ELSEWHERE, None)
    for around in (results.resolve().parent, Path.cwd(), Path.cwd() / "data"):
        for folder in [around, *sorted(around.iterdir())] if around.is_dir() else []:
            if not then or not all((folder / name).is_file() for name in then):
                continue
            now = input_hashes(folder)
            if elsewhere:
                now.pop(SETTINGS, None)
            if now == then:
                return folder
    return None


def read_accounts(results: Path) -> pd.DataFrame:
    """Read the scores of a study, and what its niches are called.

    Parameters
    ----------
    results
        The results folder.

    Returns
    -------
    The scores by account id, as text, in dataset order, with `niche_name`.
    """
    scores = pd.read_parquet(results / "scores.parquet")
    scores = scores.set_index(scores.pop("account_id").astype("str"))
    niche = scores["niche"].astype("Int64")
    names = pd.read_csv(results / "niches.csv", usecols=["niche", "name"], dtype={"name": "str"})
    named = niche.astype("object").map(dict(zip(names["niche"], names["name"], strict=True)))
    return scores.assign(niche=niche, niche_name=named.astype("str"))


def _ties(data: Path | None, kind: str | None, ids: pd.Index) -> tuple[str, Network]:
    """Name of the kind of tie, and the ties of that kind; none where there are no data."""
    if data is None:
        return "none without the dataset", network_from_pairs([], [], account_ids=ids)
    tables = read_dataset(data)
    kind = kind or ("follow" if len(tables.follows) else "engagement")
    return kind, TIES[kind](tables)


def _write_whole(paths: list[Path], write: Callable[[list[Path]], None]) -> None:
    """Write all files beside their places, then move them there."""
    with tempfile.TemporaryDirectory(dir=paths[0].parent, prefix=".export-") as folder:
        new = [Path(folder, str(number)) for number in range(len(paths))]
        write(new)
        for made, path in zip(new, paths, strict=True):
            made.replace(path)
