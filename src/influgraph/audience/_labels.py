"""What members of an audience are told apart by, as matrices: members x groups, the last one without any."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience._lists import checked, places_of
from influgraph.dataset import Dataset


def groups_by(label: str, data: Dataset, niche: pd.Series | pd.DataFrame) -> tuple[csr_array, pd.Index]:
    """Share of each account (row) in each group (column; the last: in none, or unknown), and their names."""
    if label != "niche":
        given = data.accounts.get(label, pd.Series(index=data.account_ids, dtype="str"))
        return _one_hot(given.astype("str"))
    if isinstance(niche, pd.DataFrame):
        return _overlapping(data, niche)
    return _one_hot(checked("niche", niche, data).astype("Int64"))


def _one_hot(values: pd.Series) -> tuple[csr_array, pd.Index]:
    """1.0 in the column of each account's value; null in the last."""
    codes, names = pd.factorize(values, sort=True)
    columns = np.where(codes < 0, len(names), codes)
    whole = csr_array(
        (np.ones(len(codes)), (np.arange(len(codes)), columns)), shape=(len(codes), len(names) + 1)
    )
    return whole, names


def _overlapping(data: Dataset, shares: pd.DataFrame) -> tuple[csr_array, pd.Index]:
    """Shares in several niches; what they leave of 1 is in none."""
    missing = {"account_id", "niche", "share"} - set(shares.columns)
    if missing:
        lacking = ", ".join(sorted(missing))
        raise ValueError(f"niche, as shares, must have account_id, niche and share; received no {lacking}")
    rows = places_of(data, shares["account_id"].unique())[pd.factorize(shares["account_id"])[0]]
    codes, names = pd.factorize(shares["niche"].astype("Int64"), sort=True)
    share = shares["share"].to_numpy(np.float64)
    held = np.bincount(rows, share, minlength=len(data.account_ids))
    if (codes < 0).any() or not (share >= 0).all() or not (held <= 1 + 1e-6).all():
        raise ValueError(
            "niche, as shares, must name a niche each, lie from 0 to 1 and sum to at most 1 per account"
        )
    rest = np.flatnonzero(held < 1)
    values = np.concatenate([share, 1 - held[rest]])
    places = np.concatenate([rows, rest]), np.concatenate([codes, np.full(len(rest), len(names))])
    matrix = csr_array((values, places), shape=(len(held), len(names) + 1))
    matrix.sum_duplicates()
    return matrix, names
