"""The windows after broadcasts in which accounts are at risk, and what lies in them."""

from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from influgraph._threads import at_once, parts, slices
from influgraph.influence._arrays import Floats, Ints


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

        def weigh(part: tuple[slice, slice]) -> Floats:
            rows = chain(*self._parts(*part), sizes)
            seconds: Floats = _window_kernels.weigh_windows(*rows)
            return seconds

        reposts, own = np.sum(at_once(weigh, self._slices()), axis=0).reshape(2, self.authors, -1)
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
        """Parts of the work: whole windows, and those cut short."""
        sizes = len(self.account), len(self.cut_account)
        return list(zip(*(slices(size, parts(max(sizes))) for size in sizes), strict=True))

    def _parts(self, whole: slice, cut: slice) -> tuple[list[Any], list[Any]]:
        rows = self.account, self.group, self.stratum, self.count
        cut_rows = self.cut_account, self.cut_group, self.cut_stratum, self.length
        return [side[whole] for side in rows], [side[cut] for side in cut_rows]

    def by_account(self, theta: Floats, kernel: Floats, *, accounts: int) -> Floats:
        """What posts should bring about in each account, at effects `theta` of their authors."""
        from influgraph.influence import _window_kernels

        expected, twice, cut = np.zeros(accounts), np.tile(theta, 2), self._cut_masses(kernel)
        places, once = np.arange(len(cut)), np.ones(len(cut), np.int32)
        whole = self.account, self.group, self.stratum, self._whole_masses(kernel), self.count
        _window_kernels.expect_effects(*whole, twice, expected)
        _window_kernels.expect_effects(self.cut_account, self.cut_group, places, cut, once, twice, expected)
        return expected

    def masses(self, kernel: Floats, *, accounts: int) -> sparse.csr_array:
        """Kernel mass that each account was exposed to by each author (accounts x authors)."""
        account = np.concatenate([self.account, self.cut_account])
        author = np.concatenate([self.group, self.cut_group]) % self.authors
        whole = self._whole_masses(kernel)[self.stratum] * self.count
        mass = np.concatenate([whole, self._cut_masses(kernel)])
        return sparse.coo_array((mass, (account, author)), shape=(accounts, self.authors)).tocsr()

    def _whole_masses(self, kernel: Floats) -> Floats:
        """Kernel mass of a whole window, by stratum."""
        return np.asarray((kernel.reshape(self.strata, -1) * np.diff(self.edges)).sum(axis=1))

    def _cut_masses(self, kernel: Floats) -> Floats:
        from influgraph.influence import _window_kernels

        def masses(part: tuple[slice, slice]) -> Floats:
            *_, stratum, length = self._parts(*part)[1]
            found: Floats = _window_kernels.window_masses(stratum, length, kernel, self.edges)
            return found

        return np.concatenate(at_once(masses, self._slices()))
