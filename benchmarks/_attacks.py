"""Manipulations of a finished dataset: what can be bought for an account, or against a rival.

Each takes a dataset, the account it is bought for, and how many bots are bought, and returns the dataset as
it would be. Bots are made in one week, follow a dozen famous accounts besides, and come in one burst.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset, study_period

CAMOUFLAGE = 12
LIKED, OUTCOMES = 0.3, 3  # share of the target's posts that a bot likes; purchases that each bot fakes


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What an attacker pays, assumed: for a follower, a like or repost, and a purchase that is undone."""

    follower: float = 0.02
    act: float = 0.01
    outcome: float = 5.0


def bought_followers(data: Dataset, target: str, size: int, *, rng: np.random.Generator) -> Dataset:
    """Followers are bought for the target."""
    bots, follows = _bots(data, target, size, rng)
    return _added(data, bots, follows, _no_acts())


def bots_for_nobody(data: Dataset, target: str, size: int, *, rng: np.random.Generator) -> Dataset:
    """As many bots come, and follow famous accounts alone: what moves now, moves by chance."""
    bots, follows = _bots(data, target, size, rng)
    return _added(data, bots, follows[follows["followed_id"] != target], _no_acts())


def liking_followers(data: Dataset, target: str, size: int, *, rng: np.random.Generator) -> Dataset:
    """Bought followers like the target's posts, too, within hours."""
    bots, follows = _bots(data, target, size, rng)
    acts = _acts_on_posts(data, target, bots.index, LIKED, rng)
    return _added(data, bots, follows, acts.assign(kind="like"))


def fake_outcomes(data: Dataset, target: str, size: int, *, rng: np.random.Generator) -> Dataset:
    """Bots follow the target before the study, and purchase in the hours after some of its posts."""
    bots, follows = _bots(data, target, size, rng)
    posts = max(1, int((data.posts["author_id"] == target).sum()))
    acts = _acts_on_posts(data, target, bots.index, min(1.0, OUTCOMES / posts), rng)
    acts = acts.assign(kind="purchase", post_id=None)
    return _added(
        data,
        bots,
        follows.assign(followed_at=follows["followed_at"].mask(follows["followed_at"].notna())),
        acts,
    )


def discredited_rival(data: Dataset, target: str, size: int, *, rng: np.random.Generator) -> Dataset:
    """Bots bought for a rival, as clumsily as can be: they like and repost its posts within a minute."""
    bots, follows = _bots(data, target, size, rng)
    likes, reposts = (_acts_on_posts(data, target, bots.index, LIKED, rng) for _ in range(2))
    posted = data.posts.set_index("post_id")["created_at"].reindex(reposts["post_id"]).to_numpy()
    at_once = pd.DatetimeIndex(posted) + pd.to_timedelta(300 + rng.integers(0, 55, len(reposts)), unit="s")
    reposts = reposts.assign(created_at=at_once.tz_localize("UTC") if at_once.tz is None else at_once)
    return _added(data, bots, follows, pd.concat([likes.assign(kind="like"), reposts.assign(kind="repost")]))


def cost(before: Dataset, after: Dataset, target: str, *, prices: Prices) -> float:
    """What an attack cost: followers of the target, acts and outcomes that were added."""
    followers = [int((one.follows["followed_id"] == target).sum()) for one in (before, after)]
    kinds = [one.engagements["kind"].value_counts() for one in (before, after)]
    added = kinds[1].sub(kinds[0], fill_value=0)
    outcomes = float(added.get("purchase", 0))
    acts = float(added.sum()) - outcomes
    return prices.follower * (followers[1] - followers[0]) + prices.act * acts + prices.outcome * outcomes


def _bots(
    data: Dataset, target: str, size: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """New accounts, whose profiles are like those of others, and what they follow."""
    start, end = study_period(data) or (pd.Timestamp(0, tz="UTC"),) * 2
    ids = pd.Index([f"b{number:06d}" for number in rng.permutation(10**6)[:size]])
    bots = data.accounts.iloc[rng.integers(0, len(data.accounts), size)].set_axis(ids)
    for name in {"handle", "name", "bio", "price", "verified", "followers_stated"} & set(bots.columns):
        bots[name] = pd.Series(index=ids, dtype=data.accounts[name].dtype)
    if "created_at" in bots:
        bots["created_at"] = (
            start - pd.Timedelta(days=60) + pd.to_timedelta(rng.uniform(0, 7, size), unit="D")
        )
    burst = start + (end - start) * rng.uniform(0.1, 0.4)
    hours = pd.to_timedelta(np.floor(rng.exponential(7200, size)), unit="s")
    fame = data.follows["followed_id"].value_counts(sort=False)
    fame = fame[fame.index != target]
    famous = rng.choice(fame.index.astype(str), size * CAMOUFLAGE, p=fame / fame.sum())
    bought = pd.DataFrame({"follower_id": ids, "followed_id": target, "followed_at": burst + hours})
    hidden = pd.DataFrame({"follower_id": np.repeat(ids, CAMOUFLAGE), "followed_id": famous})
    hidden["followed_at"] = start + (end - start) * rng.random(len(hidden))
    return bots, pd.concat([bought, hidden.drop_duplicates(["follower_id", "followed_id"])])


def _acts_on_posts(
    data: Dataset, target: str, bots: pd.Index, share: float, rng: np.random.Generator
) -> pd.DataFrame:
    """Acts of each bot on a share of the target's posts, hours after them; on time to be in the study."""
    posts = data.posts[data.posts["author_id"] == target]
    does = rng.random((len(bots), len(posts))) < share
    bot, post = does.nonzero()
    delay = pd.to_timedelta(np.floor(rng.exponential(3 * 3600, len(post))), unit="s")
    moment = pd.DatetimeIndex(posts["created_at"].iloc[post]) + delay
    acts = pd.DataFrame(
        {"account_id": bots[bot], "post_id": posts["post_id"].astype("str").to_numpy()[post]}
    ).assign(created_at=moment)
    return acts[acts["created_at"] <= data.engagements["created_at"].max()]


def _no_acts() -> pd.DataFrame:
    return pd.DataFrame({"account_id": [], "kind": [], "post_id": []}, dtype="str")


def _added(data: Dataset, bots: pd.DataFrame, follows: pd.DataFrame, acts: pd.DataFrame) -> Dataset:
    """Put bots and what they do behind what is there."""
    accounts = pd.concat([data.accounts, bots.astype(data.accounts.dtypes.to_dict())])
    return dataset.from_tables(
        accounts=accounts.rename_axis("account_id").reset_index(),
        follows=_below(data.follows, follows),
        posts=data.posts,
        engagements=_below(data.engagements, acts),
    )


def _below(table: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """Put rows below a table, ids as text."""
    ids: list[str] = [name for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)]
    plain = table.assign(**{name: table[name].astype("str") for name in ids})
    return pd.concat(
        [plain, new.reindex(columns=plain.columns).astype(plain.dtypes.to_dict())], ignore_index=True
    )


ATTACKS = {
    "bots for nobody": bots_for_nobody,
    "bought followers": bought_followers,
    "bought followers that like": liking_followers,
    "fake outcomes": fake_outcomes,
    "bots for a rival": discredited_rival,
}
