"""What is missing, as far as engagements tell: who follows whom, and when posts were made."""

import numpy as np
import pandas as pd

from influgraph import dataset
from influgraph.dataset import Dataset

SILENCE = "6h"
NO_FOLLOWS = (
    "There are no follows: whoever engaged with an account is taken for its follower, so that influence on "
    "those who only watch is left out of the estimate; where followers are stated, its upper end allows that "
    "they are moved as much."
)
NO_POSTS = (
    "There are no posts: each that engagements name is taken to be made when it was first engaged with; "
    f"where they name none, a post is taken to be made whenever engagement comes after {SILENCE} of silence."
)
NO_POST_TIMES = "The posts have no times: each is taken to be made when it was first engaged with."


def complete(data: Dataset) -> tuple[Dataset, tuple[str, ...]]:
    """Fill in follows, posts and their times from what people did, and say in sentences what was filled in.

    What there is stays as it is, and accounts keep their order.
    """
    acts = dataset.resolved_engagements(data)
    acts = acts[acts["receiver_id"].notna()].sort_values("created_at", kind="stable")
    posts, follows, said = _plain(data.posts), _plain(data.follows), []
    if posts.empty and len(acts):
        posts, said = inferred_posts(acts), [NO_POSTS]
    elif len(posts) and posts["created_at"].isna().all() and acts["created_at"].notna().any():
        first = acts.groupby("post_id", observed=True)["created_at"].min()
        first.index = first.index.astype("str")
        posts, said = posts.assign(created_at=posts["post_id"].map(first)), [NO_POST_TIMES]
    if follows.empty and len(acts):
        pairs = _plain(acts)[["account_id", "receiver_id"]].drop_duplicates()
        follows = pairs.set_axis(["follower_id", "followed_id"], axis=1)
        said.append(NO_FOLLOWS)
    if not said:
        return data, ()
    own = _plain(dataset.resolved_engagements(data))[_COLUMNS].rename(columns={"receiver_id": "target_id"})
    accounts = data.accounts.reset_index()
    return dataset.from_tables(accounts=accounts, follows=follows, posts=posts, engagements=own), tuple(said)


_COLUMNS = ["account_id", "receiver_id", "kind", "post_id", "created_at", "weight"]


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """The same with categories as text, null where they were."""
    names = [name for name in table if isinstance(table[name].dtype, pd.CategoricalDtype)]
    plain = table.copy()
    for name in names:
        plain[name] = table[name].astype("str").where(table[name].notna())
    return plain


def inferred_posts(acts: pd.DataFrame) -> pd.DataFrame:
    """Posts with author and time, from acts sorted by time: those named, else one after each silence."""
    acts = _plain(acts)
    named = acts[acts["post_id"].notna()].groupby("post_id", sort=False)
    known = named.agg(author_id=("receiver_id", "first"), created_at=("created_at", "first")).reset_index()
    rest = acts[acts["post_id"].isna() & acts["created_at"].notna()]
    pause = rest.groupby("receiver_id")["created_at"].diff()
    starts = rest.loc[pause.isna() | (pause > pd.Timedelta(SILENCE)), ["receiver_id", "created_at"]]
    names = np.char.add("inferred ", np.arange(len(starts)).astype(str))
    unnamed = starts.assign(post_id=names).rename(columns={"receiver_id": "author_id"})
    return pd.concat([known, unnamed.astype({"post_id": "str"})], ignore_index=True)
