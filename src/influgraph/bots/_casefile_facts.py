"""What can be measured of a group of accounts, beside what is usual among others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats
from scipy.sparse import csr_array

from influgraph.bots._coaction_members import resultant_length
from influgraph.dataset import resolved_engagements

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from influgraph.dataset import Dataset

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

COMPARED = 300  # accounts drawn to say what is usual
ONE_IN_TWENTY = 1.645  # standard errors
CLOCK_ACTS = 5  # joint acts from which on a rhythm can be told
MUCH_COMMONER, BY_CHANCE = 3.0, 0.05
PROFILE = ("handle", "name", "bio")
_WORD = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True)
class Measured:
    """A number, and what is usual among others; NaN: unknown."""

    value: float
    usual: float


UNKNOWN = Measured(np.nan, np.nan)


def places(data: Dataset, account_ids: pd.Series) -> Ints:
    """The codes of accounts, -1 for what is none."""
    found: Ints = data.account_ids.get_indexer(pd.Index(account_ids, dtype="str")).astype(np.int64)
    return found


class Facts:
    """What is measured of groups, each by the codes of its members, against accounts in no group."""

    def __init__(self, data: Dataset, grouped: Ints, *, rng: np.random.Generator) -> None:
        self.data, self._grouped = data, np.unique(grouped)
        others = np.setdiff1d(self._active(), self._grouped)
        size = min(COMPARED, others.size)
        self.compared: Ints = np.sort(rng.choice(others, size, replace=False)).astype(np.int64)

    def _active(self) -> Ints:
        """Accounts that follow or act."""
        did = [self.data.follows["follower_id"], self.acts["account_id"]]
        return np.unique(np.concatenate([one.cat.codes.to_numpy(np.int64) for one in did]))

    @cached_property
    def acts(self) -> pd.DataFrame:
        """Every act, with the time and author of the post it was done to."""
        return resolved_engagements(self.data)

    @cached_property
    def follows(self) -> csr_array:
        """Who follows whom, as a matrix of ones."""
        size = len(self.data.accounts)
        follower, followed = (self.data.follows[name].cat.codes for name in ("follower_id", "followed_id"))
        return csr_array((np.ones(len(follower), np.int32), (follower, followed)), shape=(size, size))

    @cached_property
    def words(self) -> list[frozenset[str]]:
        """Words of each account's handle, name and bio."""
        accounts = self.data.accounts
        given = accounts[[name for name in PROFILE if name in accounts]].fillna("").astype("str")
        return [frozenset(_WORD.findall(" ".join(texts).casefold())) for texts in given.to_numpy()]

    def outside_followers(self, members: Ints) -> Measured:
        """Followers from outside of all groups: the median member's."""
        if not len(self.data.follows):
            return UNKNOWN
        return Measured(_median(self._outside[members]), _median(self._outside[self.compared]))

    @cached_property
    def _outside(self) -> Ints:
        """Followers of each account who are in no group."""
        outside = np.ones(len(self.data.accounts), np.int32)
        outside[self._grouped] = 0
        return np.asarray(self.follows.T @ outside, np.int64)

    def known_outside(self, members: Ints) -> Measured:
        """Share of members that anybody outside of all groups follows."""
        if not len(self.data.follows):
            return UNKNOWN
        known = self._outside > 0
        return Measured(_mean(known[members]), _mean(known[self.compared]))

    def soon_after_joining(self, acts: pd.DataFrame, within: pd.Timedelta) -> Measured:
        """Share of acts so soon after the account was made, where times are known; usual: of all follows."""
        if "created_at" not in self.data.accounts:
            return UNKNOWN
        waited = self._since_joining(acts["created_at"], places(self.data, acts["account_id"]))
        return Measured(
            *(_mean((one <= within).to_numpy(bool)) for one in (waited, self._joined_before_follows))
        )

    def _since_joining(self, moments: pd.Series, account: Ints) -> pd.Series:
        """How long accounts had been there at these moments, where both are known."""
        made = self.data.accounts["created_at"].iloc[account].reset_index(drop=True)
        return (moments.reset_index(drop=True) - made).dropna()

    @cached_property
    def _joined_before_follows(self) -> pd.Series:
        """How long everybody had been there at each follow."""
        follows = self.data.follows
        return self._since_joining(follows["followed_at"], _codes(follows["follower_id"]))

    def on_occasions(self, acts: pd.DataFrame, within: pd.Timedelta) -> Measured:
        """Share of objects that members first acted on so soon before or after another one."""
        moments = acts.dropna(subset=["created_at"]).groupby("object")["created_at"].min().sort_values()
        if len(moments) < 2:
            return UNKNOWN
        near = (moments.diff() <= within).to_numpy()
        return Measured(_mean(near | np.append(near[1:], False)), np.nan)

    def mutual_follows(self, members: Ints) -> Measured:
        """Share of pairs of members that follow each other."""
        if not len(self.data.follows):
            return UNKNOWN
        return Measured(self._mutual(members), self._mutual(self.compared))

    def _mutual(self, members: Ints) -> float:
        if members.size < 2:
            return np.nan
        among = self.follows[members][:, members]
        return float(among.multiply(among.T).sum() / (members.size * (members.size - 1)))

    def shared_word(self, members: Ints) -> tuple[Measured, str]:
        """Share of members with the word in their profiles that most tells them from others, and the word.

        Words of everybody, and what a few members share by chance, do not count.
        """
        if not any(self.words) or members.size < 2:
            return UNKNOWN, ""
        inside = _counted([self.words[code] for code in members])
        outside = _counted([self.words[code] for code in self.compared])
        rest = max(self.compared.size, 1)
        words = sorted(inside)
        with_it, usual = (np.array([one.get(word, 0) for word in words]) for one in (inside, outside))
        tells = _much_commoner(with_it, members.size, (usual + 1) / (rest + 1))
        if not tells.any():
            return Measured(0.0, 0.0), ""
        beyond = with_it / members.size - usual / rest
        word = words[int(np.where(tells, beyond, -1.0).argmax())]
        return Measured(inside[word] / members.size, outside.get(word, 0) / rest), word

    def by_the_clock(self, moments: pd.Series) -> Measured:
        """How far acts keep to a minute of the hour, half hour or quarter: 0 any minute, 1 the same."""
        others = pd.concat([self.acts["created_at"], self.data.posts["created_at"]]).dropna()
        if moments.notna().sum() < CLOCK_ACTS or others.empty:
            return UNKNOWN
        return Measured(_kept_to_the_clock(moments.dropna()), _kept_to_the_clock(others))

    def elsewhere(self, members: Ints, joint: int) -> Measured:
        """Follows, acts and posts of the median member beyond what the group did together, each."""
        done = np.zeros(len(self.data.accounts))
        posts = self.data.posts
        acts_too = posts[[name for name in ("repost_of", "reply_to") if name in posts]].notna().any(axis=1)
        own = posts.loc[~acts_too, "author_id"]
        for did in (self.data.follows["follower_id"], self.acts["account_id"], own):
            done += np.bincount(did.cat.codes, minlength=done.size)
        each = joint / max(members.size, 1)
        return Measured(max(_median(done[members]) - each, 0.0), _median(done[self.compared]))

    def responds(self, members: Ints, served: Ints) -> Measured:
        """Share of members that did anything to those they serve; usual: of their other followers."""
        if not (len(self.acts) and served.size):
            return UNKNOWN
        doers = np.unique(_codes(self.acts["account_id"])[np.isin(_codes(self.acts["receiver_id"]), served)])
        audience = np.unique(self.follows[:, served].tocoo().row)
        others = np.setdiff1d(audience, self._grouped)
        if not others.size:
            return Measured(float(np.isin(members, doers).mean()), np.nan)
        return Measured(float(np.isin(members, doers).mean()), float(np.isin(others, doers).mean()))

    def follows_before(self, acts: pd.DataFrame) -> Measured:
        """Share of acts on others' posts that the author's followers did; usual: of everybody's acts.

        Acts on what has no known author, as links, count as of nobody's followers, where some are on posts.
        """
        if not len(self.data.follows):
            return UNKNOWN
        author, doer = _authors(self.data.posts, acts["object"]), places(self.data, acts["account_id"])
        receiver, account = (_codes(self.acts[name]) for name in ("receiver_id", "account_id"))
        known, told = (author >= 0) & (author != doer), receiver >= 0
        usual = self._follow_share(account[told], receiver[told])
        share = known.sum() / max((author != doer).sum(), 1)
        return Measured(share * self._follow_share(doer[known], author[known]), usual)

    def on_one_author(self, acts: pd.DataFrame) -> Measured:
        """Share of acts that are on posts of the account on whose posts most are."""
        author = _authors(self.data.posts, acts["object"])
        most = np.bincount(author[author >= 0]).max(initial=0)
        return Measured(float(most / len(author)) if author.size else np.nan, np.nan)

    def unevenness(self, acts: pd.DataFrame, members: Ints) -> tuple[Measured, bool]:
        """How far shares of one another's posts that members act on differ by pair, in units of their mean.

        Beyond what chance brings (binomial); usual: 0, as if one share held for all. And whether it is more
        than 0 by all but one chance in twenty (jackknife of members).
        """
        posts = self.data.posts
        posts = posts[posts["repost_of"].isna()] if "repost_of" in posts else posts
        once = acts.drop_duplicates(["account_id", "object"])
        pairs = places(self.data, once["account_id"]), _authors(posts, once["object"])
        inside = np.isin(pairs[0], members) & np.isin(pairs[1], members)
        size = members.size
        place = [np.searchsorted(members, side[inside]) for side in pairs]
        done = np.bincount(place[0] * size + place[1], minlength=size**2).reshape(size, size)
        written = np.bincount(_codes(posts["author_id"]), minlength=len(self.data.accounts))
        made = written[members] + np.zeros((size, 1))
        whole = _spread(done, made)
        parts = [_spread(_without(done, one), _without(made, one)) for one in range(size)]
        error = np.sqrt((size - 1) / size * np.nansum((np.array(parts) - np.nanmean(parts)) ** 2))
        return Measured(float(np.sqrt(max(whole, 0.0))), 0.0), bool(whole > ONE_IN_TWENTY * error)

    def _follow_share(self, follower: Ints, followed: Ints) -> float:
        size, pairs = len(self.data.accounts), self.follows.tocoo()
        keys = pairs.row.astype(np.int64) * size + pairs.col
        return float(np.isin(follower * size + followed, keys).mean()) if follower.size else np.nan

    def crowd(self, acts: pd.DataFrame, members: Ints, within: pd.Timedelta) -> Measured:
        """Share of others among all who acted on the same objects in the same moments; usual: at any time."""
        timed = acts.dropna(subset=["created_at"])
        every = self._all_acts(timed["kind"].unique())
        every = every[every["object"].isin(timed["object"])].sort_values("created_at", kind="stable")
        if every.empty:
            return UNKNOWN
        moments = timed[["object", "created_at"]].assign(joint=timed["created_at"])
        near = pd.merge_asof(
            every,
            moments.sort_values("joint", kind="stable"),
            on="created_at",
            by="object",
            direction="nearest",
            tolerance=within,
        )
        other = ~every["code"].isin(members).to_numpy()
        together = near["joint"].notna().to_numpy()
        return Measured(float(other[together].mean()) if together.any() else np.nan, float(other.mean()))

    def _all_acts(self, kinds: NDArray[np.object_]) -> pd.DataFrame:
        """Everybody's acts of these kinds on objects, as joint acts name them."""
        follows, acts = self.data.follows, self.acts
        some = acts[acts["kind"].isin(kinds)]
        parts = [
            _named(some["account_id"], some[column], some["created_at"])
            for column in ("post_id", "object", "receiver_id")
            if column in some
        ]
        if "follow" in kinds:
            parts.append(_named(follows["follower_id"], follows["followed_id"], follows["followed_at"]))
        return pd.concat(parts).dropna(subset=["object", "created_at"]).drop_duplicates()


def _named(account: pd.Series, done_to: pd.Series, when: pd.Series) -> pd.DataFrame:
    columns = {"code": account.cat.codes, "object": done_to.astype("str")}
    return pd.DataFrame({**columns, "created_at": when.astype("datetime64[us, UTC]")})


def _codes(ids: pd.Series) -> Ints:
    return np.asarray(ids.cat.codes, np.int64)


def _median(values: NDArray[Any]) -> float:
    return float(np.median(values)) if values.size else np.nan


def _mean(values: NDArray[Any]) -> float:
    return float(np.mean(values)) if values.size else np.nan


def _counted(words: list[frozenset[str]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for some in words:
        for word in some:
            counts[word] = counts.get(word, 0) + 1
    return counts


def _much_commoner(count: Ints, size: int, usual: Floats) -> NDArray[np.bool_]:
    """Which of the words of a group are much commoner in it than usual, and more than any would by chance."""
    chance = len(count) * stats.binom.sf(count - 1, size, usual)
    return (count >= MUCH_COMMONER * usual * size) & (chance < BY_CHANCE)


def _authors(posts: pd.DataFrame, objects: pd.Series) -> Ints:
    """Place of the author of each object that is one of these posts, else -1."""
    author = pd.Series(_codes(posts["author_id"]), posts["post_id"].astype("str"))
    return objects.map(author).fillna(-1).to_numpy(np.int64)


def _without(pairs: NDArray[Any], one: int) -> NDArray[Any]:
    """A matrix without a row and its column."""
    return np.delete(np.delete(pairs, one, axis=0), one, axis=1)


def _spread(done: NDArray[Any], made: NDArray[Any]) -> float:
    """Squared coefficient of variation, by pair, of a chance of success in trials, beyond the binomial."""
    apart = ~np.eye(len(done), dtype=bool)
    done, made = done[apart], made[apart]
    share, pairs = done.sum() / max(made.sum(), 1.0), (made * (made - 1)).sum()
    if not share or not pairs:
        return np.nan
    beyond = ((done - made * share) ** 2 - made * share * (1 - share)).sum() / pairs
    return float(beyond / share**2)


def _kept_to_the_clock(moments: pd.Series) -> float:
    return resultant_length((moments.dt.minute * 60 + moments.dt.second).to_numpy(np.float64))
