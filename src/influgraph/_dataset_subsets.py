"""Fewer rows in all tables at once."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from influgraph._dataset_acts import IMPLIED, implied_acts
from influgraph._dataset_assembly import stacked
from influgraph._dataset_codes import Codes, Frames, Mask, coded_like, codes, post_authors


def rows_without(frames: Frames, gone: Mask) -> dict[str, Mask]:
    """Mark the rows that some accounts have no part in; `gone` marks them, and ends in a false for null."""
    follows, posts, engagements = frames["follows"], frames["posts"], frames["engagements"]
    author = post_authors(posts, engagements["post_id"])
    parties = {
        "follows": [codes(follows["follower_id"]), codes(follows["followed_id"])],
        "posts": [codes(posts["author_id"])],
        "engagements": [codes(engagements["account_id"]), codes(engagements["target_id"]), author],
    }
    return {name: ~np.logical_or.reduce([gone[party] for party in parties[name]]) for name in frames}


def rows_not_done(frames: Frames, by: Mask, circles: Sequence[Mask]) -> dict[str, Mask]:
    """Mark follows and engagements that some accounts did not do, nor members of a circle to one another.

    The marks of accounts end in a false for null. Of posts those are marked that refer to no other by such
    an act.
    """
    follows, posts, engagements = frames["follows"], frames["posts"], frames["engagements"]
    doer, target = codes(engagements["account_id"]), codes(engagements["target_id"])
    receiver = np.where(target < 0, post_authors(posts, engagements["post_id"]), target)
    author = codes(posts["author_id"])
    referred = [post_authors(posts, posts[name]) for name in IMPLIED if name in posts]
    return {
        "follows": ~by[codes(follows["follower_id"])],
        "engagements": ~_done(doer, receiver, by, circles),
        "posts": ~np.logical_or.reduce(
            [_done(author, other, by, circles) for other in referred] or [by[author]]
        ),
    }


def _done(doer: Codes, receiver: Codes, by: Mask, circles: Sequence[Mask]) -> Mask:
    done: Mask = np.logical_or.reduce([by[doer], *(circle[doer] & circle[receiver] for circle in circles)])
    return done


def unrelated(posts: pd.DataFrame, keep: Mask) -> pd.DataFrame:
    """Return posts of which those not kept are reposts of, and replies to, nothing."""
    return posts.assign(**{name: posts[name].where(keep) for name in IMPLIED if name in posts})


def rows_between(frames: Frames, start: pd.Timestamp, end: pd.Timestamp) -> dict[str, Mask]:
    """Mark the posts and engagements of a window, and the follows made before its end or before all times."""
    keep = {name: _within(frames[name]["created_at"], start, end) for name in ("posts", "engagements")}
    followed = frames["follows"]["followed_at"]
    return {**keep, "follows": (followed.isna() | (followed < end)).to_numpy()}


def _within(times: pd.Series, start: pd.Timestamp, end: pd.Timestamp) -> Mask:
    """Mark the times of a window; null is in none."""
    return ((times >= start) & (times < end)).to_numpy()


def forget_posts(posts: pd.DataFrame, keep: Mask) -> pd.DataFrame:
    """Return posts without references to those not kept."""
    dead = np.zeros(len(posts["post_id"].cat.categories) + 1, dtype=bool)
    dead[codes(posts["post_id"])[~keep]] = True
    references = {column: posts[column] for column in ("repost_of", "reply_to") if column in posts}
    return posts.assign(**{column: ids.where(~dead[codes(ids)]) for column, ids in references.items()})


def with_receivers(used: Frames, listed: pd.DataFrame, start: pd.Timestamp, end: pd.Timestamp) -> Frames:
    """Return the frames in which acts on posts from outside a window name their receiver, as if listed so."""
    outside = used["posts"][~_within(used["posts"]["created_at"], start, end)]
    implied = stacked([used["engagements"].iloc[:0], *implied_acts(used["posts"], listed)])
    lost = post_authors(outside, implied["post_id"]) >= 0
    acts = stacked([used["engagements"], implied[lost]])
    target, author = codes(acts["target_id"]), post_authors(outside, acts["post_id"])
    named = coded_like(acts["target_id"], np.where(target < 0, author, target))
    return {**used, "engagements": acts.assign(target_id=named)}
