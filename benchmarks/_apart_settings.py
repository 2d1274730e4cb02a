"""The worlds of influence written apart: their settings by name (see `_apart_influence`)."""

from dataclasses import dataclass
from typing import Any

HOUR, DAY = 3600.0, 86400.0


@dataclass(frozen=True, kw_only=True)
class ApartSettings:
    """How a world is drawn.

    `delay_hours` is one mean delay, or two that are mixed; `buyers` the share of accounts that act more than
    hardly ever; `activity_share` how far activity goes with follows and acts; `saturation` how soon further
    posts of an author move less; `sessions` the share of acts that are done twice; with `once` nobody acts
    again. `views` and `follow_times` say whether they are listed, `by_minute` whether times are told so.
    """

    seed: int
    accounts: int = 6000
    niches: int = 8
    authors: int = 350
    weeks: int = 6
    outcomes: int = 10_000
    caused_share: float = 0.15
    homophily: float = 0.8
    shocks: float = 3
    shock_size: float = 3.0
    reaction: float = 3.0
    kinds: tuple[str, ...] = ("purchase",)
    buyers: float = 1.0
    level_shape: float = 0.7
    delay_hours: tuple[float, ...] = (8.0,)
    cascade: bool = False
    saturation: float = 0.0
    once: bool = False
    sessions: float = 0.0
    waking: bool = False
    posts_per_day: float = 0.6
    view_chance: float = 0.35
    follows: float = 14
    zero_share: float = 0.6
    hidden: int = 10
    effect_spread: float = 1.1
    activity_share: float = 0.4
    views: bool = False
    by_minute: bool = False
    topics: bool = False
    follow_times: bool = False

    @property
    def end(self) -> float:
        """Length of the study in seconds."""
        return self.weeks * 7 * DAY

    @property
    def hours(self) -> int:
        """Length of the study in hours."""
        return self.weeks * 168


RESTLESS: dict[str, Any] = {"homophily": 0.95, "shocks": 8, "shock_size": 8.0, "reaction": 8.0}
RESTLESS |= {"accounts": 7000, "outcomes": 15_000, "niches": 6}
OFTEN: dict[str, Any] = {"accounts": 5000, "outcomes": 25_000, "buyers": 0.35, "niches": 7, "weeks": 8}
LISTED: dict[str, Any] = {"views": True, "by_minute": True}
WORLDS: dict[str, dict[str, Any]] = {
    "w01_plain": {"seed": 101},
    "w02_views_min": {"seed": 102, "caused_share": 0.2, "accounts": 5000, "outcomes": 9000, "niches": 6}
    | {**LISTED, "topics": True},
    "w03_slow": {"seed": 103, "accounts": 7000, "delay_hours": (30.0,), "caused_share": 0.2}
    | {"outcomes": 12_000, "niches": 10},
    "w04_frequent": {"seed": 104, "caused_share": 0.12, **OFTEN},
    "w05_cascade": {"seed": 105, "outcomes": 12_000, "views": True, "cascade": True, "caused_share": 0.18}
    | {"niches": 9, "topics": True},
    "w06_satkinds": {"seed": 106, "accounts": 8000, "outcomes": 18_000, "kinds": ("click", "purchase")}
    | {"saturation": 0.5, "caused_share": 0.22, "niches": 12, "topics": True},
    "w07_homshock": {"seed": 107, "caused_share": 0.08, **RESTLESS},
    "w08_once_signup": {"seed": 108, "accounts": 12_000, "outcomes": 6000, "kinds": ("signup",)}
    | {"once": True, "caused_share": 0.25, "niches": 11},
    "w09_big_views_5pc": {"seed": 109, "accounts": 15_000, "outcomes": 20_000, "views": True}
    | {"caused_share": 0.06, "niches": 12, "authors": 500, "follow_times": True, "weeks": 4},
    "w10_fast_30pc": {"seed": 110, "accounts": 10_000, "outcomes": 30_000, "caused_share": 0.3}
    | {"delay_hours": (2.0,), "by_minute": True, "authors": 500, "topics": True},
    "w11_sess_awake": {"seed": 111, "accounts": 8000, "outcomes": 20_000, "sessions": 0.12, "waking": True}
    | {"niches": 5, "weeks": 5},
    "w12_views_slow_freq": {"seed": 112, "accounts": 4000, "outcomes": 24_000, "buyers": 0.5, "views": True}
    | {"delay_hours": (4.0, 36.0), "niches": 6},
    "n01_none": {"seed": 201, "caused_share": 0.0},
    "n02_none_homshock": {"seed": 202, "caused_share": 0.0, **RESTLESS},
    "n03_none_views": {"seed": 203, "caused_share": 0.0, "shocks": 6, "shock_size": 6.0, "reaction": 6.0}
    | {"outcomes": 12_000, **LISTED},
    "n04_none_freq": {"seed": 204, "caused_share": 0.0, "topics": True, **OFTEN},
}
