"""Compiled loops that find texts alike by MinHash over shingles of characters, in any script."""

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

Longs = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Symbols = npt.NDArray[np.uint32]

SHINGLE, HASHES, BAND = 5, 40, 2  # characters; values of a signature; values that must agree to be compared
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@njit(nogil=True, cache=True, inline="always")
def _mix(value: Any) -> Any:  # noqa: ANN401 (an unsigned number of 64 bits, which has no name in Python)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@njit(nogil=True, cache=True)
def sign_texts(symbols: Symbols, start: Longs) -> Hashes:
    """Least hash of all shingles of each text, for each of so many hashes."""
    signature = np.full((start.size - 1, HASHES), np.uint64(0xFFFFFFFFFFFFFFFF))
    for text in range(start.size - 1):
        for place in range(start[text], start[text + 1] - SHINGLE + 1):
            value = np.uint64(0)
            for step in range(SHINGLE):
                value = _mix(value + np.uint64(symbols[place + step]) + _GOLDEN)
            for number in range(HASHES):
                one = _mix(value + np.uint64(number + 1) * _GOLDEN)
                signature[text, number] = min(signature[text, number], one)
    return signature


@njit(nogil=True, cache=True)
def band_keys(signature: Hashes, band: int) -> Hashes:
    """One number for the values of a band of each signature."""
    keys = np.zeros(signature.shape[0], np.uint64)
    for text in range(signature.shape[0]):
        for number in range(band * BAND, (band + 1) * BAND):
            keys[text] = _mix(keys[text] + signature[text, number] + _GOLDEN)
    return keys


@njit(nogil=True, cache=True)
def _root(parent: Longs, text: int) -> int:
    while parent[text] != text:
        parent[text] = parent[parent[text]]
        text = parent[text]
    return text


@njit(nogil=True, cache=True)
def join_alike(signature: Hashes, order: Longs, keys: Hashes, parent: Longs, alike: float) -> None:
    """Join each text with the first one of the same key where enough of their signatures agrees; in place."""
    first = 0
    for place in range(1, order.size):
        if keys[order[place]] != keys[order[first]]:
            first = place
            continue
        one, other = order[first], order[place]
        same = 0
        for number in range(HASHES):
            same += signature[one, number] == signature[other, number]
        if same >= alike * HASHES:
            low, high = _root(parent, one), _root(parent, other)
            parent[max(low, high)] = min(low, high)


@njit(nogil=True, cache=True)
def settle(parent: Longs) -> Longs:
    """The first text of the group of each text."""
    group = np.empty(parent.size, np.int64)
    for text in range(parent.size):
        group[text] = _root(parent, text)
    return group
