"""The four tables of a study, checked, and subset together.

A dataset is a folder with `accounts`, `follows`, `posts` and `engagements`. `read_dataset` checks them and
returns a `Dataset`, whose ids are categoricals over one shared index: an account's integer code is its
position in `account_ids`, in every table.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from influgraph import _dataset_acts as acts
from influgraph import _dataset_assembly as assembly
from influgraph import _dataset_files as files
from influgraph import _dataset_oddities as oddities
from influgraph import _dataset_parsing as parsing
from influgraph import _dataset_subsets as subsets
from influgraph._dataset_codes import Frames, Mask
from influgraph._dataset_schema import TABLES, Breach, DatasetError

__all__ = [
    "Breach",
    "Dataset",
    "DatasetError",
    "from_tables",
    "read_dataset",
    "resolved_engagements",
    "study_period",
    "write_dataset",
]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Accounts, follows, posts and engagements, as the measures use them.

    Rows that no measure uses (self-follows, repeats of a follow, self-engagements, posts by authors that an
    accounts table does not list) are not in these frames; `write_dataset` writes them all the same, and
    `warnings` counts them.

    Attributes
    ----------
    accounts
        Indexed by account id, a string, in dataset order: the accounts table, then ids in order of first
        appearance in follows, posts, engagements, column by column from left to right. Optional columns where
        given; null: unknown.
    follows
        `follower_id` and `followed_id`, categoricals whose categories are the index of `accounts`;
        `followed_at` in UTC, null: before the study. Each pair once, from its earliest time on.
    posts
        `post_id`, a categorical over `post_ids`; `author_id`; `created_at` in UTC, null: unknown; others
        where given, `repost_of` and `reply_to` over `post_ids`, `hashtags` and `links` as Arrow lists.
    engagements
        `account_id`; `target_id`, null: the post's author, or nobody; `kind`; `post_id`; `created_at`;
        `weight`, 1 where unknown; `object`, `sentiment`, `value` where given. Each row is an act.
    warnings
        One line for each oddity in the tables as they were read, with its count.
    """

    accounts: pd.DataFrame
    follows: pd.DataFrame
    posts: pd.DataFrame
    engagements: pd.DataFrame
    warnings: tuple[str, ...] = ()
    _origin: assembly.Origin = field(default_factory=assembly.Origin, repr=False)

    @property
    def account_ids(self) -> pd.Index:
        """Every account id in dataset order; an account's code is its position here."""
        return self.accounts.index

    @property
    def post_ids(self) -> pd.Index:
        """Ids of the rows of `posts`, in their order, then ids that are only referred to."""
        return self.posts["post_id"].cat.categories

    def without(self, account_ids: Iterable[str]) -> "Dataset":
        """Return the dataset without these accounts, what they did, and what was done to them.

        Follows go with either end; posts go with their author, and with them the engagements on them and all
        references to them; engagements go with either side. The other accounts keep their order.

        Raises
        ------
        ValueError
            If one of them is not in the dataset.

        Examples
        --------
        >>> pairs = {"follower_id": ["ann", "bob", "cyd"], "followed_id": ["bob", "cyd", "ann"]}
        >>> rest = from_tables(follows=pd.DataFrame(pairs)).without(["ann"])
        >>> list(rest.account_ids), len(rest.follows)
        (['bob', 'cyd'], 1)
        """
        gone = self._marked(account_ids)
        frames, aside = self._whole()
        keep = subsets.rows_without(frames, gone)
        frames = {**frames, "posts": subsets.forget_posts(frames["posts"], keep["posts"])}
        stay = np.flatnonzero(~gone[:-1])
        frames = assembly.renumber_accounts({name: frames[name][keep[name]] for name in frames}, stay)
        accounts = self.accounts.iloc[stay].set_axis(frames["follows"]["follower_id"].cat.categories)
        listed = self._origin.listed
        listed = None if listed is None else int((stay < listed).sum())
        return self._part(accounts, frames, {name: aside[name][keep[name]] for name in aside}, listed)

    def without_acts(self, account_ids: Iterable[str], *, circles: Iterable[Iterable[str]] = ()) -> "Dataset":
        """Return the dataset without what these accounts did, all accounts and posts left in it.

        Their follows and engagements go, and their posts no longer repost or answer others; what was done to
        them stays. Of a circle only what its members did to one another goes, but not that they follow.

        Parameters
        ----------
        account_ids
            Whose acts and follows go.
        circles
            Groups of accounts.

        Raises
        ------
        ValueError
            If one of them is not in the dataset.

        Examples
        --------
        >>> likes = {"account_id": ["ann", "bob", "cyd"], "kind": "like", "target_id": ["bob", "ann", "ann"]}
        >>> data = from_tables(engagements=pd.DataFrame(likes))
        >>> len(data.without_acts(["cyd"]).engagements)
        2
        >>> data.without_acts([], circles=[["ann", "bob"]]).engagements["account_id"].tolist()
        ['cyd']
        """
        by, groups = self._marked(account_ids), [self._marked(circle) for circle in circles]
        frames, aside = self._whole()
        keep = subsets.rows_not_done(frames, by, groups)
        frames["posts"] = subsets.unrelated(frames["posts"], keep.pop("posts"))
        frames |= {name: frames[name][kept] for name, kept in keep.items()}
        aside = aside | {name: aside[name][kept] for name, kept in keep.items()}
        return self._part(self.accounts, frames, aside, self._origin.listed)

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp) -> "Dataset":
        """Return what happened from `start` on and before `end`, with all accounts.

        Posts and engagements without a time are left out. Follows stay if they were made before `end` or have
        no time. An act of the window on a post from outside it keeps its receiver, which is then named in
        `target_id`; so does a repost or reply that only a post told of, which is then listed.

        Raises
        ------
        ValueError
            If `end` is not later than `start`.

        Examples
        --------
        >>> likes = {"account_id": ["ann", "ann"], "kind": "like", "target_id": ["bob", "cyd"]}
        >>> likes = pd.DataFrame({**likes, "created_at": ["2024-01-01", "2024-01-09"]})
        >>> late = from_tables(engagements=likes).between("2024-01-02", "2024-02-01")
        >>> list(late.engagements["target_id"]), list(late.account_ids)
        (['cyd'], ['ann', 'bob', 'cyd'])
        """
        first, last = _utc(start), _utc(end)
        if not first < last:
            raise ValueError(f"end must be later than start; received start={start!r}, end={end!r}")
        used = subsets.with_receivers(self._used(), self._whole()[0]["engagements"], first, last)
        frames, aside = assembly.whole(used, self._origin.aside)
        keep = subsets.rows_between(frames, first, last)
        frames = {name: frames[name][keep[name]] for name in frames}
        return self._part(
            self.accounts, frames, {name: aside[name][keep[name]] for name in aside}, self._origin.listed
        )

    @cached_property
    def _resolved(self) -> pd.DataFrame:
        return acts.resolve(self._used(), self._whole()[0]["engagements"])

    def _used(self) -> Frames:
        return {"follows": self.follows, "posts": self.posts, "engagements": self.engagements}

    def _whole(self) -> tuple[Frames, dict[str, Mask]]:
        return assembly.whole(self._used(), self._origin.aside)

    def _marked(self, account_ids: Iterable[str]) -> Mask:
        """Mark these accounts; one more place, false, stands for null."""
        asked = pd.Index(
            [account_ids] if isinstance(account_ids, str) else list(account_ids), dtype=assembly.STR
        )
        places = self.account_ids.get_indexer(asked)
        if (places < 0).any():
            unknown = ", ".join(repr(account_id) for account_id in asked[places < 0][:5])
            raise ValueError(f"account_ids must be ids of accounts of this dataset; received {unknown}")
        marked = np.zeros(len(self.accounts) + 1, dtype=bool)
        marked[places] = True
        return marked

    def _part(
        self,
        accounts: pd.DataFrame,
        frames: Frames,
        aside: Mapping[str, Mask],
        listed: int | None,
    ) -> "Dataset":
        """Return the dataset of these rows of the whole tables."""
        kinds = frames["engagements"]["kind"].cat.remove_unused_categories()
        frames = {**frames, "engagements": frames["engagements"].assign(kind=kinds)}
        frames = {name: frame.reset_index(drop=True) for name, frame in frames.items()}
        used, kept = assembly.split(frames, aside)
        origin = assembly.Origin(listed, self._origin.id_types, kept)
        return Dataset(accounts, **used, warnings=self.warnings, _origin=origin)


def _utc(moment: str | pd.Timestamp) -> pd.Timestamp:
    """Return a moment in UTC, where a naive one already is."""
    moment = pd.Timestamp(moment)
    return moment.tz_localize("UTC") if moment.tzinfo is None else moment.tz_convert("UTC")


def read_dataset(folder: str | Path) -> Dataset:
    r"""Read the tables in a folder, `NAME.parquet`, `NAME.csv` or `NAME.csv.gz`, and check them.

    Other files are ignored; a missing or empty table is an empty frame. Ids are compared as text: in CSV they
    are verbatim, and only the empty field is null. Times are ISO 8601 or unix seconds, in UTC where they name
    no offset. Lists in CSV are separated by semicolons.

    Raises
    ------
    DatasetError
        With all that is wrong at once: no such folder, two files for one table, unreadable file, missing
        column, missing or repeated id, unreadable value, nothing to study, times decades from nearly all
        others.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "follows.csv").write_text("follower_id,followed_id\n007,NA\n007,007")
    ...     data = read_dataset(folder)
    >>> list(data.account_ids), len(data.follows), data.warnings
    (['007', 'NA'], 1, ('follows: self-follows, ignored: 1',))
    """
    breaches: list[Breach] = []
    return _checked(files.read_folder(Path(folder), breaches), breaches, str(folder))


def from_tables(
    *,
    accounts: pd.DataFrame | None = None,
    follows: pd.DataFrame | None = None,
    posts: pd.DataFrame | None = None,
    engagements: pd.DataFrame | None = None,
) -> Dataset:
    """Make a dataset of frames, by the same rules and with the same checks as `read_dataset`.

    Ids are text or whole numbers; those of accounts and posts may be the index of their frame.

    Raises
    ------
    DatasetError
        With all that is wrong at once.

    Examples
    --------
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": [7, 8], "followed_id": [9, 7]}))
    >>> list(data.account_ids)
    ['7', '8', '9']
    """
    given = {"accounts": accounts, "follows": follows, "posts": posts, "engagements": engagements}
    breaches: list[Breach] = []
    tables = {
        name: files.table_of_frame(name, frame, breaches)
        for name, frame in given.items()
        if frame is not None
    }
    return _checked(tables, breaches, "these tables")


def _checked(raw: Mapping[str, pa.Table], breaches: list[Breach], where: str) -> Dataset:
    """Return the dataset of raw tables, or raise all that is wrong with them."""
    tables = {name: parsing.parse_table(name, raw.get(name, pa.table({})), breaches) for name in TABLES}
    if not breaches and not any(tables[name].num_rows for name in ("accounts", "follows", "engagements")):
        repair = "Provide accounts, follows or engagements, with at least one row."
        breaches = [Breach("dataset", "", 1, "there is nothing to study", (), repair)]
    breaches = breaches or oddities.stray_times(tables)
    if breaches:
        raise DatasetError(where, breaches)
    accounts, frames, origin, warnings = assembly.assemble(tables)
    return Dataset(accounts, **frames, warnings=warnings, _origin=origin)


def write_dataset(data: Dataset, folder: str | Path) -> None:
    """Write a dataset as Parquet files, all of it or nothing; `read_dataset` returns an equal one.

    Ids are written in the type in which they were read, and rows that no measure uses are written too. The
    accounts are those that an accounts table listed, or all where there was none. Tables that are already in
    `folder` are replaced.

    Raises
    ------
    FileExistsError
        If `folder` is a file, or holds anything but tables.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": [7, 8], "followed_id": [9, 7]}))
    >>> with TemporaryDirectory() as folder:
    ...     write_dataset(data, folder)
    ...     read_dataset(folder).account_ids.equals(data.account_ids)
    True
    """
    tables = assembly.disassemble(data.accounts, data._used(), data._origin)  # noqa: SLF001 - this module's own
    files.write_folder(tables, Path(folder))


def resolved_engagements(data: Dataset) -> pd.DataFrame:
    """Return every act of one account towards another, or towards nobody, once.

    Besides the listed engagements these are the ones that posts imply: `repost_of` a "repost" and `reply_to`
    a "reply", unless one of the same account, kind and post is listed. Acts towards oneself are left out.

    Returns
    -------
    DataFrame
        `account_id`; `receiver_id`: `target_id`, else the post's author, null where done to nobody or on an
        unknown post; `kind`, `post_id`, `created_at`, `weight`; `object`, `value`, `sentiment` where given.
        First the listed ones in their order, then reposts, then replies, in the order of the posts.

    Examples
    --------
    >>> accounts = pd.DataFrame({"account_id": ["ann", "bob"]})
    >>> posts = pd.DataFrame({"post_id": ["p", "q"], "author_id": ["ann", "bob"], "repost_of": [None, "p"]})
    >>> data = from_tables(accounts=accounts, posts=posts)
    >>> resolved_engagements(data)[["account_id", "receiver_id", "kind"]]
      account_id receiver_id    kind
    0        bob         ann  repost
    """
    return data._resolved.copy(deep=False)  # noqa: SLF001 - this module's own cache


def study_period(data: Dataset) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and the last time of posts and engagements, else of follows; None where there is none.

    Examples
    --------
    >>> follows = {"follower_id": ["ann", "bob"], "followed_id": "cyd", "followed_at": [0, 86400]}
    >>> [str(moment) for moment in study_period(from_tables(follows=pd.DataFrame(follows)))]
    ['1970-01-01 00:00:00+00:00', '1970-01-02 00:00:00+00:00']
    """
    done = pd.concat([data.posts["created_at"], data.engagements["created_at"]]).dropna()
    times = done if len(done) else data.follows["followed_at"].dropna()
    return (times.min(), times.max()) if len(times) else None
