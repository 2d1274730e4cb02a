"""Audiences as matrices, accounts x members, and how lists of followers were cut."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience._shares import Flags, Floats, Ints
from influgraph.dataset import Dataset, resolved_engagements
from influgraph.networks import follow_network, network_from_pairs

AUDIENCES = ("followers", "engagers")


@dataclass(frozen=True)
class Cut:
    """How lists of followers were cut: `complete`, `random`, `latest` or `prefix`; `amount` is what stays."""

    kind: str
    amount: float = 1.0

    @property
    def in_order(self) -> bool:
        """Whether what was cut off came before or after what is seen, so that it may differ."""
        return self.kind in {"latest", "prefix"}


def read_cut(text: str) -> Cut:
    """Read a cut as `study.toml` names it; accounts are deleted at random, as far as followers go."""
    kind, _, amount = text.partition(":")
    if text in {"complete", "prefix"}:
        return Cut(kind)
    share = re.fullmatch(r"0?\.\d+|1(\.0*)?", amount) is not None and float(amount) > 0
    if kind in {"random", "deleted"} and share:
        return Cut("random", float(amount))
    if kind == "latest" and re.fullmatch(r"[1-9]\d*", amount):
        return Cut(kind, float(amount))
    ways = "'complete', 'random:SHARE', 'latest:COUNT', 'prefix' or 'deleted:SHARE'"
    raise ValueError(f"cut must be {ways}, received {text!r}")


def audience_of(data: Dataset, audience: str = "followers") -> csr_array:
    """1.0 for account (row) and member of its audience (column): followers, or who did more than view."""
    if audience not in AUDIENCES:
        raise ValueError(f"audience must be among {', '.join(AUDIENCES)}; received {audience!r}")
    if audience == "followers":
        return follow_network(data).weights.T.tocsr()
    acts = deeds(data)
    giver, receiver = (acts[column].cat.codes.to_numpy() for column in ("account_id", "receiver_id"))
    return network_from_pairs(receiver, giver, account_ids=data.account_ids).weights


def deeds(data: Dataset) -> pd.DataFrame:
    """Return what accounts did to one another; to have seen a post is not enough."""
    acts = resolved_engagements(data)
    return acts[acts["receiver_id"].notna() & (acts["kind"] != "view")]


def places_of(data: Dataset, account_ids: Iterable[str] | None) -> Ints:
    """Place of each of these accounts in the dataset; of all where none are named."""
    if account_ids is None:
        return np.arange(len(data.account_ids))
    asked = list(account_ids)
    places = data.account_ids.get_indexer(pd.Index(asked, dtype=data.account_ids.dtype))
    unknown = [account_id for account_id, place in zip(asked, places, strict=True) if place < 0]
    if unknown or len(set(asked)) < len(asked):
        received = ", ".join(map(repr, unknown[:5])) or "one of them twice"
        raise ValueError(f"accounts must be ids of accounts of the dataset, each once; received {received}")
    return np.asarray(places)


def checked(name: str, given: pd.Series, data: Dataset) -> pd.Series:
    """Return a column by account in dataset order; accounts it does not name are null."""
    if given.index.equals(data.account_ids):
        return given
    if not given.index.is_unique or not given.index.isin(data.account_ids).all():
        raise ValueError(f"{name} must be indexed by account ids of the dataset, each once; received others")
    return given.reindex(data.account_ids)


def stated_followers(data: Dataset) -> Floats:
    """Followers that accounts state; NaN where they do not."""
    if "followers_stated" not in data.accounts:
        return np.full(len(data.account_ids), np.nan)
    return data.accounts["followers_stated"].to_numpy(np.float64, na_value=np.nan)


def sizes_under(data: Dataset, seen: Floats, cut: Cut) -> Floats:
    """Followers there are, given how many of them are seen; NaN where that cannot be said.

    Of complete lists, those seen; of others what accounts state, else what the share that stays tells.
    """
    if cut.kind == "complete":
        return seen
    stated = np.maximum(stated_followers(data), seen)
    if cut.kind == "random":
        return np.where(np.isnan(stated), seen / cut.amount, stated)
    shorter = (seen < cut.amount) if cut.kind == "latest" else np.zeros(len(seen), bool)
    return np.where(shorter, seen, stated)


def nearer_half(data: Dataset, members: csr_array, cut: Cut) -> csr_array | None:
    """Half of each list of followers that is nearer to what was cut off.

    None where the lists were not cut in an order, or the order is not known.
    """
    known = data.follows["followed_at"].notna().any()
    if not cut.in_order or (cut.kind == "latest" and not known):
        return None
    follower, followed = (data.follows[name].cat.codes.to_numpy() for name in ("follower_id", "followed_id"))
    age = -follower if cut.kind == "prefix" else data.follows["followed_at"].astype("int64").to_numpy()
    if cut.kind == "latest":
        age = np.where(data.follows["followed_at"].notna(), age, np.iinfo(np.int64).min)
    order = np.lexsort((age, followed))
    place = np.arange(len(order)) - np.searchsorted(followed[order], followed[order])
    first = order[2 * place < np.diff(members.indptr)[followed[order]]]
    return network_from_pairs(followed[first], follower[first], account_ids=data.account_ids).weights


def trust(authentic: pd.Series | None, data: Dataset) -> Floats:
    """How sure it is that each account is authentic, from 0 to 1; 1 where nothing is known."""
    if authentic is None:
        return np.ones(len(data.account_ids))
    share = checked("authentic", authentic, data).astype("Float64").fillna(1.0).to_numpy(np.float64)
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError("authentic must be true or false, or lie from 0 to 1; received others")
    return np.asarray(share, np.float64)


def sums(members: csr_array) -> Floats:
    """Row sums."""
    return np.asarray(members.sum(axis=1), dtype=np.float64).ravel()


def longer_than(seen: Floats, cut: Cut) -> Flags:
    """Lists that were cut, or may have been."""
    if cut.kind == "latest":
        return np.asarray(seen >= cut.amount)
    return np.full(len(seen), cut.kind != "complete")
