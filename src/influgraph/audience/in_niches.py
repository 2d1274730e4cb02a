"""Standing inside niches: rank among one's own, how far an audience reaches across, on-topic response."""

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience._compare import FEWEST, compare, responses
from influgraph.audience._labels import groups_by
from influgraph.audience._lists import audience_of, checked, sums
from influgraph.audience._shares import WIDTH, Floats, first_reason, ratio
from influgraph.audience._texts import uses_any, written
from influgraph.dataset import Dataset
from influgraph.uncertainty import rank_intervals


def rank_in_niche(score: pd.Series, niche: pd.Series, *, draws: np.ndarray | None = None) -> pd.DataFrame:
    """Rank of each account by a score, among the accounts of its own niche.

    Parameters
    ----------
    score
        One number per account; null is not ranked.
    niche
        Niche by account, same index; null = none.
    draws
        Accounts x draws of what the score could as well have been; without it there is no interval.

    Returns
    -------
    Indexed like `score`, all `Int64`: `niche_rank` (1 = the highest, ties take the smallest),
    `niche_rank_low`, `niche_rank_high` (90 % interval, as `uncertainty.rank_intervals`), `niche_ranked`:
    how many are ranked in its niche. Null without a score or a niche.

    Raises
    ------
    ValueError
        If the indexes differ, or draws have other rows or nulls where there is a score.

    References
    ----------
    Mogstad, Romano, Shaikh & Wilhelm (2024), Inference for ranks.

    Examples
    --------
    >>> ids = ["ann", "ben", "cem", "dia", "eva"]
    >>> score = pd.Series([5.0, 3.0, 9.0, 1.0, None], ids)
    >>> rank_in_niche(score, pd.Series([0, 0, 1, 0, 0], ids, dtype="Int64"))["niche_rank"].tolist()
    [1, 2, 1, 3, <NA>]
    """
    if not score.index.equals(niche.index):
        raise ValueError("score and niche must be about the same accounts in the same order")
    names = ["niche_rank", "niche_rank_low", "niche_rank_high"]
    found = pd.DataFrame(index=score.index, columns=names, dtype="Int64")
    ranked = score.notna() & niche.notna()
    own = niche.where(ranked)
    if draws is None:
        found["niche_rank"] = score.groupby(own).rank(ascending=False, method="min").astype("Int64")
    else:
        for members in own.dropna().unique():
            places = np.flatnonzero(own.eq(members).fillna(value=False))
            found.iloc[places] = rank_intervals(score.iloc[places], draws[places])
    found["niche_ranked"] = own.groupby(own).transform("size").astype("Int64")
    return found


def participation(
    data: Dataset, niche: pd.Series | pd.DataFrame, *, audience: str = "followers"
) -> pd.DataFrame:
    """How evenly an account's audience is spread over niches: 0 = all in one, near 1 = over many alike.

    The chance that two members drawn from it, of those in a niche, are of different niches; so that it does
    not depend on how many are seen, and lists cut at random leave it as it is.

    Parameters
    ----------
    data
        Its follows, or its acts.
    niche
        Niche by account, null = none; or shares in several niches: account_id, niche, share.
    audience
        `followers`, or `engagers`: who did more than view.

    Returns
    -------
    One row per account: `participation`, `participation_low`, `participation_high`: from 0 to 1, 90 %
    interval over whom it may attract; `audience_in_niches`: members with a niche, `audience_without`:
    without. Null with fewer than two members in a niche, and `participation_missing` says why.

    Raises
    ------
    ValueError
        If the audience is neither, or niches and shares are not of this dataset.

    References
    ----------
    Guimera & Amaral (2005), Functional cartography of complex metabolic networks, without the bias of few
    members: Simpson (1949), Measurement of diversity.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": list("bcde"), "followed_id": "a"}))
    >>> niche = pd.Series([0, 0, 1, 1], index=list("bcde"), dtype="Int64")
    >>> participation(data, niche)["participation"]["a"].round(3).item()
    0.667
    """
    members = audience_of(data, audience)
    groups, names = groups_by("niche", data, niche)
    counts = (members @ groups[:, : len(names)]).tocsr()
    size = sums(counts)
    enough = size >= 2 - 1e-9
    paired = ratio(_moment(counts, 2) - size, np.where(enough, size * (size - 1), 0.0))
    estimate = np.clip(1 - paired, 0, 1)
    half = _participation_error(counts, size, len(names))
    values = {"participation": estimate, "participation_low": np.maximum(estimate - half, 0.0)}
    values |= {"participation_high": np.minimum(estimate + half, 1.0), "audience_in_niches": size}
    values["audience_without"] = sums(members) - size
    reasons = {
        "no audience of it is known": sums(members) == 0,
        "fewer than two of its audience are in a niche": ~enough,
    }
    missing = first_reason(reasons, data.account_ids)
    return pd.DataFrame(values, data.account_ids).assign(participation_missing=missing)


def _moment(counts: csr_array, power: int) -> Floats:
    """Row sums of counts to a power."""
    raised = counts.copy()
    raised.data = raised.data**power
    return sums(raised)


def _participation_error(counts: csr_array, size: Floats, niches: int) -> Floats:
    """1.645 standard errors; each niche has half a member more, so that it is not 0 where all are in one."""
    whole = np.maximum(size + niches / 2, 1.0)
    second = (_moment(counts, 2) + size + niches / 4) / whole**2
    third = (_moment(counts, 3) + 1.5 * _moment(counts, 2) + 0.75 * size + niches / 8) / whole**3
    pairs = np.maximum(2 * (second - 2 * third + second**2) / np.maximum(size * (size - 1), 1.0), 0.0)
    members = 4 * np.maximum(third - second**2, 0.0) / np.maximum(size, 1.0)
    return np.asarray(WIDTH * np.sqrt(members + pairs))


def topic_response(
    data: Dataset, niche: pd.Series, terms: pd.DataFrame, *, window: str = "3D"
) -> pd.DataFrame:
    """Acts per post on posts about the author's niche, against its other posts.

    A post is on topic if its text or hashtags have a term of the author's niche. Acts are those within the
    window, views left out; the ratio is drawn to 1 as far as it is unsure.

    Parameters
    ----------
    data
        Its posts and the acts on them.
    niche
        Niche by account; null = none.
    terms
        Terms of niches: `niche`, `term`.
    window
        How long acts are counted.

    Returns
    -------
    One row per account: `on_topic`, `off_topic`: posts; `response_on_topic`, `response_off_topic`: acts per
    post; `topic_ratio`, `topic_ratio_low`, `topic_ratio_high`: 1 = no difference, 90 % interval;
    `topic_q_value` of the difference. Null with fewer than five posts of either, and `topic_ratio_missing`
    says why.

    Raises
    ------
    ValueError
        If terms lack a column, niches are not of this dataset, or the window is no duration above 0.

    Notes
    -----
    Grade `estimated`: what goes with more response, not what brings it about.

    References
    ----------
    As `drivers.drivers`.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> posts = pd.DataFrame({"post_id": range(12), "author_id": "a", "text": ["a run", "a cake"] * 6})
    >>> acts = pd.DataFrame({"account_id": "b", "kind": "like", "post_id": [0, 2, 4, 6, 8, 10, 1] * 2})
    >>> terms = pd.DataFrame({"niche": [0], "term": ["run"]})
    >>> data = from_tables(posts=posts, engagements=acts)
    >>> found = topic_response(data, pd.Series({"a": 0}), terms)
    >>> found.loc["a", ["on_topic", "response_on_topic", "response_off_topic"]].round(2).tolist()
    [6.0, 2.0, 0.33]
    """
    _check_terms(terms)
    own = checked("niche", niche, data).astype("Int64")
    posts = responses(data, window=window)
    author_niche = own.iloc[posts["account"]].set_axis(posts.index)
    texts = written(data).loc[posts.index]
    on_topic = pd.Series(data=False, index=posts.index)
    for number, some in terms.groupby("niche")["term"]:
        of_niche = (author_niche == number).fillna(value=False).to_numpy(bool)
        on_topic[of_niche] = uses_any(texts[of_niche], some.astype("str"))
    judged = author_niche.isin(terms["niche"]).to_numpy(bool) & texts.notna().to_numpy()
    found = _against_others(data, posts[judged], on_topic[judged])
    found["topic_ratio_missing"] = _why(found, own, terms)
    return found


def post_topics(data: Dataset, niche: pd.Series, terms: pd.DataFrame) -> pd.Series:
    """What each post is about: the niche of whose terms it uses most.

    Parameters
    ----------
    data
        Its posts.
    niche
        Niche by account; null = none. Of topics that a post uses as many terms of, its author's comes first.
    terms
        Terms of niches: `niche`, `term`.

    Returns
    -------
    Number of a niche for each post, in order (`Int64`); null where it uses no term, or has no text.

    Raises
    ------
    ValueError
        If terms lack a column, or niches are not of this dataset.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> posts = pd.DataFrame({"post_id": range(3), "author_id": "a", "text": ["a run", "a cake", "hello"]})
    >>> terms = pd.DataFrame({"niche": [0, 1], "term": ["run", "cake"]})
    >>> data = from_tables(accounts=pd.DataFrame({"account_id": ["a"]}), posts=posts)
    >>> post_topics(data, pd.Series({"a": 0}), terms).tolist()
    [0, 1, <NA>]
    """
    _check_terms(terms)
    own = checked("niche", niche, data).astype("Int64").iloc[data.posts["author_id"].cat.codes]
    by_niche = terms["term"].astype("str").groupby(terms["niche"].astype("int64")).agg(list)
    texts, numbers = written(data), by_niche.index.to_numpy()
    if not numbers.size:
        return pd.Series(pd.NA, texts.index, dtype="Int64", name="topic")
    used = np.column_stack([uses_any(texts, some) for some in by_niche]).astype(np.float64)
    unsure = used.sum(axis=1) > 1  # only there need terms be counted
    for column, some in enumerate(by_niche):
        used[unsure, column] = np.sum([uses_any(texts[unsure], [term]) for term in some], axis=0)
    used += 0.5 * (used > 0) * (own.fillna(-1).to_numpy(np.int64)[:, None] == numbers)
    found = pd.Series(numbers[used.argmax(axis=1)], texts.index, dtype="Int64", name="topic")
    return found.where(used.max(axis=1) > 0)


def _check_terms(terms: pd.DataFrame) -> None:
    missing = {"niche", "term"} - set(terms.columns)
    if missing:
        raise ValueError(f"terms must have columns niche and term; received none named {sorted(missing)}")


def _against_others(data: Dataset, posts: pd.DataFrame, on_topic: pd.Series) -> pd.DataFrame:
    """Posts and responses on and off topic of each account, and their ratio where there are enough."""
    size, account, on = len(data.account_ids), posts["account"].to_numpy(), on_topic.to_numpy(np.float64)
    response = posts["response"].to_numpy(np.float64)
    found = pd.DataFrame(index=data.account_ids)
    counts = {side: np.bincount(account, wanted, size) for side, wanted in (("on", on), ("off", 1 - on))}
    given = {
        "on": np.bincount(account, on * response, size),
        "off": np.bincount(account, (1 - on) * response, size),
    }
    for side in ("on", "off"):
        found[f"{side}_topic"] = counts[side]
    for side in ("on", "off"):
        found[f"response_{side}_topic"] = ratio(given[side], counts[side])
    compared = compare(
        posts, pd.DataFrame({"post": on_topic.index[on_topic], "kind": "topic", "trait": "own"})
    )
    compared = compared.set_index(data.account_ids.take(compared["account"].to_numpy())).reindex(
        data.account_ids
    )
    names = {name: f"topic_{name}" for name in ("ratio", "ratio_low", "ratio_high", "q_value")}
    return found.join(compared[list(names)].rename(columns=names))


def _why(found: pd.DataFrame, own: pd.Series, terms: pd.DataFrame) -> pd.Series:
    """Why there is no ratio; null where there is one."""
    few = (found[["on_topic", "off_topic"]] < FEWEST).any(axis=1)
    reasons = {
        "it is in no niche": own.isna().to_numpy(bool),
        "its niche has no terms": ~own.isin(terms["niche"]).to_numpy(bool),
        f"fewer than {FEWEST} of its posts are on topic, or off": few.to_numpy(bool),
        "none of its posts was answered": found["topic_ratio"].isna().to_numpy(bool),
    }
    return first_reason(reasons, found.index).mask(found["topic_ratio"].notna())
