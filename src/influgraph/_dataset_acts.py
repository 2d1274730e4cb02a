"""Who did what to whom, each act once: what is listed, and what posts imply."""

import numpy as np
import pandas as pd

from influgraph._dataset_assembly import stacked
from influgraph._dataset_codes import Frames, coded_like, codes, post_authors

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


def resolve(used: Frames, listed: pd.DataFrame) -> pd.DataFrame:
    """Return all acts with their receiver, own ones left out; `listed` are all rows of engagements."""
    acts = stacked([used["engagements"], *implied_acts(used["posts"], listed)])
    target, author = codes(acts["target_id"]), post_authors(used["posts"], acts["post_id"])
    receiver = np.where(target < 0, author, target)
    acts["receiver_id"] = coded_like(acts["account_id"], receiver)
    others: pd.DataFrame = acts[receiver != codes(acts["account_id"])].reset_index(drop=True)
    return others[[column for column in RESOLVED if column in others]]


def implied_acts(posts: pd.DataFrame, listed: pd.DataFrame) -> list[pd.DataFrame]:
    """Return, as engagements without a target, the reposts and replies that posts imply and no row lists."""
    return [_implied(posts, column, kind, listed) for column, kind in IMPLIED.items() if column in posts]


def _implied(posts: pd.DataFrame, column: str, kind: str, listed: pd.DataFrame) -> pd.DataFrame:
    """Return the acts that one column of posts implies."""
    rows = listed[(listed["kind"] == kind) & listed["post_id"].notna()]
    posts = posts[posts[column].notna()]
    size = len(posts["post_id"].cat.categories)
    known = codes(rows["account_id"]) * size + codes(rows["post_id"])
    posts = posts[~np.isin(codes(posts["author_id"]) * size + codes(posts[column]), known)]
    nobody = coded_like(posts["author_id"], np.full(len(posts), -1))
    acts = {
        "account_id": posts["author_id"],
        "target_id": nobody,
        "kind": pd.Categorical([kind] * len(posts)),
    }
    return pd.DataFrame({**acts, "post_id": posts[column], "created_at": posts["created_at"], "weight": 1.0})
