"""How surely each account belongs to its niche, to others, or nowhere."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from influgraph._niches_layers import Labels, Layer, Numbers

PRIOR = 20.0  # ties' worth of what is usual everywhere, beside what is usual in a niche
ROUNDS = 10
LEAST_SHARE = 0.1
VARIATION = (1e-4, 0.9)
SURE = 1.645


@dataclass(frozen=True, eq=False)
class Attachment:
    """Ties of accounts to niches, one entry for each account and niche with any, by account.

    `ties` counts in ties' worth, of all layers and both directions; `chance` is the share of the account's
    ties that chance would bring to the niche; `total` counts the ties of each account.
    """

    account: NDArray[np.int64]
    niche: Labels
    ties: Numbers
    chance: Numbers
    total: Numbers


def attach(layers: Sequence[Layer], shares: Numbers, label: Labels, *, accounts: int) -> Attachment:
    """Count the ties of each account to each niche."""
    niches = int(label.max()) + 1
    near = csr_array((accounts, niches))
    paid, usual = [], []
    for layer, share in zip(layers, shares / shares.max(), strict=True):
        if share <= 0:
            continue
        worth = share * layer.weights * layer.weights.sum() / (layer.weights**2).sum()
        for here, there in ((layer.sources, layer.targets), (layer.targets, layer.sources)):
            own = here < accounts
            found = csr_array((worth[own], (here[own], label[there[own]])), shape=near.shape)
            near = near + found
            paid.append(np.asarray(found.sum(axis=1)).ravel())
            usual.append(np.bincount(label[there], layer.weights, niches) / layer.weights.sum())
    account = np.repeat(np.arange(accounts), np.diff(near.indptr))
    total, niche = np.sum(paid, axis=0), near.indices.astype(np.int32)
    by_chance = np.zeros(near.nnz)
    for some, share in zip(paid, usual, strict=True):
        by_chance += some[account] * share[niche]
    return Attachment(account, niche, near.data, by_chance / total[account], total)


def belonging(found: Attachment, label: Labels) -> tuple[Numbers, Numbers]:
    """Probability that each account belongs to its niche, and that it belongs nowhere.

    The share of their ties that members of a niche have there varies from member to member (a beta
    distribution; the mean of each niche and how much members vary are learnt). Whoever belongs nowhere has
    as many ties as chance brings anywhere. So an account that few things bind to a niche, but surely more
    than chance, is a member.
    """
    own = found.niche == label[found.account]
    niches, accounts = int(label.max()) + 1, len(found.total)
    sizes = np.bincount(label[:accounts], minlength=niches) / accounts
    mine, nowhere = np.ones(accounts), 0.05
    for _ in range(ROUNDS):
        logs = _odds(found, own, mine, niches) + np.log(sizes * (1 - nowhere) + 1e-300)[found.niche]
        posterior, lost = _posterior(found.account, logs, nowhere, accounts)
        mine = np.zeros(accounts)
        mine[found.account[own]] = posterior[own]
        nowhere = float(np.clip(lost.mean(), 1e-3, 0.999))
    return mine, lost


def _odds(found: Attachment, own: NDArray[np.bool_], mine: Numbers, niches: int) -> Numbers:
    """Log odds of the ties of each entry: those of a member beside those that chance brings."""
    from scipy.special import betaln

    weight, total = mine[found.account[own]], found.total[found.account]
    usual = _usual_share(found, own, weight, niches)[found.niche]
    kept = 1 / _variation(found, own, weight, usual) - 1
    logs = np.full(len(usual), -np.inf)
    more = found.ties > found.chance * total
    ties, rest = found.ties[more], np.maximum(total - found.ties, 0.0)[more]
    chance = np.clip(found.chance[more], 1e-9, 1 - 1e-9)
    ones, others = kept * usual[more], kept * (1 - usual[more])
    member = betaln(ties + ones, rest + others) - betaln(ones, others)
    logs[more] = member - ties * np.log(chance) - rest * np.log(1 - chance)
    return logs


def _usual_share(found: Attachment, own: NDArray[np.bool_], weight: Numbers, niches: int) -> Numbers:
    """Share of the ties of its members that a niche holds, drawn to what is usual everywhere."""
    within = np.bincount(found.niche[own], weight * found.ties[own], niches)
    whole = np.bincount(found.niche[own], weight * found.total[found.account[own]], niches)
    share = (within + PRIOR * within.sum() / max(whole.sum(), 1e-12)) / (whole + PRIOR)
    return np.asarray(np.clip(share, 1e-6, 1 - 1e-6))


def _variation(found: Attachment, own: NDArray[np.bool_], weight: Numbers, usual: Numbers) -> float:
    """How much members' shares vary beyond the chance of counts: 0 all alike, 1 all or nothing."""
    total: Numbers = found.total[found.account[own]]
    spread: Numbers = usual[own] * (1 - usual[own])
    share = found.ties[own] / total
    beyond = weight @ ((share - usual[own]) ** 2 - spread / total)
    most = float(weight @ (spread * np.maximum(1 - 1 / total, 0.0)))
    return float(np.clip(float(beyond) / max(most, 1e-12), *VARIATION))


def _posterior(
    account: NDArray[np.int64], logs: Numbers, nowhere: float, accounts: int
) -> tuple[Numbers, Numbers]:
    """Probabilities of each entry, and of nowhere, which sum to one over each account."""
    top = np.full(accounts, np.log(nowhere))
    np.maximum.at(top, account, logs)
    raised = np.exp(logs - top[account])
    alone = np.exp(np.log(nowhere) - top)
    whole = alone + np.bincount(account, raised, accounts)
    return raised / whole[account], alone / whole


def membership_shares(found: Attachment, *, names: NDArray[np.int64]) -> pd.DataFrame:
    """Share of each account's ties beyond chance that goes to each niche, with a 90 % interval.

    `names`: number of each label, -1 = none. Shares below a tenth, or not told from zero, are left out.
    """
    share = found.ties / found.total[found.account]
    beyond = np.maximum(share - found.chance, 0.0) * (names[found.niche] >= 0)
    whole = np.bincount(found.account, beyond, len(found.total))[found.account]
    error = SURE * np.sqrt(share * (1 - share) / np.maximum(found.total[found.account], 1.0))
    told = (beyond > error) | (beyond == _largest(found.account, beyond)) & (beyond > 0)
    frame = pd.DataFrame(
        {
            "account": found.account,
            "niche": names[found.niche],
            "share": beyond / np.maximum(whole, 1e-12),
            "share_low": np.maximum(beyond - error, 0) / np.maximum(whole, 1e-12),
            "share_high": np.minimum((beyond + error) / np.maximum(whole, 1e-12), 1.0),
        }
    )
    return pd.DataFrame(frame[told & (frame["share"] >= LEAST_SHARE)])


def _largest(account: NDArray[np.int64], values: Numbers) -> Numbers:
    """Largest value of the account that each entry is about."""
    most = np.zeros(int(account.max(initial=-1)) + 1)
    np.maximum.at(most, account, values)
    return most[account]
