"""Impressions: how much of its audience saw each post, and what attribution makes of it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from influgraph import dataset
from influgraph.influence import _exposure, _intensity, _sight, attribution

DAY = 86_400


AUTHORS, PEOPLE, PERIOD = 30, 1000, 50 * DAY


@pytest.fixture(scope="module")
def shop() -> tuple[dict[str, pd.DataFrame], pd.Series]:
    """Tables, and how many purchases each author caused; six in ten see one post in two, few the others."""
    rng = np.random.default_rng(1)
    names = [f"a{n}" for n in range(AUTHORS)]
    people = [f"p{n}" for n in range(PEOPLE)]
    follows = pd.DataFrame(
        [(one, author) for one in people for author in rng.choice(names, 10, replace=False)],
        columns=["follower_id", "followed_id"],
    )
    audience = {name: some.to_numpy() for name, some in follows.groupby("followed_id")["follower_id"]}
    effect = np.where(rng.random(AUTHORS) < 0.4, rng.lognormal(-4.2, 1, AUTHORS), 0.0)
    posts, bought, caused = [], [], dict.fromkeys(names, 0)
    for name, moves in zip(names, effect, strict=True):
        for n in range(20):
            when = int(rng.uniform(0, PERIOD))
            seen = audience[name][rng.random(len(audience[name])) < (0.6 if n % 2 else 0.04)]
            moved = seen[rng.random(len(seen)) < moves]
            posts.append((f"{name}-{n}", name, when, len(seen)))
            bought += [(one, when + int(rng.exponential(10 * 3600))) for one in moved]
            caused[name] += len(moved)
    often = rng.poisson(4 * rng.gamma(1, 1, PEOPLE))
    bought += [(one, int(rng.uniform(0, PERIOD))) for one in np.repeat(people, often)]
    listed = pd.DataFrame(posts, columns=["post_id", "author_id", "created_at", "impressions"])
    acts = pd.DataFrame(bought, columns=["account_id", "created_at"]).assign(kind="purchase")
    return {"follows": follows, "posts": listed, "engagements": acts}, pd.Series(caused)


def _scene(tables: dict[str, pd.DataFrame]) -> _exposure.Scene:
    data = dataset.from_tables(**tables)
    scene = _exposure.find_scene(
        data, dataset.resolved_engagements(data), niche=np.zeros(len(data.account_ids), np.int64)
    )
    assert not isinstance(scene, str)
    return scene


def test_classes_of_sight_by_hand() -> None:
    seen, audience = np.array([30, 60, 6, 0, np.nan, 9.0]), np.array([100.0, 100, 100, 100, 100, 0])
    found = _sight.find_sight(seen, audience)  # of 400 that are known 96 saw, so .24 is usual
    assert found is not None
    assert _sight.SIGHTS[found].tolist() == [1, 2, 0.25, 0.25, 1, 1]
    assert _sight.find_sight(np.full(2, np.nan), np.ones(2)) is None
    assert _sight.find_sight(np.zeros(2), np.ones(2)) is None


def test_exposure_is_the_same_and_counts_by_class(shop: tuple[dict[str, pd.DataFrame], pd.Series]) -> None:
    scene = _scene(shop[0])
    posts = scene.broadcasts
    assert set(_sight.SIGHTS[posts.sight]) == {0.25, 2.0}
    alike = replace(scene, broadcasts=replace(posts, sight=0 * posts.sight), sights=_sight.ALIKE)
    apart, together = (_exposure.expose(one, window=3.0 * DAY) for one in (scene, alike))
    everybody = np.ones(len(scene.strata.niche))
    shape = len(apart.authors), scene.strata.count, len(_sight.SIGHTS), 2, -1
    seconds = apart.windows.by_author(everybody)[1].reshape(shape).sum(axis=2)
    assert seconds.ravel() == pytest.approx(together.windows.by_author(everybody)[1].ravel())
    assert np.array_equal(apart.pair_outcome, together.pair_outcome)
    state = _intensity.start_state(apart)
    by_cell = _intensity.share_outcomes(apart, state, np.full(len(scene.tempo), 1e-6))[2]
    _intensity.update_kernel(apart, state, by_cell)
    level = state.kernel.reshape(shape[1:])
    assert level / level[:, 2:3] == pytest.approx(np.broadcast_to(_sight.SIGHTS[:, None, None], level.shape))


def test_impressions_tell_which_posts_were_seen(shop: tuple[dict[str, pd.DataFrame], pd.Series]) -> None:
    tables, caused = shop
    ranks = []
    for posts in (tables["posts"], tables["posts"].drop(columns="impressions")):
        data = dataset.from_tables(**{**tables, "posts": posts})
        nowhere = pd.Series(pd.NA, index=data.account_ids, dtype="Int64")
        found = attribution.incremental_actions(
            data, kinds=["purchase"], niches=nowhere, rng=np.random.default_rng(7)
        )
        accounts = found.accounts.loc[caused.index]
        ranks.append(accounts["influence"].astype(float).corr(caused, method="spearman"))
    assert ranks[0] > ranks[1] + 0.05
