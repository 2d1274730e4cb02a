"""What an audience responds to: topics, formats and hours that go with more or less than is usual."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from influgraph.audience._compare import FEWEST, compare, responses
from influgraph.audience._lists import places_of
from influgraph.audience._texts import spaced, uses_any, written
from influgraph.dataset import Dataset

NAMED = 3
_COLUMNS = ("ratio", "ratio_low", "ratio_high", "response_with", "response_without", "p_value", "q_value")


def drivers(
    data: Dataset,
    *,
    terms: Sequence[str] = (),
    accounts: Sequence[str] | None = None,
    window: str = "3D",
    level: float = 0.1,
) -> pd.DataFrame:
    """Response per post with a topic, format, weekday or hour against the other posts of the same account.

    Response: acts on a post within the window, views left out. Posts younger than the window when the
    data end, and reposts, are left out. Ratios are drawn to 1 as far as they are unsure; whether a difference
    can be told is judged by ranks (posts of much response weigh no more than others), over all comparisons.

    Parameters
    ----------
    data
        Its posts and the acts on them.
    terms
        Terms looked for in texts, as topics beside the hashtags.
    accounts
        Whose posts; by default all. More accounts are more comparisons.
    window
        How long responses are counted.
    level
        Share of the differences told that may be false.

    Returns
    -------
    One row per account and trait that at least five of its posts have and five have not: `account_id`;
    `kind`: topic, format, weekday, hour (four hours, in UTC); `trait`; `posts`, `others`: how many;
    `response_with`, `response_without`: acts per post; `ratio`, `ratio_low`, `ratio_high`: 1 = no
    difference, 90 % interval; `p_value`, `q_value`; `told`: whether a difference can be told. Sorted by
    account, then surest first.

    Raises
    ------
    ValueError
        If an account is unknown, or `window` or `level` is out of range.

    Notes
    -----
    Grade `estimated`: what goes with more response, which is not what brings it about. Traits go together,
    and what an account did more of while it grew looks better than it is.

    References
    ----------
    Mann & Whitney (1947); Benjamini & Hochberg (1995), Controlling the false discovery rate; ratios drawn to
    their mean: DerSimonian & Laird (1986), Meta-analysis in clinical trials.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> posts = pd.DataFrame({"post_id": range(24), "author_id": "a", "format": ["clip", "text"] * 12})
    >>> acts = pd.DataFrame({"account_id": "b", "kind": "like", "post_id": [0, 2, 4, 6, 8, 10, 12, 14] * 5})
    >>> found = drivers(from_tables(posts=posts, engagements=acts))
    >>> found[["trait", "told", "response_with", "response_without"]].round(1)
      trait  told  response_with  response_without
    0  clip  True            3.3               0.0
    1  text  True            0.0               3.3
    """
    if not 0 < level < 1:
        raise ValueError(f"level must lie above 0 and below 1, received {level}")
    posts = responses(data, window=window)
    posts = posts[np.isin(posts["account"], places_of(data, accounts))]
    found = compare(posts, pd.concat(_traits(data, terms), ignore_index=True))
    found["account_id"] = data.account_ids.take(found["account"].to_numpy())
    found["told"] = found["q_value"] <= level
    found = found.sort_values(["account", "p_value", "kind", "trait"], ignore_index=True)
    return found[["account_id", "kind", "trait", "posts", "others", *_COLUMNS, "told"]]


def _traits(data: Dataset, terms: Sequence[str]) -> list[pd.DataFrame]:
    """Return post, kind and trait, for every trait that a post has."""
    posts = data.posts
    given: list[tuple[str, pd.Series]] = [("topic", pd.Series([], dtype="str"))]
    if "hashtags" in posts:
        given.append(("topic", posts["hashtags"].explode().dropna().astype("str").map(_tag)))
    texts = written(data) if terms else pd.Series(dtype="str")
    users = {term: texts.index[uses_any(texts, [term])] for term in terms}
    given += [("topic", pd.Series(_tag(term), some, dtype="str")) for term, some in users.items()]
    if "format" in posts:
        given.append(("format", posts["format"].dropna().astype("str")))
    times = posts["created_at"].dropna()
    spans = times.dt.hour.map(lambda hour: f"{hour // 4 * 4:02d}-{hour // 4 * 4 + 4:02d} h")
    given += [("weekday", times.dt.day_name()), ("hour", spans)]
    return [
        pd.DataFrame({"post": some.index, "kind": kind, "trait": some.astype("str").to_numpy()})
        for kind, some in given
    ]


def _tag(text: str) -> str:
    """One spelling of a hashtag or term."""
    return spaced(text.lstrip("#")).strip()


def tell_drivers(data: Dataset, found: pd.DataFrame) -> pd.Series:
    """Say in one sentence per account what goes with more, or less, response than its usual.

    Parameters
    ----------
    data
        The dataset.
    found
        As from `drivers`.

    Returns
    -------
    `drivers_told`, text by account, in dataset order: the traits that can be told, those of the largest ratio
    first; or that none can; or that there are too few posts to compare.

    Examples
    --------
    >>> from influgraph.dataset import from_tables
    >>> posts = pd.DataFrame({"post_id": range(24), "author_id": "a", "format": ["clip", "text"] * 12})
    >>> acts = pd.DataFrame({"account_id": "b", "kind": "like", "post_id": list(range(24))})
    >>> data = from_tables(posts=posts, engagements=acts)
    >>> tell_drivers(data, drivers(data)).tolist()[0]
    'No topic, format or hour goes with a difference that could be told.'
    """
    few = f"Too few posts to compare: {FEWEST} with a trait and {FEWEST} without are needed."
    result = pd.Series(few, data.account_ids, dtype="str", name="drivers_told")
    result[found["account_id"].unique()] = (
        "No topic, format or hour goes with a difference that could be told."
    )
    told = found[found["told"]]
    told = told.assign(size=np.abs(np.log(told["ratio"])), phrase=_phrases(told))
    told = told.sort_values(["size", "kind", "trait"], ascending=[False, True, True])
    best = told.groupby("account_id", sort=False)["phrase"].apply(lambda some: "; ".join(some.iloc[:NAMED]))
    result[best.index] = best + "."
    return result


def _phrases(told: pd.DataFrame) -> pd.Series:
    """Phrases like: posts with #trail get 2.1 times (1.4 to 3.0) the response of the others."""
    frames = {"topic": "about {}", "format": "of format {}", "weekday": "on {}", "hour": "at {} (UTC)"}
    columns = (told[name] for name in ("kind", "trait", "ratio", "ratio_low", "ratio_high"))
    phrases = [
        f"posts {frames[kind].format(trait)} get {ratio:.1f} times ({low:.1f} to {high:.1f}) the response"
        " of its others"
        for kind, trait, ratio, low, high in zip(*columns, strict=True)
    ]
    return pd.Series(phrases, told.index, dtype="str")
