"""How much of what can be known about influence the attribution finds: beside an oracle, in planted worlds.

`oracle` is an EM that is *given* the planted baseline, delays, every sighting and how far each could act:
only the persuasion of each source is left to learn. In worlds of `synthetic` most posts go unseen, and no
dataset without views tells which; `follower oracle` is given the planted baseline but, as any estimator, only
who follows whom: it learns delays, receptiveness and effects. Such worlds are judged twice, with their views
listed (all know who saw what) and as data mostly are, without. Plain worlds (`_plain_world`) are drawn by
another hand: every follower sees every post. Run with `python -m benchmarks.oracle plain` or `synthetic`.
"""

import sys
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from benchmarks import _plain_world as plain
from benchmarks.__main__ import show_markdown
from influgraph import centrality, dataset, networks, niche_names, niches, popularity, synthetic
from influgraph._study_comparison import share_interval
from influgraph._study_networks import attention_layers
from influgraph.dataset import Dataset
from influgraph.influence import _exposure, _intensity, _kernels, attribution
from influgraph.influence._arrays import Ints, row_starts, sum_by

Floats = npt.NDArray[np.float64]

TOP, WINDOW, DAY = 20, "3D", 86400.0
MISSED = 20.0  # What a truth outside its 90 % interval costs per unit of distance: 2 / .1.
ORACLES, POPULARITIES = (
    ("oracle", "follower oracle"),
    ("followers", "pagerank", "engagement rate", "engagements"),
)
FIRST_SEED = {"plain": 3101, "synthetic": 4101}
WORLDS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "little influence": {"caused_share": 0.06},
    "homophily doubled": {"homophily": 1.2},
    "many shocks, many reactions": {"shocks": 40, "reacting_share": 0.3},
    "steep fame": {"fame_tail": 1.2},
    "slow effects": {"slow_hours": 24.0, "slow_share": 0.7},
    "no influence": {"caused_share": 0.0},
}
PLAIN_WORLDS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "little influence": {"caused_share": 0.06},
    "no influence": {"caused_share": 0.0},
    "much influence": {"caused_share": 0.3},
    "homophily and shocks fourfold": {"shocks": 60, "homophily": 4.0},
    "fast delays": {"delay_hours": 3.0},
    "steep fame": {"fame_tail": 1.0},
}


@dataclass(frozen=True)
class Case:
    """A world to judge: its data, the true effects by account, and what the oracles make of it."""

    name: str
    data: Dataset
    niche: pd.Series
    truth: pd.Series
    comedian: str
    oracles: dict[str, pd.Series]
    rng: np.random.Generator


@dataclass(frozen=True)
class Given:
    """Pairs of outcome and sighting before it, what persuasion of one would add, and the planted baseline.

    `exposed` is what persuasion of one would cause, by source.
    """

    outcome: Ints
    source: Ints
    added: Floats
    baseline: Floats
    exposed: Floats


def learn_persuasion(given: Given) -> Floats:
    """Persuasion of every source, which is all that is unknown."""
    count, outcomes = len(given.exposed), len(given.baseline)
    persuasion = np.where(given.exposed > 0, 0.1 * outcomes / given.exposed.sum(), 0.0)
    for _ in range(200):
        own = persuasion[given.source] * given.added
        intensity = given.baseline + sum_by(given.outcome, own, outcomes)
        credit = sum_by(given.source, own / intensity[given.outcome], count)
        persuasion = np.divide(credit, given.exposed, out=np.zeros(count), where=given.exposed > 0)
    return persuasion


def list_pairs(
    actor: Ints, moment: Floats, attention: tuple[Ints, Ints], sightings: tuple[Ints, Floats]
) -> tuple[Ints, Ints]:
    """Outcome and sighting of every pair not over five days apart; times in seconds."""
    since = np.full(len(attention[1]), -np.inf)
    arguments = actor, moment, *attention, since, *sightings, 5 * DAY
    pairs = _kernels.count_pairs(*arguments)
    sighting, _ = _kernels.list_pairs(*arguments, np.concatenate([[0], np.cumsum(pairs)]))
    return np.repeat(np.arange(len(actor)), pairs), sighting


def synthetic_oracle(world: synthetic.World) -> pd.Series:
    """Expected direct effect of every account, persuasion being all that is unknown."""
    data, seen = world.data, world.exposures.sort_values(["member", "seen"])
    buyer, moment = purchases(data, period_of(data)[0].normalize())
    count, source = len(data.account_ids), seen["source"].to_numpy()
    sightings = row_starts(seen["member"].to_numpy(), count), seen["seen"].to_numpy(np.float64)
    outcome, sighting = list_pairs(buyer, moment, (np.arange(count + 1), np.arange(count)), sightings)
    response = seen["response"].to_numpy(np.float64)
    added = response[sighting] * world.response_density(sightings[1][sighting], moment[outcome])
    exposed = sum_by(source, response, count)
    given = Given(outcome, source[sighting], added, world.baseline_rate(buyer, moment), exposed)
    direct = sum_by(source, np.where(seen["via_repost"], 0, response), count)
    return pd.Series(learn_persuasion(given) * direct, data.account_ids)


def plain_oracle(world: plain.PlainWorld) -> pd.Series:
    """Expected effect of every source of a plain world, persuasion being all that is unknown."""
    follows, posts, hours = world.follows, world.posts, world.settings.delay_hours
    buyer, moment = purchases(world.data, plain.BEGIN)
    buyer = buyer - world.settings.sources  # Members are numbered after the sources.
    attention = row_starts(follows.member, world.settings.members), follows.source
    outcome, post = list_pairs(buyer, moment, attention, (posts.start, posts.time * 3600))
    source = posts.source[post]
    by_follow = pd.Series(follows.affinity, [follows.member, follows.source])
    affinity = by_follow.reindex(pd.MultiIndex.from_arrays([buyer[outcome], source])).to_numpy(np.float64)
    delay = moment[outcome] / 3600 - posts.time[post]
    added = np.asarray(affinity * np.exp(-delay / hours) / hours)
    exposed = world.exposed()
    given = Given(outcome, source, added, world.baseline_rate(buyer, moment / 3600), exposed)
    return pd.Series(learn_persuasion(given) * exposed, world.truth.index)


def period_of(data: Dataset) -> tuple[pd.Timestamp, pd.Timestamp]:
    """First and last moment of the study."""
    period = dataset.study_period(data)
    assert period is not None
    return period


def purchases(data: Dataset, start: pd.Timestamp) -> tuple[Ints, Floats]:
    """Account code of every purchase, and its seconds since the start."""
    bought = data.engagements[data.engagements["kind"] == "purchase"]
    return bought["account_id"].cat.codes.to_numpy(), _exposure.seconds_since(bought["created_at"], start)


def follower_oracle(world: synthetic.World, niche: pd.Series) -> pd.Series:
    """Expected direct effect of every account, given the planted baseline and who follows whom."""
    data = world.data
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["kind"] == "purchase"]
    scene = _exposure.find_scene(data, acts, niche=_exposure.number_niches(niche))
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=3 * DAY)
    state = _intensity.start_state(exposure)
    first = period_of(data)[0]
    seconds = scene.outcomes.time + (first - first.normalize()).total_seconds()
    given = world.baseline_rate(scene.outcomes.account, seconds) / scene.tempo
    for _ in range(60):
        _, credit, by_cell = _intensity.share_outcomes(exposure, state, given)
        _intensity.update_kernel(exposure, state, by_cell)
        _intensity.update_effects(state, credit)
    own, _ = exposure.windows.by_author(np.ones(len(exposure.niche)))
    direct = state.theta * (own @ state.kernel)
    return pd.Series(sum_by(exposure.authors, direct, len(data.account_ids)), data.account_ids)


def naive_comparison(data: Dataset) -> pd.Series:
    """Purchases of followers within the window after a post, over what all others buy in as much time.

    No niche, no trend, no activity: the rate per person-second of everybody who follows anyone, when not so
    exposed, is taken from that when exposed.
    """
    start, end = period_of(data)
    window, period = pd.Timedelta(WINDOW).total_seconds(), (end - start).total_seconds() + 1
    post, count = data.posts.sort_values(["author_id", "created_at"]), len(data.account_ids)
    author, posted = (
        post["author_id"].cat.codes.to_numpy(),
        _exposure.seconds_since(post["created_at"], start),
    )
    rows = row_starts(author, count)
    gap = np.append(np.where(np.diff(author) == 0, np.diff(posted), np.inf), np.inf)
    before = np.append(0, np.minimum(gap, window).cumsum())

    def exposed_until(source: Ints, moment: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Seconds under exposure to the source until then, and whether it is exposed just then."""
        last = np.searchsorted(author * 2 * period + posted, source * 2 * period + moment) - 1
        some = (last >= rows[source]) & (last < rows[source + 1])
        last = np.where(some, last, 0)
        passed = before[last] - before[rows[source]] + np.minimum(moment - posted[last], window)
        return np.where(some, passed, 0.0), some & (moment - posted[last] <= window)

    follower, followed = (data.follows[side].cat.codes.to_numpy() for side in ("follower_id", "followed_id"))
    since = np.nan_to_num(_exposure.seconds_since(data.follows["followed_at"], start), nan=0.0)
    whole = exposed_until(followed, np.full(len(followed), period))[0]
    exposed = sum_by(followed, whole - exposed_until(followed, since)[0], count)
    buyer, moment = purchases(data, start)
    follow = pd.DataFrame({"account": follower, "source": followed, "since": since})
    pair = pd.DataFrame({"account": buyer, "moment": moment}).merge(follow, on="account")
    source, when = pair["source"].to_numpy(), pair["moment"].to_numpy()
    counted = exposed_until(source, when)[1] & (when >= pair["since"].to_numpy())
    done = sum_by(source, counted.astype(np.int64), count)
    rest = len(np.unique(follower)) * period - exposed
    return pd.Series(done - exposed * (len(buyer) - done) / rest, data.account_ids)


def judge_ranking(estimate: pd.Series, truth: pd.Series) -> dict[str, float]:
    """Spearman, hits in the first twenty, share of the best twenty's true effect."""
    if truth.max() <= truth.min():
        return dict.fromkeys(("rank", "hits", "share"), np.nan)
    estimate = estimate.reindex(truth.index).fillna(0)
    best, chosen = truth.nlargest(TOP), estimate.nlargest(TOP).index
    return {
        "rank": float(stats.spearmanr(estimate, truth).statistic),
        "hits": len(best.index.intersection(chosen)) / TOP,
        "share": float(truth[chosen].sum() / best.sum()),
    }


def judge_intervals(estimates: pd.DataFrame, truth: pd.Series, followers: pd.Series) -> dict[str, float]:
    """Coverage of 90 % intervals, mean interval score (Gneiting & Raftery 2007), share that exclude zero."""
    known = estimates["influence"].notna()
    low, high = (estimates.loc[known, f"influence_{end}"] for end in ("low", "high"))
    true = truth[known]
    covered = low.le(true) & high.ge(true)
    third = pd.qcut(followers[known].rank(method="first"), 3, labels=False)
    missed = np.maximum(low - true, 0) + np.maximum(true - high, 0)
    return {
        "judged": float(known.sum()),
        "covered": covered.mean(),
        "covered from 5": covered[true >= 5].mean(),
        **{f"covered, third {number + 1}": covered[third == number].mean() for number in range(3)},
        "interval score": (high - low + MISSED * missed).mean(),
        "exclude zero": low.gt(0).mean(),
    }


def holds_sum(result: attribution.Attribution, total: float) -> bool:
    """Whether the interval of what a study says is credited to all accounts contains the true sum."""
    everybody = np.ones(len(result.draws), bool)
    low, _, high = share_interval(result, everybody)
    return bool(low <= total / result.outcomes <= high)


def judge_comedian(estimates: pd.DataFrame, comedian: str, followers: pd.Series) -> dict[str, float]:
    """Its interval, and where it stands among all by rate and by followers (0-1)."""
    own = estimates.loc[comedian]
    return {
        "comedian": own["influence"],
        "comedian low": own["influence_low"],
        "comedian high": own["influence_high"],
        "rate of the comedian, percentile": (
            estimates["influence_rate"].dropna() < own["influence_rate"]
        ).mean(),
        "followers of the comedian, percentile": (followers < followers[comedian]).mean(),
    }


def judge(case: Case) -> dict[str, Any]:
    """One world: the attribution, the oracles, and rankings by popularity."""
    data, truth, begun = case.data, case.truth, time.perf_counter()
    result = attribution.incremental_actions(
        data, kinds=["purchase"], niches=case.niche, window=WINDOW, rng=case.rng
    )
    seconds = time.perf_counter() - begun
    counts = popularity.popularity(without_views(data)).astype(float)
    rankings = {
        "ours": result.accounts["influence"],
        **case.oracles,
        "followers": counts["followers"],
        "pagerank": centrality.pagerank(networks.follow_network(data)),
        "engagement rate": counts["engagements_received"] / (counts["followers"] * counts["posts"]),
        "engagements": counts["engagements_received"],
    }
    row: dict[str, Any] = {"world": case.name}
    for ranking, estimate in rankings.items():
        row |= {f"{ranking} {figure}": value for figure, value in judge_ranking(estimate, truth).items()}
    estimates, followers = result.accounts.reindex(truth.index), counts["followers"].reindex(truth.index)
    row |= judge_intervals(estimates, truth, followers)
    row |= judge_comedian(estimates, case.comedian, followers)
    total = truth.sum() or np.nan
    row["credited / true"] = estimates["influence"].sum() / total
    row["naive / true"] = naive_comparison(data).reindex(truth.index).sum() / total
    row["credited of outcomes"] = result.credited / result.outcomes
    row["sum held"] = holds_sum(result, truth.sum())
    return row | {"seconds": seconds}


def detected_niches(data: Dataset, rng: np.random.Generator) -> pd.Series:
    """Niches as a study detects them."""
    terms = niche_names.term_uses(data)
    found: pd.Series = niches.find_niches(attention_layers(data), terms=terms, rng=rng).accounts["niche"]
    return found


def plain_case(name: str, *, seed: int) -> Case:
    """A plain world, with niches as detected."""
    rng = np.random.default_rng(seed)
    world = plain.make_plain_world(plain.PlainSettings(**PLAIN_WORLDS[name]), rng=rng)
    found = detected_niches(world.data, rng)
    known = {"oracle": plain_oracle(world)}
    return Case(name, world.data, found, world.truth, world.comedian, known, rng)


def synthetic_cases(name: str, *, accounts: int, seed: int) -> tuple[Case, Case]:
    """A world of `synthetic` with its views listed and without, with niches as detected."""
    rng = np.random.default_rng(seed)
    settings = synthetic.WorldSettings(
        accounts=accounts, source_share=0.02, reruns=10, views=True, **WORLDS[name]
    )
    world = synthetic.make_world(settings, rng=rng)
    data, sources = world.data, world.sources.set_index("account_id")
    found = detected_niches(data, rng)
    bare = replace(world, data=without_views(data))
    knows_all = synthetic_oracle(bare)
    listed, unlisted = (
        Case(
            name,
            view.data,
            found,
            sources["influence"],
            str(sources["is_comedian"].idxmax()),
            {"oracle": knows_all, "follower oracle": follower_oracle(view, found)},
            rng,
        )
        for view in (world, bare)
    )
    return listed, unlisted


def without_views(data: Dataset) -> Dataset:
    """Return the data as if nobody had listed who saw what."""
    acts = data.engagements[data.engagements["kind"] != "view"]
    accounts = data.accounts.reset_index()
    return dataset.from_tables(accounts=accounts, follows=data.follows, posts=data.posts, engagements=acts)


def run(which: str, *, seed: int, accounts: int = 20_000) -> pd.DataFrame:
    """All worlds of a family: one row for each, and of `synthetic` for each view of it."""
    rows, begun = [], time.perf_counter()
    for number, name in enumerate(PLAIN_WORLDS if which == "plain" else WORLDS):
        if which == "plain":
            rows.append({"views": "seen by all", **judge(plain_case(name, seed=seed + number))})
        else:
            cases = synthetic_cases(name, accounts=accounts, seed=seed + number)
            rows += [
                {"views": views, **judge(case)}
                for views, case in zip(("listed", "not listed"), cases, strict=True)
            ]
        print(f"{time.perf_counter() - begun:.0f} s: {which}, {name}", file=sys.stderr, flush=True)
    return pd.DataFrame(rows).set_index(["views", "world"])


def tell(row: "pd.Series[Any]", rankings: list[str]) -> dict[str, str]:
    """A world's row of `docs/validation.md`; of each ranking its figure, in this order."""
    cells = {
        figure: " · ".join(f"{row[f'{ranking} {figure}']:.2f}" for ranking in rankings)
        for figure in ("rank", "hits", "share")
    }
    cells["credited / true (naive)"] = f"{row['credited / true']:.2f} ({row['naive / true']:.1f})"
    if np.isnan(row["credited / true"]):
        cells = {
            **dict.fromkeys(cells, "-"),
            "credited / true (naive)": f"{row['credited of outcomes']:.1%} of outcomes",
        }
    thirds = " · ".join(f"{row[f'covered, third {number}']:.2f}" for number in (1, 2, 3))
    comedian = f"{row['comedian']:.0f} [{row['comedian low']:.0f}, {row['comedian high']:.0f}]"
    cells |= {
        "interval of the sum holds": "yes" if row["sum held"] else "**no**",
        "intervals that hold (from 5 on)": f"{row['covered']:.2f} ({row['covered from 5']:.2f})",
        "by third of followers": thirds,
        "score": f"{row['interval score']:.0f}",
        "exclude zero": f"{row['exclude zero']:.1%}",
        "comedian": comedian,
        "below it": f"{row['rate of the comedian, percentile']:.0%}",
    }
    return {title: cell.replace("nan", "-") for title, cell in cells.items()}


def show(table: pd.DataFrame, views: str) -> None:
    """Print the tables of `docs/validation.md` for worlds of one kind."""
    oracles = [name for name in ORACLES if f"{name} rank" in table]
    rows = [{views: str(name)} | tell(row, ["ours", *oracles, "followers"]) for name, row in table.iterrows()]
    show_markdown(views, pd.DataFrame(rows))
    figures = ("rank", "hits", "share")
    ratios = {
        f"{views}, of the {given}": [
            f"{ratio.median():.2f} ({ratio.min():.2f})"
            for ratio in (table[f"ours {figure}"] / table[f"{given} {figure}"] for figure in figures)
        ]
        for given in oracles
    }
    show_markdown("median (worst) ratio", told_by(ratios, figures))
    medians = {
        ranking: [f"{table[f'{ranking} {figure}'].median():.2f}" for figure in figures]
        for ranking in ("ours", *oracles, *POPULARITIES)
    }
    show_markdown("median", told_by(medians, figures))


def told_by(rows: dict[str, list[str]], columns: tuple[str, ...]) -> pd.DataFrame:
    """A table with the names of its rows in the first column."""
    return pd.DataFrame.from_dict(rows, orient="index", columns=list(columns)).rename_axis("").reset_index()


def main() -> None:
    """Print all tables."""
    which = sys.argv[1] if len(sys.argv) > 1 else "plain"
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else FIRST_SEED[which]
    for views, table in run(which, seed=seed).groupby(level="views", sort=False):
        show(table.droplevel("views"), f"{which}, views {views}")


if __name__ == "__main__":
    main()
