"""Influence where times, follows or posts are missing: the best that remains, at a lower grade."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import _enough, _exposure, _inferred, _question, _rounding, _untimed, attribution
from influgraph.influence._arrays import Floats, Ints
from influgraph.influence._words import counted
from influgraph.influence.attribution import Attribution

COMPARED = (
    "An account is credited where its followers do more than people of their "
    "niche, activity and number of sources followed. This cannot tell influence from followers who were "
    "alike before, and how much is caused in all is assumed rather than measured: read the order, not the "
    "sum."
)
NO_TIMES = "The outcomes have no times."
NO_POST_TIMES = "When posts were made is not known, so nobody can tell which outcome came after which post."
NO_POSTS = "No posts are known, so that following an account is all the exposure there is."
DATES = (
    "Times of outcomes or posts are dates, so that within a day nobody can tell what came first: a post "
    "counts from the start of its day on, and whether people act less after an account's posts is not asked."
)
NO_OUTCOME = "no outcome of these kinds is an act of people's own"
NOBODY = "nobody is known to follow or to engage with anybody, so nobody's exposure is known"
_NUMBERS = ["influence", "influence_low", "influence_high"]
_NO_DRAWS = np.empty((0, _untimed.DRAWS))
_NOBODY_TOLD = np.empty(0, np.int64)


def fallback_influence(
    data: Dataset, *, kinds: Sequence[str], niches: pd.Series, window: str = "3D", rng: np.random.Generator
) -> Attribution:
    """Estimate influence from what remains where `attribution.incremental_actions` has nothing to go by.

    Follows that are missing are read from who engaged with whom, posts and their times from when they were
    first engaged with; with that, the attribution is done as ever. Where the outcomes themselves have no
    times, people are compared instead: an account is credited with what its followers do beyond people of the
    same niche, as active, who follow as many sources; exposure is follows x posts where posts are known.

    Parameters
    ----------
    data
        The dataset.
    kinds, niches, window, rng
        As in `attribution.incremental_actions`.

    Returns
    -------
    As `attribution.incremental_actions`, in the same unit, always graded `estimated`. `influence_rate` is
    null where follows or posts had to be inferred, `influence_total` where the outcomes have no times;
    everything is null, with the reason, where nothing can be compared. `basis` says in words what was done.

    Raises
    ------
    ValueError
        As in `attribution.incremental_actions`.

    Notes
    -----
    On worlds of 4,000 to 12,000 accounts (`tests/test_fallback.py`), engagements instead of follows cost
    little of the order but leave out a quarter to a half of the effect; without times the order is about as
    good as chance makes it for most accounts, though still better than followers.

    References
    ----------
    Empirical null: Efron (2004), Large-scale simultaneous hypothesis testing. Likeness or influence: Shalizi
    & Thomas (2011), Homophily and contagion are generically confounded in observational social network
    studies.

    Examples
    --------
    >>> acts = pd.DataFrame({"account_id": list("ab"), "kind": "purchase"})
    >>> follows = pd.DataFrame({"follower_id": list("ab"), "followed_id": "c"})
    >>> data = dataset.from_tables(follows=follows, engagements=acts)
    >>> nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    >>> found = fallback_influence(data, kinds=["purchase"], niches=nowhere, rng=np.random.default_rng(7))
    >>> found.accounts.loc["c", "influence_missing"]
    'only 2 outcomes of 2 people: too few to compare'
    """
    if not niches.index.equals(data.account_ids):
        raise ValueError("niches: must be indexed by the dataset's accounts, in their order")
    whole, said = _inferred.complete(data)
    present = dataset.resolved_engagements(whole)["kind"]
    if not present.isin(list(kinds)).any():
        return _laid_out(whole, _NOBODY_TOLD, _NO_DRAWS, _enough.no_such_kind(present, kinds), 0, rng=rng)
    outcomes = _question.own_acts(whole, kinds)
    if outcomes["created_at"].notna().any() and whole.posts["created_at"].notna().any():
        if reason := _too_little(whole, kinds, niches, window):
            return _laid_out(whole, _NOBODY_TOLD, _NO_DRAWS, reason, len(outcomes), rng=rng)
        found = attribution.incremental_actions(whole, kinds=kinds, niches=niches, window=window, rng=rng)
        return _regraded(found, said, _beyond_engaged(data, whole)) if said else found
    return _untimed_influence(whole, outcomes, niches, inferred=bool(said), rng=rng)


def basis(data: Dataset, *, kinds: Sequence[str]) -> tuple[str, ...]:
    """What `fallback_influence` does instead of what is missing, in sentences; none where nothing is.

    Parameters
    ----------
    data
        The dataset.
    kinds
        Kinds of engagement that count as outcome.

    Returns
    -------
    Sentences for a report.

    Examples
    --------
    >>> acts = pd.DataFrame({"account_id": list("ab"), "kind": "purchase"})
    >>> follows = pd.DataFrame({"follower_id": list("ab"), "followed_id": "c"})
    >>> data = dataset.from_tables(follows=follows, engagements=acts)
    >>> [text[:26] for text in basis(data, kinds=["purchase"])]
    ['The outcomes have no times', 'No posts are known, so tha', 'An account is credited whe']
    """
    whole, said = _inferred.complete(data)
    outcomes = _question.own_acts(whole, kinds)
    if outcomes.empty:
        return ()
    untimed, no_posts = outcomes["created_at"].isna().all(), whole.posts.empty
    unordered = not no_posts and not untimed and whole.posts["created_at"].isna().all()
    holds = {NO_TIMES: untimed, NO_POSTS: no_posts, NO_POST_TIMES: unordered}
    holds[COMPARED] = any(holds.values())
    holds[DATES] = not holds[COMPARED] and _rounding.are_dates(whole, kinds=kinds)
    return (*said, *(sentence for sentence, is_so in holds.items() if is_so))


def _too_little(data: Dataset, kinds: Sequence[str], niches: pd.Series, window: str) -> str | None:
    data = _rounding.unrounded(data, kinds=kinds)
    scene = _exposure.find_scene(data, _question.own_acts(data, kinds), niche=_exposure.number_niches(niches))
    if isinstance(scene, str):
        return scene
    return _enough.too_little(scene, window=pd.Timedelta(window).total_seconds())


def _beyond_engaged(data: Dataset, whole: Dataset) -> pd.Series:
    """Followers that an account states over those inferred, at least 1: where follows had to be inferred."""
    inferred = whole.follows["followed_id"].value_counts().reindex(data.account_ids)
    stated = data.accounts.get("followers_stated", inferred).astype("float64")
    return (stated / inferred).clip(lower=1).fillna(1.0) if data.follows.empty else inferred * 0 + 1


def _regraded(found: Attribution, said: tuple[str, ...], beyond: pd.Series) -> Attribution:
    """The same as an estimate; without a rate where exposures are not counted but inferred.

    Followers who were not seen to engage may be moved as much as those who were: so far goes the upper end.
    """
    accounts = found.accounts
    grade = accounts["influence_grade"].mask(accounts["influence"].notna(), "estimated")
    high = accounts["influence_high"]
    accounts = accounts.assign(influence_grade=grade, influence_high=high.where(high <= 0, high * beyond))
    if said != (_inferred.NO_POST_TIMES,):
        accounts["influence_rate"] = np.nan
    return replace(found, accounts=accounts)


def _untimed_influence(
    data: Dataset, outcomes: pd.DataFrame, niches: pd.Series, *, inferred: bool, rng: np.random.Generator
) -> Attribution:
    """Compare people exposed to an account with people alike."""
    count, reason = len(data.account_ids), _why_not(data)
    done = np.bincount(outcomes["account_id"].cat.codes, minlength=count).astype(np.float64)
    follows = np.bincount(data.follows["follower_id"].cat.codes, minlength=count)
    people = np.flatnonzero(follows)
    if len(people) < _untimed.FEWEST_PEOPLE or done[people].sum() < _untimed.FEWEST_OUTCOMES:
        words = f"only {counted(done[people].sum(), 'outcome')} of {counted(len(people), 'person', 'people')}"
        words += ": too few to compare"
        reason = np.where(reason == "", words, reason)
        why = reason if len(outcomes) and len(people) else NOBODY if len(outcomes) else NO_OUTCOME
        return _laid_out(data, _NOBODY_TOLD, _NO_DRAWS, why, len(outcomes), rng=rng)
    exposure, sources = _shown(data)
    acts = dataset.resolved_engagements(data)
    active = np.bincount(acts.loc[acts["receiver_id"].notna(), "account_id"].cat.codes, minlength=count)
    known = _untimed.people_alike(exposure[people], follows[people], active[people], niches.iloc[people])
    found = _untimed.excess_effects(done[people], exposure[people], known, rng=rng)
    reach = np.asarray(exposure.sum(axis=0))[found.told]
    reason = np.where(reason == "", "its followers cannot be told from everybody", reason)
    result = _laid_out(
        data, sources[found.told], reach[:, None] * found.draws, reason, len(outcomes), rng=rng
    )
    if not inferred and len(data.posts):
        result.accounts.loc[data.account_ids[sources[found.told]], "influence_rate"] = (
            1000 * found.draws.mean(axis=1)
        )
    return result


def _shown(data: Dataset) -> tuple[csr_array, Ints]:
    """Follows x posts (accounts x sources), and the codes of the sources: all who post and are followed."""
    count = len(data.account_ids)
    posts = data.posts[data.posts["repost_of"].isna()] if "repost_of" in data.posts else data.posts
    made = np.bincount(posts["author_id"].cat.codes, minlength=count) if len(posts) else np.ones(count)
    follower, followed = (data.follows[name].cat.codes.to_numpy() for name in ("follower_id", "followed_id"))
    sources, place = np.unique(followed[made[followed] > 0], return_inverse=True)
    seen = made[followed] > 0
    shape = (count, len(sources))
    return csr_array((made[followed[seen]].astype(np.float64), (follower[seen], place)), shape=shape), sources


def _why_not(data: Dataset) -> npt.NDArray[np.object_]:
    """Why an account has no estimate; empty where it has a post and a follower."""
    everyone = np.arange(len(data.account_ids))
    posted = np.isin(everyone, data.posts["author_id"].cat.codes) | data.posts.empty
    followed = np.isin(everyone, data.follows["followed_id"].cat.codes)
    return np.select([~posted, ~followed], ["no post", "no follower"], "").astype(object)


def _laid_out(
    data: Dataset,
    sources: Ints,
    draws: Floats,
    reason: str | npt.NDArray[np.object_],
    outcomes: int,
    *,
    rng: np.random.Generator,
) -> Attribution:
    """Columns of the attribution for all accounts, in dataset order, with estimates for the sources."""
    nowhere = pd.Series(pd.NA, data.account_ids, dtype="Int64")
    nothing = attribution.incremental_actions(data, kinds=[], niches=nowhere, rng=rng)
    names, mean = data.account_ids[sources], draws.mean(axis=1)
    low, high = np.quantile(draws, [0.05, 0.95], axis=1) if len(sources) else (mean, mean)
    ends = np.column_stack([mean, np.minimum(low, mean), np.maximum(high, mean)])
    numbers = pd.DataFrame(ends, names, _NUMBERS).reindex(data.account_ids)
    estimated = numbers["influence"].notna()
    reasons = np.broadcast_to(np.asarray(reason, dtype=object), len(estimated))
    accounts = nothing.accounts.assign(
        **{name: numbers[name] for name in _NUMBERS},
        influence_grade=pd.Series("estimated", estimated.index, dtype="str").where(estimated),
        influence_rate=np.nan,
        influence_missing=pd.Series(reasons, estimated.index, dtype="str").mask(estimated),
    )
    return replace(
        nothing, accounts=accounts, draws=draws, outcomes=float(outcomes), credited=float(mean.sum())
    )
