"""The four tables of a study, checked, and subset together.

A folder holds `accounts`, `follows`, `posts` and `engagements`; `read_dataset` checks them against the contract and
returns a `Dataset`, whose ids are categoricals over one shared index, so that an account's integer code is its
position in `account_ids` everywhere.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from influgraph import _dataset_assembly as assembly
from influgraph import _dataset_files as files
from influgraph import _dataset_parsing as parsing
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

    Rows that no measure uses (self-follows, repeats of a follow, self-engagements, posts by unlisted authors) are not
    in the frames: they are kept aside for `write_dataset`, and counted in `warnings`.

    Attributes
    ----------
    accounts
        Indexed by account id, a string, in dataset order: the accounts table, then ids by their first appearance in
        follows, posts and engagements, columns left to right. Optional columns as read, null where unknown.
    follows
        `follower_id` and `followed_id`, categoricals whose categories are the index of `accounts`; `followed_at` in
        UTC, null: before the study. Each pair once, from its earliest time on.
    posts
        `post_id`, a categorical over `post_ids`; `author_id`; `created_at` (null: unknown); other columns where given.
        `repost_of` and `reply_to` are over `post_ids`, `hashtags` and `links` are lists.
    engagements
        `account_id`, `target_id` (null: the post's author, or nobody), `kind`, `post_id`, `created_at`, `weight` (1
        where not given); `object`, `sentiment`, `value` where given.
    warnings
        What was odd in the tables, one line each, as counted when they were read.
    """

    accounts: pd.DataFrame
    follows: pd.DataFrame
    posts: pd.DataFrame
    engagements: pd.DataFrame
    warnings: tuple[str, ...] = ()
    _origin: assembly.Origin = field(default=assembly.Origin(), repr=False)

    @property
    def account_ids(self) -> pd.Index:
        """Every account id in dataset order; an account's code is its position here."""
        return self.accounts.index

    @property
    def post_ids(self) -> pd.Index:
        """Ids of the rows of `posts`, in their order, then ids that are only referred to."""
        return self.posts["post_id"].cat.categories

    @cached_property
    def _resolved(self) -> pd.DataFrame:
        return _resolve(self)

    def without(self, account_ids: Iterable[str]) -> "Dataset":
        """Return the dataset without these accounts, what they did and what was done to them.

        Their follows go at both ends, their posts with all engagements on them and references to them, and the
        engagements they made or received. The others keep their order; codes close up.

        Raises
        ------
        ValueError
            If an id is not among the accounts.

        Examples
        --------
        >>> follows = pd.DataFrame({"follower_id": ["ann", "bob", "cyd"], "followed_id": ["bob", "cyd", "ann"]})
        >>> data = from_tables(follows=follows)
        >>> list(data.without(["ann"]).account_ids)
        ['bob', 'cyd']
        >>> len(data.without(["ann"]).follows)
        1
        """
        gone = self._found(account_ids)
        frames, aside = assembly.whole(self._frames(), self._origin.aside)
        keep = _rows_without(frames, gone)
        frames["posts"] = _forget_posts(frames["posts"], keep["posts"])
        order = np.flatnonzero(~gone[:-1])
        listed = None if self._origin.listed is None else int((order < self._origin.listed).sum())
        accounts = self.accounts.iloc[order]
        frames = {name: frames[name][keep[name]].reset_index(drop=True) for name in frames}
        lookup = assembly.positions(order, len(self.accounts))
        frames = assembly.recode(
            frames, assembly.ACCOUNT_COLUMNS, lookup, pd.CategoricalDtype(accounts.index)
        )
        return self._derived(accounts, frames, {name: aside[name][keep[name]] for name in aside}, listed)

    def between(self, start: str | pd.Timestamp, end: str | pd.Timestamp) -> "Dataset":
        """Return what happened from `start` on and before `end`, with all accounts.

        Posts and engagements without a time go; a follow stays if it was made before `end` or has no time. What was
        done in the window to a post from outside it keeps its receiver: it is then listed with `target_id`.

        Raises
        ------
        ValueError
            If the window does not end after its start.

        Examples
        --------
        >>> posts = pd.DataFrame({"post_id": ["p", "q"], "author_id": "ann", "created_at": ["2024-01-01", "2024-01-09"]})
        >>> len(from_tables(posts=posts, accounts=pd.DataFrame({"account_id": ["ann"]})).between("2024-01-02", "2024-02-01").posts)
        1
        """
        first, last = _utc(start), _utc(end)
        if not first < last:
            raise ValueError(f"end must be later than start; received {start!r} to {end!r}")
        frames, aside = assembly.whole(_with_receivers(self, first, last), self._origin.aside)
        within = {
            name: ((frames[name]["created_at"] >= first) & (frames[name]["created_at"] < last)).to_numpy()
            for name in ("posts", "engagements")
        }
        when = frames["follows"]["followed_at"]
        keep = {**within, "follows": (when.isna() | (when < last)).to_numpy()}
        frames = {name: frames[name][keep[name]].reset_index(drop=True) for name in frames}
        aside = {name: aside[name][keep[name]] for name in aside}
        return self._derived(self.accounts, frames, aside, self._origin.listed)

    def _frames(self) -> assembly.Frames:
        return {"follows": self.follows, "posts": self.posts, "engagements": self.engagements}

    def _found(self, account_ids: Iterable[str]) -> npt.NDArray[np.bool_]:
        """Mark these accounts; the last place stands for null."""
        asked = pd.Index(
            [account_ids] if isinstance(account_ids, str) else list(account_ids), dtype=assembly.STR
        )
        at = self.account_ids.get_indexer(asked)
        if (at < 0).any():
            unknown = ", ".join(repr(account_id) for account_id in asked[at < 0][:5])
            raise ValueError(
                f"account_ids must be among the {len(self.accounts)} accounts; received {unknown}"
            )
        found = np.zeros(len(self.accounts) + 1, dtype=bool)
        found[at] = True
        return found

    def _derived(
        self,
        accounts: pd.DataFrame,
        frames: assembly.Frames,
        aside: dict[str, assembly.Mask],
        listed: int | None,
    ) -> "Dataset":
        """Return a dataset of these whole frames."""
        used, kept = assembly.split(frames, aside)
        origin = assembly.Origin(listed, self._origin.id_types, kept)
        return Dataset(accounts, **used, warnings=self.warnings, _origin=origin)


def _utc(moment: str | pd.Timestamp) -> pd.Timestamp:
    """Return a moment in UTC; a naive one is in UTC already."""
    moment = pd.Timestamp(moment)
    return moment.tz_localize("UTC") if moment.tz is None else moment.tz_convert("UTC")


def _rows_without(frames: assembly.Frames, gone: npt.NDArray[np.bool_]) -> dict[str, assembly.Mask]:
    """Mark the rows that these accounts have no part in; codes of null (-1) find the last place, false."""
    posts, engagements = frames["posts"], frames["engagements"]
    author = assembly.post_authors(posts, engagements["post_id"])
    keep = {
        name: ~np.logical_or.reduce(
            [
                gone[assembly.codes(frames[table][column])]
                for table, column in assembly.ACCOUNT_COLUMNS
                if table == name
            ]
        )
        for name in frames
    }
    keep["engagements"] &= ~gone[author]
    return keep


def _forget_posts(posts: pd.DataFrame, keep: assembly.Mask) -> pd.DataFrame:
    """Return posts whose references to the ones not kept are null."""
    dead = np.zeros(len(posts["post_id"].cat.categories) + 1, dtype=bool)
    dead[assembly.codes(posts["post_id"])[~keep]] = True
    references = {
        column: posts[column].where(~dead[assembly.codes(posts[column])])
        for column in ("repost_of", "reply_to")
        if column in posts
    }
    return posts.assign(**references)


def _with_receivers(data: Dataset, first: pd.Timestamp, last: pd.Timestamp) -> assembly.Frames:
    """Return the frames in which acts on posts from outside a window name their receiver themselves."""
    posts, engagements = data.posts, data.engagements
    outside = ~((posts["created_at"] >= first) & (posts["created_at"] < last))
    author = assembly.post_authors(posts[outside], engagements["post_id"])
    target = assembly.codes(engagements["target_id"])
    named = pd.Categorical.from_codes(
        np.where(target < 0, author, target), dtype=engagements["target_id"].dtype
    )
    engagements = engagements.assign(target_id=named)
    implied = _implied_acts(data)
    author = assembly.post_authors(posts[outside], implied["post_id"])
    implied = implied.assign(target_id=pd.Categorical.from_codes(author, dtype=named.dtype))[author >= 0]
    return {**data._frames(), "engagements": _stack([engagements, implied])}


def resolved_engagements(data: Dataset) -> pd.DataFrame:
    """Return every act of one account towards another, or towards nobody, once.

    To the listed engagements come those that posts imply: `repost_of` a "repost", `reply_to` a "reply", unless one of
    the same account, kind and post is listed. What accounts do to themselves is left out.

    Returns
    -------
    DataFrame
        `account_id`; `receiver_id`: `target_id`, else the post's author, null where done to nobody; `kind`,
        `post_id`, `created_at`, `weight`, and `object`, `value`, `sentiment` where given. The listed ones first, in
        their order, then the implied ones in the order of the posts, reposts before replies.

    Examples
    --------
    >>> posts = pd.DataFrame({"post_id": ["p", "q"], "author_id": ["ann", "bob"], "repost_of": [None, "p"]})
    >>> accounts = pd.DataFrame({"account_id": ["ann", "bob"]})
    >>> resolved_engagements(from_tables(accounts=accounts, posts=posts))[["account_id", "receiver_id", "kind"]]
      account_id receiver_id    kind
    0        bob         ann  repost
    """
    return data._resolved.copy(deep=False)


def _resolve(data: Dataset) -> pd.DataFrame:
    """Compute the resolved engagements."""
    acts = _stack([data.engagements, _implied_acts(data)])
    author = assembly.post_authors(data.posts, acts["post_id"])
    target = assembly.codes(acts["target_id"])
    receiver = np.where(target < 0, author, target)
    own = receiver == assembly.codes(acts["account_id"])
    acts["receiver_id"] = pd.Categorical.from_codes(receiver, dtype=acts["account_id"].dtype)
    return acts.loc[~own, [column for column in RESOLVED if column in acts]].reset_index(drop=True)


IMPLIED = {"repost_of": "repost", "reply_to": "reply"}
RESOLVED = (
    "account_id",
    "receiver_id",
    "kind",
    "post_id",
    "created_at",
    "weight",
    "object",
    "value",
    "sentiment",
)


def _stack(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Put engagements under one another, over one set of kinds."""
    filled = [part for part in parts if len(part)] or parts[:1]
    kinds = pd.Index(
        sorted({kind for part in filled for kind in part["kind"].cat.categories}), dtype=assembly.STR
    )
    dtype = pd.CategoricalDtype(kinds)
    return pd.concat([part.assign(kind=part["kind"].astype(dtype)) for part in filled], ignore_index=True)


def _implied_acts(data: Dataset) -> pd.DataFrame:
    """Return the engagements that posts imply and no row lists."""
    parts = [_implied(data, column, kind) for column, kind in IMPLIED.items() if column in data.posts]
    return _stack(parts) if parts else data.engagements.iloc[:0]


def _implied(data: Dataset, column: str, kind: str) -> pd.DataFrame:
    """Return the engagements that a column of posts implies and no row lists."""
    listed = assembly.whole(data._frames(), data._origin.aside)[0]["engagements"]
    listed = listed[listed["kind"] == kind]
    size = len(data.post_ids)
    known = assembly.codes(listed["account_id"]) * size + assembly.codes(listed["post_id"])
    posts = data.posts[data.posts[column].notna()]
    keys = assembly.codes(posts["author_id"]) * size + assembly.codes(posts[column])
    posts = posts[~np.isin(keys, known[assembly.codes(listed["post_id"]) >= 0])]
    acts = {
        "account_id": posts["author_id"],
        "target_id": pd.Categorical.from_codes(np.full(len(posts), -1), dtype=posts["author_id"].dtype),
        "kind": pd.Categorical.from_codes(
            np.zeros(len(posts), dtype=int), categories=pd.Index([kind], dtype=assembly.STR)
        ),
        "post_id": posts[column],
        "created_at": posts["created_at"],
        "weight": 1.0,
    }
    return pd.DataFrame(acts)


def study_period(data: Dataset) -> tuple[pd.Timestamp, pd.Timestamp] | None:
    """Return the first and last time of posts and engagements, else of follows; None where nothing has a time.

    Examples
    --------
    >>> follows = pd.DataFrame({"follower_id": ["a", "b"], "followed_id": "c", "followed_at": [86400, None]})
    >>> study_period(from_tables(follows=follows))[0]
    Timestamp('1970-01-02 00:00:00+0000', tz='UTC')
    """
    acts = pd.concat([data.posts["created_at"], data.engagements["created_at"]]).dropna()
    times = acts if len(acts) else data.follows["followed_at"].dropna()
    return (times.min(), times.max()) if len(times) else None


def read_dataset(folder: str | Path) -> Dataset:
    """Read the tables of a folder (`NAME.parquet`, `NAME.csv` or `NAME.csv.gz`) and check them.

    Other files are ignored. A missing or empty table becomes an empty frame. Ids are compared as text. Times are ISO
    8601 or unix seconds; without an offset they are in UTC. Lists in CSV are separated by semicolons.

    Raises
    ------
    DatasetError
        With every breach of the contract at once: missing column, duplicate id, unreadable value or file, two files
        for one table, no folder, nothing to study.
    """
    breaches: list[Breach] = []
    tables = files.read_folder(Path(folder), breaches)
    return _checked(tables, breaches, str(folder))


def from_tables(
    *,
    accounts: pd.DataFrame | None = None,
    follows: pd.DataFrame | None = None,
    posts: pd.DataFrame | None = None,
    engagements: pd.DataFrame | None = None,
) -> Dataset:
    """Make a dataset of pandas frames, by the same rules and with the same checks as `read_dataset`.

    Ids may be text or whole numbers, in columns or (account_id, post_id) as the index.

    Raises
    ------
    DatasetError
        With every breach of the contract at once.

    Examples
    --------
    >>> data = from_tables(follows=pd.DataFrame({"follower_id": [7, 8], "followed_id": [9, 7]}))
    >>> list(data.account_ids)
    ['7', '8', '9']
    """
    given = {"accounts": accounts, "follows": follows, "posts": posts, "engagements": engagements}
    breaches: list[Breach] = []
    tables = {
        name: files.frame_to_table(name, frame, breaches)
        for name, frame in given.items()
        if frame is not None
    }
    return _checked(tables, breaches, "tables")


def _checked(tables: Mapping[str, pa.Table], breaches: list[Breach], where: str) -> Dataset:
    """Parse and assemble raw tables, or raise all their breaches at once."""
    parsed = {name: parsing.parse_table(name, tables.get(name, pa.table({})), breaches) for name in TABLES}
    if not breaches and not any(parsed[name].num_rows for name in ("accounts", "follows", "engagements")):
        repair = "Provide accounts, follows or engagements with at least one row."
        breaches.append(Breach("dataset", "", 1, "nothing to study: no table has a row", (), repair))
    if breaches:
        raise DatasetError(where, breaches)
    accounts, frames, origin, warnings = assembly.assemble(parsed)
    return Dataset(accounts, **frames, warnings=warnings, _origin=origin)


def write_dataset(data: Dataset, folder: str | Path) -> None:
    """Write a dataset as Parquet files, whole or not at all; `read_dataset` returns an equal one.

    Rows kept aside are written too, ids in the type they were read in. A dataset already in `folder` is replaced; the
    accounts table is written with the accounts it listed, or with all where there was none.

    Raises
    ------
    FileExistsError
        If `folder` holds anything but tables, or is a file.
    """
    files.write_folder(assembly.disassemble(data.accounts, data._frames(), data._origin), Path(folder))
