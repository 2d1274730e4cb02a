"""Compiled loops below `followers`: who follows whom as rows and columns, plain arrays in and out.

A row follows columns. Rows and columns belong to groups (niches); row i, of group g, is expected to follow
column j, of group h, at a rate of `degree of i in h` x `share[j, g]`. Group 0 is that of columns of no group:
there the degree is that in all groups.
"""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Marks = NDArray[np.uint8]

MOST_EXACT = 8  # columns whose joint tail is computed exactly; of more by Poisson's law
NOTHING = 1e-15  # a chance that adds nothing
SURE = 0.95  # no follow is expected more surely


@njit(nogil=True, cache=True)
def transpose(indptr: Starts, indices: Codes, columns: int) -> tuple[Starts, Codes, Starts]:
    """Rows of each column in order, and the place of each in the arrays by row."""
    starts = np.zeros(columns + 1, np.int64)
    for column in indices:
        starts[column + 1] += 1
    for column in range(columns):
        starts[column + 1] += starts[column]
    free = starts[:-1].copy()
    rows, places = np.empty(indices.size, np.int32), np.empty(indices.size, np.int64)
    for row in range(indptr.size - 1):
        for place in range(indptr[row], indptr[row + 1]):
            at = free[indices[place]]
            free[indices[place]] += 1
            rows[at] = row
            places[at] = place
    return starts, rows, places


@njit(nogil=True, cache=True)
def common(indptr: Starts, indices: Codes, other_indptr: Starts, others: Codes) -> Marks:
    """Mark the entries of a matrix that another one has too; rows are sorted in both."""
    mark = np.zeros(indices.size, np.uint8)
    for row in range(indptr.size - 1):
        at, end = other_indptr[row], other_indptr[row + 1]
        for place in range(indptr[row], indptr[row + 1]):
            while at < end and others[at] < indices[place]:
                at += 1
            mark[place] = at < end and others[at] == indices[place]
    return mark


@njit(nogil=True, cache=True)
def among_friends(indptr: Starts, indices: Codes, mutual: Marks) -> Marks:
    """Mark unreturned follows whose ends share more returned ties than chance by degrees would have it."""
    size = indptr.size - 1
    starts = np.zeros(size + 1, np.int64)
    for row in range(size):
        starts[row + 1] = starts[row]
        for place in range(indptr[row], indptr[row + 1]):
            starts[row + 1] += mutual[place]
    friends, free = np.empty(starts[-1], np.int32), 0
    for place in range(indices.size):
        if mutual[place]:
            friends[free] = indices[place]
            free += 1
    squares = 0.0
    for row in range(size):
        squares += float(starts[row + 1] - starts[row]) ** 2
    scale = squares / max(float(starts[-1]) ** 2, 1.0)
    mark = np.zeros(indices.size, np.uint8)
    stamp = np.full(size, -1, np.int32)
    for row in range(size):
        first, last = starts[row], starts[row + 1]
        if first == last:
            continue
        for friend in friends[first:last]:
            stamp[friend] = row
        for place in range(indptr[row], indptr[row + 1]):
            other = indices[place]
            theirs = friends[starts[other] : starts[other + 1]]
            if mutual[place] or theirs.size == 0:
                continue
            shared = 0
            if theirs.size > 16 * (last - first):
                for friend in friends[first:last]:
                    at = np.searchsorted(theirs, friend)
                    shared += at < theirs.size and theirs[at] == friend
            else:
                for friend in theirs:
                    shared += stamp[friend] == row
            mark[place] = shared > 3 * scale * (last - first) * theirs.size
    return mark


@njit(nogil=True, cache=True)
def keep_some(
    indptr: Starts, indices: Codes, keep: Marks, new_column: Codes, new_row: Codes, rows: int
) -> tuple[Starts, Codes]:
    """Keep the marked follows of rows and columns that have a new number."""
    starts = np.zeros(rows + 1, np.int64)
    kept = np.empty(indices.size, np.int32)
    filled = 0
    for row in range(indptr.size - 1):
        if new_row[row] < 0:
            continue
        for place in range(indptr[row], indptr[row + 1]):
            if keep[place] and new_column[indices[place]] >= 0:
                kept[filled] = new_column[indices[place]]
                filled += 1
        starts[new_row[row] + 1] = filled
    return starts, kept[:filled].copy()


@njit(nogil=True, cache=True)
def group_counts(
    indptr: Starts,
    indices: Codes,
    row_group: Codes,
    column_group: Codes,
    groups: int,
) -> tuple[Numbers, Numbers, Numbers]:
    """Follows from group to column, from group to group, and pairs of follows from group to two groups."""
    received = np.zeros((column_group.size, groups))
    between = np.zeros((groups, groups))
    pairs = np.zeros((groups, groups, groups))
    wide = np.zeros(groups)
    seen = np.empty(groups, np.int32)
    for row in range(indptr.size - 1):
        group, count = row_group[row], 0
        for place in range(indptr[row], indptr[row + 1]):
            other = column_group[indices[place]]
            received[indices[place], group] += 1
            if other > 0 and wide[other] == 0:
                seen[count] = other
                count += 1
            wide[other] += other > 0
        wide[0] = indptr[row + 1] - indptr[row]
        seen[count] = 0
        count += 1
        for one in seen[:count]:
            between[group, one] += wide[one]
            for other in seen[:count]:
                same = one == other or min(one, other) == 0
                pairs[group, one, other] += (max(wide[one], wide[other]) - same) * min(wide[one], wide[other])
        for one in seen[:count]:
            wide[one] = 0
    return received, between, pairs


@njit(nogil=True, cache=True)
def excess(found: float, expected: float, dispersion: float) -> float:
    """Logarithm of the likelihood ratio of a count above expectation, of a negative binomial law; else 0."""
    if found <= expected:
        return 0.0
    e = max(expected, 1e-9)
    if dispersion <= 0:
        return found * math.log(found / e) - (found - e)
    return found * math.log(found / e) - (found + 1 / dispersion) * math.log(
        (1 + dispersion * found) / (1 + dispersion * e)
    )


@njit(nogil=True, cache=True)
def screen_pairs(
    indptr: Starts,
    indices: Codes,
    column_indptr: Starts,
    rows: Codes,
    places: Starts,
    column_group: Codes,
    share: Numbers,
    pairs: Numbers,
    least: int,
    dispersion: float,
    best: int,
    widest: int,
) -> tuple[Codes, Numbers]:
    """For each column the `best` later columns with which it shares the most rows beyond expectation.

    Rows that follow more than `widest` columns say nothing of pairs, and are passed over.
    """
    columns, groups = share.shape
    partner = np.full((columns, best), -1, np.int32)
    score = np.zeros((columns, best))
    count = np.zeros(columns, np.int32)
    touched = np.empty(columns, np.int32)
    mean = np.zeros(columns)
    for column in range(columns):
        mean[column] = share[column].max()
    for column in range(columns):
        seen = 0
        for at in range(column_indptr[column], column_indptr[column + 1]):
            row = rows[at]
            end = indptr[row + 1]
            if end - indptr[row] > widest:
                continue
            for place in range(places[at] + 1, end):
                other = indices[place]
                if count[other] == 0:
                    touched[seen] = other
                    seen += 1
                count[other] += 1
        for other in touched[:seen]:
            found = count[other]
            count[other] = 0
            if found < least:
                continue
            expected = 0.0
            for group in range(groups):
                expected += (
                    share[column, group]
                    * share[other, group]
                    * pairs[group, column_group[column], column_group[other]]
                )
            if found <= expected:
                continue
            value = excess(float(found), expected, dispersion)
            at = best
            while at > 0 and value > score[column, at - 1]:
                at -= 1
            if at < best:
                for behind in range(best - 1, at, -1):
                    score[column, behind] = score[column, behind - 1]
                    partner[column, behind] = partner[column, behind - 1]
                score[column, at] = value
                partner[column, at] = other
    return partner, score


@njit(nogil=True, cache=True)
def count_hits(columns: Codes, column_indptr: Starts, rows: Codes, hits: Codes) -> Codes:
    """Add up in `hits` how many of the columns each row follows, and return the rows that follow any."""
    total = 0
    for column in columns:
        total += column_indptr[column + 1] - column_indptr[column]
    touched, seen = np.empty(total, np.int32), 0
    for column in columns:
        for row in rows[column_indptr[column] : column_indptr[column + 1]]:
            if hits[row] == 0:
                touched[seen] = row
                seen += 1
            hits[row] += 1
    return touched[:seen].copy()


@njit(nogil=True, cache=True)
def hit_numbers(columns: Codes, column_indptr: Starts, rows: Codes, hits: Codes) -> Numbers:
    """How many rows follow at least 0, 1, 2, ... of the columns; `hits` is zero before and after."""
    touched = count_hits(columns, column_indptr, rows, hits)
    numbers = np.zeros(columns.size + 1)
    for row in touched:
        numbers[hits[row]] += 1
        hits[row] = 0
    for least in range(columns.size - 1, -1, -1):
        numbers[least] += numbers[least + 1]
    return numbers


@njit(nogil=True, cache=True)
def weigh_columns(
    chosen: Codes,
    weight: Numbers,
    indptr: Starts,
    indices: Codes,
    row_group: Codes,
    column_group: Codes,
    share: Numbers,
    paid: Marks,
) -> tuple[Numbers, Numbers]:
    """Weight of the chosen rows that follow each column, and that expected by degrees and groups.

    Follows of `paid` columns count for no degree.
    """
    columns, groups = share.shape
    found, wide = np.zeros(columns), np.zeros((groups, groups))
    for at in range(chosen.size):
        row = chosen[at]
        for place in range(indptr[row], indptr[row + 1]):
            found[indices[place]] += weight[at]
            if not paid[indices[place]]:
                wide[row_group[row], column_group[indices[place]]] += weight[at]
                if column_group[indices[place]] > 0:
                    wide[row_group[row], 0] += weight[at]
    expected = np.zeros(columns)
    for column in range(columns):
        for group in range(groups):
            expected[column] += share[column, group] * wide[group, column_group[column]]
    return found, expected


@njit(nogil=True, cache=True)
def weigh_rows(
    chosen: Codes,
    indptr: Starts,
    indices: Codes,
    row_group: Codes,
    column_group: Codes,
    share: Numbers,
    columns: Codes,
    slot: Codes,
    rate: Numbers,
    rest: Numbers,
) -> Numbers:
    """Logarithm of the likelihood ratio of belonging: following each column at `rate`, or by chance.

    `slot` is the place of a column in `columns`, else -1; `rest`, the part of a column's followers that do
    not belong.
    """
    groups = share.shape[1]
    ratio = np.zeros(chosen.size)
    wide, follows = np.zeros(groups), np.zeros(columns.size, np.uint8)
    for at in range(chosen.size):
        row = chosen[at]
        for place in range(indptr[row], indptr[row + 1]):
            wide[column_group[indices[place]]] += 1
            wide[0] += column_group[indices[place]] > 0
            if slot[indices[place]] >= 0:
                follows[slot[indices[place]]] = 1
        for place in range(columns.size):
            column = columns[place]
            chance = wide[column_group[column]] * share[column, row_group[row]] * rest[place]
            chance = min(max(chance, 1e-7), SURE)
            if follows[place]:
                ratio[at] += math.log(rate[place] / chance)
            else:
                ratio[at] += math.log((1 - rate[place]) / (1 - chance))
            follows[place] = 0
        for place in range(indptr[row], indptr[row + 1]):
            wide[column_group[indices[place]]] = 0
        wide[0] = 0
    return ratio


@njit(nogil=True, cache=True)
def _add_poisson_tails(mean: float, numbers: Numbers) -> None:
    """Add the chance of at least 0, 1, 2, ... of a count with this mean."""
    term, left = math.exp(-mean), 1.0
    for hits in range(numbers.size):
        if (
            left < 1e-6
        ):  # rounding has eaten the difference: the first term, and a geometric bound on the rest
            numbers[hits] += term / max(1 - mean / (hits + 1), 0.1)
        else:
            numbers[hits] += left
        left -= term
        term *= mean / (hits + 1)
        if term < NOTHING and hits > mean:
            break


@njit(nogil=True, cache=True)
def expected_numbers(
    chosen: Codes,
    indptr: Starts,
    indices: Codes,
    row_group: Codes,
    column_group: Codes,
    share: Numbers,
    columns: Codes,
    most: int,
    member: Marks,
    paid: Marks,
) -> Numbers:
    """How many of the chosen rows are expected to follow at least 0, 1, ..., `most` of the columns.

    `most` is the number of columns where that is at most `MOST_EXACT`. What a `member` gives to columns that
    are `paid` counts for nothing.
    """
    groups = share.shape[1]
    sums = np.zeros((groups, groups))  # of row's group, of column's group
    for column in columns:
        for group in range(groups):
            sums[group, column_group[column]] += share[column, group]
    numbers, law = np.zeros(most + 1), np.zeros(most + 1)
    wide = np.zeros(groups)
    for row in chosen:
        for place in range(indptr[row], indptr[row + 1]):
            if not (member[row] and paid[indices[place]]):
                wide[column_group[indices[place]]] += 1
                wide[0] += column_group[indices[place]] > 0
        if columns.size <= MOST_EXACT:
            law[:] = 0
            law[0] = 1
            for column in columns:
                chance = min(wide[column_group[column]] * share[column, row_group[row]], SURE)
                for hits in range(most, 0, -1):
                    law[hits] = law[hits] * (1 - chance) + law[hits - 1] * chance
                law[0] *= 1 - chance
            tail = 0.0
            for hits in range(most, -1, -1):
                tail += law[hits]
                numbers[hits] += tail
        else:
            mean = 0.0
            for group in range(groups):
                mean += wide[group] * sums[row_group[row], group]
            _add_poisson_tails(mean, numbers)
        for place in range(indptr[row], indptr[row + 1]):
            wide[column_group[indices[place]]] = 0
        wide[0] = 0
    return numbers
