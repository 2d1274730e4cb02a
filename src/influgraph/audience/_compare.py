"""Response to posts with a trait against that to the other posts of the same account."""

import numpy as np
import pandas as pd

from influgraph.audience._lists import deeds
from influgraph.audience._shares import WIDTH, Floats, ratio
from influgraph.dataset import Dataset, study_period

FEWEST = 5
LEAST_SPREAD = 0.04  # variance of true log ratios: about a fifth up or down


def responses(data: Dataset, *, window: str) -> pd.DataFrame:
    """Own posts that had time to be answered: `account` (code), `response`: acts on it within the window.

    Index as in the posts. Reposts are left out: their response is that to somebody else.
    """
    length = pd.Timedelta(window)
    if not length > pd.Timedelta(0):
        raise ValueError(f"window must be a duration above 0, such as '3D'; received {window!r}")
    acts, posts, period = deeds(data), data.posts, study_period(data)
    posted = posts["created_at"].set_axis(posts["post_id"])
    age = acts["created_at"] - posted.reindex(acts["post_id"]).array
    counted = acts["post_id"][~(age > length)].value_counts()
    response = counted.reindex(posts["post_id"]).fillna(0.0).to_numpy(np.float64)
    own = posts["author_id"].notna() & ~(posts["created_at"] > period[1] - length if period else False)
    if "repost_of" in posts:
        own &= posts["repost_of"].isna()
    frame = pd.DataFrame({"account": posts["author_id"].cat.codes, "response": response}, posts.index)
    return frame[own]


def compare(posts: pd.DataFrame, traits: pd.DataFrame) -> pd.DataFrame:
    """Ratio of response per post with a trait to without, drawn to 1, with interval and q-value.

    `posts` as from `responses`; `traits` has one row per `post` (index of `posts`), `kind` and `trait`.
    Compared are pairs of account and trait with at least `FEWEST` posts on either side.
    """
    posts = posts.assign(place=posts.groupby("account")["response"].rank())
    by_account = posts.groupby("account")["response"].agg(["size", "sum", "var"])
    by_account["tied"] = posts.groupby(["account", "response"]).size().pow(3).groupby("account").sum()
    found = traits.drop_duplicates().join(posts, on="post", how="inner")
    found = found.groupby(["account", "kind", "trait"], as_index=False).agg(
        posts=("response", "size"), response=("response", "sum"), places=("place", "sum")
    )
    found = found.join(by_account, on="account")
    found["others"] = found["size"] - found["posts"]
    found = found[(found["posts"] >= FEWEST) & (found["others"] >= FEWEST) & (found["sum"] > 0)]
    return _shrunken(found.reset_index(drop=True))


def _shrunken(found: pd.DataFrame) -> pd.DataFrame:
    """Ratios drawn to 1 as far as they are unsure: a normal of logarithms, learnt from all of a kind."""
    from scipy.stats import false_discovery_control

    n, m = (found[name].to_numpy(np.float64) for name in ("posts", "others"))
    with_it, without = found["response"] / n, (found["sum"] - found["response"]) / m
    mean = found["sum"] / found["size"]
    logs = np.log((with_it + 0.5 / n) / (without + 0.5 / m)).to_numpy(np.float64)
    error = _dispersion(found, mean.to_numpy(np.float64)) * (1 / n + 1 / m)
    excess = (
        pd.DataFrame({"over": logs**2 / error - 1, "weight": 1 / error})
        .groupby(found["kind"])
        .transform("sum")
    )
    spread = np.maximum((excess["over"] / excess["weight"]).to_numpy(np.float64), LEAST_SPREAD)
    kept = spread / (spread + error)
    half = WIDTH * np.sqrt(kept * error)
    columns = {"ratio": np.exp(kept * logs), "ratio_low": np.exp(kept * logs - half)}
    columns["ratio_high"] = np.exp(kept * logs + half)
    columns |= {"response_with": with_it, "response_without": without}
    p_value = _rank_test(found)
    q_value = false_discovery_control(p_value) if len(p_value) else p_value
    return found[["account", "kind", "trait", "posts", "others"]].assign(
        **columns, p_value=p_value, q_value=q_value
    )


def _dispersion(found: pd.DataFrame, mean: Floats) -> Floats:
    """Squared variation of an account's responses, drawn to that of all; at least a Poisson's."""
    own = ratio(found["var"].to_numpy(np.float64), mean**2)
    size = found["size"].to_numpy(np.float64)
    usual = float(np.average(own, weights=size)) if len(own) else 1.0
    return np.asarray(np.maximum((own * (size - 1) + usual * FEWEST) / (size - 1 + FEWEST), 1 / mean))


def _rank_test(found: pd.DataFrame) -> Floats:
    """Two-sided p-values of the Mann-Whitney test, corrected for ties and continuity."""
    from scipy.special import ndtr

    n, m, size, tied = (found[name].to_numpy(np.float64) for name in ("posts", "others", "size", "tied"))
    off = np.abs(found["places"].to_numpy(np.float64) - n * (size + 1) / 2) - 0.5
    variance = n * m / 12 * ((size + 1) - (tied - size) / (size * (size - 1)))
    z = np.maximum(off, 0.0) / np.sqrt(np.maximum(variance, 1e-12))
    return np.where(variance > 0, np.minimum(2 * ndtr(-z), 1.0), 1.0)
