"""Acts in sessions: who has just done something is likelier to do it again, whoever posts.

A basket of five things, or an evening of clicks, is one occasion. Counted as five, each is credited to the
posts before the first: where nobody moved anybody a quarter of the acts was. So an act soon after another one
of the same account, where that is much likelier than it usually is, belongs to the session of that one; posts
may bring about sessions, and are credited with the acts in them.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from influgraph.influence import _baseline
from influgraph.influence._arrays import Flags, Floats, Ints
from influgraph.influence._clock import HOUR

# Ends of the lags since an account's last act that are looked at. Longer ones would make one session of all
# that somebody does who acts daily.
_LAGS = HOUR * np.array([0, 1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8])
# So much likelier than usual acts must be at a lag: by thirty acts and more at most 1.8 in sixteen worlds
# without sessions, where influence, shocks and own hours make some; 4 to 21 within the first hour where one
# act in eight is repeated.
_MUCH_LIKELIER = 3.0
_ENOUGH = 100_000  # acts, of whole accounts, by which that is judged


@dataclass(frozen=True)
class Sessions:
    """Which acts begin a session, how many each of these holds, and the longest pause inside, in seconds."""

    begins: Flags
    acts: Ints
    pause: float


def find_sessions(account: Ints, time: Floats, *, niche: Ints, period: float) -> Sessions:
    """Sessions of acts that stand in the order of time; each its own where acts do not make others likelier.

    References
    ----------
    Halfaker et al. (2015), User session identification based on strong regularities in inter-activity time.
    """
    order = np.lexsort((np.arange(len(time)), account))
    account, time = account[order], time[order]
    lag = np.where(account[1:] == account[:-1], np.diff(time), np.inf)
    pause = _longest_pause(account, time, np.append(lag, np.inf), niche=niche, period=period)
    begins = np.append(True, lag > pause) if pause else np.ones(len(time), bool)
    first, acts = order[begins], np.bincount(begins.cumsum() - 1)
    in_time = np.argsort(first)
    flags = np.zeros(len(order), bool)
    flags[first] = True
    return Sessions(flags, acts[in_time], pause)


def _longest_pause(account: Ints, time: Floats, lag: Floats, *, niche: Ints, period: float) -> float:
    """The longest lag to the next act of the account at which it is much likelier than usual; 0 for none."""
    if not (lag <= _LAGS[-1]).any():
        return 0.0
    rate, level = _usual(account, time, niche=niche, period=period)
    some = account % max(1, round(len(account) / _ENOUGH)) == 0
    account, time, lag = account[some], time[some], lag[some]
    done, ends = np.histogram(lag, _LAGS)[0], time + np.minimum(lag, period - time)
    passed = [
        level[account] * _baseline.expected_until(np.minimum(time + after, ends), niche[account], rate)
        for after in _LAGS
    ]
    expected = np.diff([acts.sum() for acts in passed])
    surely = stats.gamma.ppf(0.05, np.maximum(done, 1e-9))
    likelier = np.flatnonzero(surely > _MUCH_LIKELIER * expected)
    return float(_LAGS[likelier.max() + 1]) if likelier.size else 0.0


def _usual(account: Ints, time: Floats, *, niche: Ints, period: float) -> tuple[Floats, Floats]:
    """Acts per hour of a member of each niche (niches x hours), and how much more each account does."""
    niches, hours = int(niche.max()) + 1, int(np.ceil(period / HOUR))
    cell = niche[account] * hours + np.minimum((time // HOUR).astype(np.int64), hours - 1)
    counts = np.bincount(cell, minlength=niches * hours).reshape(niches, hours)
    members = np.repeat(np.bincount(niche, minlength=niches)[:, None], hours, axis=1)
    rate = _baseline.niche_hour_rate(counts.astype(np.float64), members.astype(np.float64)).mean
    done, expected = np.bincount(account, minlength=len(niche)), rate.sum(axis=1)[niche]
    strength = min(_baseline.prior_strength(done.astype(np.float64), expected), 1e6)
    return rate, (strength + done) / (strength + expected)
