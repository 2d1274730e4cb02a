"""What the tables of a dataset are called, what their columns hold, and how a breach of that is told."""

import difflib
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, hence how it is parsed."""

    ACCOUNT = "account id"
    POST = "post id"
    TEXT = "text"
    TIME = "time"
    COUNT = "whole number"
    AMOUNT = "number, not negative"
    NUMBER = "number"
    FLAG = "true or false"
    ITEMS = "list of texts"
    LABEL = "own label"


IDS = (Kind.ACCOUNT, Kind.POST)

TABLES: dict[str, dict[str, Kind]] = {
    "accounts": {
        "account_id": Kind.ACCOUNT,
        "handle": Kind.TEXT,
        "name": Kind.TEXT,
        "bio": Kind.TEXT,
        "platform": Kind.TEXT,
        "market": Kind.TEXT,
        "created_at": Kind.TIME,
        "followers_stated": Kind.COUNT,
        "following_stated": Kind.COUNT,
        "posts_stated": Kind.COUNT,
        "listed_stated": Kind.COUNT,
        "verified": Kind.FLAG,
        "price": Kind.AMOUNT,
    },
    "follows": {"follower_id": Kind.ACCOUNT, "followed_id": Kind.ACCOUNT, "followed_at": Kind.TIME},
    "posts": {
        "post_id": Kind.POST,
        "author_id": Kind.ACCOUNT,
        "created_at": Kind.TIME,
        "text": Kind.TEXT,
        "hashtags": Kind.ITEMS,
        "links": Kind.ITEMS,
        "repost_of": Kind.POST,
        "reply_to": Kind.POST,
        "sponsor": Kind.TEXT,
        "format": Kind.TEXT,
        "platform": Kind.TEXT,
        "impressions": Kind.COUNT,
    },
    "engagements": {
        "account_id": Kind.ACCOUNT,
        "target_id": Kind.ACCOUNT,
        "kind": Kind.TEXT,
        "post_id": Kind.POST,
        "created_at": Kind.TIME,
        "weight": Kind.AMOUNT,
        "object": Kind.TEXT,
        "sentiment": Kind.NUMBER,
        "value": Kind.NUMBER,
    },
}
REQUIRED = {
    "accounts": ("account_id",),
    "follows": ("follower_id", "followed_id"),
    "posts": ("post_id", "author_id"),
    "engagements": ("account_id", "kind"),
}
# Columns every frame has, whether or not the table does; all-null (weight: all 1) where it does not.
ALWAYS = {
    "accounts": (),
    "follows": ("followed_at",),
    "posts": ("created_at",),
    "engagements": ("target_id", "post_id", "created_at", "weight"),
}
UNIQUE = {"accounts": "account_id", "posts": "post_id"}

SHOWN = 3  # examples per breach


@dataclass(frozen=True)
class Breach:
    """One way in which a table breaks the contract; `column` is empty where the whole file is meant."""

    table: str
    column: str
    count: int
    problem: str
    examples: tuple[str, ...] = ()
    repair: str = ""

    def __str__(self) -> str:
        """Say what, where and how to repair it, in one line."""
        where = f"{self.table}, column {self.column}" if self.column else self.table
        examples = f": {', '.join(self.examples)}" if self.examples else ""
        more = ", ..." if self.examples and self.count > len(self.examples) else ""
        return f"{where}: {self.problem}{examples}{more}. {self.repair}".rstrip()


class DatasetError(ValueError):
    """The tables break the contract; `breaches` holds every breach found, over all tables."""

    def __init__(self, where: str, breaches: list[Breach]) -> None:
        self.breaches = list(breaches)
        plural = "breach" if len(breaches) == 1 else "breaches"
        rows = (
            " (rows are counted from 1, the header not included)" if any(b.examples for b in breaches) else ""
        )
        lines = [f"{where}: {len(breaches)} {plural} of the dataset contract{rows}"]
        super().__init__("\n".join([*lines, *(f"  {breach}" for breach in breaches)]))


def shown(value: object) -> str:
    """Return a value as it may be printed: control characters escaped, long texts cut."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(name: str, present: list[str]) -> str | None:
    """Return the column that was most likely meant by a missing one."""
    lowered = {column.strip().lower(): column for column in reversed(present)}
    close = difflib.get_close_matches(name, lowered, n=1, cutoff=0.5)
    return lowered[close[0]] if close else None
