"""What lists of followers that were cut leave unsure about shares."""

import numpy as np
from scipy.sparse import csr_array

from influgraph.audience._lists import Cut, longer_than, sizes_under, sums
from influgraph.audience._shares import WIDTH, Floats, jeffreys, ratio
from influgraph.dataset import Dataset


def unseen_share(data: Dataset, members: csr_array, cut: Cut) -> Floats:
    """Share of each list that lies beyond what is seen of it; 0 where it is whole or a fair sample."""
    seen = sums(members)
    if not cut.in_order:
        return np.zeros(len(seen))
    size = sizes_under(data, seen, cut)
    beyond = 1 - np.divide(seen, size, out=np.zeros(len(seen)), where=size > 0)
    return np.where(longer_than(seen, cut), beyond, 0.0)


def share_interval(
    count: Floats, size: Floats, unseen: Floats, nearer: tuple[Floats, Floats] | None
) -> tuple[Floats, Floats]:
    """Ends of a share; where part of a list is unseen, as far on as its halves may differ.

    `nearer`: count and size in the half nearer to what is unseen; None where that is not known, so that the
    unseen may be anything.
    """
    low, high = jeffreys(count, size)
    if not unseen.any():
        return low, high
    apart = np.ones(len(count))
    if nearer is not None:
        farther = size - nearer[1]
        apart = _difference(*nearer, np.clip(count - nearer[0], 0, farther), farther)
    low = np.maximum((1 - unseen) * low, low - unseen * apart)
    return low, np.minimum((1 - unseen) * high + unseen, high + unseen * apart)


def _difference(first: Floats, of_first: Floats, second: Floats, of_second: Floats) -> Floats:
    """How far two shares may lie apart: their difference and 1.645 standard errors; 1 where one has none."""
    shares, error = [], np.zeros(len(first))
    for count, size in ((first, of_first), (second, of_second)):
        drawn = (count + 0.5) / (size + 1)
        shares.append(ratio(count, size))
        error += drawn * (1 - drawn) / np.maximum(size, 1)
    apart = np.abs(shares[0] - shares[1]) + WIDTH * np.sqrt(error)
    return np.asarray(np.nan_to_num(apart, nan=1.0).clip(0, 1))
