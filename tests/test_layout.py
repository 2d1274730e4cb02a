"""Where accounts are drawn: niches apart, ties near, everybody somewhere, the same each time."""

import numpy as np
import pandas as pd
import pytest

from influgraph.layout import account_positions
from influgraph.networks import Network, network_from_pairs


def world(size: int = 400, niches: int = 4) -> tuple[Network, pd.Series]:
    """Return ties mostly inside of niches; the last ten accounts have neither ties nor a niche."""
    rng = np.random.default_rng(3)
    ids = pd.RangeIndex(size).astype("str")
    sources = rng.integers(0, size - 10, 8 * size)
    inside = rng.random(len(sources)) < 0.9
    anyone = rng.integers(0, size - 10, len(sources))
    targets = np.where(inside, (anyone // niches * niches + sources % niches) % (size - 10), anyone)
    niche = pd.Series(np.arange(size) % niches, ids, dtype="Int64")
    niche.iloc[-10:] = pd.NA
    return network_from_pairs(sources, targets, account_ids=ids), niche


def laid_out(network: Network, niche: pd.Series, seed: int = 5) -> pd.DataFrame:
    return account_positions(network, niche, rng=np.random.default_rng(seed))


def test_niches_are_discs_apart_and_loners_a_ring() -> None:
    network, niche = world()
    places = laid_out(network, niche)
    assert places.index.equals(network.account_ids)
    assert np.isfinite(places.to_numpy()).all()
    members = places[niche.notna().to_numpy()]
    middles = members.groupby(niche.dropna().astype(int)).mean()
    far = np.linalg.norm(members.to_numpy()[:, None] - middles.to_numpy()[None], axis=2)
    assert (far.argmin(axis=1) == niche.dropna().astype(int)).mean() > 0.99
    outer = np.hypot(*places[niche.isna().to_numpy()].to_numpy().T).min()
    assert outer > 0.9 * np.hypot(*members.to_numpy().T).max()
    assert len(places.round(3).drop_duplicates()) == len(places)


def test_those_tied_are_nearer_than_others_of_their_niche() -> None:
    sides = np.arange(200) // 100  # two halves of one niche
    rng = np.random.default_rng(4)
    sources = rng.integers(0, 200, 1500)
    network = network_from_pairs(
        sources, sides[sources] * 100 + rng.integers(0, 100, 1500), account_ids=pd.RangeIndex(200)
    )
    places = laid_out(network, pd.Series(0, pd.RangeIndex(200))).to_numpy()
    apart = np.linalg.norm(places[:, None] - places[None], axis=2)
    same = sides[:, None] == sides[None]
    assert apart[same].mean() < 0.8 * apart[~same].mean()


def test_the_same_chance_gives_the_same_picture() -> None:
    network, niche = world()
    pd.testing.assert_frame_equal(laid_out(network, niche), laid_out(network, niche))
    assert not laid_out(network, niche).equals(laid_out(network, niche, seed=6))


def test_accounts_without_a_niche_are_with_their_ties() -> None:
    network, niche = world()
    unknown = niche.copy()
    unknown.iloc[:12] = pd.NA
    places = laid_out(network, unknown)
    middles = [places[unknown.eq(number).to_numpy(bool, na_value=False)].mean() for number in range(4)]
    far = np.linalg.norm(places.to_numpy()[:12, None] - np.array(middles)[None], axis=2)
    assert (far.argmin(axis=1) == niche.iloc[:12].astype(int)).mean() > 0.8


@pytest.mark.parametrize(
    ("size", "pairs"),
    [
        (0, []),
        (1, []),
        (5, []),
        (2, [(0, 1)]),
        (5, [(0, 1), (1, 2), (3, 4)]),
        (40, [(0, one) for one in range(1, 40)]),
    ],
)
def test_little_is_placed_too(size: int, pairs: list[tuple[int, int]]) -> None:
    ids = pd.RangeIndex(size)
    sources, targets = np.array(pairs, int).reshape(-1, 2).T
    network = network_from_pairs(sources, targets, account_ids=ids)
    for niche in (pd.Series(pd.NA, ids, dtype="Int64"), pd.Series(np.arange(size), ids, dtype="Int64")):
        places = laid_out(network, niche)
        assert places.shape == (size, 2)
        assert np.isfinite(places.to_numpy(float)).all()


def test_more_niches_than_discs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("influgraph.layout.DISCS", 30)
    ids = pd.RangeIndex(150)
    network = network_from_pairs(np.arange(0, 150, 2), np.arange(1, 150, 2), account_ids=ids)
    places = laid_out(network, pd.Series(np.arange(150) // 2, ids))
    assert len(places.round(3).drop_duplicates()) == 150


def test_another_index_is_refused() -> None:
    network, niche = world()
    with pytest.raises(ValueError, match="niche must be indexed"):
        laid_out(network, niche.iloc[::-1])
