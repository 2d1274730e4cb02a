"""Incremental actions: what would not have happened without an account's posts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset
from influgraph.influence import (
    _counted,
    _doubt,
    _effects,
    _enough,
    _explanation,
    _exposure,
    _fewer,
    _inert,
    _intensity,
    _pace,
    _question,
    _result,
    _rounding,
    _trial_evidence,
    trials,
)
from influgraph.influence._arrays import Flags, Floats
from influgraph.influence._effects import Effects
from influgraph.influence._exposure import Exposure, Scene
from influgraph.influence._intensity import Intensity
from influgraph.influence._result import INTERVAL, LABELS, Attribution

__all__ = ["Attribution", "incremental_actions"]

_ASSUMED_SESSIONS = 10.0  # that are as long as all of them, beside those credited


def incremental_actions(
    data: Dataset,
    *,
    kinds: Sequence[str],
    niches: pd.Series,
    window: str = "3D",
    topics: pd.Series | None = None,
    trial_results: pd.DataFrame | None = None,
    rng: np.random.Generator,
) -> Attribution:
    """Estimate how many outcomes each account's posts brought about.

    An outcome that was done *to* an account (a repost of its post) cannot be had without it: it is counted
    (`observed`). An outcome of somebody's own (a purchase) is shared between what the person would have
    done anyway and the posts seen in the `window` before it. What would have happened anyway varies by
    niche, day, hour of the week and hour (of the person's niche and, by a weight that is learnt, of the
    niches of whom it follows), by how many accounts the person follows and how many posts reach it, and by
    its other outcomes, so that common shocks, daily rhythm and homophily are not credited to whoever posts
    at the right moment. The other outcomes also tell how receptive each is. Whether who engages more is
    moved more, or does more anyway, is left to them too.
    Outcomes of an account that follow one another much sooner than usual, like a basket or an evening of
    clicks, are one session: posts may bring about sessions, and are credited with the outcomes in them.
    Delays run in waking time or by the clock on the wall, and apart for eight parts of the day, as the
    outcomes are likelier (`_pace`); how receptive people are may depend on how much of what they follow
    lies in the author's niche, and on how much they engage at all; a repost may move fewer or more than
    an own post does: all are learnt. Each account's effect per exposure is drawn towards what is usual,
    and to zero where the data cannot tell. Where views are listed, they are the exposures; else
    followers see posts made after they followed, and a post counts the more, the larger a share of those
    whom it may reach its `impressions` are. Where nearly everybody acts and most of those who do not
    never would, by the counts of those who do, nobody without an outcome counts as exposed. Of outcomes
    of both sorts, the commoner sort is studied and the other left out.

    Parameters
    ----------
    data
        The dataset; outcomes, posts and follows are taken from it.
    kinds
        Kinds of engagement that count as outcome, e.g. `["purchase"]`.
    niches
        Niche of each account, indexed like `data.accounts`; null = none.
    window
        How long after a post it can still act, a pandas duration.
    topics
        Topic of each post, in the order of the dataset's (`audience.in_niches.post_topics`); null = none.
    trial_results
        Results of randomised tests or promo codes, as `trials.check_trials` takes them: they are weighed
        together with what is seen without them.
    rng
        Source of chance of the draws.

    Raises
    ------
    ValueError
        If the window is no positive duration, `niches` has another index than the accounts, or `topics` than
        the posts.
    DatasetError
        If the trials have faults, all at once.

    Notes
    -----
    A multivariate Hawkes process restricted to exposure, in which members differ in what they do anyway and
    in how receptive they are. A fit by EM gives a start; from there effects, delays, hours, classes and
    members are sampled together, so that doubt about what people would have done anyway is in every
    interval. Where data are too few to tell influence from chance (`placebo`, `left by pruning`), estimates
    stay low, and intervals and draws reach to what would be credited without pruning. Causal if, given niche,
    time and activity, who is exposed when has no other reason to act in the same hours. Effects below zero
    are tested for apart: whether people act less in the windows
    after an account's posts than when their niche does otherwise (self-controlled case series, calibrated
    on all accounts; `python -m benchmarks.fewer` shows how often that is right). They stay hidden where
    they are much shorter than the window, or where posts leave hardly a time without them; where several
    accounts do this to the same people, their sizes are less sure than the intervals say. No more outcomes
    are said to be missing than the same people had at other times. Times that are rounded to minutes, hours
    or days leave the order within a step unknown: posts then count from the start of theirs on, and outcomes
    are spread evenly over theirs; where times are dates, effects below zero are not looked for. Accounts
    stand in the order of the posterior mean logarithm of their effects, at sizes that nearly add up to their
    means' sum: means alone rank by exposure whoever shows no sign of influence. Memory is linear in the pairs
    of an outcome and a post seen in the window before it: some 50 bytes each.

    References
    ----------
    Veen & Schoenberg (2008), Estimation of space-time branching process models in seismology using an
    EM-type algorithm. Zhou, Zha & Song (2013), Learning social infectivity in sparse low-rank networks
    using multi-dimensional Hawkes processes. Stephens (2017), False discovery rates: a new deal. Farrington
    (1995), Relative incidence estimation from case series for vaccine safety evaluation. Efron (2004),
    Large-scale simultaneous hypothesis testing: the choice of a null hypothesis. Shen & Louis (1998),
    Triple-goal estimates in two-stage hierarchical models. Laird (1978), Nonparametric maximum likelihood
    estimation of a mixing distribution. Halfaker et al. (2015), User session identification based on strong
    regularities in inter-activity time. Cemgil (2009), Bayesian inference for nonnegative matrix
    factorisation models. Tanner & Wong (1987), The calculation of posterior distributions by data
    augmentation.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from influgraph import dataset
    >>> acts = pd.DataFrame(
    ...     {"account_id": list("abcd"), "kind": "repost", "target_id": list("eeea")}
    ... )
    >>> data = dataset.from_tables(engagements=acts)
    >>> nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
    >>> result = incremental_actions(data, kinds=["repost"], niches=nowhere, rng=np.random.default_rng(7))
    >>> result.accounts["influence"].dropna().round(1).to_dict()
    {'a': 1.0, 'e': 3.0}
    """
    _check(data, niches, window, kinds, topics)
    acts = dataset.resolved_engagements(data)
    present, acts = acts["kind"], acts[acts["kind"].isin(list(kinds))]
    once = _exposure.had_once(acts["account_id"].cat.codes.to_numpy(), accounts=len(data.account_ids))
    known = None if trial_results is None else trials.check_trials(trial_results, data.account_ids, once=once)
    if acts.empty:
        return _result.nothing(data, _enough.no_such_kind(present, kinds))
    received = acts["receiver_id"].notna().to_numpy()
    if received.mean() >= 0.5:
        return _counted.counted(data, acts[received], rng=rng)
    seconds = pd.Timedelta(window).total_seconds()
    return _modelled(data, kinds, niches=niches, topics=topics, window=seconds, known=known, rng=rng)


def _check(
    data: Dataset, niches: pd.Series, window: str, kinds: Sequence[str], topics: pd.Series | None
) -> None:
    if isinstance(kinds, str):
        raise ValueError(f"kinds: must be a list such as ['purchase'], received {kinds!r}")  # noqa: TRY004 - one kind of error
    if not niches.index.equals(data.account_ids):
        raise ValueError("niches: must be indexed by the dataset's accounts, in their order")
    if topics is not None and not topics.index.equals(data.posts.index):
        raise ValueError("topics: must be indexed by the dataset's posts, in their order")
    if not pd.Timedelta(window) > pd.Timedelta(0):
        raise ValueError(f"window: must be a duration above zero such as '3D', received {window!r}")


def _modelled(
    data: Dataset,
    kinds: Sequence[str],
    *,
    niches: pd.Series,
    topics: pd.Series | None,
    window: float,
    known: pd.DataFrame | None,
    rng: np.random.Generator,
) -> Attribution:
    """Outcomes of people's own, shared between their baseline and the posts before them."""
    dates = _rounding.are_dates(data, kinds=kinds)
    data = _rounding.unrounded(data, kinds=kinds)
    acts = _question.own_acts(data, kinds)
    scene = _exposure.find_scene(data, acts, niche=_exposure.number_niches(niches))
    if isinstance(scene, str):
        return _result.nothing(data, scene)
    if reason := _enough.too_little(scene, window=window):
        return _result.nothing(data, reason, outcomes=len(acts))
    scene = _pace.by_best_clock(_inert.without_inert(scene), window=window)
    exposure = _exposure.expose(scene, window=window)
    fitted = _doubt.fit(exposure)
    settled = data.account_ids[exposure.authors].isin([] if known is None else known["account_id"])
    per_session = _acts_per_session(scene, exposure, fitted)
    effects, beside = _sampled(
        data, exposure, fitted, known=known, tried=settled, per_session=per_session, rng=rng
    )
    fitted = effects.fitted
    parts = _explanation.explain(exposure, fitted, effects)
    direct, mean = fitted.direct[effects.authors], effects.rate
    total = mean * fitted.exposed[effects.authors]
    numbers = np.column_stack([direct * effects.low(), direct * mean, direct * effects.high(), total])
    if dates:
        fewer = _fewer.not_told(_rounding.DATES, effects)
    else:
        fewer = _fewer.find_fewer(scene, exposure, fitted, effects, tried=settled)
    numbers = fewer.lower(numbers)
    parts["had_anyway"] += total - numbers[:, 3]
    by_label = partial(_explanation.by_label, exposure, fitted, effects)
    names = data.account_ids[exposure.authors[effects.authors]]
    divided = beside | _divided(data, niches, names, lambda **of: fewer.lower_labels(by_label(**of)))
    if topics is not None and topics.notna().any():
        # Posts that are not listed are of no topic, which is the last number.
        topic = np.append(_exposure.number_niches(topics), topics.nunique())
        found = _explanation.by_topic(scene, exposure, fitted, effects, topic=topic, window=window)
        divided["by_topic"] = _named_parts(fewer.lower_labels(found), names, topics, "topic")
    estimated = data.account_ids.isin(names)
    grade = _grade(data, acts, dates=dates)
    accounts = _result.frame_estimates(data, numbers, estimated, grade=grade, missing=_why_not(data))
    parts = parts.assign(influence_information=effects.information, **fewer.columns())
    result = Attribution(
        accounts.join(parts.set_axis(names)),
        **_result.undivided() | divided,
        draws=fewer.lower_draws(direct[:, None] * effects.draws, rng=rng),
        kernel=_delay_shares(fitted.kernel, exposure),
        outcomes=float(len(acts)),
        reached=float(scene.outcomes.acts[np.unique(exposure.pair_outcome)].sum()),
        credited=float(np.maximum(numbers[:, 3], 0).sum()),
        pause=scene.pause,
    )
    return _in_acts(result, per_session) if scene.pause else result


def _grade(data: Dataset, acts: pd.DataFrame, *, dates: bool) -> str:
    """What estimates rest on: less where times are dates, or some are not known."""
    certain = not dates and acts["created_at"].notna().all() and data.posts["created_at"].notna().all()
    return "causal under assumptions" if certain else "estimated"


def _acts_per_session(scene: Scene, exposure: Exposure, fitted: Intensity) -> float:
    """Acts of sessions that posts bring about: the mean by how far each is credited, drawn to that of all."""
    acts = scene.outcomes.acts
    if scene.pause == 0:
        return 1.0
    theta, kernel, baseline = fitted.state.theta, fitted.kernel, fitted.baseline
    caused = 1 - baseline / _intensity.share_credit(exposure, theta, kernel, baseline)[0]
    return float((caused @ acts + _ASSUMED_SESSIONS * acts.mean()) / (caused.sum() + _ASSUMED_SESSIONS))


def _in_acts(found: Attribution, per_session: float) -> Attribution:
    """The same, counted in acts, where sessions of so many were brought about."""
    counts = [*INTERVAL, "influence_total", "influence_rate", *_explanation.PARTS]
    divided = {
        name: frame.assign(**{end: per_session * frame[end] for end in INTERVAL})
        for name, frame in vars(found).items()
        if name.startswith("by_") and name != "by_trial"
    }
    return replace(
        found,
        accounts=found.accounts.assign(**{name: per_session * found.accounts[name] for name in counts}),
        **divided,
        draws=per_session * found.draws,
        credited=per_session * found.credited,
    )


def _sampled(
    data: Dataset,
    exposure: Exposure,
    fitted: Intensity,
    *,
    known: pd.DataFrame | None,
    tried: Flags,
    per_session: float,
    rng: np.random.Generator,
) -> tuple[Effects, dict[str, pd.DataFrame]]:
    """Effects of authors with all that is known, and what trials say beside what is seen without them."""
    every, shown = data.account_ids[exposure.authors], _result.count_exposures(data)[exposure.authors]
    evidence = _trial_evidence.find_evidence(
        known, every, per_exposure=per_session * _per_exposure(fitted, shown)
    )
    sample = partial(_effects.sample_effects, exposure, fitted, rng=rng)
    effects = sample(evidence=None if evidence is None else evidence.likelihood)
    effects = _doubt.with_both_ends(exposure, fitted, effects, tried=tried, rng=rng)
    if evidence is None:
        return effects, {}
    seen = sample()
    return effects, {
        "by_trial": evidence.beside(seen, per_exposure=per_session * _per_exposure(seen.fitted, shown))
    }


def _per_exposure(fitted: Intensity, shown: Floats) -> Floats:
    """Outcomes per follower and post that a rate of one means, per author; `shown` counts these."""
    return np.divide(fitted.direct, shown, out=np.ones(len(shown)), where=shown > 0)


def _divided(
    data: Dataset, niches: pd.Series, authors: pd.Index, divide: Callable[..., pd.DataFrame]
) -> dict[str, pd.DataFrame]:
    """Influence of authors by niche, market and platform of the people moved, null where these have none."""
    stated = {name: data.accounts[name] for name in LABELS[1:] if name in data.accounts}
    known = {"niche": niches, **{name: labels for name, labels in stated.items() if labels.notna().any()}}
    frames = {}
    for name, labels in known.items():
        found = divide(label=_exposure.number_niches(labels))
        frames[f"by_{name}"] = _named_parts(found, authors, labels, name)
    return frames


def _named_parts(found: pd.DataFrame, authors: pd.Index, labels: pd.Series, name: str) -> pd.DataFrame:
    """Parts of influence by author and number of label, with the names of both."""
    names = pd.Series(pd.factorize(labels)[1], dtype="Int64" if name in {"niche", "topic"} else "str")
    of_whom = {"account_id": authors[found["author"]], name: names.reindex(found["label"]).to_numpy()}
    return pd.concat(
        [pd.DataFrame(of_whom), found[["low", "mean", "high"]].set_axis(INTERVAL, axis=1)], axis=1
    )


def _why_not(data: Dataset) -> npt.NDArray[Any]:
    everyone = np.arange(len(data.account_ids))
    posted = np.isin(everyone, data.posts["author_id"].cat.codes)
    followed = np.isin(everyone, data.follows["followed_id"].cat.codes)
    late = "no follower at the time of a post, or no post early enough in the period"
    return np.select([~posted, ~followed], ["no post", "no follower"], late).astype(object)


def _delay_shares(kernel: Floats, exposure: Exposure) -> pd.Series:
    """Share of the effect that falls into each delay bin, indexed by the bin's end in time of the clock."""
    mass = (kernel.reshape(exposure.strata, -1) * exposure.widths).sum(axis=0)
    ends = pd.to_timedelta(exposure.widths.cumsum(), unit="s")
    return pd.Series(mass / mass.sum(), index=pd.Index(ends, name="delay"), name="kernel")
