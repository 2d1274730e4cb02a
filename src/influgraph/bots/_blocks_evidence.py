"""What else tells bought accounts from an audience: few followers, made together, following all at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.bots._blocks import Codes, Follows, Numbers

BINS = 512  # of the time from first to last, in which accounts are made and follows happen
WIDTHS = (1, 4, 16, 64, BINS)  # of bins joined, to tell where members are
PRIOR = 10.0  # accounts' weight of the general distribution in that of a block
USUALLY_FEWER = 0.65  # chance, 0.5 of equals, to which parts of an audience may differ by taste alone
FEW = 5  # times below which nothing is said of their bunching


@dataclass(frozen=True, eq=False)
class Traits:
    """By account code, or by follow in the order of `follows`: what blocks are not searched by.

    `created` and `since` are seconds, NaN where unknown.
    """

    follows: Follows
    followers: NDArray[np.integer]
    created: Numbers
    since: Numbers | None

    @cached_property
    def follower_bin(self) -> Codes:
        """Number of followers by powers of two: 0, 1, 2-3, 4-7, ..."""
        return np.asarray(np.ceil(np.log2(self.followers + 1.0)), np.int32)

    @cached_property
    def created_bin(self) -> Codes:
        """When an account was made, `BINS` where unknown."""
        return _time_bins(self.created, self.created)

    def followed_bin(self, rows: Codes, columns: Codes) -> Codes | None:
        """When each row followed the columns, by the median of known times; None where no time is known."""
        if self.since is None:
            return None
        wanted = np.zeros(len(self.followers), bool)
        wanted[columns] = True
        median = np.full(rows.size, np.nan)
        for place, row in enumerate(rows):
            span = slice(self.follows.indptr[row], self.follows.indptr[row + 1])
            times = self.since[span][wanted[self.follows.indices[span]]]
            times = times[~np.isnan(times)]
            if times.size:
                median[place] = np.sort(times)[times.size // 2]
        return _time_bins(median, self.since)

    @cached_property
    def usual_followed(self) -> Numbers:
        """Share of all timed follows in each time bin."""
        since = np.empty(0) if self.since is None else self.since
        return _shares(_time_bins(since, since), np.ones(len(since)))[:BINS]


def _time_bins(times: Numbers, every: Numbers) -> Codes:
    """Bins of equal length from the first to the last of `every` known time; `BINS` for unknown ones."""
    known = every[~np.isnan(every)]
    if known.size == 0 or known.min() == known.max():
        return np.full(times.size, BINS, np.int32)
    place = (times - known.min()) / (known.max() - known.min()) * BINS
    return np.where(np.isnan(times), BINS, np.clip(place, 0, BINS - 1)).astype(np.int32)


def _shares(bins: Codes, weight: Numbers) -> Numbers:
    counts = np.bincount(bins, weight, minlength=BINS + 1)
    return np.asarray(counts / max(counts.sum(), 1e-12))


def trait_odds(traits: Traits, rows: Codes, columns: Codes, member: Numbers) -> Numbers:
    """Log-likelihood ratio of belonging by traits, as those who belong by their follows show them.

    `rows` are candidates, by account code, and `member` how surely each belongs. A trait that is spread
    among members like among others adds nothing.
    """
    everybody = np.bincount(traits.follower_bin, minlength=BINS + 1) / len(traits.follower_bin)
    odds = _odds(traits.follower_bin[rows], member, everybody)
    if (traits.created_bin < BINS).any():
        usual = _shares(traits.created_bin, np.ones(len(traits.created_bin)))
        odds += _odds(traits.created_bin[rows], member, _smooth(usual))
    followed = traits.followed_bin(rows, columns)
    if followed is not None and (followed < BINS).any():
        known = float((1 - member)[followed < BINS].sum() + 1) / float((1 - member).sum() + 2)
        usual = np.append(_smooth(traits.usual_followed) * known, 1 - known)
        odds += _odds(followed, member, usual)
    return odds


def _smooth(shares: Numbers) -> Numbers:
    """Spread every bin over its neighbours, and a little over all."""
    wide = np.convolve(shares, np.ones(5) / 5, mode="same")
    wide = 0.9 * wide + 0.1 / shares.size
    return np.asarray(wide / wide.sum())


def _odds(bins: Codes, member: Numbers, usual: Numbers) -> Numbers:
    """Compare each one's bin among the members, itself left out, with the usual shares.

    Bins are joined by ever more, and each width counts by how well it tells where members are: of few
    members, spread like everybody, hardly two share a narrow bin, which says nothing.
    """
    usual = np.maximum(usual, 1e-6)
    by_width = np.stack([_odds_by_width(bins, member, usual, width) for width in WIDTHS])
    told = by_width @ member
    weight = np.exp(told - told.max())
    return np.asarray(np.clip(np.log(weight / weight.sum() @ np.exp(by_width)), -6.0, 6.0))


def _odds_by_width(bins: Codes, member: Numbers, usual: Numbers, width: int) -> Numbers:
    """The same with so many bins in one; the last, of what is not known, stays apart."""
    cell = np.arange(usual.size) // width
    cell[-1] = cell[-2] + 1
    own = cell[bins]
    expected = np.bincount(cell, usual)[own]
    counts = np.bincount(own, member)[own] - member
    theirs = (counts + PRIOR * expected) / (member.sum() - member + PRIOR)
    return np.asarray(np.clip(np.log(theirs / expected), -6.0, 6.0))


def trait_p_values(traits: Traits, rows: Codes, columns: Codes, audience: Codes) -> dict[str, float]:
    """How unlikely the traits of these rows are among the `audience` that the same columns have besides.

    Rows must have been chosen by whom they follow alone. Names are words for what is unusual.
    """
    found = {}
    few = _fewer_followers(traits.followers[rows], traits.followers[audience])
    if few is not None:
        found["they have fewer followers than others in these audiences"] = few
    created = traits.created_bin[rows]
    usual = _shares(traits.created_bin, np.ones(len(traits.created_bin)))[:BINS]
    found |= _bunched("they were made at about the same time", created, usual)
    followed = traits.followed_bin(rows, columns)
    if followed is not None:
        found |= _bunched("they followed at about the same time", followed, traits.usual_followed)
    return found


def _fewer_followers(theirs: NDArray[np.integer], others: NDArray[np.integer]) -> float | None:
    """How unlikely it is to have fewer so often, if audiences differ as they do; None where all have as many.

    The chance that one of them has fewer than one of the others is Mann and Whitney's statistic.
    """
    from scipy.stats import mannwhitneyu, norm

    if others.size < FEW or theirs.size < FEW or np.ptp(np.concatenate([theirs, others])) == 0:
        return None
    more = mannwhitneyu(theirs, others, method="asymptotic").statistic
    fewer = 1 - float(more) / (theirs.size * others.size)
    error = np.sqrt(USUALLY_FEWER * (1 - USUALLY_FEWER) / min(theirs.size, others.size))
    return float(norm.sf((fewer - USUALLY_FEWER) / error))


def _bunched(words: str, bins: Codes, usual: Numbers) -> dict[str, float]:
    """Scan two neighbouring bins at once for more than chance by the usual shares, bounded over all bins."""
    from scipy.stats import binom

    known = bins[bins < BINS]
    if known.size < FEW or usual.sum() == 0:
        return {}
    pairs = np.convolve(np.bincount(known, minlength=BINS), [1, 1])
    chance = np.convolve(np.maximum(_smooth(usual), usual / usual.sum()), [1, 1])
    p_values = np.asarray(binom.sf(pairs - 1, known.size, np.clip(chance, 1e-9, 1.0)))
    return {words: min(float(p_values.min()) * pairs.size, 1.0)}
