"""Two public datasets, imported and studied: their counts as published, and facts that must hold in them."""

import gzip
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from influgraph.cli import main
from influgraph.dataset import read_dataset, resolved_engagements, study_period
from influgraph.report.manifest import find_differences

ACTS = ["--table", "engagements", "--columns", "account_id,target_id,created_at,kind"]
ACTS += ["--map", "RT=repost", "--map", "MT=mention", "--map", "RE=reply"]
FOLLOWS = ["--table", "follows", "--columns", "follower_id,followed_id"]
WEIGHTED = ["--table", "engagements", "--columns", "account_id,target_id,weight", "--append"]
LAYERS = {"favorite": "like", "mention": "mention", "reply": "reply", "retweet": "repost"}
SLICE_END = 1341273600  # 2012-07-03: the first two days
ALWAYS = ["followers", "tier", "engagements_received", "pagerank", "core_number", "betweenness"]
ESTIMATED = ["influence", "influence_low", "influence_high", "influence_total", "influence_grade", "rank"]


def influgraph(*arguments: str | Path) -> str:
    """Run the command; what it prints."""
    done = CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


def received(data: Path, kind: str) -> pd.Series:
    """Weight of this kind that each account received from others, where any."""
    acts = resolved_engagements(read_dataset(data))
    return acts[acts["kind"] == kind].groupby("receiver_id", observed=True)["weight"].sum()


def studied(data: Path, results: Path) -> pd.DataFrame:
    """Run a whole study; its scores."""
    influgraph("run", data, "--out", results)
    assert find_differences(results, data=data) == []
    return pd.read_parquet(results / "scores.parquet").astype({"account_id": "str"}).set_index("account_id")


@pytest.fixture(scope="module")
def higgs(shared_data: Path) -> Path:
    """Return the folder of the Higgs files."""
    return shared_data / "higgs_twitter"


@pytest.fixture(scope="module")
def timme(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return the dataset of politicians, and what importing it printed."""
    files, data = shared_data / "timme_purep", tmp_path_factory.mktemp("timme")
    said = influgraph(
        *("import", "edgelist", files / "friend_list.tsv.gz", "--out", data),
        *("--table", "follows", "--columns", "follower_id,followed_id,-"),
    )
    for name, kind in LAYERS.items():
        path = files / f"{name}_list.tsv.gz"
        said += influgraph("import", "edgelist", path, *WEIGHTED, "--set", f"kind={kind}", "--out", data)
    labels = ("--table", "accounts", "--columns", "account_id,party")
    said += influgraph("import", "edgelist", files / "party_labels.tsv.gz", *labels, "--out", data)
    return data, said


@pytest.fixture(scope="module")
def politicians(
    timme: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[pd.DataFrame, Path]:
    """Return the scores of the politicians, and the results folder."""
    results = tmp_path_factory.mktemp("politicians")
    return studied(timme[0], results), results


def holds_together(scores: pd.DataFrame, reposts: pd.Series) -> None:
    """Check what must hold wherever influence is the reposts received."""
    known = scores["influence"].notna()
    assert set(scores.loc[known, "influence_grade"]) == {"observed"}
    assert scores["influence"].sum() == reposts.sum()
    assert (scores["influence"].fillna(0) == reposts.reindex(scores.index, fill_value=0)).all()
    assert (scores.loc[known, "influence"] == scores.loc[known, "influence_total"]).all()
    assert scores.loc[known, ESTIMATED].notna().all(axis=None)
    assert (scores["influence_missing"].isna() == known).all()
    assert scores[ALWAYS].notna().all(axis=None)
    for name in ("influence", "rank"):
        inside = scores.loc[known, name].between(scores[f"{name}_low"][known], scores[f"{name}_high"][known])
        assert inside.all()
    assert (
        scores.loc[known, "rank"] == scores.loc[known, "influence"].rank(ascending=False, method="min")
    ).all()
    assert scores["pagerank"].sum() == pytest.approx(1)


# --- Higgs -----------------------------------------------------------------------------------------------


def test_higgs_has_the_published_counts_and_the_right_direction(higgs: Path, tmp_path: Path) -> None:
    influgraph("import", "edgelist", higgs / "higgs-activity_time.txt.gz", *ACTS, "--out", tmp_path)
    acts = read_dataset(tmp_path)
    raw = pd.read_parquet(tmp_path / "engagements.parquet")
    assert raw["kind"].value_counts().to_dict() == {"repost": 354_930, "mention": 171_237, "reply": 36_902}
    assert len(acts.account_ids) == 304_691
    assert acts.warnings == ("engagements: self-engagements, ignored: 7588",)
    assert len(acts.engagements) == 563_069 - 7_588
    assert [str(time.date()) for time in study_period(acts) or ()] == ["2012-07-01", "2012-07-07"]

    social = higgs / "higgs-social_network.first355075.edgelist.gz"
    influgraph("import", "edgelist", social, *FOLLOWS, "--out", tmp_path)
    data = read_dataset(tmp_path)
    listed = data.follows["follower_id"].nunique()
    assert (len(data.follows), listed, len(data.account_ids)) == (355_075 - 14, 5_395, 322_792)
    size = len(data.account_ids)
    follower, followed = (data.follows[name].cat.codes.astype("int64") for name in data.follows.columns[:2])
    reposts = data.engagements[data.engagements["kind"] == "repost"]
    who, whom = (reposts[name].cat.codes.astype("int64") for name in ("account_id", "target_id"))
    of_listed = who.isin(follower.unique())
    follows = set(follower * size + followed)
    along = (who * size + whom)[of_listed].isin(follows)
    assert of_listed.sum() == 4_772
    assert along.mean() == pytest.approx(0.548, abs=0.001), "people repost whom they follow"
    assert (whom * size + who)[of_listed].isin(follows).mean() < 0.05


def sliced(lines: Iterable[str]) -> tuple[list[str], set[str]]:
    """Lines of acts before the end of the slice, and the accounts in them."""
    early = [line for line in lines if int(line.split()[2]) < SLICE_END]
    return early, {account for line in early for account in line.split()[:2]}


def test_two_days_of_higgs_are_a_study(higgs: Path, tmp_path: Path) -> None:
    with gzip.open(higgs / "higgs-activity_time.txt.gz", "rt") as file:
        acts, active = sliced(file)
    with gzip.open(higgs / "higgs-social_network.first355075.edgelist.gz", "rt") as file:
        follows = [line for line in file if active.issuperset(line.split())]
    for name, lines, layout in (("acts", acts, ACTS), ("follows", follows, FOLLOWS)):
        path = tmp_path / f"{name}.txt"
        path.write_text("".join(lines), encoding="utf-8")
        influgraph("import", "edgelist", path, *layout, "--out", tmp_path / "data")
    text = '[outcome]\nkinds = ["repost"]\n[missing]\nfollows = "prefix"\n'
    (tmp_path / "data" / "study.toml").write_text(text, encoding="utf-8")

    scores = studied(tmp_path / "data", tmp_path / "results")

    parts = [line.split() for line in acts]
    reposts = sum(kind == "RT" and who != whom for who, whom, _, kind in parts)
    assert (len(acts), reposts, len(scores)) == (20_244, 11_384, len(active))
    assert scores["influence"].sum() == reposts
    holds_together(scores, received(tmp_path / "data", "repost"))
    page = (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    for words in (
        "counted, not caused",
        "followers are cut (prefix)",
        "There are no posts",
        "influence_rate",
    ):
        assert words in page
    plain = [who for who in active if len(who) > 4 and f">{who}<" in page]
    assert plain == [], "accounts are shown under pseudonyms"


# --- TIMME -----------------------------------------------------------------------------------------------


def test_timme_has_the_counts_of_its_files(timme: tuple[Path, str]) -> None:
    data, said = timme
    rows = [int(line.split()[1].replace(",", "")) for line in said.splitlines()]
    assert rows == [59_073, 14_381, 42_063, 43_514, 63_274, 585]
    tables = read_dataset(data)
    assert tables.warnings == ("engagements: self-engagements, ignored: 1854",)
    assert (len(tables.accounts), len(tables.follows), len(tables.engagements)) == (585, 59_073, 61_420)
    assert tables.accounts["party"].value_counts().to_dict() == {"R": 313, "D": 270, "I": 2}


def test_influence_of_politicians_is_the_reposts_they_received(
    timme: tuple[Path, str], politicians: tuple[pd.DataFrame, Path]
) -> None:
    reposts = received(timme[0], "repost")
    assert reposts.sum() == 55_526
    holds_together(politicians[0], reposts)
    assert "There are no times" in (politicians[1] / "report.html").read_text(encoding="utf-8")


def own_side(follows: pd.DataFrame, party: pd.Series) -> pd.Series:
    """Share of whom each account follows and is followed by that is of its own party."""
    ends = follows[["follower_id", "followed_id"]].astype(str).to_numpy()
    both = pd.DataFrame(np.concatenate([ends, ends[:, ::-1]]), columns=["one", "other"])
    alike = both["one"].map(party).to_numpy() == both["other"].map(party).to_numpy()
    return pd.Series(alike, both["one"]).groupby(level=0).mean().reindex(party.index)


def test_niches_of_politicians_know_the_parties_without_being_told(
    timme: tuple[Path, str], politicians: tuple[pd.DataFrame, Path]
) -> None:
    from sklearn.metrics import adjusted_mutual_info_score

    scores, party = politicians[0], read_dataset(timme[0]).accounts["party"]
    placed = scores["niche"].notna()
    mixed = own_side(read_dataset(timme[0]).follows, party)
    assert placed.mean() > 0.97
    assert mixed[~placed].dropna().max() < mixed[placed].quantile(0.25)
    assert adjusted_mutual_info_score(party[placed], scores.loc[placed, "niche"].astype(int)) > 0.5
    members = pd.crosstab(scores["niche"], party)
    assert members.max(axis=1).sum() / members.sum(axis=None) > 0.85


def test_followers_and_reposts_agree_more_than_chance_and_less_than_wholly(
    politicians: tuple[pd.DataFrame, Path],
) -> None:
    checks = pd.read_csv(politicians[1] / "validation.csv").set_index("check")
    agreement = checks.loc["rank agreement"]
    assert 0.5 < agreement["low"] < agreement["estimate"] < agreement["high"] < 0.8
    shared = checks.loc["top agreement"]
    assert shared["baseline"] == pytest.approx(20 / 560)
    assert shared["baseline"] < shared["low"] < shared["high"] < 1
