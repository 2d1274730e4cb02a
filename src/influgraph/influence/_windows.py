"""The windows after broadcasts in which accounts are at risk, and what lies in them."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from influgraph._threads import at_once, parts, slices
from influgraph.influence._arrays import Floats, Ints, sum_by

_MOST_PARTS, _MOST_BYTES = 4, 1e9  # of the work, and of the sums of all parts


@dataclass(frozen=True)
class Windows:
    """The windows after broadcasts in which accounts are at risk, sorted by account.

    Whole ones are counted by account, `group` and stratum; those that risk or study cut short stand in the
    `cut_` arrays one by one, with their `length` in seconds. The group is the author's number for reposts,
    and that plus the number of authors for own posts.
    """

    account: Ints
    group: Ints
    stratum: Ints
    count: Ints
    cut_account: Ints
    cut_group: Ints
    cut_stratum: Ints
    length: Floats
    authors: int
    strata: int
    edges: Floats

    def by_author(self, weight: Floats) -> tuple[Floats, Floats]:
        """Seconds (authors x cells) after own posts, and after all, of accounts that count so much each."""
        from influgraph.influence import _window_kernels

        sizes = weight, 2 * self.authors, self.strata, self.edges

        def weigh(part: tuple[slice, slice]) -> tuple[Floats, Floats]:
            rows = chain(*self._parts(*part), sizes)
            found: tuple[Floats, Floats] = _window_kernels.weigh_windows(*rows)
            return found

        whole, ended = (sum(side) for side in zip(*at_once(weigh, self._slices()), strict=True))
        count, rest = np.moveaxis(np.asarray(ended), -1, 0)
        # Windows that end in a later bin fill this one.
        filled = np.asarray(whole)[..., None] + count[..., ::-1].cumsum(axis=-1)[..., ::-1] - count
        reposts, own = (filled * np.diff(self.edges) + rest).reshape(2, self.authors, -1)
        return own, own + reposts

    def exposure(self, weight: Floats, kernel: Floats) -> tuple[Floats, Floats]:
        """Kernel mass (by author) of own posts, and of all, before accounts that count so much each."""
        whole = self._whole_masses(kernel)[self.stratum] * self.count * weight[self.account]
        cut = self._masses_of(self.cut_stratum, self.length, kernel) * weight[self.cut_account]
        group, mass = np.concatenate([self.group, self.cut_group]), np.concatenate([whole, cut])
        reposts, own = sum_by(group, mass, 2 * self.authors).reshape(2, self.authors)
        return own, own + reposts

    def beside(self, other: "Windows") -> "Windows":
        """Windows of both: the other's authors and strata are numbered after these."""
        authors = self.authors + other.authors

        def both(name: str, shift: int = 0) -> npt.NDArray[Any]:
            return np.concatenate([getattr(self, name), getattr(other, name) + shift])

        def grouped(name: str) -> Ints:
            sides = (self, 0), (other, self.authors)
            own = [getattr(side, name) // side.authors for side, _ in sides]
            author = [getattr(side, name) % side.authors + shift for side, shift in sides]
            return np.asarray(np.concatenate(own) * authors + np.concatenate(author))

        return replace(
            self,
            account=both("account"),
            group=grouped("group"),
            stratum=both("stratum", self.strata),
            count=both("count"),
            cut_account=both("cut_account"),
            cut_group=grouped("cut_group"),
            cut_stratum=both("cut_stratum", self.strata),
            length=both("length"),
            authors=authors,
            strata=self.strata + other.strata,
        )

    def _slices(self) -> list[tuple[slice, slice]]:
        """Parts of the work: whole windows, and those cut short. Few, as each has sums of its own."""
        sizes = len(self.account), len(self.cut_account)
        sums = 2 * self.authors * self.strata * (len(self.edges) - 1) * 16
        count = min(parts(max(sizes)), _MOST_PARTS, max(1, int(_MOST_BYTES // max(sums, 1))))
        return list(zip(*(slices(size, count) for size in sizes), strict=True))

    def _parts(self, whole: slice, cut: slice) -> tuple[list[Any], list[Any]]:
        rows = self.account, self.group, self.stratum, self.count
        cut_rows = self.cut_account, self.cut_group, self.cut_stratum, self.length
        return [side[whole] for side in rows], [side[cut] for side in cut_rows]

    def by_account(self, theta: Floats, kernel: Floats, *, accounts: int) -> Floats:
        """What posts should bring about in each account, at effects `theta` of their authors."""
        from influgraph.influence import _window_kernels

        whole_masses, twice = self._whole_masses(kernel), np.tile(theta, 2)

        def expect(part: tuple[slice, slice]) -> Floats:
            whole, (account, group, stratum, length) = self._parts(*part)
            masses = self._masses_of(stratum, length, kernel)
            cut = [account, group, np.arange(len(masses)), np.ones(len(masses), np.int32)]
            both = (*whole, whole_masses, twice, accounts), (*cut, masses, twice, accounts)
            expected: list[Floats] = [_window_kernels.expect_effects(*rows) for rows in both]
            return expected[0] + expected[1]

        return np.asarray(sum(at_once(expect, self._slices())))

    def masses(self, kernel: Floats, *, accounts: int) -> sparse.csr_array:
        """Kernel mass that each account was exposed to by each author (accounts x authors)."""
        account = np.concatenate([self.account, self.cut_account])
        author = np.concatenate([self.group, self.cut_group]) % self.authors
        whole = self._whole_masses(kernel)[self.stratum] * self.count
        mass = np.concatenate([whole, self._masses_of(self.cut_stratum, self.length, kernel)])
        return sparse.coo_array((mass, (account, author)), shape=(accounts, self.authors)).tocsr()

    def _whole_masses(self, kernel: Floats) -> Floats:
        """Kernel mass of a whole window, by stratum."""
        return np.asarray((kernel.reshape(self.strata, -1) * np.diff(self.edges)).sum(axis=1))

    def _masses_of(self, stratum: Ints, length: Floats, kernel: Floats) -> Floats:
        """Kernel mass of windows cut short."""
        from influgraph.influence import _window_kernels

        mass = kernel.reshape(self.strata, -1) * np.diff(self.edges)
        before = (mass.cumsum(axis=1) - mass).ravel()
        masses: Floats = _window_kernels.window_masses(stratum, length, kernel, before, self.edges)
        return masses
