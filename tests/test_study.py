"""`study`: every step meets the others once, in order, and what is missing is said."""

import numpy as np
import pandas as pd
import pytest

from influgraph import _study_comparison, _study_steps, study
from influgraph._study_tables import CHECKS, SCORES
from influgraph.bots.clusters import CLUSTERS, MEMBERS
from influgraph.dataset import Dataset, from_tables
from influgraph.settings import Outcome, Settings, parse_settings
from small_world import SOURCES, small_tables

CONTRACT = [
    "followers",
    "tier",
    "engagements_received",
    "pagerank",
    "core_number",
    "betweenness",
    "influence",
    "influence_low",
    "influence_high",
    "influence_total",
    "influence_grade",
    "influence_rate",
    "beyond_popularity",
    "beyond_popularity_low",
    "beyond_popularity_high",
    "rank",
    "rank_low",
    "rank_high",
    "niche",
    "niche_confidence",
    "automation",
    "bot_cluster",
    "authentic_share",
    "role",
]


class Noting(study.MemoryStore):
    """A store that notes the steps it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def run(self, step, work):  # noqa: ANN001, ANN201, D102 - as in the store it extends
        self.asked.append(step)
        return super().run(step, work)


def studied(settings: Settings | None = None, **tables: pd.DataFrame) -> study.Study:
    return study.run_study(from_tables(**tables), settings or Settings(), store=study.MemoryStore())


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return small_tables()


@pytest.fixture(scope="module")
def data(tables: dict[str, pd.DataFrame]) -> Dataset:
    return from_tables(**tables)


@pytest.fixture(scope="module")
def store() -> Noting:
    return Noting()


@pytest.fixture(scope="module")
def done(data: Dataset, store: Noting) -> study.Study:
    return study.run_study(data, Settings(), store=store)


def test_the_steps_are_those_announced_each_once_and_in_order(done: study.Study, store: Noting) -> None:
    assert done is not None
    assert tuple(store.asked) == study.STEPS


def test_scores_have_every_column_of_the_contract_in_order(done: study.Study, data: Dataset) -> None:
    assert list(done.scores.columns[: len(CONTRACT)]) == CONTRACT
    assert done.scores.index.equals(data.account_ids)
    assert done.scores.index.name == "account_id"
    assert {name: str(dtype) for name, dtype in done.scores.dtypes.items()} == SCORES
    assert done.scores["role"].isna().all()


def test_scores_agree_with_plain_counts(done: study.Study, tables: dict[str, pd.DataFrame]) -> None:
    followers = tables["follows"].groupby("followed_id").size()
    assert done.scores["followers"].to_dict() == followers.reindex(done.scores.index, fill_value=0).to_dict()
    authors = tables["posts"].set_index("post_id")["author_id"]
    received = tables["engagements"]["post_id"].map(authors).value_counts()
    expected = received.reindex(done.scores.index, fill_value=0)
    assert done.scores["engagements_received"].to_dict() == expected.to_dict()


def test_intervals_hold_their_estimates(done: study.Study) -> None:
    known = done.scores.dropna(subset="influence")
    assert len(known) == SOURCES
    assert (known["influence_low"] <= known["influence"]).all()
    assert (known["influence"] <= known["influence_high"]).all()
    assert (known["rank_low"] <= known["rank"]).all()
    assert (known["rank"] <= known["rank_high"]).all()
    assert known["rank"].min() == 1
    assert known["quadrant"].notna().all()


def test_an_account_has_an_estimate_or_a_reason(done: study.Study) -> None:
    assert (done.scores["influence"].isna() == done.scores["influence_missing"].notna()).all()
    assert (done.scores["influence"].isna() == done.scores["rank"].isna()).all()


def test_those_who_move_people_come_first_not_those_who_are_followed(done: study.Study) -> None:
    first = set(done.scores["influence"].astype("float64").nlargest(5).index)
    assert len(first & {f"private-{number}" for number in range(5)}) >= 4
    most_followed = set(done.scores["followers"].astype("int64").nlargest(5).index)
    assert most_followed == {f"private-{number}" for number in range(5, 10)}


def test_the_other_tables_have_the_columns_of_the_contract(done: study.Study) -> None:
    assert [done.niches.index.name, *done.niches.columns] == [
        "niche",
        "size",
        "name",
        "terms",
        "central_accounts",
        "stability",
    ]
    assert [done.bot_clusters.index.name, *done.bot_clusters.columns] == ["bot_cluster", *CLUSTERS]
    assert list(done.bot_members.columns) == list(MEMBERS)
    assert list(done.validation.columns) == list(CHECKS)
    assert len(done.bot_clusters) == len(done.bot_members) == 0
    assert done.counterfactual.index.equals(done.scores.index)
    assert done.counterfactual["influence"].equals(done.scores["influence"])
    for name in ("influence", "rank", "niche", "followers"):
        without, with_all = (done.counterfactual[f"{name}_{how}_suspects"] for how in ("without", "with"))
        assert without.equals(with_all), "nobody is suspected"


def test_the_same_seed_gives_the_same_study_and_another_seed_other_chance(
    data: Dataset, done: study.Study
) -> None:
    again = study.run_study(data, Settings(), store=study.MemoryStore())
    pd.testing.assert_frame_equal(again.scores, done.scores)
    pd.testing.assert_frame_equal(again.validation, done.validation)
    other = study.run_study(data, Settings(seed=8), store=study.MemoryStore())
    assert not other.validation["estimate"].equals(done.validation["estimate"])


def test_finished_steps_are_not_done_again(data: Dataset, store: Noting, done: study.Study) -> None:
    class Finished(study.MemoryStore):
        def run(self, step, work):  # noqa: ANN001, ANN202, ARG002 - as in the store it extends
            return store.run(step, lambda: pytest.fail(f"{step} was done again"))

    again = study.run_study(data, Settings(), store=Finished())
    pd.testing.assert_frame_equal(again.scores, done.scores)


def test_every_step_has_chance_of_its_own_by_its_name(data: Dataset) -> None:
    steps = _study_steps.Steps(data, Settings(), study.MemoryStore())
    drawn = {name: steps.rng(name).integers(2**60) for name in study.STEPS}
    assert len(set(drawn.values())) == len(study.STEPS)
    assert steps.rng("niches").integers(2**60) == drawn["niches"]


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        (["view", "like", "share"], ("share",)),
        (["view"], ()),
        (["boost", "reply"], ("reply",)),
        (["boost"], ()),
    ],
)
def test_the_outcome_is_the_first_known_kind_never_view(
    present: list[str], expected: tuple[str, ...]
) -> None:
    acts = pd.DataFrame({"account_id": "a", "target_id": "b", "kind": present})
    steps = _study_steps.Steps(from_tables(engagements=acts), Settings(), study.MemoryStore())
    assert steps.kinds == expected


def test_the_outcome_can_be_set() -> None:
    acts = pd.DataFrame({"account_id": "a", "target_id": "b", "kind": ["like", "boost"]})
    settings = Settings(outcome=Outcome(kinds=("boost",)))
    assert studied(settings, engagements=acts).kinds == ("boost",)


def test_agreement_is_one_for_equal_orders_and_minus_one_for_opposite_ones() -> None:
    followers = np.arange(10.0)
    draws = np.column_stack([followers, followers * 2])
    (alike, first), (opposite, none) = (
        _study_comparison.agreement_rows(followers, sign * draws) for sign in (1, -1)
    )
    assert alike[2:5] == pytest.approx([1, 1, 1])
    assert first[-1].startswith("of the 5 most followed, 100% [100% to 100%] are among the 5")
    assert first[2:6] == pytest.approx([1, 1, 1, 0.5])
    assert opposite[2:5] == pytest.approx([-1, -1, -1])
    assert none[2] == 0
    assert _study_comparison.agreement_rows(np.ones(10), draws) == []


def test_who_ties_for_the_last_places_has_an_equal_part_of_them() -> None:
    """Most effects are drawn as zero: who is among the first is then told of a few only."""
    first = _study_comparison._among_first(np.array([[5.0, 1], [4, 1], [1, 1], [1, 1], [1, 1]]), 3)
    np.testing.assert_allclose(first, [[1, 0.6], [1, 0.6], [1 / 3, 0.6], [1 / 3, 0.6], [1 / 3, 0.6]])
    rng = np.random.default_rng(4)
    followers, draws = rng.permutation(40.0 * np.arange(40)), np.zeros((40, 60))
    draws[:8] = rng.uniform(1, 9, (8, 60))
    _, top = _study_comparison.agreement_rows(followers, draws)
    wanted = (np.argsort(np.argsort(-followers))[:8] < 20).sum() / 20 + 12 / 20 * (
        (np.argsort(np.argsort(-followers))[8:] < 20).sum() / 32
    )
    assert top[3] <= wanted <= top[4]


def test_agreement_is_not_told_where_hardly_any_draw_tells_accounts_apart() -> None:
    draws = np.zeros((10, 50))
    draws[3, :2] = 1
    assert _study_comparison.agreement_rows(np.arange(10.0), draws) == []


@pytest.mark.parametrize("alike", [0.0, 0.9])
def test_doubt_about_influence_does_not_pass_for_disagreement(alike: float) -> None:
    """Draws given noisy data and a prior that knows nothing of followers."""
    rng = np.random.default_rng(3)
    followers = rng.standard_normal(300)
    true = alike * followers + np.sqrt(1 - alike**2) * rng.standard_normal(300)
    noise = 1.5
    seen = true + noise * rng.standard_normal(300)
    share = 1 / (1 + noise**2)
    draws = share * seen[:, None] + np.sqrt(1 - share) * rng.standard_normal((300, 100))
    order, top = _study_comparison.agreement_rows(followers, draws)
    ranks = pd.DataFrame({"followers": followers, "true": true}).rank(ascending=False)
    first = ranks["true"][ranks["followers"] <= 20] <= 20
    assert order[3] <= ranks.corr().iloc[0, 1] <= order[4]
    assert top[3] <= first.mean() <= top[4]
    assert np.quantile([np.corrcoef(followers, draw)[0, 1] for draw in draws.T], 0.95) < 0.5


FOLLOWS = pd.DataFrame({"follower_id": ["b", "c", "d"], "followed_id": ["a", "a", "b"]})
LIKES = pd.DataFrame({"account_id": ["b", "c"], "target_id": ["a", "a"], "kind": "like"})
ACCOUNTS = pd.DataFrame({"account_id": ["a"], "followers_stated": [9]})


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"engagements": LIKES}, ["no follows", "no posts", "no times"]),
        ({"engagements": LIKES, "follows": FOLLOWS.head(0)}, ["no follows", "no posts"]),
        ({"follows": FOLLOWS}, ["no posts", "no engagements", "no times", "No kind of engagement"]),
        ({"accounts": ACCOUNTS}, ["no follows", "no posts", "no engagements"]),
    ],
)
def test_what_is_missing_is_switched_off_and_said(tables: dict[str, pd.DataFrame], said: list[str]) -> None:
    found = studied(**tables)
    for words in said:
        assert any(words in sentence for sentence in found.missing), (words, found.missing)
    assert len(found.scores) == len(from_tables(**tables).account_ids)
    assert list(found.scores.columns[: len(CONTRACT)]) == CONTRACT


def test_one_account_is_a_study() -> None:
    found = studied(accounts=ACCOUNTS)
    assert found.scores["followers"].tolist() == [9]
    assert found.scores["influence"].isna().all()
    assert found.scores["influence_missing"].notna().all()
    assert found.outcomes == 0


def test_cut_lists_and_a_budget_without_a_plan_are_said() -> None:
    text = "[missing]\nfollows = 'latest:5000'\n[brief]\nbudget = 100"
    found = studied(parse_settings(text), follows=FOLLOWS)
    assert any("latest:5000" in sentence for sentence in found.missing)
    assert any("no plan.csv" in sentence for sentence in found.missing)
    assert not any("no plan.csv" in sentence for sentence in studied(follows=FOLLOWS).missing)


def test_nothing_changes_the_dataset(
    data: Dataset, tables: dict[str, pd.DataFrame], done: study.Study
) -> None:
    assert done is not None
    fresh = from_tables(**tables)
    for name in ("accounts", "follows", "posts", "engagements"):
        pd.testing.assert_frame_equal(getattr(data, name), getattr(fresh, name))


def test_bytes_do_not_depend_on_the_threads_of_blas(data: Dataset) -> None:
    from threadpoolctl import threadpool_info, threadpool_limits

    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    class Counting(study.MemoryStore):
        """A store that notes how many threads its steps may use."""

        def run(self, step, work):  # noqa: ANN001, ANN202 - as in the store it extends
            assert threads() == {1}
            return super().run(step, work)

    with threadpool_limits(limits=2, user_api="blas"):
        study.run_study(data, Settings(), store=Counting())
        assert threads() == {2}, "given back"


def test_a_small_chance_is_not_said_to_be_none() -> None:
    said = [_study_comparison._top_agreement(np.full(3, 0.2), 20, chance)[-1] for chance in (0.0003, 0.25)]
    assert [words.split("; ")[1] for words in said] == [
        "less than 1% would be by chance",
        "25% would be by chance",
    ]
