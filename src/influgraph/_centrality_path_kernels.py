"""Compiled loops below shortest paths: one source after the other, or 64 of them in the bits of a number."""

import numpy as np
from numba import njit, types
from numpy.typing import NDArray

Codes = NDArray[np.int32]
Starts = NDArray[np.int64]
Numbers = NDArray[np.float64]
Bits = NDArray[np.uint64]

_CODES = types.Array(types.int32, 1, "C", readonly=True)
_STARTS = types.Array(types.int64, 1, "C", readonly=True)
_INT, _VECTOR, _BITS, _ORDER = types.int64, types.float64[::1], types.uint64[::1], types.int32[::1]


@njit(_INT(_STARTS, _CODES, _INT, _ORDER, _ORDER, _VECTOR, _VECTOR), cache=True, nogil=True)
def follow_paths(
    starts: Starts,
    codes: Codes,
    source: int,
    order: Codes,
    distance: Codes,
    paths: Numbers,
    credit: Numbers,
) -> int:
    """Brandes: leave in `paths` what share of the shortest paths from the source runs through each account.

    `order` gets the accounts reached, nearest first, and returned is how many. `distance` must be -1
    everywhere, and `add_paths` makes it so again.
    """
    order[0], distance[source], paths[source] = source, 0, 1.0
    reached, place = 1, 0
    while place < reached:
        account = order[place]
        place += 1
        further, ways = distance[account] + 1, paths[account]
        for pair in range(starts[account], starts[account + 1]):
            other = codes[pair]
            if distance[other] < 0:
                distance[other] = further
                paths[other] = ways
                order[reached] = other
                reached += 1
            elif distance[other] == further:
                paths[other] += ways
    for place in range(reached - 1, -1, -1):
        account = order[place]
        further, passed = distance[account] + 1, 0.0
        for pair in range(starts[account], starts[account + 1]):
            if distance[codes[pair]] == further:
                passed += credit[codes[pair]]
        credit[account] = passed + 1 / paths[account]
        paths[account] *= passed
    return reached


@njit(types.void(_ORDER, _INT, _ORDER, _VECTOR, _VECTOR, _VECTOR), cache=True, nogil=True)
def add_paths(
    order: Codes, reached: int, distance: Codes, paths: Numbers, total: Numbers, squares: Numbers
) -> None:
    """Add what one source tells of the accounts it reached, and forget its distances."""
    distance[order[0]] = -1
    for place in range(1, reached):
        account = order[place]
        distance[account] = -1
        total[account] += paths[account]
        squares[account] += paths[account] ** 2


@njit(types.boolean(_STARTS, _CODES, _BITS, _BITS, _BITS), cache=True, nogil=True)
def go_on(starts: Starts, codes: Codes, front: Bits, seen: Bits, ahead: Bits) -> bool:
    """One step from all accounts in front: who is new stands in `front` and `seen`; False where nobody is.

    A bit stands for a source. `ahead` must be 0 everywhere, and is so again.
    """
    nobody = np.uint64(0)
    for account in range(front.size):
        bits = front[account]
        if bits != nobody:
            for pair in range(starts[account], starts[account + 1]):
                ahead[np.uint64(codes[pair])] |= bits
    anybody = False
    for account in range(front.size):
        new = ahead[account] & ~seen[account]
        ahead[account] = nobody
        front[account] = new
        if new != nobody:
            seen[account] |= new
            anybody = True
    return anybody


@njit(nogil=True, inline="always")
def _count(bits: np.uint64) -> int:
    """How many bits are set."""
    bits -= (bits >> np.uint64(1)) & np.uint64(0x5555555555555555)
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(types.void(_STARTS, _CODES, _CODES, _VECTOR, _VECTOR), cache=True, nogil=True)
def near_sources(starts: Starts, codes: Codes, sources: Codes, total: Numbers, squares: Numbers) -> None:
    """Sum of one over the distance, and of its square, from up to 64 sources to each account."""
    front, ahead = np.zeros(total.size, np.uint64), np.zeros(total.size, np.uint64)
    for bit in range(sources.size):
        front[sources[bit]] |= np.uint64(1) << np.uint64(bit)
    seen, distance = front.copy(), 0.0
    while go_on(starts, codes, front, seen, ahead):
        distance += 1.0
        for account in range(total.size):
            if front[account] != np.uint64(0):
                found = _count(front[account])
                total[account] += found / distance
                squares[account] += found / distance**2


@njit(_VECTOR(_STARTS, _CODES, _CODES), cache=True, nogil=True)
def near_accounts(starts: Starts, codes: Codes, sources: Codes) -> Numbers:
    """Sum of one over the distance from each of up to 64 sources to all accounts.

    Accounts are counted for all sources at once, in binary: `digits[d]` holds digit d of 64 counts.
    """
    size = starts.size - 1
    front, ahead = np.zeros(size, np.uint64), np.zeros(size, np.uint64)
    for bit in range(sources.size):
        front[sources[bit]] |= np.uint64(1) << np.uint64(bit)
    seen, distance, near = front.copy(), 0.0, np.zeros(sources.size)
    digits = np.zeros(32, np.uint64)
    while go_on(starts, codes, front, seen, ahead):
        distance += 1.0
        digits[:] = np.uint64(0)
        for account in range(size):
            carried, digit = front[account], 0
            while carried != np.uint64(0):
                both = digits[digit] & carried
                digits[digit] ^= carried
                carried = both
                digit += 1
        for bit in range(sources.size):
            count = 0
            for digit in range(32):
                count += int((digits[digit] >> np.uint64(bit)) & np.uint64(1)) << digit
            near[bit] += count / distance
    return near
