"""The whole analysis in order: the only place where measures meet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import _study_tables as tables
from influgraph import centrality, networks, niches, popularity, quadrants, uncertainty
from influgraph.dataset import Dataset, resolved_engagements, study_period
from influgraph.influence import attribution, expectation, placebo
from influgraph.settings import OUTCOME_KINDS, Settings, duration

T = TypeVar("T")

STEPS = (
    "popularity",
    "centrality",
    "niches",
    "influence",
    "ranks",
    "beyond popularity",
    "placebo tests",
    "comparison",
)
Floats = npt.NDArray[np.float64]

COMPARED_DRAWS = 100
FEWEST = 2
TOP = 20


class Store(Protocol):
    """Where finished steps are kept; `report.store.DiskStore` is the one that outlives a crash."""

    def run(self, step: str, work: Callable[[], T]) -> T:
        """Return the finished step of this name, or do its work and keep it."""


class MemoryStore:
    """A store that lasts as long as its object: for notebooks.

    Examples
    --------
    >>> store = MemoryStore()
    >>> store.run("answer", lambda: 42), store.run("answer", lambda: 43)
    (42, 42)
    """

    def __init__(self) -> None:
        self._finished: dict[str, Any] = {}

    def run(self, step: str, work: Callable[[], T]) -> T:
        """Return the finished step of this name, or do its work and keep it.

        Parameters
        ----------
        step
            The step's name.
        work
            What makes it.

        Returns
        -------
        What `work` returned the first time.
        """
        if step not in self._finished:
            self._finished[step] = work()
        result: T = self._finished[step]
        return result


@dataclass(frozen=True)
class Study:
    """A finished study.

    Attributes
    ----------
    scores
        One row per account, indexed by account id in dataset order; columns as in the contract.
    niches, bot_clusters, bot_members, counterfactual, validation
        The other tables of the contract.
    kinds
        The kinds of engagement that count as being influenced; empty where there is none.
    period
        First and last time seen; None without times.
    outcomes, credited
        How many outcomes there were, and how many of them are credited to accounts.
    missing
        What could not be done, and what that means, in sentences.
    """

    scores: pd.DataFrame
    niches: pd.DataFrame
    bot_clusters: pd.DataFrame
    bot_members: pd.DataFrame
    counterfactual: pd.DataFrame
    validation: pd.DataFrame
    kinds: tuple[str, ...]
    period: tuple[pd.Timestamp, pd.Timestamp] | None
    outcomes: float
    credited: float
    missing: tuple[str, ...]


def run_study(data: Dataset, settings: Settings, *, store: Store) -> Study:
    """Do the whole analysis.

    Parameters
    ----------
    data
        The four tables.
    settings
        Every tunable number; chance comes from its seed alone, one generator per step.
    store
        Where finished steps are kept and found again.

    Returns
    -------
    The study; what the data cannot tell is null in it, with the reason in `missing`.
    """
    from threadpoolctl import threadpool_limits

    # Sums of BLAS differ in their last bits with its number of threads.
    with threadpool_limits(limits=1, user_api="blas"):
        return _studied(data, _Steps(data, settings, store))


def _studied(data: Dataset, steps: "_Steps") -> Study:
    return Study(
        scores=tables.scores(steps.scores),
        niches=steps.niches[1],
        bot_clusters=tables.no_rows(tables.BOT_CLUSTERS),
        bot_members=tables.no_rows(tables.BOT_MEMBERS),
        counterfactual=tables.counterfactual(steps.scores),
        validation=pd.concat([steps.placebo_tests, steps.comparison], ignore_index=True),
        kinds=steps.kinds,
        period=study_period(data),
        outcomes=float(steps.attribution.outcomes),
        credited=float(steps.attribution.credited),
        missing=tables.missing(data, steps.settings, steps.kinds),
    )


class _Steps:
    """The steps of one study, each done when it is first asked for."""

    def __init__(self, data: Dataset, settings: Settings, store: Store) -> None:
        self.data, self.settings, self.store = data, settings, store

    def rng(self, step: str) -> np.random.Generator:
        """One generator per step, by its name, so that a new step changes no other."""
        seeds = np.random.SeedSequence(self.settings.seed, spawn_key=tuple(step.encode()))
        return np.random.default_rng(seeds)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What counts as an outcome: as set, else the first known kind in the data."""
        if self.settings.outcome.kinds:
            return self.settings.outcome.kinds
        present = set(resolved_engagements(self.data)["kind"].unique())
        return tuple(kind for kind in OUTCOME_KINDS if kind in present)[:1]

    @cached_property
    def network(self) -> networks.Network:
        """The follow network, else the engagement network."""
        build = networks.follow_network if len(self.data.follows) else networks.engagement_network
        return build(self.data)

    @cached_property
    def popularity(self) -> pd.DataFrame:
        """Followers and what else is counted, with the tier."""
        return self.store.run("popularity", self._popularity)

    def _popularity(self) -> pd.DataFrame:
        counts = popularity.popularity(self.data)
        return counts.join(popularity.tier(counts, bounds=self.settings.tiers).astype("str"))

    @cached_property
    def centrality(self) -> pd.DataFrame:
        """PageRank, core number and betweenness on the network."""
        return self.store.run("centrality", self._centrality)

    def _centrality(self) -> pd.DataFrame:
        measures = [
            centrality.pagerank(self.network),
            centrality.core_number(self.network),
            centrality.betweenness(self.network, rng=self.rng("centrality")),
        ]
        return pd.concat(measures, axis=1)

    @cached_property
    def niches(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The niche of each account, and each niche described."""
        return self.store.run("niches", self._niches)

    def _niches(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        options = self.settings.niches
        found = niches.find_niches(
            self.network, resolution=options.resolution, runs=options.runs, rng=self.rng("niches")
        )
        return found, niches.describe_niches(self.data, found, self.network)

    @cached_property
    def attribution(self) -> attribution.Attribution:
        """Who brought about which outcomes."""
        return attribution.Attribution(**self.store.run("influence", self._attribution))

    def _attribution(self) -> dict[str, Any]:
        found = attribution.incremental_actions(
            self.data,
            kinds=self.kinds,
            niches=self.niches[0]["niche"],
            window=str(duration(self.settings.outcome.window)),
            rng=self.rng("influence"),
        )
        return {field.name: getattr(found, field.name) for field in fields(found)}

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Ranks by influence; null without an estimate."""
        return self.store.run("ranks", self._ranks)

    def _ranks(self) -> pd.DataFrame:
        estimated = self.attribution.accounts["influence"].dropna()
        ranks = uncertainty.rank_intervals(estimated, self.attribution.draws)
        return ranks.reindex(self.data.account_ids).astype("Int64")

    @cached_property
    def placebo_tests(self) -> pd.DataFrame:
        """What must show no influence, and whether it does."""
        return self.store.run("placebo tests", self._placebo_tests)

    def _placebo_tests(self) -> pd.DataFrame:
        return placebo.placebo_tests(
            self.data,
            kinds=self.kinds,
            niches=self.niches[0]["niche"],
            window=str(duration(self.settings.outcome.window)),
            rng=self.rng("placebo tests"),
        )

    @cached_property
    def beyond_popularity(self) -> pd.DataFrame:
        """Engagements received over those expected for an account of this size and niche."""
        return self.store.run(
            "beyond popularity",
            lambda: expectation.beyond_popularity(self.popularity, self.niches[0]["niche"]),
        )

    @cached_property
    def scores(self) -> pd.DataFrame:
        """What is known of each account, side by side."""
        counts, centralities, niche = self.popularity, self.centrality, self.niches[0]
        influence = self.attribution.accounts
        kind = quadrants.quadrant(counts["followers"], influence)
        return counts.join([centralities, niche, influence, self.ranks, self.beyond_popularity, kind])

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """How much is credited at all, and how far followers and influence agree."""
        return self.store.run("comparison", self._comparison)

    def _comparison(self) -> pd.DataFrame:
        found, few = self.attribution, self.attribution.draws[:, :COMPARED_DRAWS]
        estimated = found.accounts["influence"].notna()
        followers = self.popularity.loc[estimated, "followers"].to_numpy(np.float64, na_value=0.0)
        rows = _agreement(followers, few)
        if not found.kernel.empty:
            rows = [_credited(found), *rows]
        return pd.DataFrame(rows, columns=list(tables.CHECKS)) if rows else tables.no_rows(tables.CHECKS)


def _credited(found: attribution.Attribution) -> list[Any]:
    low, middle, high = _spread(found.draws.sum(axis=0) / found.outcomes)
    verdict = f"{middle:.0%} [{low:.0%} to {high:.0%}] of the outcomes are credited to accounts"
    return ["credited share", "all accounts", middle, low, high, np.nan, verdict]


def _agreement(followers: Floats, draws: Floats) -> list[list[Any]]:
    """Compare the order by followers with the order by influence, in every draw of it."""
    from scipy import stats

    top = min(TOP, len(followers) // 2)
    if top < FEWEST or np.ptp(followers) == 0:
        return []
    popular, influential = stats.rankdata(followers), stats.rankdata(draws, axis=0)
    influential = influential[:, np.ptp(influential, axis=0) > 0]
    if not influential.size:
        return []
    alike = [np.corrcoef(popular, ranks)[0, 1] for ranks in influential.T]
    followed, first = (ranks > np.sort(ranks, axis=0)[-top - 1] for ranks in (popular, influential))
    shared = first[followed].sum(axis=0) / top
    return [_order_agreement(alike), _top_agreement(shared, top, top / len(popular))]


def _order_agreement(alike: Sequence[float]) -> list[Any]:
    low, middle, high = _spread(alike)
    verdict = (
        f"the order by followers and the order by influence agree by {middle:z.2f} "
        f"[{low:z.2f} to {high:z.2f}], where 1 is the same order and 0 none"
    )
    return ["rank agreement", "followers against influence", middle, low, high, 0.0, verdict]


def _top_agreement(shared: Floats, top: int, by_chance: float) -> list[Any]:
    low, middle, high = _spread(shared)
    expected = f"{by_chance:.0%}" if by_chance >= 0.005 else "less than 1%"
    verdict = (
        f"of the {top} most followed, {middle:.0%} [{low:.0%} to {high:.0%}] are among the {top} of most "
        f"influence; {expected} would be by chance"
    )
    return ["top agreement", "followers against influence", middle, low, high, by_chance, verdict]


def _spread(values: Sequence[float] | Floats) -> tuple[float, float, float]:
    """5 % quantile, median and 95 % quantile."""
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95])
    return float(low), float(middle), float(high)
