"""How well forecasts do on public data: `python -m benchmarks.forecast`, a minute or two.

Reproduces the figures of `docs/studies/higgs.md` and `docs/studies/android.md`. Skipped where the files are
not beside the project.
"""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse, stats

from influgraph import centrality, dataset, networks, popularity
from influgraph.dataset import Dataset
from influgraph.influence import _forecast_measures as measures
from influgraph.influence import forecast

FOLDER = Path(__file__).parents[2] / "shared" / "data"
KINDS = {"RT": "repost", "MT": "mention", "RE": "reply"}
PAST = 0.6
ALLEGED = pd.Timestamp("2010-01-01", tz="UTC")  # the true day is not in the files
LONGEST, FEWEST_SEEDS, MOST_SEEDS = 100, 0.1, 0.5
DEPTHS = (10, 50, 100)

Predictors = dict[str, Callable[[Dataset], pd.Series]]


def predictors() -> Predictors:
    """Measures of the past that a forecast stands beside."""
    return {
        "followers": lambda past: popularity.popularity(past)["followers"],
        "PageRank, follows": lambda past: centrality.pagerank(networks.follow_network(past)),
        "PageRank, engagement": lambda past: centrality.pagerank(networks.engagement_network(past)),
        "core number, follows": lambda past: centrality.core_number(networks.follow_network(past)),
        "core number, engagement": lambda past: centrality.core_number(networks.engagement_network(past)),
    }


def higgs_tables() -> tuple[pd.DataFrame, pd.DataFrame]:
    """All acts, those on oneself included, and the known part of the follows."""
    folder = FOLDER / "higgs_twitter"
    columns = ["account_id", "target_id", "created_at", "kind"]
    acts = pd.read_csv(folder / "higgs-activity_time.txt.gz", sep=" ", names=columns)
    follows = pd.read_csv(
        folder / "higgs-social_network.first355075.edgelist.gz", sep=" ", names=["follower_id", "followed_id"]
    )
    return acts.assign(kind=acts["kind"].map(KINDS)), follows


def one_split(acts: pd.DataFrame, follows: pd.DataFrame) -> pd.DataFrame:
    """The first 60 % of the events forecast who is reposted by how many in the rest."""
    cut = int(len(acts) * PAST)
    before, after = acts.iloc[:cut], acts.iloc[cut:]
    data = dataset.from_tables(engagements=acts, follows=follows)
    start, moment = (pd.Timestamp(time, unit="s") for time in acts["created_at"].iloc[[0, cut]])
    past = data.between(start, moment)
    reposts, later = (part[part["kind"] == "repost"] for part in (before, after))
    seen = pd.unique(before[["account_id", "target_id"]].to_numpy().T.ravel()).astype(str)
    pairs = later[["account_id", "target_id"]].drop_duplicates()
    came = pairs["target_id"].astype(str).value_counts().reindex(seen, fill_value=0)
    age = before["created_at"].iloc[-1] - reposts["created_at"]
    receiver = reposts["target_id"].astype(str)
    ahead = round(len(reposts) * (1 - PAST) / PAST)
    scores = {name: measure(past) for name, measure in predictors().items()} | {
        "past reposts": receiver.value_counts(),
        "past reposts, e-folding 6 h": np.exp(-age / 21_600).groupby(receiver).sum(),
        "our forecast": forecast.next_engagers(past, kinds=["repost"], ahead=ahead),
    }
    scores = {name: score.reindex(seen).fillna(0) for name, score in scores.items()}
    rows = {name: quality(score, came) for name, score in scores.items()}
    against_fading(scores["our forecast"], scores["past reposts, e-folding 6 h"], came)
    best = came.nlargest(100)
    unheard = best[scores["past reposts"].reindex(best.index) == 0]
    part = unheard.sum() / best.sum()
    print(f"of the best 100, {len(unheard)} were never reposted before; they drew {part:.0%} of the sum")
    print(f"\nHiggs, one split: {len(seen):,} accounts seen before {moment}, {len(later):,} reposts to come")
    return pd.DataFrame(rows, index=["order", "hits of 100", "share"]).T


def quality(score: pd.Series, came: pd.Series) -> list[float]:
    """Spearman, hits among the first 100, and their share; ties in order of first appearance."""
    named, best = score.nlargest(100).index, came.nlargest(100)
    hits = len(named.intersection(best.index))
    return [stats.spearmanr(score, came)[0], hits, came[named].sum() / best.sum()]


def against_fading(ours: pd.Series, fading: pd.Series, came: pd.Series) -> None:
    """Print how sure the difference is: 90 % interval from resampling the accounts seen."""
    both = {
        name: measures.tabulate(one.to_numpy(float), came.to_numpy(float))
        for name, one in (("ours", ours), ("fading", fading))
    }
    draws = measures.resample([both], [np.arange(len(came))], first=100, rng=np.random.default_rng(7))
    low, high = np.quantile(draws["ours"] - draws["fading"], [0.05, 0.95], axis=0)
    gains = (f"{name} {a:+.3f} to {b:+.3f}" for name, a, b in zip(measures.NAMES, low, high, strict=True))
    print("\nours minus e-folding 6 h:", *gains, sep="  ")


def rolling(data: Dataset, *, kind: str, extra: Predictors) -> pd.DataFrame:
    """Six origins, as a study runs them."""
    beside = predictors() | extra
    return forecast.walk_forward(data, kinds=[kind], predictors=beside, rng=np.random.default_rng(7))


def android_cascades() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every use of a tag (seconds since the tag's first use), and the links between accounts."""
    folder, rows = FOLDER / "infvae_stackexchange", []
    for part in ("train", "val", "test"):
        lines = gzip.decompress((folder / f"android_{part}.txt.gz").read_bytes()).decode().splitlines()
        for line in lines:
            root, *rest = line.split()
            cascade = len(rows)
            uses = [(root, "0"), *zip(rest[::2], rest[1::2], strict=True)]
            rows.append(pd.DataFrame(uses, columns=["account", "time"]).assign(cascade=cascade, part=part))
    uses = pd.concat(rows, ignore_index=True).astype({"time": float})
    names = ["follower_id", "followed_id"]
    return uses, pd.read_csv(folder / "android_graph.txt.gz", sep=" ", skiprows=1, names=names, dtype=str)


def one_clock(uses: pd.DataFrame) -> pd.DataFrame:
    """Put cascades on one clock, by posts that carry two tags; leave out those that nothing confirms.

    A post with two tags is in two cascades. Where two posts agree to the second on how much later a cascade
    began than those that are placed already, it is placed; the first cascade begins.
    """
    start, placed = {0: 0.0}, uses[uses["cascade"] == 0].assign(moment=uses["time"])
    while True:
        rest = uses[~uses["cascade"].isin(start)]
        pairs = rest.merge(placed[["account", "moment"]].drop_duplicates(), on="account")
        posts = (pairs["moment"] - pairs["time"]).groupby(pairs["cascade"]).value_counts()
        agreed = posts[posts >= 2].rename_axis(["cascade", "start"]).reset_index(name="posts")
        if agreed.empty:
            return placed
        doubtful = agreed["cascade"].duplicated(keep=False).sum()
        count = agreed["posts"].sum()
        print(f"placed {len(agreed) - doubtful} cascades by {count} posts; contradictory shifts: {doubtful}")
        start |= dict(zip(agreed["cascade"], agreed["start"], strict=True))
        placed = uses[uses["cascade"].isin(start)]
        placed = placed.assign(moment=placed["time"] + placed["cascade"].map(start))


def rhythm(uses: pd.DataFrame) -> None:
    """Posts by hour and by day of the week, both from an unknown first: what one clock must show."""
    moments = uses[["account", "moment"]].drop_duplicates()["moment"]
    for name, length, parts in (("hour", 3600, 24), ("day", 86_400, 7)):
        counts = (moments // length % parts).astype(int).value_counts().sort_index()
        print(f"{len(moments)} different posts by {name}:", *counts)


def android_dataset(uses: pd.DataFrame, links: pd.DataFrame) -> Dataset:
    """A cascade is a post of its first account, later uses of the tag are engagements with it."""
    when = ALLEGED + pd.to_timedelta(uses["moment"] - uses["moment"].min(), unit="s")
    rows = uses.assign(post_id=uses["cascade"].astype(str), created_at=when)
    first = rows["time"] == 0
    posts = rows[first].rename(columns={"account": "author_id"})[["post_id", "author_id", "created_at"]]
    acts = rows[~first].rename(columns={"account": "account_id"})[["account_id", "post_id", "created_at"]]
    return dataset.from_tables(follows=links, posts=posts, engagements=acts.assign(kind="share"))


def next_adopters(uses: pd.DataFrame, links: pd.DataFrame) -> pd.DataFrame:
    """Who uses a tag next? Mean average precision and recall, as in the published protocol.

    Of every test cascade, cut at 100 accounts, each beginning that holds 10-50 % of them is given.
    """
    ids = pd.Index(pd.unique(pd.concat([uses["account"], *(links[name] for name in links)])))
    uses = uses.assign(code=ids.get_indexer(uses["account"])).sort_values("moment", kind="stable")
    ends = (ids.get_indexer(links[name]) for name in ("follower_id", "followed_id"))
    found: dict[str, list[list[float]]] = {}
    known, newcomers = _Known(uses, tuple(ends), len(ids)), []
    for _, cascade in uses[uses["part"] == "test"].groupby("cascade"):
        codes, moments = cascade["code"].to_numpy()[:LONGEST], cascade["moment"].to_numpy()[:LONGEST]
        for size in range(1, len(codes)):
            if FEWEST_SEEDS < size / len(codes) < MOST_SEEDS:
                scores = known.scores(codes[:size], moments[size - 1])
                newcomers.append((scores["past uses"][codes[size:]] == 0).mean())
                for name, score in scores.items():
                    found.setdefault(name, []).append(_precision(score, codes[:size], codes[size:]))
    count, new = len(newcomers), 100 * np.mean(newcomers)
    print(f"\nAndroid, next adopters: {count:,} beginnings of test cascades, {new:.0f} % newcomers")
    names = [f"{measure}@{depth}" for measure in ("MAP", "recall") for depth in DEPTHS]
    return pd.DataFrame({name: np.mean(rows, axis=0) for name, rows in found.items()}, index=names).T


class _Known:
    """What may tell the next adopters, in order of time."""

    def __init__(self, uses: pd.DataFrame, links: tuple[np.ndarray, ...], count: int) -> None:
        self.moment, self.code, self.cascade = (
            uses[name].to_numpy() for name in ("moment", "code", "cascade")
        )
        self.count, self.train = count, (uses["part"] == "train").to_numpy()
        both = sparse.coo_array((np.ones(len(links[0])), links), shape=(count, count)).tocsr()
        self.links = both + both.T

    def scores(self, seeds: np.ndarray, moment: float) -> dict[str, np.ndarray]:
        """One score per account; the first two know the years after `moment` as well."""
        past = np.searchsorted(self.moment, moment)
        age = 1 - np.arange(past) / past if past else np.zeros(0)
        weight = (1 + 32 * age) ** -1.25
        code, cascade = self.code[:past], self.cascade[:past]
        seed = np.isin(code, seeds)
        shared = np.bincount(cascade[seed], minlength=self.cascade.max() + 1)
        return {
            "links to the seeds": self.links[seeds].sum(axis=0),
            "training cascades joined": np.bincount(self.code[self.train], minlength=self.count),
            "past uses": np.bincount(code, minlength=self.count),
            "past uses, by memory": np.bincount(code, weight, minlength=self.count),
            "past uses of the seeds' tags, by memory": np.bincount(
                code, weight * shared[cascade], minlength=self.count
            ),
        }


def _precision(score: np.ndarray, seeds: np.ndarray, targets: np.ndarray) -> list[float]:
    """Average precision, then recall, at each depth; seeds are not named again."""
    score = score.astype(float)
    score[seeds] = -1
    hits = np.isin(np.argsort(-score, kind="stable")[: max(DEPTHS)], targets)
    precision = np.where(hits, np.cumsum(hits) / np.arange(1, len(hits) + 1), 0)
    average = [precision[:depth].sum() / min(depth, len(targets)) for depth in DEPTHS]
    return average + [hits[:depth].sum() / len(targets) for depth in DEPTHS]


def main() -> None:
    """Print every table."""
    pd.set_option("display.width", 200, "display.max_colwidth", 60)
    if not FOLDER.is_dir():
        print("skipped: the public datasets are not beside the project (../shared/data)")
        return
    acts, follows = higgs_tables()
    print(one_split(acts, follows).round(3).to_string())
    data = dataset.from_tables(engagements=acts, follows=follows)
    show("Higgs, six origins", rolling(data, kind="repost", extra={}))
    uses, links = android_cascades()
    uses = one_clock(uses)
    rhythm(uses)
    posts = {"posts": lambda past: popularity.popularity(past)["posts"]}
    show("Android, six origins", rolling(android_dataset(uses, links), kind="share", extra=posts))
    print(next_adopters(uses, links).round(3).to_string())


def show(title: str, rows: pd.DataFrame) -> None:
    """Print the numbers and the first row's words."""
    print(f"\n{title}: {rows.loc[0, 'verdict']}")
    print(rows.iloc[1:].drop(columns="verdict").round(3).to_string(index=False))


if __name__ == "__main__":
    main()
