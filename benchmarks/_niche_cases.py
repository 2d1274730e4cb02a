"""Networks whose groups are known: public ones, beside the project, and planted ones."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

from benchmarks._data import FOLDER
from influgraph import niche_names
from influgraph._study_networks import attention_layers
from influgraph.networks import Network, network_from_pairs
from influgraph.synthetic import WorldSettings, make_world

SHARED = Path(__file__).parents[2] / "shared" / "data"
RELATIONS = ("friend", "favorite", "mention", "retweet", "reply")
LANGUAGES = ("DE", "ENGB", "ES")
EGOS = ("0", "107", "348", "414", "686")
UNEVEN: dict[str, Any] = {
    "accounts": 2_500,
    "reruns": 2,
    "niches": 8,
    "niche_skew": 1.2,
    "fame_follows": 0.4,
    "interest_follows": 0.35,
}


@dataclass(frozen=True)
class Case:
    """Layers of attention, what groups the accounts form (null = unknown), and the terms they use."""

    name: str
    layers: dict[str, Network]
    truth: pd.Series
    terms: csr_array | None = None
    seeds: int = 1


def both_ways(ids: pd.Index, one: NDArray[np.int32], other: NDArray[np.int32]) -> Network:
    """Ties without direction, as `networks.from_igraph` takes them: attention both ways."""
    pairs = np.concatenate([one, other]), np.concatenate([other, one])
    return network_from_pairs(*pairs, account_ids=ids)


def email() -> Case:
    """E-mails of an institute, giant component; departments."""
    pairs = pd.read_csv(SHARED / "email_eu_core/email-Eu-core.txt.gz", sep=" ").to_numpy(np.int32)
    labels = pd.read_csv(
        SHARED / "email_eu_core/email-Eu-core-department-labels.txt.gz", sep=" ", index_col=0
    ).iloc[:, 0]
    size = len(labels)
    tied = coo_array((np.ones(len(pairs)), pairs.T), shape=(size, size)).tocsr()
    tied.setdiag(0)
    tied.eliminate_zeros()
    component = connected_components(tied, directed=False)[1]
    giant = np.flatnonzero(component == np.bincount(component).argmax())
    whole = network_from_pairs(*pairs.T, account_ids=pd.RangeIndex(size).astype(str))
    network = whole.among(giant)
    return Case("email-Eu-core", {"e-mail": network}, _by_id(labels, network.account_ids), seeds=5)


def timme() -> list[Case]:
    """Politicians of the United States in five relations, each alone and all together; parties."""
    folder = SHARED / "timme_purep"
    tables = {name: pd.read_csv(folder / f"{name}_list.tsv.gz", sep="\t") for name in RELATIONS}
    party = pd.read_csv(folder / "party_labels.tsv.gz", sep="\t", index_col=0).iloc[:, 0]
    largest = max(table[["src", "dst"]].to_numpy().max() for table in tables.values())
    ids = pd.RangeIndex(max(largest, party.index.max()) + 1).astype(str)
    layers = {
        name: network_from_pairs(table["src"], table["dst"], account_ids=ids, weights=table["count"])
        for name, table in tables.items()
    }
    truth = _by_id(party, ids)
    alone = [Case(f"TIMME {name}", {name: layer}, truth, seeds=3) for name, layer in layers.items()]
    return [*alone, Case("TIMME all", layers, truth, seeds=3)]


def facebook() -> Case:
    """Pages of Facebook that like one another; types of page."""
    folder = SHARED / "musae_facebook"
    kinds = pd.read_csv(folder / "target.csv.gz", index_col="id")["page_type"]
    ids = kinds.index.astype(str)
    one, other = pd.read_csv(folder / "edges.csv.gz").to_numpy(np.int32).T
    return Case("MUSAE Facebook", {"likes": both_ways(ids, one, other)}, kinds.set_axis(ids))


def twitch(*, games: bool) -> Case:
    """Streamers who are friends, of three languages in one network; language. Games may stand as terms."""
    folder, size, ties, languages, uses = SHARED / "musae_twitch", 0, [], [], []
    for language in LANGUAGES:
        ties.append(pd.read_csv(folder / f"{language}_edges.csv.gz").to_numpy(np.int32) + size)
        features = json.loads(gzip.decompress((folder / f"{language}_features.json.gz").read_bytes()))
        uses += [(int(account) + size, game) for account, some in features.items() for game in set(some)]
        languages += [language] * len(features)
        size += len(features)
    ids = pd.Index([f"{language}{number}" for number, language in enumerate(languages)])
    account, game = np.array(uses).T
    terms = csr_array((np.ones(len(uses)), (account, game)))
    layers = {"friends": both_ways(ids, *np.concatenate(ties).T)}
    name = "MUSAE Twitch, games as terms" if games else "MUSAE Twitch"
    return Case(name, layers, pd.Series(languages, ids), terms if games else None)


def lfr(accounts: int = 100_000) -> Case:
    """Planted groups of 50 to 2,000, half of all ties between them (Lancichinetti-Fortunato-Radicchi)."""
    file = FOLDER / f"lfr-{accounts}.npz"
    if not file.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        _draw_lfr(accounts, file)
    drawn = np.load(file)
    ids = pd.RangeIndex(accounts).astype(str)
    network = both_ways(ids, *drawn["ties"].T)
    return Case("LFR", {"ties": network}, pd.Series(drawn["truth"], ids))


def _draw_lfr(accounts: int, file: Path) -> None:
    import networkit

    networkit.setSeed(11, useThreadId=False)
    networkit.setNumberOfThreads(2)
    generator = networkit.generators.LFRGenerator(accounts)
    generator.generatePowerlawDegreeSequence(30, 300, -2.5)
    generator.generatePowerlawCommunitySizeSequence(50, 2000, -1.5)
    generator.setMu(0.5)
    graph = generator.generate()
    ties = np.array(list(graph.iterEdges()), np.int32)
    np.savez(file, ties=ties, truth=np.array(generator.getPartition().getVector()))


def planted(seed: int, *, follows: float = 40.0) -> Case:
    """Draw a world of uneven niches with few ties inside of them, in all layers of a study."""
    world = make_world(WorldSettings(follows_per_account=follows, **UNEVEN), rng=np.random.default_rng(seed))
    data = world.data
    truth = world.members.set_index("account_id")["niche"].reindex(data.account_ids)
    return Case(f"planted {seed}", attention_layers(data), truth, niche_names.term_uses(data))


def large_planted(accounts: int = 200_000, pairs: int = 5_000_000, *, niches: int = 60) -> Case:
    """Draw follows, half of them inside of the niche, of accounts unequally active and unequally followed."""
    rng = np.random.default_rng(17)
    niche = np.sort(rng.choice(niches, accounts, p=_shares(niches, 0.7)))
    starts = np.searchsorted(niche, np.arange(niches + 1))
    fame = np.concatenate([rng.permutation(_power(size, 1.4)) for size in np.diff(starts)])
    mass = np.concatenate([[0], np.cumsum(fame)])
    source = rng.permutation(accounts)[rng.choice(accounts, int(pairs * 1.12), p=_shares(accounts, 0.4))]
    inside = rng.random(len(source)) < 0.5
    low = np.where(inside, mass[starts[niche[source]]], 0)
    high = np.where(inside, mass[starts[niche[source] + 1]], mass[-1])
    target = np.searchsorted(mass, low + rng.random(len(source)) * (high - low), side="right") - 1
    key = np.unique(source * accounts + np.minimum(target, accounts - 1))
    key = rng.permutation(key)[:pairs]
    ids = pd.Index([f"a{number}" for number in range(accounts)])
    network = network_from_pairs(key // accounts, key % accounts, account_ids=ids)
    return Case("200,000 accounts, 5 M follows", {"follow": network}, pd.Series(niche, ids))


def _power(size: int, power: float) -> NDArray[np.float64]:
    return np.asarray((np.arange(1, size + 1) + 10.0) ** (-1 / power))


def _shares(size: int, exponent: float) -> NDArray[np.float64]:
    weights = np.arange(1, size + 1.0) ** -exponent
    return np.asarray(weights / weights.sum())


def without_niches(seed: int) -> Network:
    """Follows of accounts unequally active and unequally followed; half of them are as famous as active."""
    rng = np.random.default_rng(seed)
    size, degree = int(10 ** rng.uniform(2.3, 4.3)), int(rng.integers(4, 26))
    famous = rng.permutation(size)
    active = famous.copy()
    moved = rng.permutation(size)[: size // 2]
    active[moved] = active[rng.permutation(moved)]
    ends = [
        who[rng.choice(size, size * degree, p=_power(size, power) / _power(size, power).sum())]
        for who, power in ((active, 1.4), (famous, 1.1))
    ]
    ids = pd.Index([f"a{number:05}" for number in range(size)])
    return network_from_pairs(*ends, account_ids=ids)


def ego(name: str) -> tuple[Network, list[set[int]], csr_array]:
    """Friends of one person: their ties, the person's circles of at least three of them, what they state."""
    folder = SHARED / "snap_ego_facebook"
    ties = pd.read_csv(folder / f"{name}.edges.gz", sep=" ", header=None).to_numpy()
    people, codes = np.unique(ties, return_inverse=True)
    code = {person: place for place, person in enumerate(people.tolist())}
    lines = gzip.decompress((folder / f"{name}.circles.gz").read_bytes()).decode().splitlines()
    named = [[int(person) for person in line.split()[1:]] for line in lines]
    circles = [{code[person] for person in circle if person in code} for circle in named]
    stated = pd.read_csv(folder / f"{name}.feat.gz", sep=" ", header=None, index_col=0)
    one, other = codes.reshape(ties.shape).astype(np.int32).T
    terms = csr_array(stated.reindex(people).fillna(0).to_numpy(np.float64))
    network = both_ways(pd.Index(people.astype(str)), one, other)
    return network, [circle for circle in circles if len(circle) > 2], terms


def _by_id(labels: pd.Series, ids: pd.Index) -> pd.Series:
    return labels.set_axis(labels.index.astype(str)).reindex(ids)
