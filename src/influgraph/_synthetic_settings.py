"""What a synthetic world is made of: every mechanism with its strength or switch."""

from dataclasses import dataclass, fields
from numbers import Integral, Real

_LIMITS: dict[str, tuple[float, float]] = {
    "accounts": (200, 1_000_000),
    "days": (14, 730),
    "source_share": (0, 0.5),
    "occasional_share": (0, 0.5),
    "niches": (1, 16),
    "niche_skew": (0, 3),
    "interest_focus": (0, 1),
    "follows_per_account": (1, 500),
    "fame_follows": (0, 1_000_000),
    "interest_follows": (0, 1_000_000),
    "acquaintance_follows": (0, 1_000_000),
    "mutual": (0, 1),
    "followed_during": (0, 1),
    "fame_tail": (1.05, 10),
    "posts_per_day": (0.01, 50),
    "posts_spread": (0, 3),
    "rhythm": (0, 1),
    "awake": (0, 1),
    "shocks": (0, 1000),
    "shock_lift": (0, 1000),
    "shock_hours": (0.5, 240),
    "shock_everywhere": (0, 1),
    "reacting_share": (0, 0.9),
    "offtopic_share": (0, 1),
    "view_probability": (0.001, 1),
    "view_spread": (0, 1),
    "seen_hours": (0.01, 48),
    "like_rate": (0, 0.5),
    "reply_rate": (0, 0.5),
    "repost_rate": (0, 0.2),
    "repost_again": (0, 20),
    "entertainment_spread": (0, 2),
    "purchases_per_member": (0.01, 100),
    "propensity_spread": (0, 2),
    "homophily": (0, 3),
    "caused_share": (0, 0.9),
    "persuasion_spread": (0, 3),
    "zero_share": (0, 1),
    "hollow_celebrities": (0, 1),
    "susceptibility_spread": (0, 2),
    "match_floor": (0, 1),
    "saturation": (0, 0.99),
    "saturation_days": (0.1, 365),
    "quick_hours": (0.05, 48),
    "slow_hours": (0.05, 96),
    "slow_share": (0, 1),
    "farms": (0, 100),
    "farm_share": (0, 0.05),
    "camouflage": (0, 200),
    "farm_adaptive": (0, 1),
    "farm_drip_days": (0, 730),
    "farm_created_days": (0.01, 3000),
    "farm_likes": (0, 1),
    "squads": (0, 100),
    "squad_size": (3, 1000),
    "squad_raids": (0, 10_000),
    "squad_hours": (0.1, 72),
    "squad_turnout": (0.05, 1),
    "squad_popular": (0, 1),
    "squad_links": (0, 1),
    "squad_cover": (0, 1000),
    "pods": (0, 100),
    "pod_size": (3, 1000),
    "pod_chance": (0, 1),
    "pod_minutes": (0.1, 10_000),
    "fan_clubs": (0, 100),
    "fan_club_size": (2, 10_000),
    "fan_devotion": (0, 1),
    "newsrooms": (0, 100),
    "newsroom_size": (2, 1000),
    "shares_per_member": (0, 100),
    "linked_share": (0, 1),
    "reruns": (2, 10_000),
}
_SIZES = {"farm_sizes": (5, 100_000), "squad_sizes": (3, 1000), "pod_sizes": (3, 1000)}
STYLES = ("quick", "slow", "rotating")


@dataclass(frozen=True, kw_only=True)
class WorldSettings:
    """Everything a synthetic world is drawn from; see `make_world`.

    Attributes
    ----------
    accounts, days
        Size of the world, bots included, and length of the study, which starts on a Monday, 00:00 UTC.
    source_share, occasional_share
        Share of accounts that post regularly (at least 60 do), and that post a few times in all.
    niches, niche_skew, interest_focus
        Number of niches, exponent of the power law of their sizes (0: even), and mean share of an account's
        interest that lies in its own niche.
    follows_per_account
        Mean number of follows of a person.
    fame_follows, interest_follows, acquaintance_follows
        How much of each motive is behind the follows; only the ratios count, 0 switches a motive off.
    mutual, followed_during
        Chance that an acquaintance follows back, and share of follows made during the study rather than
        before.
    fame_tail
        Exponent of the Pareto law of fame, and of standing within a niche: less is more unequal.
    posts_per_day, posts_spread
        Median posts of a source per day, and the standard deviation of its logarithm.
    rhythm
        Strength of the hours of the week in posts and purchases: 0 flat, 1 full.
    awake
        How far attention and delays stand still at night: 0 not at all, 1 fully.
    shocks, shock_lift, shock_hours, shock_everywhere
        Number of shocks, mean lift of purchases at their start, mean hours in which they decay by e, and
        share that strikes everyone rather than one niche.
    reacting_share, offtopic_share
        Share of posts that react to a shock within hours, and that are not about the source's niche.
    view_probability, view_spread, seen_hours
        Chance that a follower sees a post, how unequal followers are in this (0: equal), mean hours until
        seen.
    like_rate, reply_rate, repost_rate, repost_again
        Acts per view, and how many times likelier a repost is of what an acquaintance reposted.
    entertainment_spread
        Standard deviation of the logarithm of how entertaining a source is, which draws likes, replies,
        reposts.
    purchases_per_member
        Mean purchases of a person, caused or not.
    propensity_spread, homophily
        Standard deviation of the logarithm of what members buy anyway; how much their interests add to it.
    caused_share
        Share of purchases that posts cause, less where that would take more than certainty; 0: no influence
        anywhere.
    persuasion_spread, zero_share, hollow_celebrities
        Standard deviation of the logarithm of persuasion, independent of fame; share of sources, and of the
        5 % most famous sources, that persuade nobody.
    susceptibility_spread, match_floor
        Standard deviation of the logarithm of what it takes to move a member; how much a source moves members
        who share none of its interests, beside those who share all.
    saturation, saturation_days
        How much each sighting of a source within these days takes from the effect of its next one; 0:
        nothing.
    quick_hours, slow_hours, slow_share
        The delay of a caused purchase: two exponentials, their means and the share of the slower.
    once_only
        Whether a member buys at most once.
    views, impressions
        Whether views are listed in the engagements, and counted in the posts.
    farms, farm_share, farm_sizes
        Number of farms of purchased followers, and share of all accounts in each; or the bots in each of
        them, which sets `farms`.
    camouflage, farm_adaptive
        Mean number of famous accounts that each bot follows besides, and how far bots of farms copy the
        follows of one of the people instead: 0 not at all, 1 whole lists.
    farm_drip_days, farm_created_days, farm_likes
        Days over which bought follows come in, 0: within hours; mean days between the making of a farm's
        first account and of its others; chance that a bot likes a post of whom it was bought for.
    squads, squad_size, squad_sizes
        Number of squads that act together, and the bots in each; or the bots in each of them, which sets
        `squads`.
    squad_styles
        How squads act, in turn: "quick" within a minute, "slow" within `squad_hours`, "rotating" within a
        minute, but each time only some, `squad_turnout` of them, where of the others four in five take part.
    squad_raids, squad_hours, squad_turnout
        Joint acts of each squad; hours over which a slow one spreads each; who takes part in a rotating one.
    squad_popular, squad_links, squad_cover
        Share of joint acts on what many people repost or share anyway, rather than on what the squad is paid
        for; share that spreads a link or a hashtag, rather than a post; mean acts of each bot on its own.
    pods, pod_size, pod_sizes, pod_chance, pod_minutes
        Number of pods, posters who like and answer one another's posts, and the members of each; or the
        members of each of them, which sets `pods`; chance that one does so at a post, and mean waking minutes
        until then.
    fan_clubs, fan_club_size, fan_devotion
        Number of clubs of genuine followers of a star, how many are in each, and chance that one likes or
        reposts a post of the star, within minutes; stars are famous and persuade nobody.
    newsrooms, newsroom_size
        Number of organisations whose accounts post the same items by schedule, and accounts in each; they
        persuade nobody, and say in their profiles who they are.
    shares_per_member, linked_share
        Mean number of links and hashtags that a person shares, and share of posts that may carry a link.
    reruns
        Paired reruns behind the truth; large worlds take fewer, as `make_world` says.
    """

    accounts: int = 5_000
    days: int = 56
    source_share: float = 0.04
    occasional_share: float = 0.005
    niches: int = 10
    niche_skew: float = 0.7
    interest_focus: float = 0.7
    follows_per_account: float = 30.0
    fame_follows: float = 0.35
    interest_follows: float = 0.4
    acquaintance_follows: float = 0.25
    mutual: float = 0.85
    followed_during: float = 0.1
    fame_tail: float = 1.6
    posts_per_day: float = 0.6
    posts_spread: float = 0.7
    rhythm: float = 1.0
    awake: float = 0.8
    shocks: int = 12
    shock_lift: float = 6.0
    shock_hours: float = 16.0
    shock_everywhere: float = 0.25
    reacting_share: float = 0.1
    offtopic_share: float = 0.15
    view_probability: float = 0.35
    view_spread: float = 0.5
    seen_hours: float = 1.5
    like_rate: float = 0.03
    reply_rate: float = 0.004
    repost_rate: float = 0.01
    repost_again: float = 3.0
    entertainment_spread: float = 0.6
    purchases_per_member: float = 1.3
    propensity_spread: float = 0.8
    homophily: float = 0.6
    caused_share: float = 0.15
    persuasion_spread: float = 1.3
    zero_share: float = 0.25
    hollow_celebrities: float = 0.6
    susceptibility_spread: float = 0.5
    match_floor: float = 0.05
    saturation: float = 0.1
    saturation_days: float = 3.0
    quick_hours: float = 2.0
    slow_hours: float = 14.0
    slow_share: float = 0.4
    once_only: bool = False
    views: bool = False
    impressions: bool = True
    farms: int = 2
    farm_share: float = 0.0125
    farm_sizes: tuple[int, ...] = ()
    camouflage: float = 12.0
    farm_adaptive: float = 0.2
    farm_drip_days: float = 0.0
    farm_created_days: float = 0.7
    farm_likes: float = 0.02
    squads: int = 2
    squad_size: int = 10
    squad_sizes: tuple[int, ...] = ()
    squad_styles: tuple[str, ...] = ("quick", "slow")
    squad_raids: int = 25
    squad_hours: float = 8.0
    squad_turnout: float = 0.3
    squad_popular: float = 0.2
    squad_links: float = 0.2
    squad_cover: float = 5.0
    pods: int = 2
    pod_size: int = 8
    pod_sizes: tuple[int, ...] = ()
    pod_chance: float = 0.6
    pod_minutes: float = 20.0
    fan_clubs: int = 1
    fan_club_size: int = 30
    fan_devotion: float = 0.8
    newsrooms: int = 1
    newsroom_size: int = 8
    shares_per_member: float = 0.4
    linked_share: float = 0.2
    reruns: int = 20

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn, naming parameter, allowed and received."""
        for field in fields(self):
            value = _checked(field.name, field.type, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
        for name in _SIZES:
            if getattr(self, name):
                object.__setattr__(self, name.replace("_sizes", "s"), len(getattr(self, name)))
        self._check_together()

    def _check_together(self) -> None:
        if self.fame_follows + self.interest_follows + self.acquaintance_follows == 0:
            raise ValueError(
                "fame_follows, interest_follows, acquaintance_follows: one must be above 0, received only 0"
            )
        if self.bots > self.accounts // 3:
            raise ValueError(
                f"farms, farm_share, squads, squad_size: at most {self.accounts // 3} bots in all, "
                f"a third of accounts, received {self.bots}"
            )
        organised = sum(self.pod_list) + self.newsrooms * self.newsroom_size
        if organised > self.sources // 2:
            raise ValueError(
                f"pods, pod_size, newsrooms, newsroom_size: at most {self.sources // 2} accounts in all, "
                f"half of those that post regularly, received {organised}"
            )

    @property
    def farm_list(self) -> tuple[int, ...]:
        """Bots in each farm."""
        return self.farm_sizes or (max(5, round(self.farm_share * self.accounts)),) * self.farms

    @property
    def squad_list(self) -> tuple[int, ...]:
        """Bots in each squad."""
        return self.squad_sizes or (self.squad_size,) * self.squads

    @property
    def pod_list(self) -> tuple[int, ...]:
        """Members of each pod."""
        return self.pod_sizes or (self.pod_size,) * self.pods

    @property
    def bots(self) -> int:
        """Bots in all."""
        return sum(self.farm_list) + sum(self.squad_list)

    @property
    def sources(self) -> int:
        """Accounts that post regularly."""
        return max(60, round(self.source_share * self.accounts))


def _checked(name: str, kind: object, value: object) -> object:
    """Return a setting as its own type, or refuse it."""
    if name == "squad_styles":
        return _checked_styles(value)
    if name in _SIZES:
        return _checked_sizes(name, value)
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise ValueError(f"{name}: True or False, received {value!r}")
    low, high = _LIMITS[name]
    if isinstance(value, Integral if kind is int else Real) and not isinstance(value, bool):
        number = float(value)
        if low <= number <= high:
            return int(number) if kind is int else number
    noun = "a whole number" if kind is int else "a number"
    raise ValueError(f"{name}: {noun} from {low:g} to {high:,.10g}, received {value!r}")


def _checked_sizes(name: str, value: object) -> tuple[int, ...]:
    low, high = _SIZES[name]
    if isinstance(value, tuple | list) and all(
        isinstance(size, Integral) and not isinstance(size, bool) and low <= int(size) <= high
        for size in value
    ):
        return tuple(int(size) for size in value)
    raise ValueError(f"{name}: whole numbers from {low:,} to {high:,}, received {value!r}")


def _checked_styles(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple | list) and value and all(style in STYLES for style in value):
        return tuple(value)
    raise ValueError(f"squad_styles: one or more of {', '.join(STYLES)}, received {value!r}")
