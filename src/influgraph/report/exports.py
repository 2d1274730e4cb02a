"""A study for other programs: its network with niches, scores and positions."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from influgraph import layout
from influgraph.networks import Network, network_from_pairs
from influgraph.report.manifest import MANIFEST, ResultsError, read_manifest
from influgraph.writers import graphs

Format = Literal["gexf", "graphml", "parquet"]

NETWORK = "network.parquet"
ENDS = ("source_id", "target_id")


def write_network(network: Network, ids: pd.Series, path: Path) -> None:
    """Write the network that a study looked at, one row per pair.

    Parameters
    ----------
    network
        Who attends to whom.
    ids
        Id of each account, in the type in which it came in.
    path
        Where to: `source_id, target_id, weight`.
    """
    pairs = network.weights.tocoo()
    ends = {name: ids.take(codes).array for name, codes in zip(ENDS, (pairs.row, pairs.col), strict=True)}
    pd.DataFrame({**ends, "weight": pairs.data}).to_parquet(path, index=False)


def export_results(results: Path, kind: Format, file: Path) -> int:
    """Write the network of a results folder for another program.

    Everyone is in it under the own id, suspects too: pseudonyms are for what is rendered, tables keep ids.

    Parameters
    ----------
    results
        The results folder; nothing else is read.
    kind
        `gexf` or `graphml`: accounts with all columns of `scores`, the name of their niche, and positions,
        and pairs; `parquet`: the accounts, and in another file beside it (`NAME.edges.parquet`) the pairs,
        `source_id, target_id, weight`.
    file
        Where to; an existing file is replaced, once the new one is whole, and a missing folder is made.

    Returns
    -------
    How many pairs were written.

    Raises
    ------
    ResultsError
        If it is no results folder, or one of a version that did not keep the network, or `file` is its own.
    OSError
        If something cannot be read or written.
    """
    outputs = read_manifest(results)["outputs"]
    if NETWORK not in outputs or not (results / NETWORK).is_file():
        raise ResultsError(f"{results} holds no {NETWORK}: run the study again, then export it")
    written = [file, edges_file(file)] if kind == "parquet" else [file]
    own = {(results / name).resolve() for name in (*outputs, MANIFEST)}
    if taken := [str(path) for path in written if path.resolve() in own]:
        raise ResultsError(f"{', '.join(taken)} belongs to the study: export to another file")
    network, accounts = _read(results)
    if kind == "parquet":
        _whole(file, lambda new: accounts.reset_index().to_parquet(new, index=False))
        ids = pd.Series(network.account_ids)
        _whole(edges_file(file), lambda new: write_network(network, ids, new))
    else:
        write = graphs.write_gexf if kind == "gexf" else graphs.write_graphml
        _whole(file, lambda new: write(network, new, accounts=accounts))
    return network.weights.nnz


def edges_file(file: Path) -> Path:
    """Place of the pairs beside a Parquet file of accounts.

    Parameters
    ----------
    file
        The file of accounts.

    Returns
    -------
    `study.edges.parquet` for `study.parquet`.
    """
    return file.with_name(f"{file.name.removesuffix('.parquet')}.edges.parquet")


def _whole(file: Path, write: Callable[[Path], None]) -> None:
    """Write a file beside its place, in a folder that is made where there is none, then move it there."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_name(f"{file.name}.partial")
    try:
        write(partial)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _read(results: Path) -> tuple[Network, pd.DataFrame]:
    """Read the network, and what is known of its accounts."""
    scores = pd.read_parquet(results / "scores.parquet").set_index("account_id")
    pairs = pd.read_parquet(results / NETWORK)
    ends = (scores.index.get_indexer(pd.Index(pairs[name])).astype(np.int32) for name in ENDS)
    network = network_from_pairs(*ends, account_ids=scores.index, weights=pairs["weight"])
    names = pd.read_csv(results / "niches.csv").set_index("niche")["name"]
    named = (
        scores["niche"].map(names.astype("str")) if len(names) else pd.Series(None, scores.index, dtype="str")
    )
    rng = np.random.default_rng(int(read_manifest(results)["seed"]))
    placed = layout.account_positions(network, scores["niche"], rng=rng)
    return network, scores.assign(niche_name=named).join(placed)
