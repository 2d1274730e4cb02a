"""Layers of attention, tied together into one network with the ties that chance would bring about."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from influgraph.networks import Network

Labels = NDArray[np.int32]
Numbers = NDArray[np.float64]

FEWEST_USERS = 3
COMMONEST = 0.5
_ATTEMPTS = 30


@dataclass(frozen=True, eq=False)
class Layer:
    """Attention that points, from `sources` to `targets`: accounts, or behind them the terms they use."""

    sources: Labels
    targets: Labels
    weights: Numbers

    def chosen(self, kept: NDArray[np.bool_]) -> "Layer":
        """These pairs alone."""
        return Layer(self.sources[kept], self.targets[kept], self.weights[kept])

    def weighed(self, worth: Numbers) -> "Layer":
        """Pairs that count the mean worth of their two ends times as much."""
        factor = (worth[self.sources] + worth[self.targets]) / 2
        return Layer(self.sources, self.targets, self.weights * factor)


@dataclass(frozen=True, eq=False)
class Ties:
    """All layers in one, as `_niches_kernels` wants them, at resolution 1."""

    indptr: NDArray[np.int64]
    indices: Labels
    weights: Numbers
    strengths: Numbers
    signs: Numbers


@dataclass(frozen=True, eq=False)
class Scene:
    """All layers in canonical order: accounts with any tie, by id, then terms."""

    names: list[str]
    layers: list[Layer]
    place: NDArray[np.int64]
    size: int

    @classmethod
    def of(cls, networks: "Mapping[str, Network]", terms: csr_array | None) -> "Scene | None":
        """Take what there is; None where nobody is tied to anybody or anything."""
        ids = next(iter(networks.values())).account_ids
        by_id = ids.astype(str).argsort()
        known = {name: network.weights for name, network in networks.items() if network.weights.nnz}
        used = None if terms is None else _telling(terms)
        busy = np.zeros(len(ids), bool)
        for weights in known.values():
            busy |= (np.diff(weights.indptr) > 0) | (np.bincount(weights.indices, minlength=len(ids)) > 0)
        if used is not None:
            busy |= np.diff(used.indptr) > 0
        place = by_id[busy[by_id]]
        layers = [_layer(weights[place][:, place], 0) for weights in known.values()]
        names, size = list(known), len(place)
        if used is not None and used.nnz:
            layers, names, size = (
                [*layers, _layer(used[place], size)],
                [*names, "topics"],
                size + used.shape[1],
            )
        return cls(names, layers, place, size) if layers else None


def _layer(weights: csr_array, offset: int) -> Layer:
    """Pairs of a matrix, row by row; columns are numbered from `offset` on."""
    ordered = weights.copy()
    ordered.sort_indices()
    pairs = ordered.tocoo()
    data = pairs.data if offset else np.log1p(pairs.data)
    return Layer(pairs.row.astype(np.int32), (pairs.col + offset).astype(np.int32), data)


def _telling(terms: csr_array) -> csr_array:
    """Terms that some but not most accounts use, rare ones weighing more; of length one for each account."""
    given = csr_array(terms, copy=True)
    given.eliminate_zeros()
    used = csr_array((np.ones(given.nnz), given.indices, given.indptr), shape=given.shape)
    users: Numbers = np.asarray(used.sum(axis=0)).ravel()
    speakers = int((np.diff(used.indptr) > 0).sum())
    kept = np.flatnonzero((users >= FEWEST_USERS) & (users <= COMMONEST * speakers))
    weighed = used[:, kept].multiply(np.log(speakers / users[kept])).tocsr()
    length = np.sqrt(np.asarray(weighed.multiply(weighed).sum(axis=1)).ravel())
    weighed.data /= np.repeat(length, np.diff(weighed.indptr))
    return csr_array(weighed)


def tie_up(layers: "Sequence[Layer]", shares: Numbers, *, size: int) -> Ties:
    """Add up the layers, each of which has its share of all attention.

    Chance brings about ties by what each account pays and receives in a layer (Leicht & Newman 2008). Their
    product, taken both ways, is half the difference of two squares, of sums and of differences.
    """
    given = zip(layers, shares, strict=True)
    used = [(layer, share) for layer, share in given if share > 0 and len(layer.weights)]
    if not used:
        nothing = np.empty(0)
        return Ties(
            np.zeros(size + 1, np.int64), np.empty(0, np.int32), nothing, np.zeros((size, 1)), np.ones(1)
        )
    scaled = [share * layer.weights / layer.weights.sum() for layer, share in used]
    sources = np.concatenate([layer.sources for layer, _ in used])
    targets = np.concatenate([layer.targets for layer, _ in used])
    attention = csr_array((np.concatenate(scaled), (sources, targets)), shape=(size, size))
    ties = (attention + attention.T).tocsr()
    ties.sort_indices()
    columns, signs = [], []
    for (layer, share), weights in zip(used, scaled, strict=True):
        paid, received = (np.bincount(ends, weights, size) for ends in (layer.sources, layer.targets))
        columns += [(paid + received) / np.sqrt(2 * share), (paid - received) / np.sqrt(2 * share)]
        signs += [1.0, -1.0]
    telling = [place for place, column in enumerate(columns) if np.abs(column).max() > 1e-15]
    strengths = np.ascontiguousarray(np.column_stack([columns[place] for place in telling]))
    starts = ties.indptr.astype(np.int64)
    return Ties(starts, ties.indices.astype(np.int32), ties.data, strengths, np.array(signs)[telling])


def split(layers: "Sequence[Layer]", *, share: float, rng: np.random.Generator) -> list[tuple[Layer, Layer]]:
    """Leave out a random share of the pairs of accounts, in all layers and both ways: what is kept, and not.

    Who follows somebody likes its posts, and is followed back: a tie left out of one layer alone would be
    told by the same pair's tie in another, and whoever is tied to one account only by that one account.
    """
    from influgraph._niches_kernels import chance_of_pairs

    key = rng.integers(2**63, dtype=np.uint64)
    left_out = [chance_of_pairs(layer.sources, layer.targets, key) < share for layer in layers]
    return [(layer.chosen(~out), layer.chosen(out)) for layer, out in zip(layers, left_out, strict=True)]


def evening(layer: Layer) -> Numbers:
    """What makes all ties of one account (or term) weigh as much as those of another."""
    size = int(max(layer.sources.max(initial=-1), layer.targets.max(initial=-1))) + 1
    ends = (layer.sources, layer.targets)
    strength = sum((np.bincount(end, layer.weights, size) for end in ends), start=np.zeros(size))
    return np.asarray(1 / np.maximum(strength, 1e-300))


def excess(layer: Layer, label: Labels) -> tuple[float, float, float]:
    """Share of attention that stays inside of niches, the share expected by chance, and ties' worth of it."""
    total, count = layer.weights.sum(), int(label.max()) + 1
    if total == 0:
        return 0.0, 0.0, 0.0
    source, target = label[layer.sources], label[layer.targets]
    paid, received = (np.bincount(ends, layer.weights, count) / total for ends in (source, target))
    inside = float(layer.weights[source == target].sum() / total)
    return inside, float(paid @ received), float(total**2 / (layer.weights**2).sum())


def rewired(layer: Layer, *, size: int, rng: np.random.Generator) -> Layer:
    """The same numbers of pairs from each source and to each target, at random; none twice or to oneself."""
    targets = rng.permutation(layer.targets)
    for _ in range(_ATTEMPTS):
        wrong = _wrong(layer.sources, targets, size)
        if not len(wrong):
            break
        others = rng.integers(0, len(targets), len(wrong))
        some = np.unique(np.concatenate([wrong, others]))
        targets[some] = targets[rng.permutation(some)]
    fine = np.ones(len(targets), bool)
    fine[_wrong(layer.sources, targets, size)] = False
    return Layer(layer.sources, targets, rng.permutation(layer.weights)).chosen(fine)


def _wrong(sources: Labels, targets: Labels, size: int) -> NDArray[np.int64]:
    """Places of pairs that occurred before or lead to oneself."""
    key = sources.astype(np.int64) * size + targets
    order = np.argsort(key, kind="stable")
    again = np.zeros(len(key), bool)
    again[order[1:]] = key[order[1:]] == key[order[:-1]]
    return np.flatnonzero(again | (sources == targets))
