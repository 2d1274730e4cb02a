"""Labelled accounts of five sources, as a dataset would state them: counts, age, whether a bio is there."""

from pathlib import Path

import numpy as np
import pandas as pd

DATA = Path(__file__).parents[2] / "shared" / "data"
# Sources with automated accounts only are set beside half of the verified people each.
SOURCES = {
    "Instagram followers": "of Swiss influencers, judged by two raters (SRF Data 2017, CC BY-SA 4.0)",
    "retweet bots": "cresci-rtbust-2019 (Mazza et al. 2019; Bot Repository, for research)",
    "bought, 2015": "cresci-2015, parts INT and E13 (Cresci et al. 2015; for research)",
    "declared bots": "botwiki-2019, half of verified-2019 (Yang et al. 2020; Bot Repository, for research)",
    "bought, 2019": "vendor-purchased-2019, the other half (Yang et al. 2019, 2020; the same)",
}


def labelled() -> dict[str, pd.DataFrame]:
    """Accounts by source: `automated` (0 or 1), the counts, `age_days`, `no_bio`; null where not told."""
    twitter = pd.concat([_users("botometer_user_sets"), _users("cresci2015_subset")], ignore_index=True)
    origin = twitter["origin"]
    verified = origin == "verified-2019"
    odd = verified & (twitter["rank"] % 2 == 1)
    parts = {
        "retweet bots": origin == "cresci-rtbust-2019",
        "bought, 2015": origin.str.startswith("cresci-2015"),
        "declared bots": (origin == "botwiki-2019") | (verified & ~odd),
        "bought, 2019": (origin == "vendor-purchased-2019") | odd,
    }
    found = {"Instagram followers": instagram()}
    return found | {name: twitter[which].reset_index(drop=True) for name, which in parts.items()}


def instagram() -> pd.DataFrame:
    """Followers of Instagram influencers, with length and digits of their handles."""
    raw = pd.read_csv(DATA / "srf_instagram_fake_followers" / "labelled_975.csv.gz")
    return pd.DataFrame(
        {
            "automated": raw["is_fake"],
            **{name: raw[name].astype(float) for name in ("followers", "following", "posts")},
            "age_days": np.nan,
            "no_bio": np.nan,
            "handle_length": raw["username_len"],
            "handle_digits": raw["username_digits"],
        }
    )


def _users(folder: str) -> pd.DataFrame:
    raw = pd.read_csv(DATA / folder / "users.csv.gz").dropna(subset=["label"])
    observed, created = (
        pd.to_datetime(raw[name], utc=True, format="mixed") for name in ("observed_at", "account_created_at")
    )
    return pd.DataFrame(
        {
            "origin": raw["source"],
            "rank": raw.groupby("source")["user_id"].rank().astype(int),
            "automated": (raw["label"] != "human").astype(int),
            **{name: raw[name].astype(float) for name in ("followers", "following", "posts")},
            "age_days": (observed - created).dt.total_seconds() / 86_400,
            "no_bio": (raw["description_len"] == 0).astype(float),
        }
    )
