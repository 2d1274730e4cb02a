"""Compiled loops below `niches`: plain arrays in, plain arrays out.

Attention in several layers is one symmetric matrix of ties, given as the arrays of its CSR form, whose
expected part is a signed sum of products: accounts i and j are expected to share the tie
`sum(signs[f] * strengths[i, f] * strengths[j, f])`. A label stands for a niche.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

Labels = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Tables = tuple[Starts, Labels, Numbers, Numbers]

_RANDOMNESS = 0.01  # of refinement, in mean ties


@njit(nogil=True, cache=True)
def _mixed(bits: np.uint64) -> np.uint64:
    """Bits of a number, mixed (splitmix64, Steele, Lea & Flood 2014)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))


@njit(nogil=True, cache=True)
def _share(bits: np.uint64) -> float:
    """A number from 0 up to 1."""
    return float(bits >> np.uint64(11)) / 9007199254740992.0


@njit(nogil=True, cache=True)
def _draw(state: NDArray[np.uint64]) -> float:
    """A number from 0 up to 1, and the state after it."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    return _share(_mixed(state[0]))


@njit(nogil=True, cache=True)
def chance_of_pairs(sources: Labels, targets: Labels, key: np.uint64) -> Numbers:
    """A number from 0 up to 1 for every pair: the same wherever the pair occurs, and both ways."""
    chance = np.empty(sources.size)
    for place in range(sources.size):
        one, other = np.uint64(sources[place]), np.uint64(targets[place])
        pair = min(one, other) << np.uint64(32) | max(one, other)
        chance[place] = _share(_mixed(pair + key))
    return chance


@njit(nogil=True, cache=True)
def _shuffled(count: int, state: NDArray[np.uint64]) -> Labels:
    order = np.arange(count).astype(np.int32)
    for place in range(count - 1, 0, -1):
        other = int(_draw(state) * (place + 1))
        order[place], order[other] = order[other], order[place]
    return order


@njit(nogil=True, cache=True, inline="always")
def _expected(strengths: Numbers, signs: Numbers, one: int, totals: Numbers, niche: int) -> float:
    """Tie expected between an account and a niche."""
    tie = 0.0
    for layer in range(signs.size):
        tie += signs[layer] * strengths[one, layer] * totals[niche, layer]
    return tie


@njit(nogil=True, cache=True, inline="always")
def _shift(strengths: Numbers, one: int, totals: Numbers, niche: int, sign: float) -> None:
    """Add an account's strengths to a niche, or take them from it."""
    for layer in range(strengths.shape[1]):
        totals[niche, layer] += sign * strengths[one, layer]


@njit(nogil=True, cache=True)
def _totals(strengths: Numbers, label: Labels) -> Numbers:
    """Strengths of each niche."""
    totals = np.zeros_like(strengths)
    for one in range(label.size):
        _shift(strengths, one, totals, label[one], 1.0)
    return totals


@njit(nogil=True, cache=True)
def _best_niche(
    strengths: Numbers, signs: Numbers, one: int, totals: Numbers, own: int, near: Labels, link: Numbers
) -> tuple[int, float]:
    """Niche among its own and the near ones where an account gains most, and the gain; clears `link`.

    No expected tie is below zero, so that a niche with a tie below the gain need not be looked at.
    """
    best, most = own, link[own] - _expected(strengths, signs, one, totals, own) + 1e-10
    for niche in near:
        tie, link[niche] = link[niche], 0.0
        if tie <= most:
            continue
        gain = tie - _expected(strengths, signs, one, totals, niche)
        if gain > most:
            best, most = niche, gain
    return best, most


@njit(nogil=True, cache=True)
def _find_near(
    indptr: Starts, indices: Labels, weights: Numbers, one: int, label: Labels, near: Labels, link: Numbers
) -> int:
    """Fill in the labels that an account has ties to and how strong these are; return their number."""
    found = 0
    for pair in range(indptr[one], indptr[one + 1]):
        niche = label[indices[pair]]
        if link[niche] == 0.0:
            near[found] = niche
            found += 1
        link[niche] += weights[pair]
    return found


@njit(nogil=True, cache=True)
def _empty_niches(label: Labels) -> tuple[Labels, Labels, int]:
    """Size of each niche; labels of those without members, and their number."""
    size, empty, free = np.zeros(label.size, np.int32), np.empty(label.size, np.int32), 0
    for one in range(label.size):
        size[label[one]] += 1
    for niche in range(label.size):
        if size[niche] == 0:
            empty[free] = niche
            free += 1
    return size, empty, free


@njit(nogil=True, cache=True)
def _move(
    indptr: Starts,
    indices: Labels,
    weights: Numbers,
    strengths: Numbers,
    signs: Numbers,
    label: Labels,
    state: NDArray[np.uint64],
) -> bool:
    """Move accounts one by one to the niche where they gain most, until none gains; say whether any moved."""
    count, moved = label.size, False
    totals, (size, empty, free) = _totals(strengths, label), _empty_niches(label)
    link, near = np.zeros(count), np.empty(count, np.int32)
    queue, waiting, head, queued = _shuffled(count, state), np.ones(count, np.bool_), 0, count
    while queued:
        one, head, queued = queue[head], head + 1, queued - 1
        if head == count:
            head = 0
        waiting[one], own = False, label[one]
        _shift(strengths, one, totals, own, -1.0)
        size[own] -= 1
        found = _find_near(indptr, indices, weights, one, label, near, link)
        best, most = _best_niche(strengths, signs, one, totals, own, near[:found], link)
        if most < 0.0 and size[own] > 0:
            free -= 1
            best = empty[free]
        elif size[own] == 0 and best != own:
            empty[free] = own
            free += 1
        _shift(strengths, one, totals, best, 1.0)
        size[best] += 1
        if best == own:
            continue
        label[one], moved = best, True
        for pair in range(indptr[one], indptr[one + 1]):
            other = indices[pair]
            if not waiting[other] and label[other] != best:
                waiting[other] = True
                tail = head + queued
                queue[tail - count if tail >= count else tail] = other
                queued += 1
    return moved


@njit(nogil=True, cache=True)
def _inward(indptr: Starts, indices: Labels, weights: Numbers, label: Labels) -> Numbers:
    """How strongly each account is tied to the rest of its niche."""
    inward = np.zeros(label.size)
    for one in range(label.size):
        for pair in range(indptr[one], indptr[one + 1]):
            if label[indices[pair]] == label[one]:
                inward[one] += weights[pair]
    return inward


@njit(nogil=True, cache=True)
def _well_tied(inward: float, signs: Numbers, part: Numbers, whole: Numbers) -> bool:
    """Whether a part is tied to the rest of its niche at least as strongly as expected."""
    expected = 0.0
    for layer in range(signs.size):
        expected += signs[layer] * part[layer] * (whole[layer] - part[layer])
    return inward >= expected


@njit(nogil=True, cache=True)
def _pick(chance: Numbers, most: float, sharpness: float, state: NDArray[np.uint64]) -> int:
    """Draw a place, the likelier the larger its gain; -1 = none, whose gain is zero; below zero never."""
    alone = np.exp(-most * sharpness)
    summed = alone
    for place in range(chance.size):
        chance[place] = np.exp((chance[place] - most) * sharpness) if chance[place] >= 0 else 0.0
        summed += chance[place]
    drawn, picked = _draw(state) * summed - alone, -1
    for place in range(chance.size):
        if drawn < 0:
            break
        if chance[place] > 0:
            picked = place
            drawn -= chance[place]
    return picked


@njit(nogil=True, cache=True)
def _refine(
    indptr: Starts,
    indices: Labels,
    weights: Numbers,
    strengths: Numbers,
    signs: Numbers,
    label: Labels,
    sharpness: float,
    state: NDArray[np.uint64],
) -> Labels:
    """Split every niche into parts that hang together, by merging accounts that are still alone."""
    count = label.size
    wholes, totals = _totals(strengths, label), strengths.copy()
    inward = _inward(indptr, indices, weights, label)
    part, alone = np.arange(count).astype(np.int32), np.ones(count, np.bool_)
    link, near, chance = np.zeros(count), np.empty(count, np.int32), np.empty(count)
    for one in _shuffled(count, state):
        whole = wholes[label[one]]
        if not alone[one] or not _well_tied(inward[one], signs, totals[one], whole):
            continue
        found, most = 0, 0.0
        for pair in range(indptr[one], indptr[one + 1]):
            other = part[indices[pair]]
            if label[indices[pair]] == label[one] and other != one:
                if link[other] == 0.0:
                    near[found] = other
                    found += 1
                link[other] += weights[pair]
        for place in range(found):
            other = near[place]
            chance[place] = link[other] - _expected(strengths, signs, one, totals, other)
            if chance[place] >= 0 and not _well_tied(inward[other], signs, totals[other], whole):
                chance[place] = -1.0
            most = max(most, chance[place])
        place = _pick(chance[:found], most, sharpness, state)
        if place >= 0:
            other = near[place]
            part[one], alone[one], alone[other] = other, False, False
            inward[other] += inward[one] - 2 * link[other]
            _shift(strengths, one, totals, other, 1.0)
        for place in range(found):
            link[near[place]] = 0.0
    return part


@njit(nogil=True, cache=True)
def _numbered(label: Labels) -> tuple[Labels, int]:
    """Labels from 0 up in order of first appearance, and their number."""
    number, fresh, count = np.full(label.size, -1, np.int32), np.empty(label.size, np.int32), 0
    for one in range(label.size):
        if number[label[one]] < 0:
            number[label[one]] = count
            count += 1
        fresh[one] = number[label[one]]
    return fresh, count


@njit(nogil=True, cache=True)
def _members(part: Labels, count: int) -> tuple[Starts, Labels]:
    """Members of each part, one part after the other, and where each begins."""
    start, member = np.zeros(count + 1, np.int64), np.empty(part.size, np.int32)
    for one in range(part.size):
        start[part[one] + 1] += 1
    start = start.cumsum()
    free = start[:-1].copy()
    for one in range(part.size):
        member[free[part[one]]] = one
        free[part[one]] += 1
    return start, member


@njit(nogil=True, cache=True)
def _merged(
    indptr: Starts, indices: Labels, weights: Numbers, strengths: Numbers, part: Labels, count: int
) -> Tables:
    """Network of the parts, without ties inside of a part."""
    start, member = _members(part, count)
    starts, position = np.zeros(count + 1, np.int64), np.full(count, -1, np.int64)
    columns, amounts, filled = np.empty(indices.size, np.int32), np.empty(indices.size), 0
    merged = np.zeros((count, strengths.shape[1]))
    for own in range(count):
        begin = filled
        for one in member[start[own] : start[own + 1]]:
            _shift(strengths, one, merged, own, 1.0)
            for pair in range(indptr[one], indptr[one + 1]):
                other = part[indices[pair]]
                if other == own:
                    continue
                if position[other] < begin:
                    position[other], columns[filled], amounts[filled] = filled, other, 0.0
                    filled += 1
                amounts[position[other]] += weights[pair]
        starts[own + 1] = filled
    return starts, columns[:filled].copy(), amounts[:filled].copy(), merged


@njit(nogil=True, cache=True)
def _pass(
    indptr: Starts,
    indices: Labels,
    weights: Numbers,
    strengths: Numbers,
    signs: Numbers,
    label: Labels,
    sharpness: float,
    state: NDArray[np.uint64],
) -> tuple[Labels, bool]:
    """One pass of Leiden from these labels: move, refine and merge until nothing merges."""
    place, changed = np.arange(label.size).astype(np.int32), False
    while True:
        moved = _move(indptr, indices, weights, strengths, signs, label, state)
        changed |= moved
        label, niches = _numbered(label)
        if niches == label.size:
            break
        part = _refine(indptr, indices, weights, strengths, signs, label, sharpness, state)
        part, count = _numbered(part)
        if count == label.size:
            break
        coarse = np.empty(count, np.int32)
        for one in range(label.size):
            coarse[part[one]] = label[one]
        indptr, indices, weights, strengths = _merged(indptr, indices, weights, strengths, part, count)
        place, label = part[place], coarse
    return label[place], changed


@njit(nogil=True, cache=True)
def leiden(
    indptr: Starts,
    indices: Labels,
    weights: Numbers,
    strengths: Numbers,
    signs: Numbers,
    seed: int,
    passes: int,
) -> Labels:
    """Labels that make the ties inside niches, less the expected ones, as many as can be found.

    `passes`: most passes; fewer where one changes nothing.
    """
    count = indptr.size - 1
    label, state = np.arange(count).astype(np.int32), np.array([seed], np.uint64)
    mean = weights.sum() / weights.size if weights.size else 1.0
    for _ in range(passes):
        label, changed = _pass(
            indptr, indices, weights, strengths, signs, label, 1 / (_RANDOMNESS * mean), state
        )
        if not changed:
            break
    return _numbered(label)[0]
