"""Reading 5 million follows among 200,000 accounts from Parquet, ids as text and as whole numbers.

The peer reads the same file with pyarrow and makes codes of both columns with `pandas.factorize`: it neither
gives them one index nor looks for self-follows and repeats.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import parquet

from benchmarks._data import FOLDER, follows
from benchmarks._measure import compare


def _dataset(name: str, ids: pa.Array) -> Path:
    """Folder with the follows table, written once and then kept under build/."""
    folder = FOLDER / f"reading-{name}"
    if not (folder / "follows.parquet").exists():
        folder.mkdir(parents=True, exist_ok=True)
        follower, followed = (ids.take(pa.array(codes)) for codes in follows(200_000, 5_000_000))
        table = pa.table({"follower_id": follower, "followed_id": followed})
        parquet.write_table(table, folder / "follows.parquet")
    return folder


def _text() -> Path:
    """Ids like account_001234."""
    return _dataset("text", pa.array([f"account_{code:06d}" for code in range(200_000)]))


def _whole() -> Path:
    """Ids like those of big platforms: 64-bit numbers far apart."""
    return _dataset(
        "whole", pa.array(np.random.default_rng(7).permutation(200_000).astype(np.int64) * 10**13)
    )


def _ours(folder: Path) -> Callable[[], object]:
    from influgraph.dataset import read_dataset

    return lambda: read_dataset(folder)


def _peer(folder: Path) -> Callable[[], object]:
    def read() -> list[object]:
        frame = parquet.read_table(folder / "follows.parquet").to_pandas()
        return [pd.factorize(frame[column]) for column in frame]

    return read


def ours_text() -> Callable[[], object]:
    """From file to dataset."""
    return _ours(_text())


def peer_text() -> Callable[[], object]:
    """From file to two arrays of codes."""
    return _peer(_text())


def ours_whole() -> Callable[[], object]:
    """From file to dataset."""
    return _ours(_whole())


def peer_whole() -> Callable[[], object]:
    """From file to two arrays of codes."""
    return _peer(_whole())


def run() -> list[dict[str, object]]:
    """Compare with pyarrow and pandas."""
    return [
        *compare("reading, 5 M follows, ids as text", ours_text, pandas=peer_text),
        *compare("reading, 5 M follows, ids as numbers", ours_whole, pandas=peer_whole),
    ]
