"""Who draws attention, where that is all there is to see: descriptions of engagement, not of causes."""

import numpy as np
import pandas as pd

from influgraph.influence._arrays import Floats, sum_by
from influgraph.influence._gamma import fit_gamma
from influgraph.networks import Network


def attention_per_post(popularity: pd.DataFrame) -> pd.DataFrame:
    """Engagements an account draws per post, drawn to what is usual as far as its posts are few.

    Parameters
    ----------
    popularity
        Frame with `posts` and `engagements_received`, one row per account. Where posts are unknown for
        everybody, engagements per account are meant.

    Returns
    -------
    attention_per_post, attention_per_post_low, attention_per_post_high: 0 to infinity, 90 % interval. Null
    for accounts without a post where posts are listed, and for everybody where nobody is engaged with.

    Notes
    -----
    Grade `estimated`. Posts of an account share its rate; rates are gamma-distributed between accounts, the
    gamma being fitted by maximum likelihood (empirical Bayes).

    References
    ----------
    Clayton & Kaldor (1987), Empirical Bayes estimates of age-standardized relative risks.

    Examples
    --------
    >>> counts = pd.DataFrame({"posts": [1, 40, 40, 40, 0], "engagements_received": [9, 40, 50, 60, 0]})
    >>> attention_per_post(counts)["attention_per_post"].round(1).tolist()
    [6.4, 1.0, 1.3, 1.5, nan]
    """
    from scipy import stats

    names = [f"attention_per_post{end}" for end in ("", "_low", "_high")]
    result = pd.DataFrame(np.nan, index=popularity.index, columns=names)
    posts = popularity["posts"].astype("float64")
    posts = posts if posts.gt(0).any() else pd.Series(1.0, posts.index)
    drawn = popularity["engagements_received"].astype("float64")
    known = (posts.gt(0) & drawn.notna()).to_numpy()
    counts: Floats = np.asarray(drawn, np.float64)[known]
    made: Floats = np.asarray(posts, np.float64)[known]
    if not counts.sum() > 0:
        return result
    shape, rate = fit_gamma(counts, made)
    posterior = stats.gamma(shape + counts, scale=1 / (rate + made))
    result.loc[known] = np.column_stack([posterior.mean(), posterior.ppf(0.05), posterior.ppf(0.95)])
    return result


def influence_passivity(attention: Network, *, posts: pd.Series, tolerance: float = 1e-9) -> pd.DataFrame:
    """Who is engaged with by those who hardly engage with anybody, and who are these.

    Of what an account posts, each of those who engage with it takes up a share. An account is influential in
    this sense if passive accounts take up much of it; an account is passive if it leaves much of what
    influential accounts post. Both are defined by each other, and found by iteration.

    Parameters
    ----------
    attention
        Acts of engagement as weights, as `networks.engagement_network` makes it.
    posts
        Posts of each account, indexed like the network; null or 0: at least as many as the most acts that
        one account did on them.
    tolerance
        The iteration stops when the values change by less than this in sum.

    Returns
    -------
    ip_influence, passivity: from 0, each summing to 1; all 0 where nobody engages with anybody.

    Raises
    ------
    ValueError
        If `posts` is indexed otherwise.

    Notes
    -----
    Grade `estimated`: a ranking of attention, with no claim of cause.

    References
    ----------
    Romero, Galuba, Asur & Huberman (2011), Influence and passivity in social media.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem", "dia", "eva"])
    >>> acts = network_from_pairs([2, 3, 3, 4], [0, 0, 1, 1], account_ids=ids, weights=[1, 1, 1, 3])
    >>> influence_passivity(acts, posts=pd.Series(4, index=ids))["ip_influence"].round(2).tolist()
    [0.6, 0.4, 0.0, 0.0, 0.0]
    """
    if not posts.index.equals(attention.account_ids):
        raise ValueError("posts: must be indexed by the accounts of the network, in their order")
    pairs = attention.weights.tocoo()
    engager, author = pairs.coords
    size = len(posts)
    most = np.zeros(size)
    np.maximum.at(most, author, pairs.data)
    made = np.maximum(posts.to_numpy(np.float64, na_value=0.0), most)
    taken = pairs.data / made[author]
    # Where nobody leaves anything, all leave equally little.
    left = np.maximum(1 - taken, 1e-12)
    accepted = taken / sum_by(engager, taken, size)[engager]
    rejected = left / sum_by(author, left, size)[author]
    influence, passivity = np.zeros(size), np.full(size, 1 / max(size, 1))
    for _ in range(1000):
        before = influence
        influence = _normalised(sum_by(author, accepted * passivity[engager], size))
        passivity = _normalised(sum_by(engager, rejected * influence[author], size))
        if np.abs(influence - before).sum() < tolerance:
            break
    return pd.DataFrame({"ip_influence": influence, "passivity": passivity}, index=posts.index)


def _normalised(values: Floats) -> Floats:
    return np.asarray(values / max(values.sum(), 1e-300))
