"""Who lives in a synthetic world: interests, fame, persuasion, and who is a bot."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from influgraph._synthetic_settings import WorldSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True)
class People:
    """What every account is like, by account code; fame, standing and persuasion are 0 for who does not post.

    `bot_cluster` is -1 for people; farms count from 0, then squads. `post_mean` is the expected number of
    posts in the study. Rows of `interest` add up to 1 over the niches.
    """

    sources: Ints
    occasional: Ints
    bot_cluster: Ints
    interest: Floats
    niche: Ints
    fame: Floats
    standing: Floats
    post_mean: Floats
    entertainment: Floats
    persuasion: Floats
    susceptibility: Floats
    view: Floats
    comedian: int

    @property
    def members(self) -> Ints:
        """Codes of all accounts that are people."""
        return np.flatnonzero(self.bot_cluster < 0)


def niche_sizes(settings: WorldSettings) -> Floats:
    """Expected share of members in each niche, largest first."""
    size = np.arange(1, settings.niches + 1) ** -settings.niche_skew
    return np.asarray(size / size.sum())


def draw_people(settings: WorldSettings, rng: np.random.Generator) -> People:
    """Draw every account's part and character; which codes have which part is chance."""
    order = rng.permutation(settings.accounts)
    sources, rest = np.split(order, [settings.sources])
    bots, rest = np.split(rest, [settings.bots])
    occasional = rest[: round(settings.occasional_share * settings.accounts)]
    interest = _draw_interest(settings, rng)
    comedian = int(sources[0])  # the most famous of all, so that every world has one
    entertainment = _lognormal(settings.entertainment_spread, settings.accounts, rng)
    entertainment[comedian] = max(4.0, entertainment.max())
    post_mean = _draw_post_means(settings, sources, occasional, rng)
    post_mean[comedian] = max(post_mean[comedian], np.quantile(post_mean[sources], 0.9))
    fame = _over(
        settings.accounts, sources, _pareto(settings.fame_tail, sources.size, np.arange(sources.size))
    )
    view = _draw_view(settings, rng)
    view[bots] = 0
    return People(
        sources=np.sort(sources),
        occasional=np.sort(occasional),
        bot_cluster=_over(settings.accounts, bots, _bot_clusters(settings) + 1) - 1,
        interest=interest,
        niche=interest.argmax(axis=1),
        fame=fame,
        standing=_over(
            settings.accounts,
            sources,
            _pareto(settings.fame_tail, sources.size, rng.permutation(sources.size)),
        ),
        post_mean=post_mean,
        entertainment=entertainment,
        persuasion=_draw_persuasion(settings, sources, occasional, rng),
        susceptibility=_lognormal(settings.susceptibility_spread, settings.accounts, rng),
        view=view,
        comedian=comedian,
    )


def _over(size: int, codes: Ints, values: Floats | Ints) -> Any:  # noqa: ANN401 (the dtype is that of the values)
    result = np.zeros(size, values.dtype)
    result[codes] = values
    return result


def _lognormal(spread: float, size: int, rng: np.random.Generator) -> Floats:
    """Return draws of mean 1."""
    return np.asarray(np.exp(spread * rng.standard_normal(size) - spread**2 / 2))


def _pareto(tail: float, size: int, rank: Ints) -> Floats:
    """Return the quantiles of a Pareto law, so that every world has its famous few."""
    return np.asarray(((rank + 1) / size) ** (-1 / tail))


def _draw_interest(settings: WorldSettings, rng: np.random.Generator) -> Floats:
    own = np.eye(settings.niches)[rng.choice(settings.niches, settings.accounts, p=niche_sizes(settings))]
    weight = settings.interest_focus * own + (1 - settings.interest_focus) / settings.niches
    interest = rng.standard_gamma(8 * np.maximum(weight, 1e-3))
    return np.asarray(interest / interest.sum(axis=1, keepdims=True))


def _draw_post_means(
    settings: WorldSettings, sources: Ints, occasional: Ints, rng: np.random.Generator
) -> Floats:
    means = np.zeros(settings.accounts)
    spread = np.exp(settings.posts_spread * rng.standard_normal(sources.size))
    means[sources] = settings.posts_per_day * settings.days * np.minimum(spread, 12)
    means[occasional] = rng.uniform(1, 4, occasional.size)
    return means


def _draw_view(settings: WorldSettings, rng: np.random.Generator) -> Floats:
    mean = settings.view_probability
    concentration = 1 / max(settings.view_spread, 1e-9) ** 2
    if settings.view_spread == 0 or mean >= 1:
        return np.full(settings.accounts, mean)
    return rng.beta(mean * concentration, (1 - mean) * concentration, settings.accounts)


def _draw_persuasion(
    settings: WorldSettings, sources: Ints, occasional: Ints, rng: np.random.Generator
) -> Floats:
    """Draw persuasion apart from fame, but that some of the most famous have none; `sources` are by fame."""
    persuasion = np.zeros(settings.accounts)
    posters = np.concatenate([sources, occasional])
    persuasion[posters] = _lognormal(settings.persuasion_spread, posters.size, rng)
    persuasion[posters[rng.random(posters.size) < settings.zero_share]] = 0
    celebrities = sources[: max(2, round(0.05 * sources.size))]
    hollow = celebrities[
        rng.permutation(celebrities.size)[: round(settings.hollow_celebrities * celebrities.size)]
    ]
    persuasion[hollow] = 0
    persuasion[sources[0]] = 0
    return persuasion


def _bot_clusters(settings: WorldSettings) -> Ints:
    sizes = settings.farm_list + settings.squad_list
    return np.repeat(np.arange(len(sizes)), sizes)
