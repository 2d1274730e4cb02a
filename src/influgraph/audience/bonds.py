"""How an audience holds together: who returns, who is followed back, who follows one another."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from influgraph.audience._lists import (
    audience_of,
    deeds,
    longer_than,
    places_of,
    read_cut,
    sums,
)
from influgraph.audience._shares import (
    HIGH,
    LOW,
    WIDTH,
    Flags,
    Floats,
    Ints,
    beta_interval,
    first_reason,
    fit_beta,
    jeffreys,
    ratio,
)
from influgraph.dataset import Dataset, study_period
from influgraph.networks import follow_network

FEWEST = 5
MOST_TIES = 2_000_000


def loyalty(data: Dataset, *, apart: str = "7D") -> pd.DataFrame:
    """Share of those who engage with an account who do so again, a week or more after their first time.

    Engagers whose first act lies less than that before the end of the data had no time to return, and are
    left out. Shares are drawn towards what is usual over all accounts (beta-binomial), the more the fewer
    engagers there are.

    Parameters
    ----------
    data
        Its timed acts are used, views left out.
    apart
        How long after the first act the last one must be.

    Returns
    -------
    One row per account: `engagers` who had time to return, `returning`, how many did; `loyalty`,
    `loyalty_low`, `loyalty_high`: from 0 to 1, 90 % interval; null without such engagers, and
    `loyalty_missing` says why.

    Raises
    ------
    ValueError
        If `apart` is not a duration above 0.

    References
    ----------
    Shrunken shares: Robbins (1956), An empirical Bayes approach to statistics.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> acts = {"account_id": list("bbcdd"), "kind": "like", "target_id": "a"}
    >>> days = ["2024-01-01", "2024-01-09", "2024-01-02", "2024-01-20", "2024-01-21"]
    >>> data = from_tables(engagements=pd.DataFrame({**acts, "created_at": days}))
    >>> loyalty(data).loc["a", ["engagers", "returning", "loyalty"]].tolist()
    [2.0, 1.0, 0.5]
    """
    gap = pd.Timedelta(apart)
    if not gap > pd.Timedelta(0):
        raise ValueError(f"apart must be a duration above 0, such as '7D'; received {apart!r}")
    acts = deeds(data).dropna(subset="created_at")
    size, period = len(data.account_ids), study_period(data)
    pairs = acts["receiver_id"].cat.codes.astype("int64") * size + acts["account_id"].cat.codes
    times = acts.groupby(pairs.to_numpy())["created_at"].agg(["min", "max"])
    times = times[times["min"] <= period[1] - gap] if period else times
    receiver = times.index.to_numpy() // size
    engagers = np.bincount(receiver, minlength=size).astype(np.float64)
    returning = np.bincount(receiver[times["max"] - times["min"] >= gap], minlength=size).astype(np.float64)
    prior = fit_beta(returning, engagers)
    low, high = beta_interval(returning, engagers, prior)
    mean = np.where(engagers > 0, (returning + prior[0]) / (engagers + sum(prior)), np.nan)
    columns = {"engagers": engagers, "returning": returning, "loyalty": mean}
    found = pd.DataFrame({**columns, "loyalty_low": low, "loyalty_high": high}, data.account_ids)
    why = "nobody engaged with it early enough to be able to return"
    return found.assign(loyalty_missing=first_reason({why: engagers == 0}, found.index))


def reciprocity(data: Dataset, *, cut: str = "complete") -> pd.DataFrame:
    """Share of an account's followers whom it follows back.

    Parameters
    ----------
    data
        Its follows are used.
    cut
        How lists of followers were cut. At random: follows back are seen as often as others, so that the
        share seen is divided by the share that stays. To the latest: only followers whose own list is whole
        are asked. A prefix: only accounts whose own follows are listed have an estimate.

    Returns
    -------
    One row per account: `followers_asked`, `reciprocity`, `reciprocity_low`, `reciprocity_high`: from 0 to 1,
    90 % interval over whom the account may attract; null without followers asked, `reciprocity_missing` says
    why.

    Raises
    ------
    ValueError
        If the cut is unknown.

    References
    ----------
    Wasserman & Faust (1994), Social network analysis; Brown, Cai & DasGupta (2001) for the interval.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> follows = pd.DataFrame({"follower_id": list("bcdea"), "followed_id": list("aaaab")})
    >>> reciprocity(from_tables(follows=follows))["reciprocity"]["a"].item()
    0.25
    """
    scheme, members = read_cut(cut), audience_of(data)
    seen, follows_any = sums(members), np.asarray(members.sum(axis=0)).ravel() > 0
    if scheme.kind == "latest":
        members = _only(members, ~longer_than(seen, scheme))
    asked = sums(members)
    back = sums(members.multiply(members.T.tocsr()).tocsr())
    if scheme.kind == "prefix":
        asked = np.where(follows_any, asked, 0.0)
    stays = scheme.amount if scheme.kind == "random" else 1.0
    low, high = jeffreys(np.where(asked > 0, back, 0.0), asked)
    values = {"followers_asked": asked, "reciprocity": ratio(back, asked)}
    values |= {"reciprocity_low": low, "reciprocity_high": high}
    found = pd.DataFrame(values, data.account_ids)
    found.iloc[:, 1:] = np.minimum(found.iloc[:, 1:] / stays, 1.0)
    reasons = {
        "no follower of it is known": seen == 0,
        "lists are cut, so that whom it follows back cannot be seen": asked == 0,
    }
    return found.assign(reciprocity_missing=first_reason(reasons, found.index))


def connection_density(
    data: Dataset,
    *,
    accounts: Sequence[str] | None = None,
    cut: str = "complete",
    rng: np.random.Generator,
) -> pd.DataFrame:
    """How many of the follows that are possible inside an audience exist, and against what is expected.

    Expected is what the members' numbers of follows and followers alone would bring about: the follows of
    all members times their followers, over all follows there are; those of the account itself are left out.

    Parameters
    ----------
    data
        Its follows are used.
    accounts
        Whose followers; by default all.
    cut
        How lists of followers were cut. At random: what is seen is divided by the share that stays. To the
        latest: only members whose own list is whole are looked at.
    rng
        Draws which followers are looked at, where all would take long.

    Returns
    -------
    One row per account: `density`, `density_low`, `density_high`: share of ordered pairs of followers of whom
    one follows the other, from 0 to 1; `density_ratio` with `_low` and `_high`: density over what is
    expected; `members`: followers looked at. 90 % intervals over which followers an account may have. Null
    with fewer than five followers, and the ratio where none is expected; `density_missing` says why.

    Raises
    ------
    ValueError
        If an account or the cut is unknown.

    References
    ----------
    Error over members: Snijders & Borgatti (1999), Non-parametric standard errors and tests for network
    statistics. Expected ties: Chung & Lu (2002), Connected components in random graphs with given expected
    degree sequences.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> pairs = [*"ba", *"ca", *"da", *"ea", *"fa", *"bc", *"cb", *"de"]
    >>> follows = pd.DataFrame(np.reshape(pairs, (-1, 2)), columns=["follower_id", "followed_id"])
    >>> found = connection_density(from_tables(follows=follows), rng=np.random.default_rng(7))
    >>> found.loc["a", ["density", "density_ratio"]].round(2).tolist()
    [0.15, 1.29]
    """
    scheme, places = read_cut(cut), places_of(data, accounts)
    network = follow_network(data).weights
    members = network.T.tocsr()
    if scheme.kind == "latest":
        members = _only(members, ~longer_than(sums(members), scheme))
    members = _sampled(members[places], np.diff(network.indptr), rng)
    size = sums(members)
    ties = _ties(members, network)
    inside, spread = sums(ties) / 2, _spread(ties, size)
    possible, expected = size * (size - 1), _expected(members, network, places)
    enough = size >= FEWEST
    found = pd.DataFrame({"members": size}, index=data.account_ids[places])
    stays = scheme.amount if scheme.kind == "random" else 1.0
    values = _with_error(inside, spread, np.where(enough, possible, 0.0))
    found[["density", "density_low", "density_high"]] = np.minimum(values / stays, 1.0)
    names = ["density_ratio", "density_ratio_low", "density_ratio_high"]
    found[names] = _with_error(inside, spread, np.where(enough, expected, 0.0))
    reasons = {f"fewer than {FEWEST} of its followers can be looked at": ~enough}
    return found.assign(density_missing=first_reason(reasons, found.index))


def _only(members: csr_array, wanted: Flags) -> csr_array:
    """Lists with the wanted members alone."""
    kept = members.multiply(wanted[None, :].astype(np.float64)).tocsr()
    kept.eliminate_zeros()
    return kept


def _sampled(members: csr_array, follows: Ints, rng: np.random.Generator) -> csr_array:
    """Lists thinned at random as far as is needed for their members to have few follows altogether."""
    load = members @ follows.astype(np.float64)
    keep = np.minimum(1.0, MOST_TIES / np.maximum(load, 1.0))
    if (keep == 1).all():
        return members
    rows = np.repeat(np.arange(len(keep)), np.diff(members.indptr))
    thinned = members.copy()
    thinned.data = (rng.random(len(rows)) < keep[rows]).astype(np.float64)
    thinned.eliminate_zeros()
    return thinned


def _ties(members: csr_array, network: csr_array) -> csr_array:
    """Ties of each member of each list with others of it, either way."""
    from influgraph.audience._kernels import ties_inside

    arrays = (members.indptr.astype(np.int64), members.indices.astype(np.int32))
    graph = (network.indptr.astype(np.int64), network.indices.astype(np.int32))
    counts = ties_inside(*arrays, *graph).astype(np.float64)
    return csr_array((counts, members.indices, members.indptr), shape=members.shape)


def _spread(ties: csr_array, size: Floats) -> Floats:
    """Standard error of the number of ties inside a list, over which members it happens to have."""
    squares = ties.copy()
    squares.data **= 2
    mean = ratio(sums(ties), size)
    variance = np.maximum(ratio(sums(squares), size) - mean**2, 0.0) * size / np.maximum(size - 1, 1.0)
    return np.asarray(np.sqrt(size * variance))


def _expected(members: csr_array, network: csr_array, places: Ints) -> Floats:
    """Ties inside each list that its members' follows and followers bring about, its owner left out."""
    given, received = sums(network), np.asarray(network.sum(axis=0)).ravel()
    ones = members.copy()
    ones.data[:] = 1.0
    back = network[places].multiply(ones).tocsr()
    out = ones @ given - sums(ones)
    into = ones @ received - sums(back)
    oneself = ones @ (given * received) - ones @ received - (back @ given - sums(back))
    whole = network.nnz - given[places] - received[places]
    return ratio(out * into - oneself, whole)


def _with_error(inside: Floats, spread: Floats, against: Floats) -> Floats:
    """Ties inside over what they are held against, with ends that a count of so few allows for."""
    from scipy.special import gammaincinv

    half = WIDTH * spread
    low = np.minimum(inside - half, gammaincinv(inside + 0.5, LOW))
    high = np.maximum(inside + half, gammaincinv(inside + 0.5, HIGH))
    low = np.where(inside > 0, np.maximum(low, 0.0), 0.0)
    return np.column_stack([ratio(some, against) for some in (inside, low, high)])
