"""The tables of a finished study: their columns, and what is said where they are empty."""

from collections.abc import Sequence

import pandas as pd

from influgraph.dataset import Dataset, resolved_engagements, study_period
from influgraph.settings import Settings

CHECKS = ("check", "subject", "estimate", "low", "high", "baseline", "verdict", "p_value")
BOT_CLUSTERS = ("bot_cluster", "kind", "size", "p_value", "q_value", "beneficiaries", "evidence")
BOT_MEMBERS = ("bot_cluster", "account_id", "membership")
SCORES = {
    "followers": "Int64",
    "tier": "str",
    "engagements_received": "Int64",
    "pagerank": "Float64",
    "core_number": "Int64",
    "betweenness": "Float64",
    "influence": "Float64",
    "influence_low": "Float64",
    "influence_high": "Float64",
    "influence_total": "Float64",
    "influence_grade": "str",
    "influence_rate": "Float64",
    "beyond_popularity": "Float64",
    "beyond_popularity_low": "Float64",
    "beyond_popularity_high": "Float64",
    "rank": "Int64",
    "rank_low": "Int64",
    "rank_high": "Int64",
    "niche": "Int64",
    "niche_confidence": "Float64",
    "automation": "Float64",
    "bot_cluster": "str",
    "authentic_share": "Float64",
    "role": "str",
    "following": "Int64",
    "posts": "Int64",
    "quadrant": "str",
    "influence_missing": "str",
    "band": "Int64",
    "influence_information": "Float64",
    "suppression_q": "Float64",
    "suppression_missing": "str",
    "outcomes_after": "Float64",
    "had_anyway": "Float64",
    "due_to_others": "Float64",
    "shrinkage": "Float64",
    "through_reposts": "Float64",
    "expertise": "Float64",
    "expertise_low": "Float64",
    "expertise_high": "Float64",
    "expertise_missing": "str",
    "reciprocity": "Float64",
    "shared_neighbours": "Float64",
    "shared_niche": "Float64",
    "preferential_attachment": "Float64",
    "chance": "Float64",
    "motives_missing": "str",
    "beyond_popularity_missing": "str",
    "subniche": "str",
    "followers_estimated": "Float64",
    "followers_low": "Float64",
    "followers_high": "Float64",
}
_SUSPECTS = (
    "Suspicious accounts are not looked for yet: automation, bot_cluster, authentic_share and the tables of "
    "bot clusters are empty, and every figure counts everyone."
)
_ROLES = "Roles are not estimated yet: the column role is empty."


def no_rows(columns: Sequence[str]) -> pd.DataFrame:
    """Make a table with these columns and nothing in it."""
    return pd.DataFrame({name: pd.Series(dtype="str") for name in columns})


def scores(known: pd.DataFrame) -> pd.DataFrame:
    """Put the columns of the contract in its order, ours after them; null where nothing is known."""
    columns = {}
    for name, dtype in SCORES.items():
        values = known[name] if name in known else pd.Series(pd.NA, known.index, dtype="object")
        columns[name] = values.astype(dtype)  # type: ignore[call-overload]
    return pd.DataFrame(columns, index=known.index)


def counterfactual(known: pd.DataFrame) -> pd.DataFrame:
    """Influence and rank now; those without suspects are null as long as none are looked for."""
    nothing = pd.Series(pd.NA, known.index, dtype="object")
    return scores(known)[["influence", "rank"]].assign(
        influence_without_suspects=nothing.astype("Float64"), rank_without_suspects=nothing.astype("Int64")
    )


def ages(data: Dataset) -> pd.Series | None:
    """Days from each account's creation to the start of the study; None where neither is known."""
    period = study_period(data)
    if period is None or "created_at" not in data.accounts:
        return None
    ages: pd.Series = (period[0] - data.accounts["created_at"]).dt.total_seconds() / 86400
    return ages


def missing(data: Dataset, settings: Settings, kinds: Sequence[str]) -> tuple[str, ...]:
    """Say in sentences what the data and this version cannot tell, and what that means."""
    cut = settings.missing.follows
    conditions = {
        _NO_FOLLOWS: data.follows.empty,
        _NO_POSTS: data.posts.empty,
        _NO_ENGAGEMENTS: resolved_engagements(data).empty,
        _NO_TIMES: study_period(data) is None,
        _NO_KIND: not kinds,
        _CUT.format(cut=cut): cut != "complete",
        _NO_PLAN: settings.brief.budget is not None,
        _SUSPECTS: True,
        _ROLES: True,
    }
    return tuple(sentence for sentence, holds in conditions.items() if holds)


_NO_FOLLOWS = (
    "There are no follows: who saw what is known only from listed views, centralities and niches describe "
    "the engagement network, and followers are those the accounts table states, where it does."
)
_NO_POSTS = (
    "There are no posts: who was exposed when is not known, acts that name a post and nobody else are not "
    "counted for its author, and the columns posts and influence_rate are empty."
)
_NO_ENGAGEMENTS = "There are no engagements, listed or implied by posts: nothing says who was moved."
_NO_TIMES = "There are no times: cause cannot be told from coincidence, nor a burst from a habit."
_NO_KIND = "No kind of engagement known as an outcome occurs: name one in study.toml under [outcome] kinds."
_CUT = (
    "The lists of followers are cut ({cut}): influence is that on the followers listed, so sums are low "
    "and evidence is at most estimated; intervals of ranks are widened by what the cut does to them, "
    "followers are lower bounds (followers_low, followers_high), and response for its size is given only "
    "where accounts state their followers."
)
_NO_PLAN = "A budget is given, but campaigns are not planned yet: there is no plan.csv."
