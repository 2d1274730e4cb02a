"""Compiled loops that count whom the same accounts attend to, and how unlikely that is."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]


@njit(nogil=True, cache=True)
def upper_tail(shared: int, trials: int, chance: float) -> float:
    """Probability that a binomial variable is at least `shared`, for `shared` above its mean.

    Sums from the first term on; each is at most the one before times a ratio below one.
    """
    if shared > trials or chance <= 0:
        return 0.0
    if chance >= 1 or shared <= trials * chance:
        return 1.0
    log_term = math.lgamma(trials + 1) - math.lgamma(shared + 1) - math.lgamma(trials - shared + 1)
    log_term += shared * math.log(chance) + (trials - shared) * math.log1p(-chance)
    term, odds = 1.0, chance / (1 - chance)
    total = term
    for count in range(shared, trials):
        term *= (trials - count) / (count + 1) * odds
        total += term
        if term < 1e-15 * total:
            break
    return float(min(1.0, math.exp(log_term) * total))


@njit(nogil=True, cache=True)
def _fewest_to_tell(trials: int, expected: float, most: float) -> int:
    """Fewest shared followers whose p-value is at most `most`; more than `trials` where none is."""
    low, high = max(1, int(expected)), trials + 1
    while low < high:
        middle = (low + high) // 2
        if upper_tail(middle, trials, expected / trials) <= most:
            high = middle
        else:
            low = middle + 1
    return low


@njit(nogil=True, cache=True)
def _grown(columns: Codes, numbers: Numbers) -> tuple[Codes, Numbers]:
    """Return both with twice the room."""
    more_columns = np.empty((2 * columns.shape[0], columns.shape[1]), np.int32)
    more_numbers = np.empty((2 * numbers.shape[0], numbers.shape[1]))
    more_columns[: columns.shape[0]] = columns
    more_numbers[: numbers.shape[0]] = numbers
    return more_columns, more_numbers


@njit(nogil=True, cache=True)
def _expect(mine: Numbers, chances: Numbers, members: Numbers, expected: Numbers) -> None:
    """Fill in the mean of shared followers with accounts of each size: sum over kinds of follower."""
    for size in range(chances.shape[0]):
        total = 0.0
        for kind in range(members.size):
            total += members[kind] * mine[kind] * chances[size, kind]
        expected[size] = total


@njit(nogil=True, cache=True)
def count_shared(
    follows_start: Starts,
    follows: Codes,
    audience_start: Starts,
    audience: Codes,
    size_class: Codes,
    sizes: Starts,
    chances: Numbers,
    members: Numbers,
    most: float,
) -> tuple[Codes, Numbers]:
    """Count shared followers of every two accounts; keep the pairs whose p-value is at most `most`.

    Accounts come in order of their size class, so that what is expected is worked out once per class.
    `follows` holds the accounts of each follower, sorted; `chances[size class, kind of follower]` how likely
    a follower of that kind follows such an account. Returned are (account, other, shared), and
    (expected, p-value).
    """
    accounts = size_class.size
    ahead = follows_start[:-1].copy()
    counts = np.zeros(accounts, np.int32)
    touched = np.empty(accounts, np.int32)
    expected, needed = np.empty(sizes.size), np.empty(sizes.size, np.int64)
    columns, numbers = np.empty((1024, 3), np.int32), np.empty((1024, 2))
    kept, current = 0, -1
    for account in range(accounts):
        mine = size_class[account]
        if mine != current:
            _expect(chances[mine], chances, members, expected)
            needed[:] = -1
            current = mine
        found = 0
        for place in range(audience_start[account], audience_start[account + 1]):
            follower = audience[place]
            ahead[follower] += 1
            for other in follows[ahead[follower] : follows_start[follower + 1]]:
                if counts[other] == 0:
                    touched[found] = other
                    found += 1
                counts[other] += 1
        for place in range(found):
            other = touched[place]
            shared, theirs = counts[other], size_class[other]
            counts[other] = 0
            trials = min(sizes[mine], sizes[theirs])
            if needed[theirs] < 0:
                needed[theirs] = _fewest_to_tell(trials, expected[theirs], most)
            if shared < needed[theirs]:
                continue
            if kept == columns.shape[0]:
                columns, numbers = _grown(columns, numbers)
            columns[kept, 0], columns[kept, 1], columns[kept, 2] = account, other, shared
            numbers[kept, 0] = expected[theirs]
            numbers[kept, 1] = upper_tail(shared, trials, expected[theirs] / trials)
            kept += 1
    return columns[:kept], numbers[:kept]
