"""What the attacks of `benchmarks` add to a dataset, and what that costs."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from influgraph.dataset import Dataset
from influgraph.synthetic import WorldSettings, make_world


@pytest.fixture(scope="module")
def attacks() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks" / "_attacks.py"
    spec = importlib.util.spec_from_file_location("_attacks", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["_attacks"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data() -> Dataset:
    return make_world(WorldSettings(accounts=300, reruns=2), rng=np.random.default_rng(1)).data


@pytest.mark.parametrize(
    ("attack", "kinds"),
    [
        ("bought followers", set()),
        ("bought followers that like", {"like"}),
        ("fake outcomes", {"purchase"}),
        ("bots for a rival", {"like", "repost"}),
    ],
)
def test_an_attack_adds_what_was_paid_for(
    attacks: ModuleType, data: Dataset, attack: str, kinds: set[str]
) -> None:
    target = str(data.posts["author_id"].astype("str").value_counts().index[0])
    after = attacks.ATTACKS[attack](data, target, 20, rng=np.random.default_rng(2))
    assert len(after.accounts) == len(data.accounts) + 20
    assert list(after.account_ids[: len(data.accounts)]) == list(data.account_ids)
    followed = [(one.follows["followed_id"] == target).sum() for one in (data, after)]
    assert followed[1] - followed[0] == 20
    added = (
        after.engagements["kind"]
        .astype("str")
        .value_counts()
        .sub(data.engagements["kind"].astype("str").value_counts(), fill_value=0)
    )
    assert set(added[added > 0].index) == kinds
    assert (added >= 0).all()
    prices = attacks.Prices(follower=1, act=0, outcome=0)
    assert attacks.cost(data, after, target, prices=prices) == 20
