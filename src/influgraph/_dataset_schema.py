"""What the tables of a dataset are called, what their columns hold, and how a breach of that is told."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a column holds, hence how it is parsed."""

    ACCOUNT = "account id"
    POST = "post id"
    TEXT = "text"
    TIME = "time"
    COUNT = "whole number, not negative"
    AMOUNT = "number, not negative"
    NUMBER = "number"
    FLAG = "true or false"
    ITEMS = "list of texts"
    LABEL = "anything, of the reader's own"


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
UNIQUE = {"accounts": "account_id", "posts": "post_id"}
# Columns that every frame has; where the table does not have them they are null (weight: 1).
ALWAYS: dict[str, tuple[str, ...]] = {
    "accounts": (),
    "follows": ("followed_at",),
    "posts": ("created_at",),
    "engagements": ("target_id", "post_id", "created_at", "weight"),
}

EXAMPLES = 3  # shown per breach


@dataclass(frozen=True)
class Breach:
    """One way in which a table breaks the contract.

    `column` is empty where the whole table or file is meant. `examples` name the row (counted from 1, the
    header not included) and the value of the first few of `count`.
    """

    table: str
    column: str
    count: int
    problem: str
    examples: tuple[str, ...]
    repair: str

    def __str__(self) -> str:
        """Say in one line what is wrong, where, and how to repair it."""
        where = f"{self.table}, column {self.column}" if self.column else self.table
        more = ", ..." if self.examples and self.count > len(self.examples) else ""
        examples = f" ({', '.join(self.examples)}{more})" if self.examples else ""
        return f"{where}: {self.problem}{examples}. {self.repair}"


class DatasetError(ValueError):
    """Tables that break the contract; `breaches` holds all that is wrong with them."""

    def __init__(self, where: str, breaches: Iterable[Breach]) -> None:
        self.where = where
        self.breaches = list(breaches)
        numbered = any(example.startswith("row") for breach in self.breaches for example in breach.examples)
        rows = " (rows are counted from 1, the header not included)" if numbered else ""
        head = f"{where} cannot be used{rows}:"
        super().__init__("\n".join([head, *(f"  {breach}" for breach in self.breaches)]))

    def __reduce__(self) -> tuple[type["DatasetError"], tuple[str, list[Breach]]]:
        """Survive the way back from a worker process."""
        return type(self), (self.where, self.breaches)


def shown(value: object) -> str:
    """Return a value as it may be printed: control characters escaped, long texts cut."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def nearest(name: str, present: Sequence[str], known: Iterable[str], *, alike: float = 0.5) -> str | None:
    """Return the column most likely meant by a missing one, none of those that have their own meaning."""
    free = {column.strip().lower(): column for column in present if column not in known}
    close = difflib.get_close_matches(name, free, n=1, cutoff=alike)
    return free[close[0]] if close else None
