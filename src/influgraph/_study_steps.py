"""The steps of a study, each done when it is first asked for; `study` asks for them in order."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from influgraph import _study_audiences as audiences
from influgraph import _study_niches as niches
from influgraph import _study_suspects as suspects
from influgraph import _study_tables as tables
from influgraph import centrality, networks, popularity, quadrants, uncertainty
from influgraph._study_comparison import COLUMNS, comparison_rows, trial_rows
from influgraph._study_networks import attention_network, predictors
from influgraph.bots import automation
from influgraph.dataset import Dataset, resolved_engagements
from influgraph.influence import (
    attribution,
    expectation,
    experiments,
    expertise,
    fallback,
    forecast,
    missingness,
    motives,
    placebo,
    tiers,
)
from influgraph.settings import OUTCOME_KINDS, Settings, duration

if TYPE_CHECKING:
    from influgraph.influence.attribution import Attribution
    from influgraph.study import Store

DOUBTFUL = 3


class Steps:
    """The steps of one study, each done when it is first asked for."""

    def __init__(self, data: Dataset, settings: Settings, store: Store) -> None:
        self.everyone, self.settings, self.store = data, settings, store

    def rng(self, step: str) -> np.random.Generator:
        """One generator per step, by its name, so that a new step changes no other."""
        seeds = np.random.SeedSequence(self.settings.seed, spawn_key=tuple(step.encode()))
        return np.random.default_rng(seeds)

    @cached_property
    def data(self) -> Dataset:
        """The dataset without the acts and follows of suspects, and without what pods did inside."""
        return suspects.people(self.everyone, self.suspects)

    @cached_property
    def kinds(self) -> tuple[str, ...]:
        """What counts as an outcome: as set, else the first known kind in the data."""
        if self.settings.outcome.kinds:
            return self.settings.outcome.kinds
        present = set(resolved_engagements(self.everyone)["kind"].unique())
        return tuple(kind for kind in OUTCOME_KINDS if kind in present)[:1]

    @cached_property
    def network(self) -> networks.Network:
        """The follow network, else the engagement network."""
        return attention_network(self.everyone)

    @cached_property
    def popularity(self) -> pd.DataFrame:
        """Followers and what else is counted, with the tier."""
        return self.store.run("popularity", self._popularity)

    def _popularity(self) -> pd.DataFrame:
        counts = popularity.popularity(self.everyone)
        return counts.join(popularity.tier(counts, bounds=self.settings.tiers).astype("str"))

    @cached_property
    def centrality(self) -> pd.DataFrame:
        """PageRank, core number and betweenness on the network."""
        return self.store.run("centrality", self._centrality)

    def _centrality(self) -> pd.DataFrame:
        measures = [
            centrality.pagerank(self.network),
            centrality.core_number(self.network),
            centrality.betweenness(self.network, rng=self.rng("centrality")),
        ]
        return pd.concat(measures, axis=1)

    @cached_property
    def niches_of_everyone(self) -> dict[str, Any]:
        """Niches, suspects counted: what bot clusters are looked for in."""
        return self.store.run("niches of everyone", lambda: self._niches(self.everyone))

    def _niches(self, data: Dataset, like: dict[str, Any] | None = None) -> dict[str, Any]:
        options, rng = asdict(self.settings.niches), self.rng("niches")
        return niches.described_niches(data, attention_network(data), options, like=like, rng=rng)

    @cached_property
    def suspects(self) -> dict[str, Any]:
        """Bot clusters, a case file for each, and who is suspected."""
        niche, options = self.niches_of_everyone["accounts"]["niche"], self.settings.bots
        return self.store.run(
            "bot clusters", lambda: suspects.found_clusters(self.everyone, niche, options, rngs=self.rng)
        )

    @property
    def any_suspects(self) -> bool:
        """Whether anything is left out of the scores."""
        return len(self.suspects["members"]) > 0

    @property
    def left_out(self) -> tuple[str, ...]:
        """Who is left out of the scores, and what could not be looked for, in sentences."""
        return (*tables.left_out(self.suspects["members"]), *self.suspects["missing"])

    @property
    def counterfactual(self) -> pd.DataFrame:
        """Scores and ranks with and without the suspects."""
        niche = self.niches_of_everyone["accounts"]["niche"]
        return tables.counterfactual(self.scores, self.with_suspects, popularity.popularity(self.data), niche)

    @cached_property
    def automation(self) -> pd.DataFrame:
        """How likely each account is automated."""
        return self.store.run("automation", self._automation)

    def _automation(self) -> pd.DataFrame:
        return automation.automation(self.everyone, base_rate=self.settings.bots.automated)

    @cached_property
    def niches(self) -> dict[str, Any]:
        """The niche of each account, each niche described, and what they rest on; without suspects."""
        data, everyones = self.data, self.niches_of_everyone
        return self.store.run("niches", lambda: self._niches_of_people(data, everyones))

    def _niches_of_people(self, data: Dataset, everyones: dict[str, Any]) -> dict[str, Any]:
        found = self._niches(data, like=everyones) if self.any_suspects else everyones
        runs = self.settings.niches.runs
        return niches.divided(data, found, runs=runs, rng=self.rng("niches inside of niches"))

    @property
    def no_niches(self) -> tuple[str, ...]:
        """Why there are no niches, as a sentence."""
        reason = self.niches["missing"]
        return () if reason is None else (f"{reason[0].upper()}{reason[1:]}.",)

    @cached_property
    def attribution(self) -> attribution.Attribution:
        """Who brought about which outcomes."""
        return attribution.Attribution(**self.store.run("influence", self._attribution))

    @cached_property
    def with_suspects(self) -> pd.DataFrame:
        """Influence and rank of each account, had nobody been left out."""
        return self.store.run("with suspects", self._with_suspects)

    def _with_suspects(self) -> pd.DataFrame:
        found = self.attribution
        if self.any_suspects:
            niche = self.niches_of_everyone["accounts"]["niche"]
            found = self._attributed(self.everyone, {**self.question, "niches": niche})
        influence = found.accounts[["influence", "influence_low", "influence_high"]]
        return influence.assign(rank=influence["influence"].rank(ascending=False, method="min"))

    def _attribution(self) -> dict[str, Any]:
        topics = niches.topics(self.data, self.niches["accounts"]["niche"])
        found = self._attributed(self.data, self.question, topics=topics)
        return {field.name: getattr(found, field.name) for field in fields(found)}

    def _attributed(
        self, data: Dataset, question: dict[str, Any], topics: pd.Series | None = None
    ) -> Attribution:
        trials, rng = self.settings.trial_results(), self.rng("influence")
        found = attribution.incremental_actions(
            data, topics=topics, trial_results=trials, rng=rng, **question
        )
        if found.accounts["influence"].isna().all() and self.kinds:
            found = fallback.fallback_influence(data, rng=self.rng("influence"), **question)
        cut = self.settings.missing.follows
        if cut != "complete":
            weaker = found.accounts["influence_grade"].replace("causal under assumptions", "estimated")
            found = replace(found, accounts=found.accounts.assign(influence_grade=weaker))
            rng = self.rng("followers unseen")
            found = missingness.with_unseen_followers(data, found, cut=cut, rng=rng)
        return found

    @property
    def question(self) -> dict[str, Any]:
        """What is asked of the data: which outcomes, how long after a post, in which niches."""
        window = str(duration(self.settings.outcome.window))
        return {"kinds": self.kinds, "window": window, "niches": self.niches["accounts"]["niche"]}

    @property
    def instead(self) -> tuple[str, ...]:
        """What was done instead of what the data cannot bear, in sentences."""
        if not self.attribution.accounts["influence_grade"].eq("estimated").any():
            return ()
        return fallback.basis(self.data, kinds=self.kinds)

    @cached_property
    def ranks(self) -> pd.DataFrame:
        """Ranks by influence; null without an estimate."""
        return self.store.run("ranks", self._ranks)

    def _ranks(self) -> pd.DataFrame:
        estimated = self.attribution.accounts["influence"].dropna()
        band = uncertainty.band(estimated, self.attribution.draws)
        cut = self.settings.missing.follows
        if cut == "complete" or estimated.empty:
            ranks = uncertainty.rank_intervals(estimated, self.attribution.draws)
        else:
            rng = self.rng("ranks")
            ranks = missingness.ranks_under(self.data, self.attribution, cut=cut, rng=rng, **self.question)
        return ranks.join(band).reindex(self.data.account_ids).astype("Int64")

    @cached_property
    def placebo_tests(self) -> pd.DataFrame:
        """What must show no influence, and whether it does."""
        return self.store.run(
            "placebo tests",
            lambda: placebo.placebo_tests(self.data, rng=self.rng("placebo tests"), **self.question),
        )

    @cached_property
    def forecast(self) -> pd.DataFrame:
        """Who draws most people next, told from the past alone."""
        return self.store.run("forecast", self._forecast)

    def _forecast(self) -> pd.DataFrame:
        return forecast.walk_forward(
            self.data,
            kinds=self.kinds,
            predictors=predictors(),
            window=self.question["window"],
            rng=self.rng("forecast"),
        )

    @cached_property
    def tier_claims(self) -> pd.DataFrame:
        """What is said of small and large accounts, tested on these."""
        return self.store.run("tier claims", self._tier_claims)

    def _tier_claims(self) -> pd.DataFrame:
        return tiers.tier_claims(
            self.popularity,
            self.attribution.accounts,
            self.attribution.draws,
            bounds=self.settings.tiers,
            price=self.data.accounts.get("price"),
        )

    @cached_property
    def expertise(self) -> pd.DataFrame:
        """Who is referred to by peers, apart from how many follow."""
        return self.store.run(
            "expertise",
            lambda: expertise.expertise(
                self.data, self.known_followers, self.niches["accounts"]["niche"], rng=self.rng("expertise")
            ),
        )

    @cached_property
    def motives(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """By what each account is followed, and all together."""
        return self.store.run("motives", self._motives)

    def _motives(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        found = motives.motives(self.data, self.niches["accounts"]["niche"], rng=self.rng("motives"))
        return found.accounts, found.overall

    @cached_property
    def planned_tests(self) -> pd.DataFrame:
        """How the doubt about popular accounts would be settled."""
        return self.store.run("planned tests", self._planned_tests)

    def _planned_tests(self) -> pd.DataFrame:
        doubtful = self.scores[self.scores["quadrant"] == "hollow celebrity"].nlargest(DOUBTFUL, "followers")
        owned = self.attribution.accounts["influence_grade"].ne("observed").reindex(doubtful.index)
        effect = doubtful.loc[owned & doubtful["influence_high"].gt(0), "influence_high"].astype("float64")
        return experiments.plan_test(self.data, effect, kinds=self.kinds, unit="outcomes in all")

    @property
    def validation(self) -> pd.DataFrame:
        """All checks."""
        checks = [self.placebo_tests, self.comparison, self.forecast, self.tier_claims]
        every = pd.concat([rows for rows in checks if len(rows)] or checks[:1], ignore_index=True)
        return every.reindex(columns=list(tables.CHECKS))

    @property
    def known_followers(self) -> pd.DataFrame:
        """Popularity without suspects, and without lists of followers that are known to be cut."""
        counts = popularity.popularity(self.data)
        if self.settings.missing.follows == "complete":
            return counts
        return counts.assign(followers=counts["followers_stated"])

    @cached_property
    def beyond_popularity(self) -> pd.DataFrame:
        """Engagements received over those expected for an account of this size and niche."""
        return self.store.run(
            "beyond popularity",
            lambda: expectation.beyond_popularity(
                self.known_followers, self.niches["accounts"]["niche"], age=tables.ages(self.data)
            ),
        )

    @cached_property
    def scores(self) -> pd.DataFrame:
        """What is known of each account, side by side."""
        counts, centralities, niche = self.popularity, self.centrality, self.niches["accounts"]
        influence = self.attribution.accounts
        kind = quadrants.quadrant(counts["followers"], influence)
        described: list[pd.DataFrame] = [centralities, niche, influence, self.ranks, self.beyond_popularity]
        described += [self.automation, self.suspects["shares"], self.bot_cluster.to_frame()]
        return counts.join(
            [*described, kind.to_frame(), self.expertise, self.motives[0], self.followers_under]
        )

    @property
    def bot_cluster(self) -> pd.Series:
        """The suspected cluster of each account, null for none."""
        return suspects.cluster_of_each(self.suspects).reindex(self.everyone.account_ids)

    @property
    def followers_under(self) -> pd.DataFrame:
        """Followers in truth, where the lists are known to be cut."""
        cut = self.settings.missing.follows
        if cut == "complete" or self.data.follows.empty:
            return pd.DataFrame(index=self.data.account_ids)
        return missingness.followers_under(self.data, cut=cut)

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """How much is credited at all, and how far followers and influence agree."""
        return self.store.run("comparison", self._comparison)

    def _comparison(self) -> pd.DataFrame:
        estimated = self.attribution.accounts["influence"].notna()
        followers = self.popularity.loc[estimated, "followers"].to_numpy(np.float64, na_value=0.0)
        tried = trial_rows(self.attribution, self.settings.trial_results())
        return pd.DataFrame(comparison_rows(self.attribution, followers) + tried, columns=COLUMNS)

    @cached_property
    def niche_changes(self) -> tuple[pd.DataFrame, str | None]:
        """What became of niches within the period, or why nothing is known of it."""
        return self.store.run("niches over time", self._niche_changes)

    def _niche_changes(self) -> tuple[pd.DataFrame, str | None]:
        runs, rng = self.settings.niches.runs, self.rng("niches over time")
        return niches.over_time(self.data, self.niches, runs=runs, rng=rng)

    @property
    def no_changes(self) -> tuple[str, ...]:
        """Why nothing is known of niches over time, as a sentence."""
        reason = self.niche_changes[1]
        return () if reason is None else (f"What became of niches over time is not known: {reason}.",)

    @cached_property
    def in_niches(self) -> pd.DataFrame:
        """Where each account stands inside its niche."""
        return self.store.run("within niches", self._in_niches)

    def _in_niches(self) -> pd.DataFrame:
        window, audience = self.question["window"], audiences.audience_kind(self.data)
        niche = self.niches["accounts"]["niche"]
        return niches.within(self.data, niche, self.attribution, audience=audience, window=window)

    @cached_property
    def audiences(self) -> dict[str, pd.DataFrame]:
        """Who listens to the largest and to the most influential accounts."""
        return self.store.run("audiences", self._audiences)

    def _audiences(self) -> dict[str, pd.DataFrame]:
        accounts = audiences.looked_at(self.popularity, self.attribution.accounts["influence"])
        return audiences.audiences(
            self.data,
            self.niches["accounts"]["niche"],
            accounts,
            settings=self.settings,
            window=self.question["window"],
            rng=self.rng("audiences"),
        )

    @cached_property
    def brand_fit(self) -> dict[str, pd.DataFrame]:
        """Whom the brief is meant for, among accounts and those who listen to them."""
        return self.store.run(
            "brand fit",
            lambda: audiences.fit(
                self.data, self.niches["accounts"]["niche"], self.niches["described"], self.settings
            ),
        )
