"""How much of its audience saw each post, by its impressions: exposure counts in proportion.

Impressions say how many saw a post, not who: all who may have seen it are exposed alike, to a post that many
saw more than to one that few did. Listed views say who, and are used instead where there are any.
"""

import numpy as np

from influgraph.influence._arrays import Floats, Ints

# How much a post counts whose share of the audience is so many times the usual one.
SIGHTS = np.array([0.25, 0.5, 1.0, 2.0, 4.0])
ALIKE = np.ones(1)
_AS_USUAL = int(np.flatnonzero(SIGHTS == 1)[0])
# Followers who saw as many as is usual, beside those of each post: few say little.
_PRIOR_AUDIENCE = 10.0


def find_sight(impressions: Floats, audience: Floats) -> Ints | None:
    """Class of each post by the share of its audience that saw it; None where no impressions tell.

    Posts whose impressions are not known (NaN), and those without an audience, are in the usual class.
    """
    told = np.isfinite(impressions) & (audience > 0)
    seen = float(impressions[told].sum())
    if seen == 0:
        return None
    usual = seen / audience[told].sum()
    share = (impressions / usual + _PRIOR_AUDIENCE) / (audience + _PRIOR_AUDIENCE)
    nearest = np.abs(np.log(np.where(told, share, 1.0))[:, None] - np.log(SIGHTS)).argmin(axis=1)
    return np.where(told, nearest, _AS_USUAL)
