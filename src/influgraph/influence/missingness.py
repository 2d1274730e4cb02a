"""What cut lists of followers, and accounts that are gone, do to counts and ranks."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from influgraph import dataset, uncertainty
from influgraph.dataset import Dataset
from influgraph.influence import attribution
from influgraph.influence._arrays import Flags, Floats, sum_by
from influgraph.influence._gamma import fit_gamma
from influgraph.influence.attribution import Attribution

RUNS = 2
NEIGHBOURS, SHARE_OF_NEIGHBOURS = 30, 0.1


@dataclass(frozen=True)
class _Cut:
    """How lists were cut: `random`, `latest`, `prefix` or `deleted`; `amount`: share kept, or how many."""

    kind: str
    amount: float


def _read(text: str, data: Dataset) -> _Cut:
    """Read it as `study.toml` names it; the share that a prefix holds is seen from who follows at all."""
    kind, _, amount = text.partition(":")
    share = re.fullmatch(r"0?\.\d+|1(\.0*)?", amount) is not None and float(amount) > 0
    if text == "prefix" and len(data.account_ids):
        return _Cut(kind, max(data.follows["follower_id"].nunique(), 1) / len(data.account_ids))
    if (kind in {"random", "prefix", "deleted"} and share) or (
        kind == "latest" and re.fullmatch(r"[1-9]\d*", amount)
    ):
        return _Cut(kind, float(amount))
    raise ValueError(
        f"cut: must be 'random:SHARE', 'latest:COUNT', 'prefix' or 'deleted:SHARE', received {text!r}"
    )


def cut_follows(data: Dataset, cut: str, *, rng: np.random.Generator) -> Dataset:
    """Return the dataset with its lists of followers cut once more, as they were cut before.

    Parameters
    ----------
    data
        The dataset.
    cut
        `random:SHARE`: each follow stays with this chance. `latest:COUNT`: the latest so many followers of
        each account stay; those of unknown time are the earliest, in any order. `prefix`, or `prefix:SHARE`:
        the follows of the first so many accounts that follow, in dataset order; without a share, it is that
        of the accounts whose follows are listed. `deleted:SHARE`: each account is still there with this
        chance; the others are gone, with their follows, posts and acts and those towards them.
    rng
        Source of chance.

    Returns
    -------
    The dataset, all other tables as they were, but for accounts deleted.

    Raises
    ------
    ValueError
        If the cut is none of these.

    Examples
    --------
    >>> follows = pd.DataFrame({"follower_id": list("bcde"), "followed_id": "a", "followed_at": [4, 3, 2, 1]})
    >>> data = dataset.from_tables(follows=follows)
    >>> cut_follows(data, "latest:2", rng=np.random.default_rng(7)).follows["follower_id"].tolist()
    ['b', 'c']
    """
    scheme = _read(cut, data)
    if scheme.kind == "deleted":
        return data.without(data.account_ids[rng.random(len(data.account_ids)) >= scheme.amount])
    return replace(data, follows=data.follows[_kept(data, scheme, rng)].reset_index(drop=True))


def _kept(data: Dataset, cut: _Cut, rng: np.random.Generator) -> Flags:
    follows = data.follows
    if cut.kind == "random":
        return np.asarray(rng.random(len(follows)) < cut.amount)
    follower, followed = (follows[name].cat.codes.to_numpy() for name in ("follower_id", "followed_id"))
    if cut.kind == "prefix":
        listed = np.unique(follower)
        return np.isin(follower, listed[: int(np.ceil(cut.amount * len(listed)))])
    known = follows["followed_at"].notna().to_numpy()
    moment = np.where(known, follows["followed_at"].astype("int64"), np.iinfo(np.int64).min)
    order = np.lexsort((rng.random(len(follows)), -moment.astype(np.float64), followed))
    place = np.arange(len(order)) - np.searchsorted(followed[order], followed[order])
    kept = np.zeros(len(order), bool)
    kept[order[place < cut.amount]] = True
    return kept


def followers_under(data: Dataset, *, cut: str) -> pd.DataFrame:
    """How many followers each account has in truth, given how its list was cut.

    Where accounts state their followers, that is taken. Else, of lists kept at random or as a prefix, the
    followers not seen are predicted from the share kept and from how many followers accounts have at all
    (gamma-Poisson). Of a list with as many as the latest that are kept, nothing is known but that it is at
    least so long.

    Parameters
    ----------
    data
        The dataset.
    cut
        As in `cut_follows`.

    Returns
    -------
    followers_estimated, followers_low, followers_high: 90 % interval; never below the followers seen. With a
    prefix, `low` is what is seen, for who is not listed may follow nobody. Null but for `low` where a list
    is as long as the latest that are kept.

    Raises
    ------
    ValueError
        If the cut is none of these.

    References
    ----------
    Robbins (1956), An empirical Bayes approach to statistics.

    Examples
    --------
    >>> follows = pd.DataFrame({"follower_id": list("bcdebc"), "followed_id": list("aaaaee")})
    >>> followers_under(dataset.from_tables(follows=follows), cut="random:0.5").loc["a"].round(1).tolist()
    [7.2, 4.0, 12.0]
    """
    scheme, seen = _read(cut, data), _seen(data)
    names = [f"followers_{end}" for end in ("estimated", "low", "high")]
    if scheme.kind == "latest":
        unknown = np.where(seen >= scheme.amount, np.nan, seen)
        estimated = np.column_stack([unknown, seen, unknown])
    else:
        estimated = _thinned(seen, scheme)
    stated = _stated(data)
    known = np.isfinite(stated)
    estimated[known] = np.maximum(stated, seen)[known, None]
    return pd.DataFrame(estimated, index=data.account_ids, columns=names)


def _seen(data: Dataset) -> Floats:
    followed = data.follows["followed_id"].cat.codes
    return sum_by(followed.to_numpy(), np.ones(len(followed)), len(data.account_ids))


def _stated(data: Dataset) -> Floats:
    """Followers that accounts state; NaN where they do not."""
    if "followers_stated" not in data.accounts:
        return np.full(len(data.account_ids), np.nan)
    return data.accounts["followers_stated"].to_numpy(np.float64, na_value=np.nan)


def _unseen(seen: Floats, scheme: _Cut) -> tuple[Floats, float]:
    """Size and chance of the negative binomial of followers that a share leaves unseen."""
    shape, rate = fit_gamma(seen, np.full(len(seen), scheme.amount))
    return shape + seen, (rate + scheme.amount) / (rate + 1)


def _thinned(seen: Floats, scheme: _Cut) -> Floats:
    from scipy import stats

    size, chance = _unseen(seen, scheme)
    low, high = (stats.nbinom.ppf(level, size, chance) for level in (0.05, 0.95))
    low = np.zeros_like(low) if scheme.kind == "prefix" else low
    return np.asarray(seen[:, None] + np.column_stack([size * (1 - chance) / chance, low, high]))


def ranks_under(
    data: Dataset,
    found: Attribution,
    *,
    cut: str,
    kinds: Sequence[str],
    niches: pd.Series,
    window: str = "3D",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Rank intervals for what complete lists of followers would show.

    The lists are cut again as they were cut before, and the attribution is repeated: how far ranks then
    move, from each place, tells how far they have moved already. The intervals hold that movement, the
    uncertainty of the estimates (drawn with the followers that are not seen), and that accounts of which no
    follower was seen may stand anywhere. Where accounts are deleted, the ranks are those among all there
    were. Where outcomes are acts done to accounts, or views are listed,
    follows do not enter, and the intervals are those of the estimates.

    Parameters
    ----------
    data
        The dataset, its lists of followers cut.
    found
        What `attribution.incremental_actions` made of it.
    cut
        As in `cut_follows`.
    kinds, niches, window
        As they were for `found`.
    rng
        Source of chance.

    Returns
    -------
    `rank`, as it is in these data, `rank_low`, `rank_high`: 90 % intervals, `Int64`, null without estimate.

    Raises
    ------
    ValueError
        If the cut is none of these.

    References
    ----------
    Cook & Stefanski (1994), Simulation-extrapolation estimation in parametric measurement error models.

    Examples
    --------
    >>> acts = pd.DataFrame({"account_id": list("abcd"), "kind": "repost", "target_id": list("eeea")})
    >>> data, rng = dataset.from_tables(engagements=acts), np.random.default_rng(7)
    >>> options = {"kinds": ["repost"], "niches": pd.Series(pd.NA, data.account_ids, dtype="Int64")}
    >>> found = attribution.incremental_actions(data, **options, rng=rng)
    >>> ranks_under(data, found, cut="prefix", **options, rng=rng).loc[["e", "a"], "rank"].tolist()
    [1, 2]
    """
    scheme, estimate = _read(cut, data), found.accounts["influence"].dropna()
    if estimate.empty or not _by_follows(data, found):
        return uncertainty.rank_intervals(estimate, found.draws).reindex(data.account_ids)
    place = data.account_ids.get_indexer(estimate.index)
    draws = found.draws * _missed(data, scheme, found.draws.shape[1], rng)[place]
    ranks = uncertainty.rank_intervals(estimate, draws)
    before = ranks["rank"].to_numpy(np.float64) / len(ranks)
    moved = []
    for _ in range(RUNS):
        thin = cut_follows(data, _again(data, scheme), rng=rng)
        left = niches.reindex(thin.account_ids)
        again = attribution.incremental_actions(thin, kinds=kinds, niches=left, window=window, rng=rng)
        after = again.accounts["influence"].rank(ascending=False, method="min", pct=True)
        still = estimate.index.isin(thin.account_ids)
        moved.append(np.stack([after.reindex(estimate.index[still]).fillna(1.0), before[still]]))
    low, high = _movement(before, *np.concatenate(moved, axis=1))
    posted = np.isin(np.arange(len(data.account_ids)), data.posts["author_id"].cat.codes)
    lost = int((posted & found.accounts["influence"].isna().to_numpy()).sum())
    # Accounts deleted stood among the others as those left do, or, at best, all below.
    whole = len(ranks) / (scheme.amount if scheme.kind == "deleted" else 1)
    rank_low = np.minimum(ranks["rank_low"], np.floor(np.minimum(low, before) * len(ranks)).clip(1))
    high = np.maximum(np.maximum(high, before), ranks["rank_high"] / len(ranks))
    rank_high = np.ceil(high * whole - 1e-9) + lost
    wide = ranks.assign(rank_low=rank_low, rank_high=rank_high).astype("Int64")
    return wide.reindex(data.account_ids)


def with_unseen_followers(
    data: Dataset, found: Attribution, *, cut: str, rng: np.random.Generator
) -> Attribution:
    """The attribution with intervals that reach as far as followers who are not listed may be moved too.

    An estimate is what listed followers show: of effects through others some part goes to accounts that these
    follow as well, and how large a part cannot be seen, so that all of them are moved between not at all and
    as much as those listed. The draws are as they were.

    Parameters
    ----------
    data
        The dataset, its lists of followers cut.
    found
        What `attribution.incremental_actions` made of it.
    cut
        As in `cut_follows`.
    rng
        Draws how many followers are not seen.

    Returns
    -------
    The same with `influence_low` and `influence_high` further out; as it was where follows do not enter. Of
    lists as long as the latest that are kept, only who states its followers is known to have more.

    Raises
    ------
    ValueError
        If the cut is none of these.

    Examples
    --------
    >>> acts = pd.DataFrame({"account_id": list("abcd"), "kind": "repost", "target_id": list("eeea")})
    >>> data, rng = dataset.from_tables(engagements=acts), np.random.default_rng(7)
    >>> nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    >>> found = attribution.incremental_actions(data, kinds=["repost"], niches=nowhere, rng=rng)
    >>> with_unseen_followers(data, found, cut="prefix", rng=rng) is found
    True
    """
    scheme, estimated = _read(cut, data), found.accounts["influence"].notna().to_numpy(bool)
    if not estimated.any() or not _by_follows(data, found):
        return found
    draws = found.draws * _missed(data, scheme, found.draws.shape[1], rng)[estimated]
    accounts = found.accounts.copy()
    for name, level, further in (("influence_low", 0.05, np.minimum), ("influence_high", 0.95, np.maximum)):
        end = accounts.loc[estimated, name].to_numpy(np.float64)
        accounts.loc[estimated, name] = further(end, np.quantile(draws, level, axis=1))
    return replace(found, accounts=accounts)


def _by_follows(data: Dataset, found: Attribution) -> bool:
    """Whether exposure was taken from follows: neither outcomes done to accounts, nor listed views."""
    if found.accounts["influence_grade"].eq("observed").any():
        return False
    acts = dataset.resolved_engagements(data)
    return not ((acts["kind"] == "view") & acts["created_at"].notna() & acts["receiver_id"].notna()).any()


def _missed(data: Dataset, scheme: _Cut, draws: int, rng: np.random.Generator) -> Floats:
    """Followers there may be over followers seen (accounts x draws); 1 where nothing is known of it."""
    seen = np.maximum(_seen(data), 1.0)
    ratio = np.ones((len(seen), draws))
    if scheme.kind != "latest":
        size, chance = _unseen(_seen(data), scheme)
        ratio = 1 + rng.negative_binomial(size[:, None], chance, size=ratio.shape) / seen[:, None]
    stated = _stated(data)
    known = np.isfinite(stated)
    ratio[known] = (np.maximum(stated, seen) / seen)[known, None]
    return ratio


def _again(data: Dataset, scheme: _Cut) -> str:
    """The cut that takes as much from what is left as the cut before took from the whole."""
    if scheme.kind != "latest":
        return f"{scheme.kind}:{max(scheme.amount, 1e-6):.6f}"
    seen, stated = _seen(data), _stated(data)
    whole = np.where(seen >= scheme.amount, np.maximum(stated, seen), seen)
    share = seen.sum() / whole.sum() if np.isfinite(whole).all() else 0.5
    lengths = np.arange(1, scheme.amount + 1)
    in_order = np.sort(seen)
    shorter = np.searchsorted(in_order, lengths)
    kept = np.concatenate([[0], in_order.cumsum()])[shorter] + lengths * (len(seen) - shorter)
    return f"latest:{lengths[np.argmin(np.abs(kept - share * seen.sum()))]:.0f}"


def _movement(place: Floats, after: Floats, before: Floats) -> tuple[Floats, Floats]:
    """5 % and 95 % quantiles of where accounts stood that are now about each place (shares of ranks)."""
    order = np.argsort(after, kind="stable")
    after, before = after[order], before[order]
    size = min(len(after), max(NEIGHBOURS, int(SHARE_OF_NEIGHBOURS * len(after))))
    start = np.clip(np.searchsorted(after, place) - size // 2, 0, len(after) - size)
    around = np.lib.stride_tricks.sliding_window_view(before, size)
    low, high = (np.quantile(around, level, axis=1)[start] for level in (0.05, 0.95))
    return low, high
