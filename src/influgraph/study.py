"""The whole analysis in order: the only place where measures meet."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import pandas as pd

from influgraph import _study_tables as tables
from influgraph._study_steps import Steps
from influgraph.dataset import Dataset, study_period
from influgraph.settings import Settings

T = TypeVar("T")

STEPS = (
    "popularity",
    "centrality",
    "niches of everyone",
    "bot clusters",
    "niches",
    "influence",
    "ranks",
    "beyond popularity",
    "automation",
    "expertise",
    "motives",
    "with suspects",
    "placebo tests",
    "comparison",
    "forecast",
    "tier claims",
    "planned tests",
    "niches over time",
    "within niches",
    "audiences",
    "brand fit",
)


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
        The other tables of the contract; only suspected clusters are in the second and third.
    case_files, case_explanations, joint_acts
        Of every cluster that stands out, suspected or cleared: as `bots.casefile.case_files` has them, and
        what its members did together.
    growth
        Bursts of new followers that posts, reposts and the trend do not explain, where times are known.
    coordination_ties, coordination_windows
        Which accounts of a coordinated cluster acted alike on what and when, and what each window showed.
    niche_shares, niche_scan, niche_layers
        Overlapping membership, the resolutions tried, and the say of each layer, as `niches.Niches` has them.
    influence_by_niche, influence_by_market, influence_by_platform, influence_by_topic
        Where among niches, markets and platforms of the people moved, and among topics of the posts that
        moved them, each account's influence lies.
    motives
        Why people follow, over all follows.
    planned_tests
        What test would settle the doubt about popular accounts that are not shown to move anybody.
    niche_changes
        What became of niches from one part of the period to the next, as `niche_changes.niche_changes`;
        `mostly_before`, `mostly_after`: the niche of the whole study that most members are in.
    in_niches
        Rank by influence inside the own niche, spread of audiences over niches, response on topic and off.
    audience, audience_overlap, audience_reach, audience_drivers, audience_bonds
        Of the largest and the most influential accounts: of whom audiences are made, whom they share, what
        the largest reach together, what goes with response, and how audiences hold together.
    brand_fit, brief_matches
        Fit of accounts and audiences to the brief, and what of it is in the data; no rows without a brief.
    kinds
        The kinds of engagement that count as being influenced; empty where there is none.
    period
        First and last time seen; None without times.
    outcomes, credited
        How many outcomes there were, and how many of them are credited to accounts.
    missing
        What could not be done, and what that means, in sentences.
    not_searched
        The kinds of bot clusters that could not be looked for, each with the reason.
    """

    scores: pd.DataFrame
    niches: pd.DataFrame
    niche_shares: pd.DataFrame
    niche_scan: pd.DataFrame
    niche_layers: pd.DataFrame
    bot_clusters: pd.DataFrame
    bot_members: pd.DataFrame
    counterfactual: pd.DataFrame
    case_files: pd.DataFrame
    case_explanations: pd.DataFrame
    joint_acts: pd.DataFrame
    growth: pd.DataFrame
    coordination_ties: pd.DataFrame
    coordination_windows: pd.DataFrame
    validation: pd.DataFrame
    influence_by_niche: pd.DataFrame
    influence_by_market: pd.DataFrame
    influence_by_platform: pd.DataFrame
    influence_by_topic: pd.DataFrame
    motives: pd.DataFrame
    planned_tests: pd.DataFrame
    niche_changes: pd.DataFrame
    in_niches: pd.DataFrame
    audience: pd.DataFrame
    audience_overlap: pd.DataFrame
    audience_reach: pd.DataFrame
    audience_drivers: pd.DataFrame
    audience_bonds: pd.DataFrame
    brand_fit: pd.DataFrame
    brief_matches: pd.DataFrame
    kinds: tuple[str, ...]
    period: tuple[pd.Timestamp, pd.Timestamp] | None
    outcomes: float
    credited: float
    missing: tuple[str, ...]
    not_searched: tuple[tuple[str, str], ...] = ()


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
        return _studied(data, Steps(data, settings, store))


def _studied(data: Dataset, steps: Steps) -> Study:
    return Study(
        scores=tables.scores(steps.scores),
        niches=steps.niches["described"],
        niche_shares=steps.niches["shares"],
        niche_scan=steps.niches["scan"],
        niche_layers=steps.niches["layers"],
        bot_clusters=steps.suspects["clusters"],
        bot_members=steps.suspects["members"],
        counterfactual=steps.counterfactual,
        case_files=steps.suspects["cases"],
        case_explanations=steps.suspects["explanations"],
        joint_acts=steps.suspects["joint_acts"],
        growth=steps.suspects["growth"],
        coordination_ties=steps.suspects["ties"],
        coordination_windows=steps.suspects["windows"],
        validation=steps.validation,
        influence_by_niche=steps.attribution.by_niche,
        influence_by_market=steps.attribution.by_market,
        influence_by_platform=steps.attribution.by_platform,
        influence_by_topic=steps.attribution.by_topic,
        motives=steps.motives[1],
        planned_tests=steps.planned_tests,
        niche_changes=steps.niche_changes[0],
        in_niches=steps.in_niches,
        audience=steps.audiences["composition"],
        audience_overlap=steps.audiences["overlap"],
        audience_reach=steps.audiences["reach"],
        audience_drivers=steps.audiences["drivers"],
        audience_bonds=steps.audiences["bonds"],
        brand_fit=steps.brand_fit["fit"],
        brief_matches=steps.brand_fit["matches"],
        kinds=steps.kinds,
        period=study_period(data),
        outcomes=float(steps.attribution.outcomes),
        credited=float(steps.attribution.credited),
        missing=(
            *steps.left_out,
            *steps.instead,
            *steps.attribution.sessions,
            *steps.no_niches,
            *steps.no_changes,
            *tables.missing(data, steps.settings, steps.kinds),
        ),
        not_searched=steps.suspects["not_searched"],
    )
