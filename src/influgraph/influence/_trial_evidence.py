"""What trials add to what is seen without them, and the two side by side."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from influgraph.influence import trials
from influgraph.influence._arrays import Floats
from influgraph.influence._effects import Effects

COLUMNS = ["effect", "effect_low", "effect_high", "seen", "seen_low", "seen_high"]


@dataclass(frozen=True)
class Evidence:
    """Checked trials of some of the `authors`; a rate of one is `per_exposure` outcomes per exposure."""

    known: pd.DataFrame
    authors: pd.Index
    per_exposure: Floats

    def likelihood(self, rates: Floats) -> Floats:
        """Relative likelihood of rates by the trials (authors x rates)."""
        log = trials.trial_likelihood(self.known, self.authors, rates * self.per_exposure[:, None])
        return np.asarray(np.exp(log))

    def beside(self, seen: Effects, *, per_exposure: Floats) -> pd.DataFrame:
        """Each tried author's effect by trial, and as it is `seen` without, per 1,000 exposures."""
        ends = np.column_stack([seen.rate, seen.quantile(0.05), seen.high()])
        scaled = 1000 * per_exposure[seen.authors, None] * ends
        without = pd.DataFrame(scaled, self.authors[seen.authors], COLUMNS[3:])
        both = trials.trial_effects(self.known, self.authors).join(without, how="inner")
        return both.rename_axis("account_id").reset_index()


def find_evidence(known: pd.DataFrame | None, authors: pd.Index, *, per_exposure: Floats) -> Evidence | None:
    """Keep the trials of these authors; None where no trial is known."""
    if known is None:
        return None
    return Evidence(known[known["account_id"].isin(authors)], authors, per_exposure)
