"""What a synthetic world looks like from outside: the four tables, and its truth."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from influgraph import _synthetic_words as words
from influgraph._synthetic_bots import Acts
from influgraph._synthetic_circles import Circles
from influgraph._synthetic_follows import Follows
from influgraph._synthetic_outcomes import Happened, Truth
from influgraph._synthetic_people import People
from influgraph._synthetic_posts import Posts
from influgraph._synthetic_rhythm import DAY
from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]
START = pd.Timestamp("2024-01-01", tz="UTC")  # a Monday
FORMATS = ("picture", "clip", "text", "live")


def moments(seconds: Floats) -> pd.Series:
    """Turn seconds since the start into times, whole seconds; infinite ones into null."""
    known = np.isfinite(seconds)
    micros = np.where(known, np.floor(np.where(known, seconds, 0)), 0).astype("int64") * 1_000_000
    times = pd.Series((micros + int(START.timestamp()) * 1_000_000).astype("datetime64[us]")).dt.tz_localize(
        "UTC"
    )
    return times.where(known)


def draw_ids(letter: str, count: int, rng: np.random.Generator) -> pd.Index:
    """Return ids whose number says nothing."""
    width = max(5, len(str(count - 1)))
    return pd.Index([f"{letter}{number:0{width}d}" for number in rng.permutation(count)], dtype="str")


def account_table(
    settings: WorldSettings,
    people: People,
    follows: Follows,
    posts: Posts,
    ids: pd.Index,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the accounts: what a profile page says."""
    count = settings.accounts
    followers = np.bincount(follows.followed, minlength=count)
    created = _draw_created(settings, people, rng)
    posted = np.bincount(posts.author, minlength=count)
    before = rng.poisson(people.post_mean / settings.days * np.minimum(-created / DAY, 1000))
    before += np.where(people.bot_cluster < 0, 0, rng.poisson(2, count))
    price = np.round(4 * followers**0.85 * np.exp(0.35 * rng.standard_normal(count)), -1)
    is_source = np.zeros(count, bool)
    is_source[people.sources] = True
    famous = followers >= np.sort(followers[people.sources])[-max(1, people.sources.size // 10)]
    return pd.DataFrame(
        {
            "account_id": ids,
            "handle": _draw_handles(count, rng),
            "bio": _draw_bios(people, rng),
            "platform": np.where(rng.random(count) < 0.4, "clips", "words"),
            "market": rng.choice(["north", "south", "east"], count, p=[0.5, 0.3, 0.2]),
            "created_at": moments(created),
            "followers_stated": followers,
            "following_stated": np.bincount(follows.follower, minlength=count),
            "posts_stated": posted + before,
            "verified": famous & is_source & (rng.random(count) < 0.7),
            "price": pd.Series(np.where(is_source, np.maximum(price, 10), np.nan)),
        }
    )


def _draw_created(settings: WorldSettings, people: People, rng: np.random.Generator) -> Floats:
    """Draw when accounts were made, in seconds before the start: people at any time, bots in bursts."""
    created = -rng.uniform(30, 3000, settings.accounts) * DAY
    for cluster in range(settings.farms + settings.squads):
        bots = people.bot_cluster == cluster
        apart = settings.farm_created_days if cluster < settings.farms else 0.7
        created[bots] = -(rng.uniform(20, 300) + rng.exponential(apart, int(bots.sum()))) * DAY
    return np.floor(created)


def _draw_handles(count: int, rng: np.random.Generator) -> list[str]:
    word = rng.integers(0, len(words.HANDLES), count).tolist()
    return [f"{words.HANDLES[w]}_{n:04d}" for w, n in zip(word, rng.permutation(count).tolist(), strict=True)]


def _draw_bios(people: People, rng: np.random.Generator) -> list[str | None]:
    """Write a common word and three of the own niche; a fifth of people, and most bots, write nothing."""
    count = people.niche.size
    texts = words.write_texts(people.niche, rng.integers(0, 12, (count, 1)), rng.integers(0, 10, (count, 3)))
    silent = rng.random(count) < np.where(people.bot_cluster < 0, 0.2, 0.7)
    return [None if quiet else text for quiet, text in zip(silent.tolist(), texts, strict=True)]


def introduce(accounts: pd.DataFrame, people: People, circles: Circles) -> pd.DataFrame:
    """Let newsrooms say in their profiles whose they are, and every second fan of whom."""
    handle, bio = accounts["handle"].tolist(), accounts["bio"].fillna("").tolist()
    for number, room in enumerate(circles.newsrooms):
        name = words.organisation(number)
        for place, code in enumerate(room.tolist()):
            topic = words.TOPICS[people.niche[code]]
            handle[code] = f"{name}_{topic}_{place + 1}"
            bio[code] = f"{name} newsroom {topic} https://{name}.example"
    for star, fans in zip(circles.stars, circles.fan_clubs, strict=True):
        for code in fans[::2].tolist():
            bio[code] = f"fan of {handle[star]} {bio[code]}".strip()
    return accounts.assign(handle=handle, bio=pd.Series(bio).replace("", None))


def follow_table(follows: Follows, ids: pd.Index) -> pd.DataFrame:
    """Write the follows, in no order that tells why."""
    kind = pd.CategoricalDtype(ids)
    return pd.DataFrame(
        {
            "follower_id": pd.Categorical.from_codes(follows.follower, dtype=kind),
            "followed_id": pd.Categorical.from_codes(follows.followed, dtype=kind),
            "followed_at": moments(follows.since),
        }
    )


def post_table(
    settings: WorldSettings,
    posts: Posts,
    views: Ints,
    links: npt.NDArray[np.object_],
    ids: pd.Index,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Write the posts in order of time; those on one item of a newsroom say the same."""
    order = np.argsort(posts.time, kind="stable")
    topic, count = posts.topic[order], order.size
    common = rng.integers(0, len(words.COMMON), (count, 3))
    own = rng.integers(0, 10, (count, 3))
    style = np.where(rng.random(count) < 0.7, posts.author[order] % 3, rng.integers(0, len(FORMATS), count))
    table = pd.DataFrame(
        {
            "post_id": draw_ids("p", count, rng),
            "author_id": pd.Categorical.from_codes(posts.author[order], dtype=pd.CategoricalDtype(ids)),
            "created_at": moments(posts.time[order]),
            "text": words.write_texts(topic, common, own),
            "hashtags": words.write_hashtags(topic, own[:, :2]),
            "format": np.array(FORMATS)[style],
        }
    )
    if (links != "").any():
        table["links"] = [[link] if link else [] for link in links[order]]
    if settings.impressions:
        table["impressions"] = views[order]
    item = pd.Series(posts.item[order])
    first = pd.Series(item.index).groupby(item).transform("min").where(item >= 0, item.index)
    said = table[["text", "hashtags"]].iloc[first]
    return table.assign(text=said["text"].array, hashtags=said["hashtags"].array)


def engagement_table(
    acts: pd.DataFrame, ids: pd.Index, post_ids: pd.Index, rng: np.random.Generator
) -> pd.DataFrame:
    """Write acts (account, kind, row of the post or -1, second) in order of time; purchases have a value."""
    acts = acts.sort_values("time", kind="stable")
    value = np.round(rng.lognormal(3.2, 0.6, len(acts)), 2)
    table = pd.DataFrame(
        {
            "account_id": pd.Categorical.from_codes(acts["account"], dtype=pd.CategoricalDtype(ids)),
            "kind": pd.Categorical(acts["kind"]),
            "post_id": pd.Categorical.from_codes(acts["post"], dtype=pd.CategoricalDtype(post_ids)),
            "created_at": moments(acts["time"].to_numpy()),
            "value": np.where(acts["kind"] == "purchase", value, np.nan),
        }
    )
    shared = acts["object"].to_numpy() if "object" in acts else np.full(len(acts), "")
    if (shared != "").any():
        table["object"] = pd.Series(shared, dtype="str").mask(shared == "")
    return table


def purchase_table(happened: Happened, anyway: tuple[Ints, Floats], *, once_only: bool) -> pd.DataFrame:
    """List purchases: account, second, whether caused, and when what caused it was seen."""
    caused = happened.kind == 2
    rows = pd.DataFrame(
        {
            "account": np.append(anyway[0], happened.account[caused]),
            "time": np.append(anyway[1], happened.time[caused]),
            "seen": np.append(np.full(anyway[0].size, np.nan), happened.seen[caused]),
        }
    )
    rows["caused"] = rows["seen"].notna()
    if once_only:
        rows = rows.sort_values(["account", "time"], kind="stable").drop_duplicates("account")
    return rows.reset_index(drop=True)


def unless_done(acts: Acts, happened: Happened) -> Acts:
    """Leave out likes, replies and reposts of a post that the account did anyway, or does twice."""
    kinds = ("like", "reply", "repost")
    done = [
        (happened.account[happened.kind == 0], happened.post[happened.kind == 0]),
        (happened.account[happened.kind == 1], happened.post[happened.kind == 1]),
        (happened.repost_account, happened.reposts.post),
    ]
    kept = np.ones(acts.account.size, bool)
    for kind, (account, post) in zip(kinds, done, strict=True):
        rows = np.flatnonzero(acts.kind == kind)
        both = pd.DataFrame(
            {"account": np.append(account, acts.account[rows]), "post": np.append(post, acts.post[rows])}
        )
        kept[rows] = ~both.duplicated().to_numpy()[account.size :]
    return Acts(acts.account[kept], acts.kind[kept], acts.post[kept], acts.time[kept], acts.shared[kept])


def gather_acts(happened: Happened, besides: Acts, purchases: pd.DataFrame, place: Ints) -> pd.DataFrame:
    """Put all acts in one frame: account, kind, row in the table of posts (-1: none), second, object."""
    like, reply = happened.kind == 0, happened.kind == 1
    reposts = happened.reposts
    parts = [
        ("like", happened.account[like], place[happened.post[like]], happened.time[like]),
        ("purchase", purchases["account"], np.full(len(purchases), -1), purchases["time"]),
        ("reply", happened.account[reply], place[happened.post[reply]], happened.time[reply]),
        ("repost", happened.repost_account, place[reposts.post], reposts.time),
        (besides.kind, besides.account, np.append(place, -1)[besides.post], besides.time),
    ]
    frames = [pd.DataFrame({"account": a, "kind": k, "post": p, "time": t}) for k, a, p, t in parts]
    frames[-1]["object"] = besides.shared
    return pd.concat(frames, ignore_index=True).fillna({"object": ""})


def source_table(people: People, follows: Follows, posts: Posts, truth: Truth, ids: pd.Index) -> pd.DataFrame:
    """Write the truth of every account with a post and a follower."""
    count = people.niche.size
    posted = np.bincount(posts.author, minlength=count) > 0
    codes = np.flatnonzero(posted & (np.bincount(follows.followed, minlength=count) > 0))
    return pd.DataFrame(
        {
            "account_id": ids[codes],
            "influence": truth.influence[codes],
            "influence_total": truth.influence_total[codes],
            "niche": people.niche[codes],
            "is_comedian": codes == people.comedian,
            "influence_se": truth.influence_se[codes],
            "influence_total_se": truth.influence_total_se[codes],
            "persuasive": people.persuasion[codes] > 0,
        }
    )


def bot_table(settings: WorldSettings, people: People, circles: Circles, ids: pd.Index) -> pd.DataFrame:
    """Write who is a bot, and in which bot cluster; members of pods besides, who are people."""
    codes = np.flatnonzero(people.bot_cluster >= 0)
    codes = codes[np.argsort(people.bot_cluster[codes], kind="stable")]
    cluster = people.bot_cluster[codes]
    farm = cluster < settings.farms
    number = np.where(farm, cluster, cluster - settings.farms) + 1
    bots = pd.DataFrame(
        {
            "bot_cluster": [f"{'farm' if f else 'squad'}-{n}" for f, n in zip(farm, number, strict=True)],
            "kind": np.where(farm, "purchased_followers", "coordination"),
            "account_id": ids[codes],
        }
    )
    pods = _groups("bot_cluster", "pod", circles.pods, ids)
    return pd.concat([bots, pods], ignore_index=True).astype("str")


def benign_table(circles: Circles, ids: pd.Index) -> pd.DataFrame:
    """Write who is in which fan club or newsroom."""
    clubs = _groups("group", "fan_club", circles.fan_clubs, ids)
    newsrooms = _groups("group", "newsroom", circles.newsrooms, ids)
    return pd.concat([clubs, newsrooms], ignore_index=True)


def _groups(column: str, kind: str, groups: tuple[Ints, ...], ids: pd.Index) -> pd.DataFrame:
    """Write one row per member of each group, groups named by kind and number."""
    number = np.repeat(np.arange(len(groups)) + 1, [group.size for group in groups])
    codes = np.concatenate([np.empty(0, np.int64), *groups])
    names = [f"{kind.replace('_', '-')}-{n}" for n in number]
    return pd.DataFrame({column: names, "kind": kind, "account_id": ids[codes]}).astype("str")
