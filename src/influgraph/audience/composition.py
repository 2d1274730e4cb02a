"""Of whom an audience is made: its niches, markets and platforms."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array

from influgraph.audience._labels import groups_by
from influgraph.audience._lists import (
    AUDIENCES,
    Cut,
    audience_of,
    nearer_half,
    places_of,
    read_cut,
    sums,
    trust,
)
from influgraph.audience._sampling import share_interval, unseen_share
from influgraph.audience._shares import Flags, Floats, ratio
from influgraph.dataset import Dataset

LABELS = ("niche", "market", "platform")


def composition(
    data: Dataset,
    niche: pd.Series | pd.DataFrame,
    *,
    by: Sequence[str] = LABELS,
    authentic: pd.Series | None = None,
    accounts: Sequence[str] | None = None,
    cut: str = "complete",
    min_cell: int = 10,
) -> pd.DataFrame:
    """Share of each account's followers, and of those who engage with it, in each niche, market and platform.

    Groups of fewer than `min_cell` members are not told apart: they are pooled, with the next larger ones
    where that is needed so that at least two groups and `min_cell` members are taken together, and nothing
    can be had by subtraction from the whole.

    Parameters
    ----------
    data
        Follows, engagements, and the labels of its accounts.
    niche
        Niche by account, null = none; or shares in several niches: account_id, niche, share.
    by
        `niche`, or columns of the accounts.
    authentic
        How sure it is that an account is authentic, by account: true or false, or from 0 to 1. Members count
        by it; those of whom nothing is known (null) count whole.
    accounts
        Whose audiences; by default all.
    cut
        How lists of followers were cut: `complete`, `random:SHARE`, `latest:COUNT` or `prefix`.
    min_cell
        Smaller groups are pooled; 0 pools none.

    Returns
    -------
    One row per account, audience (`followers`, `engagers`: who did more than view), label and group:

    - `account_id`, `audience`, `by`, `group` (text; null: in no niche, label unknown, or pooled), `pooled`
    - `count`, `size`: members seen in the group and in all; null where even all that is pooled is too small
    - `share`, `share_low`, `share_high`: from 0 to 1, 90 % interval over whom the account may attract. Of
      lists cut at random, the members seen carry it. Of lists cut in an order it is widened by how far the
      unseen may differ: as far as the two halves of what is seen do, at the upper end of that difference;
      where no order is known, by all that is possible.

    Accounts without an audience have no rows.

    Raises
    ------
    ValueError
        If an account, label or cut is unknown, or niches and authenticity are out of range.

    Notes
    -----
    Grade `observed` for markets and platforms in complete lists, else `estimated`: niches are estimates, and
    their own uncertainty is not in the interval.

    References
    ----------
    Brown, Cai & DasGupta (2001), Interval estimation for a binomial proportion. Suppression by subtraction:
    Hundepool et al. (2012), Statistical disclosure control.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": list("bcde"), "followed_id": "a"}))
    >>> niche = pd.Series([0, 0, 0, 1], index=list("bcde"), dtype="Int64")
    >>> found = composition(data, niche, by=["niche"], min_cell=0)
    >>> found[["group", "count", "share", "share_low", "share_high"]].round(2)
      group  count  share  share_low  share_high
    0     0    3.0   0.75       0.35        0.95
    1     1    1.0   0.25       0.05        0.65
    """
    unknown = [label for label in by if label != "niche" and label not in {*LABELS, *data.accounts.columns}]
    if unknown or min_cell < 0:
        received = f"{unknown[0]!r}" if unknown else f"min_cell = {min_cell}"
        raise ValueError(
            f"by must name niche or columns of the accounts, min_cell be 0 or more; received {received}"
        )
    scheme, places = read_cut(cut), places_of(data, accounts)
    tables, weights = [], diags_array(trust(authentic, data))
    for audience in AUDIENCES:
        members = audience_of(data, audience)
        true_cut = scheme if audience == "followers" else Cut("complete")
        unseen, nearer = unseen_share(data, members, true_cut)[places], nearer_half(data, members, true_cut)
        lists = [(some @ weights).tocsr()[places] for some in (members, nearer) if some is not None]
        for label in by:
            groups, names = groups_by(label, data, niche)
            cells = _pooled(_cells(lists, groups), min_cell)
            cells = _with_shares(cells, lists, unseen)
            cells["group"] = (
                names.astype("str").append(pd.Index([None], dtype="str")).take(cells["group"].to_numpy())
            )
            cells.insert(0, "account_id", data.account_ids[places].take(cells.pop("place").to_numpy()))
            tables.append(cells.assign(audience=audience, by=label))
    columns = ["account_id", "audience", "by", "group", "pooled", "count", "size"]
    return pd.concat(tables, ignore_index=True)[[*columns, "share", "share_low", "share_high"]]


def _cells(lists: list[csr_array], groups: csr_array) -> pd.DataFrame:
    """Members of each list in each group, and of them those in its half nearer to what was cut off."""
    counts = (lists[0] @ groups).tocoo()
    cells = pd.DataFrame({"place": counts.row, "group": counts.col, "count": counts.data})
    if len(lists) > 1:
        cells["nearer"] = np.asarray((lists[1] @ groups).tocsr()[counts.row, counts.col]).ravel()
    return cells[cells["count"] > 0]


def _pooled(cells: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Cells with the small ones of each list taken together, so that none can be had by subtraction."""
    cells = cells.sort_values(["place", "count", "group"], kind="stable")
    by_place = cells.groupby("place")["count"]
    first_small = by_place.transform("first") < min_cell
    too_few = (by_place.cumcount() <= 1) | (by_place.cumsum() - cells["count"] < min_cell)
    pooled = (first_small & too_few) | (cells["count"] < min_cell)
    cells = cells.assign(pooled=pooled, group=cells["group"].mask(pooled, -1))
    cells = cells.groupby(["place", "pooled", "group"], as_index=False).sum()
    return cells.assign(hidden=cells["pooled"] & (cells["count"] < min_cell))


def _with_shares(cells: pd.DataFrame, lists: list[csr_array], unseen: Floats) -> pd.DataFrame:
    """Share of each cell with its interval; none where it is hidden."""
    place = cells["place"].to_numpy(np.int64)
    count, size = cells["count"].to_numpy(), sums(lists[0])[place]
    nearer = (cells["nearer"].to_numpy(), sums(lists[1])[place]) if len(lists) > 1 else None
    low, high = share_interval(count, size, unseen[place], nearer)
    hidden: Flags = cells.pop("hidden").to_numpy()
    values = {"count": count, "size": size, "share": ratio(count, size), "share_low": low, "share_high": high}
    shown = pd.DataFrame(values, index=cells.index)
    cells = cells.drop(columns=["count", "nearer"], errors="ignore").join(shown)
    cells.loc[hidden, ["count", "share", "share_low", "share_high"]] = np.nan
    return cells
