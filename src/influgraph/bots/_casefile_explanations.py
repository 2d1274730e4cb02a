"""What is measured for each innocent explanation of a cluster, and from where on it speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from influgraph.bots._casefile_facts import Facts, Measured, places

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

NEARLY_ALL, MOST, HALF, QUARTER = 0.9, 0.8, 0.5, 0.25
CROWD = pd.Timedelta("1h")
OCCASION = pd.Timedelta("2h")
JOINING = pd.Timedelta("1D")
BY_CHANCE = 0.05  # from which on so few responses are nothing strange
UNEVEN = 0.2  # variation of shares by pair, to their mean, from which on friends rather than a pod engage

MUTUAL = "share of pairs of members that follow each other"
CLOCK = "how far acts keep to a minute of the hour, half hour or quarter"
_OUTSIDE = "followers from outside, median member"
_KNOWN = "share of members that anybody outside follows"
_BESIDE = "follows, acts and posts beside, median member"
_CROWD = "share of others among those who did the same within an hour"
_PREFER = "how far the shares of posts that members answer differ by pair"
_INWARD = {
    "own_objects": "share of joint acts on members' posts",
    "own_returned": "share of acts on members' posts that the author returns",
}
_RESPONDED = "share of members that responded to those they follow"


class Tested(NamedTuple):
    """A thing measured: its value, what is usual, the bound from which on it speaks for the explanation."""

    explanation: str
    measured: str
    value: float
    usual: float
    bound: float
    speaks: str
    cost: str


def tested(facts: Facts, cluster: dict[Any, Any], joint: pd.DataFrame, group: Ints) -> list[Tested]:
    """Everything that is measured of a cluster of this kind."""
    if cluster["kind"] == "pod":
        return _of_pod(facts, joint, group)
    club = _club(facts, cluster, joint, group)
    loyal, life, followed = club
    rows = [*club, *_organisation(facts, group), followed._replace(explanation="organisation")]
    rows += [_row("event", _CROWD, facts.crowd(joint, group, CROWD), HALF, "dear")]
    clock = _by_the_clock("scheduler", facts, joint)
    rows += [clock]
    if cluster["kind"] == "coordination":
        rows += [one._replace(explanation="publishers") for one in (clock, followed)]
        rows += (
            _public(facts, joint, life, followed) if len(facts.data.follows) else _fans(facts, joint, life)
        )
        return [*rows, *_acquaintances(cluster)]
    if cluster["kind"] == "sybil":
        return [*rows, _colleagues(facts, group)]
    return [*rows, *_newcomers(facts, joint, group, loyal)]


def _row(explanation: str, what: str, measured: Measured, bound: float, cost: str = "cheap") -> Tested:
    value = measured.value
    speaks = "for" if value >= bound else "against"
    if np.isnan(value) or np.isnan(bound):
        speaks = "unknown"
    return Tested(explanation, what, value, measured.usual, bound, speaks, cost)


def _beside_usual(
    explanation: str, what: str, measured: Measured, part: float = HALF, cost: str = "cheap"
) -> Tested:
    """Speaks for the explanation from this part of what is usual on, and never where there is none."""
    row = _row(explanation, what, measured, part * measured.usual, cost)
    return row._replace(speaks="against") if measured.value == 0 else row


def _by_the_clock(explanation: str, facts: Facts, joint: pd.DataFrame) -> Tested:
    """Tells nothing where others keep to the clock too: times are rounded."""
    measured = facts.by_the_clock(joint["created_at"])
    row = _row(explanation, CLOCK, measured, MOST)
    return row._replace(speaks="unknown") if measured.usual >= HALF else row


def _club(facts: Facts, cluster: dict[Any, Any], joint: pd.DataFrame, group: Ints) -> list[Tested]:
    """Those who know whom they promote, have lives of their own and are known to others."""
    if cluster["kind"] == "purchased_followers":
        loyal = _loyal(facts, group, places(facts.data, pd.Series(cluster["beneficiaries"], dtype="str")))
    else:
        what = "share of joint acts by followers of the author"
        loyal = _row("fan club", what, facts.follows_before(joint), MOST)
    beside = facts.elsewhere(group, len(joint))
    return [
        loyal,
        _row("fan club", _BESIDE, beside, HALF * beside.usual),
        _beside_usual("fan club", _OUTSIDE, facts.outside_followers(group), cost="dear"),
    ]


def _loyal(facts: Facts, group: Ints, served: Ints) -> Tested:
    """Members respond as other followers do; tells nothing where as few of others would, by chance."""
    from scipy.stats import binom

    responded = facts.responds(group, served)
    row = _row("fan club", _RESPONDED, responded, HALF * responded.usual)
    if row.speaks != "against":
        return row
    by_chance = binom.cdf(round(row.value * group.size), group.size, row.usual)
    return row._replace(speaks="unknown") if by_chance > BY_CHANCE else row


def _organisation(facts: Facts, group: Ints) -> list[Tested]:
    """Members follow each other, and say so."""
    word, which = facts.shared_word(group)
    named = f"the word {which!r}" if which else "a word that others seldom use"
    what = f"share of members with {named} in their profiles"
    return [
        _row("organisation", MUTUAL, facts.mutual_follows(group), HALF),
        _row("organisation", what, word, HALF + word.usual),
    ]


def _public(facts: Facts, joint: pd.DataFrame, life: Tested, followed: Tested) -> list[Tested]:
    """People who watch the same and act at the same moments of it."""
    what = "share of objects acted on within two hours of another"
    return [
        _row("public", what, facts.on_occasions(joint, OCCASION), MOST),
        life._replace(explanation="public"),
        followed._replace(explanation="public"),
    ]


def _fans(facts: Facts, joint: pd.DataFrame, life: Tested) -> list[Tested]:
    """Those who act on what one account posts, where who follows it is not known."""
    what = "share of joint acts on posts of one account"
    return [_row("fans", what, facts.on_one_author(joint), MOST), life._replace(explanation="fans")]


def _colleagues(facts: Facts, group: Ints) -> Tested:
    """Accounts made together may be those of a staff, of which nearly each is known to somebody."""
    return _beside_usual("colleagues", _KNOWN, facts.known_outside(group), NEARLY_ALL, "dear")


def _newcomers(facts: Facts, joint: pd.DataFrame, group: Ints, loyal: Tested) -> list[Tested]:
    """Those who joined at one time and followed what a platform, a story or a starter pack suggests."""
    soon = "share of these follows within a day of joining"
    return [
        _row("newcomers", soon, facts.soon_after_joining(joint, JOINING), MOST),
        loyal._replace(explanation="newcomers"),
        _beside_usual("newcomers", _KNOWN, facts.known_outside(group), QUARTER, "dear"),
    ]


def _acquaintances(cluster: dict[Any, Any]) -> list[Tested]:
    """What the search measured of how far members act on one another's posts."""
    values = ((what, cluster.get(name, np.nan)) for name, what in _INWARD.items())
    known = ((what, np.nan if pd.isna(value) else float(value)) for what, value in values)
    return [_row("acquaintances", what, Measured(value, np.nan), HALF) for what, value in known]


def _of_pod(facts: Facts, joint: pd.DataFrame, group: Ints) -> list[Tested]:
    """Friends, and people who publish together."""
    mutual = _row("friends", MUTUAL, facts.mutual_follows(group), HALF)
    followed = _beside_usual("friends", _OUTSIDE, facts.outside_followers(group), cost="dear")
    uneven, certain = facts.unevenness(joint, group)
    prefer = _row("friends", _PREFER, uneven, UNEVEN)
    if prefer.speaks == "for" and not certain:
        prefer = prefer._replace(speaks="unknown")
    return [
        mutual,
        prefer,
        followed,
        mutual._replace(explanation="newsroom"),
        _by_the_clock("newsroom", facts, joint),
        followed._replace(explanation="newsroom"),
    ]
