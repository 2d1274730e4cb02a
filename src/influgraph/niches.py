"""Which accounts belong together by their attention, how surely, and whether there are niches at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.sparse import issparse

from influgraph import _niches_choice as choice
from influgraph import _niches_ensemble as ensemble
from influgraph._niches_layers import Scene, tie_up
from influgraph._niches_membership import Attachment, attach, belonging, membership_shares
from influgraph.networks import Network

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from influgraph._niches_choice import Choice
    from influgraph._niches_layers import Labels, Numbers

FEWEST_TO_DIVIDE = 50  # accounts of a niche
NOBODY = "no niches: nobody's ties are those of a member rather than of chance, or too few are tied so"
SHARES = ["account_id", "niche", "share", "share_low", "share_high"]
LAYERS = ["share", "excess", "error"]
SCAN = ["resolution", "niches", "agreement", "excess", "information", "score", "chosen"]


@dataclass(frozen=True, eq=False)
class Niches:
    """Niches, and what they rest on.

    Attributes
    ----------
    accounts
        One row per account: ``niche`` (Int64; 0 is the largest, ties go to the id that sorts first; null =
        none) and ``niche_confidence``, 0 to 1: the probability that the account's ties are those of a member,
        times the share of runs that put it there. Null without a niche.
    shares
        Overlapping membership: ``account_id, niche, share, share_low, share_high``. `share` is the part of
        the account's ties, beyond those that chance brings, that goes to the niche; 90 % interval.
    stability
        By niche: mean over the runs of the Jaccard index with the niche most like it, 0 to 1.
    scan
        What was tried: ``resolution, niches, agreement, excess, information, score, chosen``.
    layers
        By layer: ``share`` of the say it has, ``excess`` (part of its ties inside of niches beyond chance, on
        ties left out) and its ``error``.
    missing
        Why there are no niches, in words; None where there are some.
    """

    accounts: pd.DataFrame
    shares: pd.DataFrame
    stability: pd.Series
    scan: pd.DataFrame
    layers: pd.DataFrame
    missing: str | None


def find_niches(
    layers: Network | Mapping[str, Network],
    *,
    terms: csr_array | None = None,
    resolution: float | None = None,
    tested: bool | None = None,
    runs: int = 4,
    smallest: int = 3,
    rng: np.random.Generator,
) -> Niches:
    """Niches: accounts that pay more attention to one another than their activity alone would bring about.

    The tie of two accounts is the attention paid one way plus the other, damped by log(1 + weight). By chance
    they would have what each pays times what the other receives. Every layer has its own chance; terms stand
    beside the accounts that use them, so that words bind accounts as attention does. Leiden looks for niches
    with most ties beyond chance in all layers together.

    Each of several runs sees nine tenths of the ties, and is judged on the tenth left out (pairs of accounts,
    in all layers and both ways): a layer whose ties left out do not fall inside of niches gets no say, others
    as much as the logarithm of the odds tells, times the root of how many ties there are. Where all layers
    together tell of none, the one that tells most by itself has all say. The score of a resolution is what
    niches tell of ties left out (the Kullback-Leibler divergence of lying inside of one from chance; every
    account counts as much as another), times the squared agreement of two runs (adjusted Rand index): what is
    there, and is found again. The coarsest resolution is taken whose score cannot be told from the best;
    where several that differ are in question, they get up to three times as many runs. There are no niches
    where ties left out lie inside of them no more often than in networks rewired at random; where a
    resolution is given, that is taken as it is, unless it is to be `tested`. The niches are the consensus of
    runs on all ties, as many as it takes to stand still, up to 16. Neither the order of accounts nor that of
    pairs changes the result.

    Whoever has attention of one kind only, like follows, may find circles of acquaintances where all kinds
    together find niches of shared interest: what is told is what binds people, not why.

    Parameters
    ----------
    layers
        Attention among the same accounts in the same order, one network or several by name.
    terms
        Accounts x terms, sparse: who uses which, with any positive weight (0 = does not). Terms of fewer than
        three accounts, or of more than half, tell nothing.
    resolution
        Above 1 the niches become smaller and more, below 1 larger and fewer; None chooses.
    tested
        Whether there are none where chance would bring as much about; None: where no resolution is given.
    runs
        Runs on parts of the ties at each resolution not far from the best, and runs added at a time to the
        consensus; at least 2.
    smallest
        Niches with fewer members are dissolved: their accounts have none.
    rng
        Draws the samples and a seed for each run.

    Returns
    -------
    The niches; accounts without ties, and those whose ties lie as chance brings them, have none.

    Raises
    ------
    ValueError
        If `resolution` is not positive, `runs` below 2, `smallest` below 1, or layers and terms are not
        about the same accounts.

    References
    ----------
    Traag, Waltman & van Eck (2019), From Louvain to Leiden: guaranteeing well-connected communities. Leicht &
    Newman (2008), Community structure in directed networks. Barber (2007), Modularity and community
    detection in bipartite networks. Pamfil, Howison, Lambiotte & Porter (2019), Relating modularity
    maximization and stochastic block models in multilayer networks. Li, Levina & Zhu (2020), Network
    cross-validation by edge sampling. Hennig (2007), Cluster-wise assessment of cluster stability.

    Examples
    --------
    >>> import itertools
    >>> from influgraph.networks import network_from_pairs
    >>> runners = list(itertools.permutations(range(9), 2))
    >>> bakers = [(one + 9, other + 9) for one, other in runners]
    >>> sources, targets = zip(*runners, *bakers, (0, 9))
    >>> ids = pd.Index([f"a{number:02}" for number in range(19)])
    >>> found = find_niches(
    ...     network_from_pairs(sources, targets, account_ids=ids), rng=np.random.default_rng(7)
    ... )
    >>> found.accounts["niche"].value_counts(dropna=False).tolist()
    [9, 9, 1]
    """
    networks = {"attention": layers} if isinstance(layers, Network) else dict(layers)
    _check(networks, terms, resolution, runs, smallest)
    ids = next(iter(networks.values())).account_ids
    scene = Scene.of(networks, terms)
    if scene is None:
        return _nothing(ids, "nobody pays attention to anybody")
    found = choice.choose(scene, resolution, runs, rng)
    test = resolution is None if tested is None else tested
    missing = choice.beyond_chance(scene, found, runs, rng) if test else None
    return (
        _nothing(ids, missing, found, scene)
        if missing
        else _described(ids, scene, found, runs, smallest, rng)
    )


def find_subniches(
    layers: Network | Mapping[str, Network],
    niche: pd.Series,
    *,
    terms: csr_array | None = None,
    runs: int = 4,
    smallest: int = 3,
    rng: np.random.Generator,
) -> pd.Series:
    """Niches inside of niches: each of 50 accounts or more is searched on its own, by ties among its members.

    Parameters
    ----------
    layers
        As in `find_niches`.
    niche
        Niche of each account (null = none), in the order of the layers.
    terms, runs, smallest, rng
        As in `find_niches`.

    Returns
    -------
    ``subniche``, indexed like `niche`: ``"3.0"`` is the largest niche inside of niche 3; null where a niche
    is small or holds no more than chance would make of it, and where the account belongs to no part of it.

    Raises
    ------
    ValueError
        If `niche` has another index than the layers, or terms are not about the same accounts.

    Examples
    --------
    >>> from influgraph.networks import network_from_pairs
    >>> ids = pd.Index(["ann", "ben", "cem"])
    >>> network, niche = network_from_pairs([1, 2], [0, 0], account_ids=ids), pd.Series(0, ids)
    >>> find_subniches(network, niche, rng=np.random.default_rng(7)).tolist()
    [nan, nan, nan]
    """
    networks = {"attention": layers} if isinstance(layers, Network) else dict(layers)
    if not all(niche.index.equals(network.account_ids) for network in networks.values()):
        raise ValueError("niche: must be indexed by the accounts of the layers, in their order")
    if terms is not None:
        _check_terms(terms, len(niche))
    parts = [pd.Series(index=niche.index[:0], dtype="str")]
    sizes = niche.value_counts()
    for number in sorted(sizes.index[sizes >= FEWEST_TO_DIVIDE]):
        members = np.flatnonzero(niche.eq(number).to_numpy(bool, na_value=False))
        within = {name: network.among(members) for name, network in networks.items()}
        said = None if terms is None else terms[members]
        part = (
            find_niches(within, terms=said, runs=runs, smallest=smallest, rng=rng).accounts["niche"].dropna()
        )
        parts.append(f"{number}." + part.astype("str"))
    return pd.Series(pd.concat(parts).reindex(niche.index), name="subniche")


def _check(
    networks: Mapping[str, Network],
    terms: csr_array | None,
    resolution: float | None,
    runs: int,
    smallest: int,
) -> None:
    if not networks:
        raise ValueError("layers: at least one network is needed, received none")
    if not ((resolution is None or resolution > 0) and runs >= 2 and smallest >= 1):
        received = f"{resolution}, {runs} and {smallest}"
        raise ValueError(
            f"resolution must be positive, runs at least 2, smallest at least 1, received {received}"
        )
    ids = [network.account_ids for network in networks.values()]
    if not all(other.equals(ids[0]) for other in ids[1:]):
        raise ValueError("layers must be about the same accounts in the same order")
    if terms is not None:
        _check_terms(terms, len(ids[0]))
        if "topics" in networks:
            raise ValueError("layers: the name topics is that of the terms; give the layer another")


def _check_terms(terms: csr_array, accounts: int) -> None:
    if not issparse(terms) or terms.shape[0] != accounts:
        received = f"{getattr(terms, 'shape', '')} in a {type(terms).__name__}"
        raise ValueError(
            f"terms must be a sparse matrix of {accounts} rows, one per account, received {received}"
        )
    if not (np.isfinite(terms.data) & (terms.data >= 0)).all():
        raise ValueError("terms must have weights that are finite and not negative")


def _described(
    ids: pd.Index, scene: Scene, found: Choice, runs: int, smallest: int, rng: np.random.Generator
) -> Niches:
    accounts = len(scene.place)
    ties = tie_up(scene.layers, found.shares, size=scene.size)
    label, votes, partitions = ensemble.consensus(
        ties, found.best.partitions, resolution=found.best.resolution, runs=runs, rng=rng
    )
    attached = attach(scene.layers, found.shares, label, accounts=accounts)
    mine, nowhere = belonging(attached, label)
    niche = np.where(nowhere > 0.5, -1, label[:accounts])
    names = _names(niche, int(label.max()) + 1, smallest)
    niche = np.where(niche >= 0, names[niche], -1)
    confidence = np.where(niche >= 0, mine * votes[:accounts], np.nan)
    return Niches(
        accounts=_laid_out(ids, scene.place, niche, confidence),
        shares=_shares(ids, scene.place, attached, names),
        stability=_stability(label[:accounts], [other[:accounts] for other in partitions], names),
        scan=_scan_table(found, accounts),
        layers=_layer_table(scene, found),
        missing=None if (niche >= 0).any() else NOBODY,
    )


def _names(niche: NDArray[np.int64], count: int, smallest: int) -> NDArray[np.int64]:
    """Number of each label: 0 = the largest, ties by first account, -1 = too small."""
    labels, first, sizes = np.unique(niche[niche >= 0], return_index=True, return_counts=True)
    names = np.full(count, -1)
    order = np.lexsort((np.flatnonzero(niche >= 0)[first], -sizes))
    names[labels[order]] = np.where(sizes[order] >= smallest, np.arange(len(order)), -1)
    return names


def _laid_out(
    ids: pd.Index, place: NDArray[np.int64], niche: NDArray[np.int64], confidence: Numbers
) -> pd.DataFrame:
    numbers, sure = np.full(len(ids), -1), np.full(len(ids), np.nan)
    numbers[place], sure[place] = niche, confidence
    columns = {"niche": pd.arrays.IntegerArray(numbers, numbers < 0), "niche_confidence": sure}
    return pd.DataFrame(columns, index=ids)


def _shares(
    ids: pd.Index, place: NDArray[np.int64], attached: Attachment, names: NDArray[np.int64]
) -> pd.DataFrame:
    frame = membership_shares(attached, names=names)
    frame = frame.assign(account=place[frame["account"]]).sort_values(
        ["account", "share", "niche"], ascending=[True, False, True]
    )
    frame.insert(0, "account_id", ids[frame.pop("account")])
    return frame.astype({"niche": "Int64"}).reset_index(drop=True)


def _stability(label: Labels, partitions: list[Labels], names: NDArray[np.int64]) -> pd.Series:
    likeness = np.mean([ensemble.overlaps(label, other)[1] for other in partitions], axis=0)
    named = names[: len(likeness)]
    order = np.argsort(named[named >= 0])
    index = pd.Index(np.sort(named[named >= 0]), name="niche")
    return pd.Series(likeness[named >= 0][order], index=index, name="stability")


def _scan_table(found: Choice, accounts: int) -> pd.DataFrame:
    rows = [
        (
            trial.resolution,
            int(np.median([(np.bincount(label[:accounts]) > 1).sum() for label in trial.partitions])),
            trial.agreement,
            float(trial.excess @ found.shares),
            float(trial.information @ found.shares),
            trial.score(found.shares),
            trial is found.best,
        )
        for trial in found.trials
    ]
    return pd.DataFrame(rows, columns=SCAN)


def _layer_table(scene: Scene, found: Choice) -> pd.DataFrame:
    index = pd.Index(scene.names, name="layer")
    columns = found.shares, found.best.excess, found.best.error
    return pd.DataFrame(np.column_stack(columns), index=index, columns=LAYERS)


def _nothing(ids: pd.Index, reason: str, found: Choice | None = None, scene: Scene | None = None) -> Niches:
    nobody = np.empty(0, np.int64)
    scan = pd.DataFrame(columns=SCAN)
    layers = pd.DataFrame(columns=LAYERS, index=pd.Index([], name="layer", dtype="str"), dtype=np.float64)
    if found is not None and scene is not None:
        scan, layers = _scan_table(found, len(scene.place)), _layer_table(scene, found)
    return Niches(
        accounts=_laid_out(ids, nobody, nobody, np.empty(0)),
        shares=pd.DataFrame(columns=SHARES),
        stability=pd.Series(index=pd.Index([], name="niche", dtype=np.int64), name="stability", dtype=float),
        scan=scan,
        layers=layers,
        missing=reason,
    )
