"""Claims about tiers: planted true, planted false, too small to tell, and on the edge between."""

import numpy as np
import pandas as pd
import pytest

from influgraph.influence.tiers import tier_claims

BOUNDS = {"nano": 0, "micro": 10_000, "mid": 50_000, "macro": 100_000, "mega": 1_000_000}
MICROS, STAR, MONEY = range(3)
SEEDS = 50


def _world(
    rng: np.random.Generator,
    *,
    micro: float = 1.0,
    power: float = 1.0,
    worth: float = 1.0,
    accounts: int = 400,
    talent: float = 1.5,
) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray, pd.Series]:
    """Response that grows with this power of followers, is `micro` times it for micros; gamma talent.

    Prices give micro and smaller accounts `worth` times the response per money. Influence is a hundredth of
    engagements, known by its counts alone.
    """
    followers = np.exp(rng.uniform(np.log(3e3), np.log(3e6), accounts)).astype(int)
    posts = rng.poisson(10, accounts) + 1
    tier = pd.cut(followers, [*BOUNDS.values(), np.inf], labels=list(BOUNDS), right=False)
    rate = 5.0 * (followers / 3e5) ** power * np.where(tier == "micro", micro, 1)
    rate *= rng.gamma(talent, 1 / talent, accounts)
    counts = pd.DataFrame({"followers": followers, "tier": tier.astype(str), "posts": posts})
    counts["engagements_received"] = rng.poisson(rate * posts * 20)
    caused = rng.poisson(rate * posts)
    draws = rng.gamma((0.5 + caused)[:, None], size=(accounts, 60))
    influence = pd.DataFrame({"influence": caused, "influence_grade": "estimated"})
    ordinary = np.isin(tier, ["nano", "micro"])
    price = pd.Series(100 * (followers / 3e5) ** power / np.where(ordinary, worth, 1))
    return counts, influence, draws, price * rng.lognormal(0, 0.3, accounts)


def _judged(seed: int, claim: int, **planted: float) -> list[str]:
    counts, influence, draws, price = _world(np.random.default_rng(seed), **planted)
    rows = tier_claims(counts, influence, draws, bounds=BOUNDS, price=price)
    return [text.partition(":")[0] for text in rows["verdict"].iloc[[claim, claim + 3]]]


def _shares(claim: int, seeds: range = range(SEEDS), **planted: float) -> pd.DataFrame:
    """Share of each verdict, by engagements and by influence, over worlds."""
    said = pd.DataFrame([_judged(seed, claim, **planted) for seed in seeds])
    verdicts = ["supported", "contradicted", "cannot be told"]
    return pd.DataFrame({v: (said == v).mean() for v in verdicts})


TRUE = {MICROS: {"micro": 2.0}, STAR: {"power": -0.15}, MONEY: {"worth": 2.0}}
FALSE = {MICROS: {"micro": 0.5}, STAR: {"power": 0.5}, MONEY: {"worth": 0.5}}
EDGE = {MICROS: {}, STAR: {"power": np.log(0.8) / np.log(0.05)}, MONEY: {}}


@pytest.mark.parametrize("claim", [MICROS, STAR, MONEY])
def test_what_is_planted_is_said(claim: int) -> None:
    true, false = _shares(claim, range(12), **TRUE[claim]), _shares(claim, range(12), **FALSE[claim])
    assert true["supported"].min() >= 0.8
    assert false["contradicted"].min() >= 0.8
    assert true["contradicted"].max() == false["supported"].max() == 0


@pytest.mark.parametrize("claim", [MICROS, STAR, MONEY])
def test_on_the_edge_errors_are_as_rare_as_stated(claim: int) -> None:
    said = _shares(claim, **EDGE[claim])
    assert said[["supported", "contradicted"]].max(axis=None) <= 0.14  # 5 % each side, of 50
    assert said["cannot be told"].min() >= 0.8


@pytest.mark.parametrize("claim", [MICROS, STAR, MONEY])
def test_too_small_to_tell_is_said(claim: int) -> None:
    planted = {MICROS: {"micro": 1.15}, STAR: {"power": 0.05}, MONEY: {"worth": 1.15}}[claim]
    said = _shares(claim, range(20), accounts=45, **planted)
    assert said["cannot be told"].min() >= 0.7


def _rows(counts: pd.DataFrame, **options: object) -> pd.DataFrame:
    """Claims by engagements; nobody has an influence."""
    nobody = pd.DataFrame({"influence": np.nan, "influence_grade": None}, index=counts.index, dtype=object)
    return tier_claims(counts, nobody, np.zeros((0, 5)), **({"bounds": BOUNDS} | options))


def _even(micro: int, macro: int, count: int = 30) -> pd.DataFrame:
    """As many micros as macros, of equal size each, with these engagements a post."""
    size = [20_000] * count + [200_000] * count
    tier = ["micro"] * count + ["macro"] * count
    acts = np.array([micro * 4] * count + [macro * 4] * count) + np.tile([-3, 3], count)
    return pd.DataFrame({"followers": size, "tier": tier, "posts": 4, "engagements_received": acts})


def test_ratios_are_those_of_the_means() -> None:
    price = pd.Series([50.0] * 30 + [1000.0] * 30)
    rows = _rows(_even(100, 500), price=price, sizes=(20_000, 200_000))
    assert rows["estimate"].head(3).to_numpy() == pytest.approx([2, 0.2, 4], rel=1e-3)
    assert rows["baseline"].head(3).to_numpy() == pytest.approx([1, 0.1, 1])
    assert (rows["low"] < rows["estimate"])[:3].all()
    assert (rows["estimate"] < rows["high"])[:3].all()
    assert rows["verdict"].str.partition(":")[0].tolist()[:3] == ["supported", "contradicted", "supported"]
    assert rows["verdict"][0].startswith("supported: micro accounts get 2.00 [")
    assert rows["verdict"][0].endswith("per follower and post of larger ones (30 against 30 accounts)")
    assert "compared by the 30 and 30 accounts of about these sizes" in rows["verdict"][1]


def test_order_of_accounts_and_unit_of_response_do_not_matter() -> None:
    counts, influence, draws, price = _world(np.random.default_rng(3))
    rows = tier_claims(counts, influence, draws, bounds=BOUNDS, price=price)
    turned = tier_claims(counts[::-1], influence[::-1], draws[::-1], bounds=BOUNDS, price=price[::-1] * 7)
    numbers = ["estimate", "low", "high"]
    assert turned[numbers].to_numpy() == pytest.approx(rows[numbers].to_numpy(), rel=1e-4)
    assert rows["subject"].unique().tolist() == ["engagements (observed)", "influence (estimated)"]


def test_where_nobody_is_of_the_size_a_line_is_read_and_said() -> None:
    counts = _world(np.random.default_rng(5), power=0.3)[0]
    counts = counts[~counts["followers"].between(30_000, 80_000)]
    row = _rows(counts).iloc[STAR]
    assert "too few accounts are of these sizes: read off a line through" in row["verdict"]
    assert row["low"] < 0.05**0.3 < row["high"]


REASONS = {
    "all accounts are in one tier (nano)": lambda counts: counts.assign(tier="nano", followers=500),
    "nobody's followers are known": lambda counts: counts.assign(tier=None, followers=np.nan),
    "3 micro accounts can be compared per follower and post; 8 are needed": lambda counts: counts[27:],
    "0 micro accounts can be compared": lambda counts: counts.assign(engagements_received=np.nan),
}


@pytest.mark.parametrize("reason", REASONS)
def test_what_is_missing_is_said(reason: str) -> None:
    rows = _rows(REASONS[reason](_even(100, 500)))
    assert rows["verdict"][MICROS].startswith(f"cannot be told: {reason}")
    assert rows[["estimate", "low", "high"]].isna().all(axis=None)
    assert rows["verdict"].str.startswith("cannot be told: ").all()


def test_other_reasons() -> None:
    counts = _even(100, 500)
    assert "no account states a price" in _rows(counts)["verdict"][MONEY]
    assert "no tier is called micro" in _rows(counts, bounds={"small": 0, "large": 9})["verdict"][MICROS]
    said = _rows(counts, sizes=(20_000, 900_000))["verdict"][STAR]
    assert (
        said
        == "cannot be told: the accounts that post have 20,000 to 200,000 followers, so that no line reaches"
    )
    assert "only 0 accounts that post have" in _rows(counts.assign(posts=0, followers=5))["verdict"][STAR]


def test_unknown_posts_are_left_out_of_the_unit() -> None:
    rows = _rows(_even(100, 500).assign(posts=pd.array([None] * 60, "Int64")))
    assert "times the response per follower of larger ones" in rows["verdict"][MICROS]


def test_negative_effects_and_none_at_all_are_no_obstacle() -> None:
    counts, sizes = _even(100, 500), (20_000, 200_000)
    effects = np.tile([-1.0, 2.0], 30)
    few = {
        "supported": effects,
        "cannot be told: only 0.0": 0 * effects,
        "cannot be told: only -30.0": -effects,
    }
    for verdict, level in few.items():
        influence = pd.DataFrame({"influence": level, "influence_grade": "estimated"})
        rows = tier_claims(counts, influence, level[:, None] + np.zeros(9), bounds=BOUNDS, sizes=sizes)
        assert rows["verdict"][3].startswith(verdict)
        assert np.isfinite(rows.loc[3:4, ["estimate", "low", "high"]]).all(axis=None) == (
            verdict == "supported"
        )


def test_a_ratio_that_could_be_anything_is_not_told() -> None:
    counts = _even(100, 500)
    one = np.where(np.arange(60) == 59, 12.0, 0.0)  # twelve responses, all to one account
    influence = pd.DataFrame({"influence": one, "influence_grade": "estimated"})
    rows = tier_claims(counts, influence, one[:, None] + np.zeros(9), bounds=BOUNDS)
    assert rows.loc[3, ["estimate", "low", "high"]].isna().all()
    assert rows.loc[3, "verdict"].startswith(
        "cannot be told: too few responses: the ratio is known to no better"
    )


def test_draws_of_others_are_refused() -> None:
    counts, influence, draws, _ = _world(np.random.default_rng(1))
    with pytest.raises(ValueError, match="draws must have 400 rows, one per account with influence"):
        tier_claims(counts, influence, draws[1:], bounds=BOUNDS)


def test_counts_without_tiers_are_refused() -> None:
    counts = pd.DataFrame({"followers": [1], "posts": [1], "engagements_received": [1]})
    influence = pd.DataFrame({"influence": [None], "influence_grade": None}, dtype=object)
    with pytest.raises(
        ValueError, match=r"popularity: must have the columns .*; tier is missing; join it from"
    ):
        tier_claims(counts, influence, np.zeros((0, 3)), bounds={"nano": 0})
    with pytest.raises(ValueError, match=r"influence: must have the columns .*; influence_grade is missing$"):
        tier_claims(
            counts.assign(tier="nano"), influence[["influence"]], np.zeros((0, 3)), bounds={"nano": 0}
        )
