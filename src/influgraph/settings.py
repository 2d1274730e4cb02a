"""Every tunable number of a study, with its default: what `study.toml` may say."""

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, fields, is_dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from types import MappingProxyType
from typing import Annotated, Any

import pandas as pd
from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, Strict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

DEFAULT_TIERS: Mapping[str, int] = MappingProxyType(
    {"nano": 0, "micro": 10_000, "mid": 50_000, "macro": 100_000, "mega": 1_000_000}
)
OUTCOME_KINDS = ("purchase", "click", "share", "repost", "quote", "reply", "comment", "mention", "like")


class SettingsError(ValueError):
    """What is wrong with a settings file, all faults at once (in `faults`)."""

    def __init__(self, faults: tuple[str, ...], *, source: str = "study.toml") -> None:
        self.faults = faults
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        super().__init__("\n".join([f"{source} has {count}:", *(f"- {fault}" for fault in faults)]))


def duration(text: str) -> pd.Timedelta:
    """Read a length of time above zero.

    Parameters
    ----------
    text
        A number and a unit, as pandas reads it; a small d for days is welcome too.

    Returns
    -------
    The length of time.

    Raises
    ------
    ValueError
        If the text is none, has no unit, or is not above zero.

    Examples
    --------
    >>> duration("3d")
    Timedelta('3 days 00:00:00')
    """
    try:
        modern = re.sub(r"(?<=\d)(\s*)d\b", r"\1D", text)  # pandas deprecates the small d
        length = pd.Timedelta(modern) if re.search(r"[A-Za-z]$", text) else pd.NaT
    except ValueError:
        length = pd.NaT
    if pd.isna(length) or length <= pd.Timedelta(0):
        raise ValueError('must be a length of time above zero, like "3d", "12h" or "30min"')
    return length


def _check_duration(given: object) -> object:
    duration(given if isinstance(given, str) else "")
    return given


def _check_truncation(text: str) -> str:
    known = text in {"complete", "prefix"} or re.fullmatch(r"latest:[1-9]\d*", text)
    share = re.fullmatch(r"(?:random|deleted):(0?\.\d+|1(?:\.0*)?)", text)
    if not known and not (share and float(share[1]) > 0):
        raise ValueError(
            'must be "complete", "random:SHARE" (above 0, at most 1), "latest:COUNT", "prefix" or '
            '"deleted:SHARE" (of accounts that are still there)'
        )
    return text


def _check_kinds(kinds: tuple[str, ...]) -> tuple[str, ...]:
    if not kinds or "view" in kinds or len(set(kinds)) < len(kinds):
        raise ValueError('must name at least one kind, each once, and never "view", which is an exposure')
    return kinds


def _check_tiers(tiers: Mapping[str, int]) -> Mapping[str, int]:
    bounds = list(tiers.values())
    if not bounds or bounds[0] < 0 or any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("must be one or more lower bounds by followers, from 0 up, each above the last")
    return MappingProxyType(dict(tiers))


_Texts = Annotated[tuple[str, ...], Strict(strict=False)]
_Tiers = Annotated[Mapping[str, int], AfterValidator(_check_tiers)]
_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Outcome:
    """What counts as being influenced.

    Attributes
    ----------
    kinds
        Kinds of engagement; None is the first of `OUTCOME_KINDS` that the data hold.
    window
        How long after a post it can still act.
    """

    kinds: Annotated[tuple[str, ...], Strict(strict=False), AfterValidator(_check_kinds)] | None = None
    window: Annotated[str, BeforeValidator(_check_duration)] = "3d"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Missing:
    """How the lists of followers were cut: complete, random:SHARE, latest:COUNT or prefix.

    Or deleted:SHARE, of the accounts that are still there, where others are gone with all they did.
    """

    follows: Annotated[str, AfterValidator(_check_truncation)] = "complete"


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Niches:
    """How niches are looked for: resolution (higher finds more and smaller ones; None chooses) and runs."""

    resolution: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    runs: Annotated[int, Field(ge=2)] = 4


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Bots:
    """How bot clusters are looked for.

    Attributes
    ----------
    q
        The share of false clusters among those found that is accepted on average.
    trusted
        Ids of accounts that are known to be people, from which trust spreads; none: the verified ones, and
        where there are none either, popular accounts, who are assumed to be people.
    automated
        Share of accounts that is taken to be automated, before anything is known of them.
    """

    q: Annotated[float, Field(gt=0, lt=1)] = 0.05
    trusted: _Texts = ()
    automated: Annotated[float, Field(gt=0, lt=1)] = 0.1


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Brief:
    """What a brand looks for; the budget is in the currency of accounts.price."""

    terms: _Texts = ()
    niches: _Texts = ()
    markets: _Texts = ()
    budget: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    sponsor: str | None = None


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Organisation:
    """Account ids of one's own people."""

    accounts: _Texts = ()


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Privacy:
    """What is shown in the report; tables keep ids.

    Attributes
    ----------
    pseudonyms
        Whether accounts are shown under pseudonyms.
    public_from
        Followers from which an account shows its handle all the same, as verified ones do.
    min_cell
        Audience breakdowns of fewer accounts are suppressed.
    """

    pseudonyms: bool = True
    public_from: Annotated[int, Field(ge=0)] = 100_000
    min_cell: Annotated[int, Field(ge=0)] = 10


@dataclass(frozen=True, kw_only=True, config=_STRICT)
class Settings:
    """A whole study's settings; every part has a default.

    `trials` holds results of randomised tests or promo codes, one table per arm, as
    `influence.trials.check_trials` takes them.

    Examples
    --------
    >>> Settings().outcome.window
    '3d'
    """

    seed: Annotated[int, Field(ge=0)] = 7
    outcome: Outcome = Outcome()
    trials: Annotated[tuple[Mapping[str, str | int | float], ...], Strict(strict=False)] = ()
    missing: Missing = Missing()
    tiers: _Tiers = Field(default_factory=lambda: DEFAULT_TIERS)
    niches: Niches = Niches()
    bots: Bots = Bots()
    brief: Brief = Brief()
    organisation: Organisation = Organisation()
    privacy: Privacy = Privacy()

    def trial_results(self) -> pd.DataFrame | None:
        """Results of trials, one row per arm; None where there are none."""
        return pd.DataFrame([dict(arm) for arm in self.trials]) if self.trials else None


def _known_keys(table: type[Any] = Settings, prefix: str = "") -> list[str]:
    keys = []
    for field in fields(table):
        keys.append(prefix + field.name)
        if is_dataclass(field.type):
            keys += _known_keys(field.type, f"{prefix}{field.name}.")  # type: ignore[arg-type]
    return keys


def _nearest_key(name: str) -> str:
    def likeness(key: str) -> float:
        last = SequenceMatcher(None, name.rpartition(".")[2], key.rpartition(".")[2]).ratio()
        return last + SequenceMatcher(None, name, key).ratio()

    return max(_known_keys(), key=likeness)


def _fault(error: Mapping[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]")
    if error["type"] == "unexpected_keyword_argument":
        return f"unknown setting {place}: the nearest known one is {_nearest_key(place)}"
    problem = error["msg"].removeprefix("Value error, ").removeprefix("Input ")
    problem = problem.replace("an object", "a table").replace("a valid array", "a list")
    return f"{place}: {problem}; it is {error['input']!r}"


def parse_settings(text: str, *, source: str = "study.toml") -> Settings:
    r"""Read settings from the text of a TOML file.

    Parameters
    ----------
    text
        The file's content; empty gives the defaults.
    source
        The file's name, for the message.

    Returns
    -------
    The settings, every key that is not given at its default.

    Raises
    ------
    SettingsError
        All at once: what is not TOML, unknown keys (each with the nearest known one), wrong types and values.

    Examples
    --------
    >>> parse_settings('[outcome]\nwindow = "12h"').outcome.window
    '12h'
    >>> parse_settings("sede = 3")
    Traceback (most recent call last):
    influgraph.settings.SettingsError: study.toml has 1 fault:
    - unknown setting sede: the nearest known one is seed
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((f"not valid TOML: {error}",), source=source) from error
    try:
        return TypeAdapter(Settings).validate_json(json.dumps(given, default=str))
    except ValidationError as error:
        raise SettingsError(tuple(_fault(dict(one)) for one in error.errors()), source=source) from None


def as_mapping(settings: Settings) -> dict[str, Any]:
    """Write settings out in full as plain tables, lists, texts and numbers.

    Parameters
    ----------
    settings
        A study's settings.

    Returns
    -------
    One entry per key in the order of the contract, defaults included; equal settings give equal mappings.

    Examples
    --------
    >>> as_mapping(Settings())["missing"]
    {'follows': 'complete'}
    """
    plain: dict[str, Any] = {}
    for field in fields(settings):
        part = getattr(settings, field.name)
        plain[field.name] = asdict(part) if is_dataclass(part) else part  # type: ignore[arg-type]
    plain["tiers"] = dict(settings.tiers)
    plain["trials"] = [dict(arm) for arm in settings.trials]
    return plain
