"""The tables of a finished study: their columns, and what is said where they are empty."""

from collections.abc import Sequence

import pandas as pd

from influgraph.dataset import Dataset, resolved_engagements, study_period
from influgraph.settings import Settings

CHECKS = ("check", "subject", "estimate", "low", "high", "baseline", "verdict", "p_value")
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
    "automation_low": "Float64",
    "automation_high": "Float64",
    "automation_missing": "str",
    "authentic_share_low": "Float64",
    "authentic_share_high": "Float64",
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
_LEFT_OUT = (
    "{accounts:,} accounts in {clusters:,} clusters are suspected: scores, niches and audiences leave out "
    "their acts and follows (of a pod only the acts inside it); followers and other counts hold everyone."
)
_ROLES = "Roles are not estimated yet: the column role is empty."


def scores(known: pd.DataFrame) -> pd.DataFrame:
    """Put the columns of the contract in its order, ours after them; null where nothing is known."""
    columns = {}
    for name, dtype in SCORES.items():
        values = known[name] if name in known else pd.Series(pd.NA, known.index, dtype="object")
        columns[name] = values.astype(dtype)  # type: ignore[call-overload]
    return pd.DataFrame(columns, index=known.index)


def counterfactual(
    known: pd.DataFrame, with_suspects: pd.DataFrame, people: pd.DataFrame, niche: pd.Series
) -> pd.DataFrame:
    """Scores and ranks with and without the suspects; `niche` is that of everyone counted."""
    now = scores(known)
    bounds = ["influence_low", "influence_high"]
    counts = ["followers", "engagements_received"]
    return pd.DataFrame(
        {
            "influence": now["influence"],
            "rank": now["rank"],
            "influence_with_suspects": with_suspects["influence"].astype("Float64"),
            "influence_without_suspects": now["influence"],
            **{f"{name}_with_suspects": with_suspects[name].astype("Float64") for name in bounds},
            **{f"{name}_without_suspects": now[name] for name in bounds},
            "rank_with_suspects": with_suspects["rank"].astype("Int64"),
            "rank_without_suspects": now["rank"],
            "niche_with_suspects": _renumbered(niche.astype("Int64"), now["niche"]),
            "niche_without_suspects": now["niche"],
            **{f"{name}_with_suspects": now[name] for name in counts},
            **{f"{name}_without_suspects": people[name] for name in counts},
        },
        index=known.index,
    )


def _renumbered(niche: pd.Series, known: pd.Series) -> pd.Series:
    """Niches under the numbers of the known ones they share most members with; others are numbered on."""
    from scipy.optimize import linear_sum_assignment

    shared = pd.crosstab(niche, known.set_axis(niche.index))
    rows, columns = linear_sum_assignment(-shared.to_numpy())
    alike = shared.to_numpy()[rows, columns] > 0
    names = dict(zip(shared.index[rows[alike]], shared.columns[columns[alike]], strict=True))
    first = int(known.max()) + 1 if known.notna().any() else 0
    others = [number for number in sorted(niche.dropna().unique()) if number not in names]
    return niche.map(names | {number: first + place for place, number in enumerate(others)}).astype("Int64")


def left_out(members: pd.DataFrame) -> tuple[str, ...]:
    """Say how many accounts are suspected, and what that means; nothing where there are none."""
    accounts, clusters = members["account_id"].nunique(), members["bot_cluster"].nunique()
    return (_LEFT_OUT.format(accounts=accounts, clusters=clusters),) if accounts else ()


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
        (_DELETED if cut.startswith("deleted") else _CUT).format(cut=cut): cut != "complete",
        _NO_PLAN: settings.brief.budget is not None,
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
    "and evidence is at most estimated; intervals of influence reach as far as followers not listed may be "
    "moved too, those of ranks are widened by what the cut does to them, followers are lower bounds "
    "(followers_low, followers_high), and response for its size is given only where accounts state their "
    "followers."
)
_DELETED = (
    "Some accounts are deleted, with all they did ({cut}: so many are left): influence is that on those "
    "left, so sums are low and evidence is at most estimated; intervals of influence reach as far as those "
    "deleted may have been moved too, those of ranks are widened by what as many more deletions would do, "
    "followers are lower bounds (followers_low, followers_high), and response for its size is given only "
    "where accounts state their followers."
)
_NO_PLAN = "A budget is given, but campaigns are not planned yet: there is no plan.csv."
