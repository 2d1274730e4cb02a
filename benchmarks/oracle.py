"""How much of what can be known about influence the attribution finds: beside an oracle, on ten worlds.

Each world is judged twice, with its views listed (both know who saw what) and as data mostly are, without.
`oracle` is an EM that is *given* the planted baseline, delays, every sighting and how far each could act:
only the persuasion of each source is left to learn. Most posts go unseen, and no dataset without views tells
which; `follower oracle` is given the planted baseline but, as any estimator, only who follows whom: it learns
delays, receptiveness and effects. Run with `python -m benchmarks.oracle`.
"""

import sys
import time
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from influgraph import centrality, dataset, networks, niches, popularity, synthetic
from influgraph.influence import _exposure, _intensity, _kernels, attribution
from influgraph.influence._arrays import row_starts, sum_by

Floats = npt.NDArray[np.float64]

TOP = 20
WORLDS: dict[str, dict[str, Any]] = {
    "as it comes": {},
    "little influence": {"caused_share": 0.06},
    "much influence": {"caused_share": 0.25},
    "homophily doubled": {"homophily": 1.2},
    "many shocks, many reactions": {"shocks": 40, "reacting_share": 0.3},
    "steep fame": {"fame_tail": 1.2},
    "slow effects": {"slow_hours": 24.0, "slow_share": 0.7},
    "few niches": {"niches": 4},
    "no saturation, uneven members": {"saturation": 0.0, "propensity_spread": 1.3},
    "others, longer": {"days": 84, "niches": 14},
}


def oracle(world: synthetic.World) -> Floats:
    """Expected direct effect of every account, persuasion being all that is unknown."""
    data, seen = world.data, world.exposures.sort_values(["member", "seen"])
    start = dataset.study_period(data)[0].normalize()
    bought = data.engagements[data.engagements["kind"] == "purchase"]
    buyer = bought["account_id"].cat.codes.to_numpy()
    time = ((bought["created_at"] - start) / pd.Timedelta(seconds=1)).to_numpy(np.float64)
    count, source = len(data.account_ids), seen["source"].to_numpy()
    themselves = np.arange(count + 1), np.arange(count), np.full(count, -np.inf)
    sightings = row_starts(seen["member"].to_numpy(), count), seen["seen"].to_numpy(np.float64)
    pairs = _kernels.count_pairs(buyer, time, *themselves, *sightings, 5 * 86400.0)
    starts = np.concatenate([[0], np.cumsum(pairs)])
    sighting, _ = _kernels.list_pairs(buyer, time, *themselves, *sightings, 5 * 86400.0, starts)
    outcome = np.repeat(np.arange(len(buyer)), pairs)
    response = seen["response"].to_numpy(np.float64)
    added = response[sighting] * world.response_density(sightings[1][sighting], time[outcome])
    baseline = world.baseline_rate(buyer, time)
    exposed = sum_by(source, response, count)
    persuasion = np.where(exposed > 0, 0.1 * len(buyer) / exposed.sum(), 0.0)
    for _ in range(200):
        own = persuasion[source[sighting]] * added
        intensity = baseline + sum_by(outcome, own, len(buyer))
        credit = sum_by(source[sighting], own / intensity[outcome], count)
        persuasion = np.divide(credit, exposed, out=np.zeros(count), where=exposed > 0)
    return persuasion * sum_by(source, np.where(seen["via_repost"], 0, response), count)


def follower_oracle(world: synthetic.World, niche: pd.Series) -> Floats:
    """Expected direct effect of every account, given the planted baseline and who follows whom."""
    data = world.data
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["kind"] == "purchase"]
    scene = _exposure.find_scene(data, acts, niche=_exposure.number_niches(niche))
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=3 * 86400.0)
    state = _intensity.start_state(exposure)
    first = dataset.study_period(data)[0]
    seconds = scene.outcomes.time + (first - first.normalize()).total_seconds()
    given = world.baseline_rate(scene.outcomes.account, seconds) / scene.tempo
    for _ in range(60):
        _, credit, by_cell = _intensity.share_outcomes(exposure, state, given)
        _intensity.update_kernel(exposure, state, by_cell)
        _intensity.update_effects(exposure, state, credit)
    return sum_by(exposure.authors, state.theta * (exposure.seconds @ state.kernel), len(data.account_ids))


def judge(estimate: pd.Series, truth: pd.Series) -> tuple[float, float, float]:
    """Spearman, hits in the first twenty, share of the best twenty's true effect."""
    estimate = estimate.reindex(truth.index).fillna(0)
    best, chosen = truth.nlargest(TOP), estimate.nlargest(TOP).index
    rank = float(stats.spearmanr(estimate, truth).statistic) if truth.max() > truth.min() else np.nan
    return (
        rank,
        len(best.index.intersection(chosen)) / TOP,
        float(truth[chosen].sum() / max(best.sum(), 1e-12)),
    )


def compare(name: str, *, accounts: int, seed: int, views: bool) -> dict[str, Any]:
    """One world: the attribution, the oracle, and rankings by popularity."""
    rng = np.random.default_rng(seed)
    settings = synthetic.WorldSettings(
        accounts=accounts, source_share=0.02, reruns=10, views=views, **WORLDS[name]
    )
    world = synthetic.make_world(settings, rng=rng)
    data, truth = world.data, world.sources.set_index("account_id")["influence"]
    network = networks.follow_network(data)
    found = niches.find_niches(network, rng=rng)["niche"]
    begun = time.perf_counter()
    result = attribution.incremental_actions(data, kinds=["purchase"], niches=found, rng=rng)
    seconds = time.perf_counter() - begun
    counts = popularity.popularity(data)
    rankings = {
        "ours": result.accounts["influence"],
        "oracle": pd.Series(oracle(world), data.account_ids),
        "follower oracle": pd.Series(follower_oracle(world, found), data.account_ids),
        "followers": counts["followers"].astype(float),
        "pagerank": centrality.pagerank(network),
        "engagements": counts["engagements_received"].astype(float),
    }
    row: dict[str, Any] = {"world": name, "seconds": seconds}
    for ranking, estimate in rankings.items():
        row.update(
            zip([f"{ranking} {f}" for f in ("rank", "hits", "share")], judge(estimate, truth), strict=True)
        )
    estimates = result.accounts.reindex(truth.index)
    covered = estimates["influence_low"].le(truth) & estimates["influence_high"].ge(truth)
    row["credited / true"] = estimates["influence"].sum() / truth.sum()
    row["covered"], row["covered from 5"] = covered.mean(), covered[truth >= 5].mean()
    comedian = world.sources.set_index("account_id")["is_comedian"].idxmax()
    row["comedian"], row["comedian low"] = estimates.loc[comedian, ["influence", "influence_low"]]
    return row


def run(*, views: bool, accounts: int = 20_000, seed: int = 2026) -> pd.DataFrame:
    """All worlds; one row each."""
    rows = [
        compare(name, accounts=accounts, seed=seed + number, views=views)
        for number, name in enumerate(WORLDS)
    ]
    return pd.DataFrame(rows).set_index("world")


def main() -> None:
    """Print the tables, and median and worst ratio to the oracles."""
    for views in (True, False):
        table = run(views=views, seed=int(sys.argv[1]) if len(sys.argv) > 1 else 2026)
        print(f"\nviews {'listed' if views else 'not listed'}\n{table.round(2).T.to_string()}")
        for given in ("oracle", "follower oracle"):
            for figure in ("rank", "hits", "share"):
                ratio = table[f"ours {figure}"] / table[f"{given} {figure}"]
                print(f"{figure}: median {ratio.median():.2f} of the {given}, worst {ratio.min():.2f}")


if __name__ == "__main__":
    main()
