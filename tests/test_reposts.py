"""What reposts bring about is learnt apart from what own posts do."""

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables
from influgraph.influence import _exposure, _intensity
from influgraph.influence.attribution import incremental_actions

HOURS = 42 * 24
START = pd.Timestamp("2026-01-05", tz="UTC")


def _time(hours: pd.Series) -> pd.Series:
    return START + pd.to_timedelta((hours * 3600).round(), unit="s")


def _world(through_reposts: float, rng: np.random.Generator) -> tuple[Dataset, float]:
    """Forty authors, of whom eight move followers; all are reposted, which moves by so much as own posts do.

    Also the purchases that all own posts caused.
    """
    authors, fans, people = range(40), 30, np.arange(40, 1240)
    follows = {author: rng.choice(people, fans, replace=False) for author in authors}
    others = {person: rng.choice(people, 12, replace=False) for person in people}
    posts, acts, caused = [], [], 0
    for author in authors:
        effect = 0.05 * (author < 8)
        for hour in rng.uniform(0, HOURS - 96, 25):
            post = len(posts)
            posts.append((post, author, hour))
            reposter, later = rng.choice(follows[author], 2, replace=False), hour + rng.exponential(3, 2)
            acts += [(who, "repost", post, at) for who, at in zip(reposter, later, strict=True)]
            reached = [(follows[author], hour, effect)]
            reached += [
                (others[who], at, effect * through_reposts) for who, at in zip(reposter, later, strict=True)
            ]
            for number, (seen, since, chance) in enumerate(reached):
                moved = seen[rng.random(len(seen)) < chance]
                acts += [(who, "purchase", None, since + rng.exponential(10)) for who in moved]
                caused += len(moved) * (number == 0)
    acts += [
        (who, "purchase", None, hour) for who in people for hour in rng.uniform(0, HOURS, rng.poisson(1.5))
    ]
    table = pd.DataFrame(acts, columns=["account_id", "kind", "post_id", "hour"])
    table = table[table["hour"] < HOURS].astype({"post_id": "Int64"})
    pairs = [(who, author) for author in authors for who in follows[author]]
    # A repost reaches those who follow the reposter.
    pairs += [(reader, person) for person in people for reader in others[person] if reader != person]
    made = pd.DataFrame(posts, columns=["post_id", "author_id", "hour"])
    data = from_tables(
        follows=pd.DataFrame(pairs, columns=["follower_id", "followed_id"]).drop_duplicates(),
        posts=made.assign(created_at=_time(made["hour"])).drop(columns="hour"),
        engagements=table.assign(created_at=_time(table["hour"])).drop(columns="hour"),
    )
    return data, float(caused)


def _effect_of_reposts(data: Dataset) -> float:
    """Effect of a repost by that of an own post, in the fit."""
    acts = data.engagements[data.engagements["kind"] == "purchase"]
    scene = _exposure.find_scene(data, acts, niche=np.zeros(len(data.account_ids), np.int64))
    assert not isinstance(scene, str)
    exposure = _exposure.expose(scene, window=3 * 86400.0)
    kernel = _intensity.fit_intensity(exposure).kernel.reshape(-1, 2, len(exposure.widths))
    own, reposted = (kernel * exposure.widths).sum(axis=2)[0]
    return float(reposted / own)


@pytest.mark.parametrize(("through", "low", "high"), [(0.0, 0.0, 0.35), (1.0, 0.6, 1.6)])
def test_effect_of_reposts_is_learnt(through: float, low: float, high: float) -> None:
    data, _ = _world(through, np.random.default_rng(5))
    assert low <= _effect_of_reposts(data) <= high


@pytest.mark.parametrize("through", [0.0, 1.0])
def test_influence_through_own_posts_is_told_from_that_through_reposts(through: float) -> None:
    data, caused = _world(through, np.random.default_rng(6))
    niches = pd.Series(0, index=data.account_ids, dtype="Int64")
    found = incremental_actions(data, kinds=["purchase"], niches=niches, rng=np.random.default_rng(1))
    assert found.accounts["influence"].sum() == pytest.approx(caused, rel=0.15)
