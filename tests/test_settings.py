"""`settings`: every key of the contract, its default, and every way to get it wrong."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influgraph import settings

CONTRACT = """
seed = 11
[outcome]
kinds = ["purchase", "click"]
window = "12h"
[missing]
follows = "random:0.1"
[tiers]
small = 0
large = 500
[niches]
resolution = 2
runs = 4
[bots]
q = 0.1
trusted = ["anna"]
[brief]
terms = ["running", "trail"]
niches = []
markets = ["CH"]
budget = 20_000
sponsor = "acme"
[organisation]
accounts = ["anna"]
[privacy]
pseudonyms = false
public_from = 5
min_cell = 3
[[trials]]
account_id = "anna"
arm = "treated"
people = 100
posts = 4
outcomes = 9
[[trials]]
account_id = "anna"
arm = "control"
people = 90
posts = 0
outcomes = 3
"""


def faults(text: str) -> tuple[str, ...]:
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse_settings(text)
    return caught.value.faults


def test_defaults_are_those_of_the_contract() -> None:
    assert settings.parse_settings("") == settings.Settings()
    assert settings.as_mapping(settings.Settings()) == {
        "seed": 7,
        "outcome": {"kinds": None, "window": "3d"},
        "missing": {"follows": "complete"},
        "tiers": {"nano": 0, "micro": 10_000, "mid": 50_000, "macro": 100_000, "mega": 1_000_000},
        "niches": {"resolution": None, "runs": 4},
        "bots": {"q": 0.05, "trusted": (), "automated": 0.1},
        "brief": {"terms": (), "niches": (), "markets": (), "budget": None, "sponsor": None},
        "organisation": {"accounts": ()},
        "privacy": {"pseudonyms": True, "public_from": 100_000, "min_cell": 10},
        "trials": [],
    }


def test_every_key_is_read() -> None:
    read = settings.as_mapping(settings.parse_settings(CONTRACT))
    assert read["outcome"] == {"kinds": ("purchase", "click"), "window": "12h"}
    assert read["tiers"] == {"small": 0, "large": 500}
    assert read["brief"]["budget"] == 20_000
    assert read["privacy"] == {"pseudonyms": False, "public_from": 5, "min_cell": 3}
    default = settings.as_mapping(settings.Settings())
    assert all(read[key] != default[key] for key in default)
    assert read["trials"][1] == {
        "account_id": "anna",
        "arm": "control",
        "people": 90,
        "posts": 0,
        "outcomes": 3,
    }


def test_the_canonical_form_reads_back_to_the_same_settings() -> None:
    given_settings = settings.parse_settings(CONTRACT)
    plain = json.loads(json.dumps(settings.as_mapping(given_settings)))
    rebuilt = "\n".join(
        f"{key} = {json.dumps(value)}"
        if not isinstance(value, dict)
        else f"[{key}]\n" + "\n".join(f"{name} = {json.dumps(one)}" for name, one in value.items())
        for key, value in plain.items()
        if key != "trials"
    )
    for arm in plain["trials"]:
        rebuilt += "\n[[trials]]\n" + "\n".join(f"{name} = {json.dumps(one)}" for name, one in arm.items())
    assert settings.parse_settings(rebuilt) == given_settings


def test_settings_cannot_be_changed() -> None:
    fixed = settings.parse_settings(CONTRACT)
    with pytest.raises(dataclasses.FrozenInstanceError):
        fixed.seed = 3  # type: ignore[misc]
    with pytest.raises(TypeError):
        fixed.tiers["small"] = 3  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "unknown", "nearest"),
    [
        ("sede = 3", "sede", "seed"),
        ("[outcome]\nwindw = '3d'", "outcome.windw", "outcome.window"),
        ("window = '3d'", "window", "outcome.window"),
        ("[privcy]\nmin_cell = 3", "privcy", "privacy"),
        ("[brief]\nmarket = ['CH']", "brief.market", "brief.markets"),
        ("[outcome]\nmin_cell = 3", "outcome.min_cell", "privacy.min_cell"),
    ],
)
def test_an_unknown_key_names_the_nearest_known_one(text: str, unknown: str, nearest: str) -> None:
    assert faults(text) == (f"unknown setting {unknown}: the nearest known one is {nearest}",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("seed = 'seven'", "seed: should be a valid integer; it is 'seven'"),
        ("seed = true", "seed: should be a valid integer"),
        ("seed = 1.0", "seed: should be a valid integer"),
        ("seed = -1", "seed: should be greater than or equal to 0"),
        ("outcome = 3", "outcome: should be a table; it is 3"),
        ("[outcome]\nkinds = 'purchase'", "outcome.kinds: should be a list; it is 'purchase'"),
        ("[outcome]\nkinds = []", "at least one kind"),
        ("[outcome]\nkinds = ['view']", 'never "view"'),
        ("[outcome]\nkinds = ['like', 'like']", "each once"),
        ("[outcome]\nwindow = '3 bananas'", "a length of time above zero"),
        ("[outcome]\nwindow = '3'", "a length of time above zero"),
        ("[outcome]\nwindow = 'abc'", 'like "3d", "12h" or "30min"; it is \'abc\''),
        ("[outcome]\nwindow = 3", 'like "3d", "12h" or "30min"; it is 3'),
        ("[outcome]\nwindow = '-3d'", "a length of time above zero"),
        ("[outcome]\nwindow = 'nat'", "a length of time above zero"),
        ("[missing]\nfollows = 'sometimes'", '"complete", "random:SHARE"'),
        ("[missing]\nfollows = 'random:1.5'", "random:SHARE"),
        ("[missing]\nfollows = 'random:0'", "random:SHARE"),
        ("[missing]\nfollows = 'latest:0'", "latest:COUNT"),
        ("[tiers]\nnano = 10\nmicro = 10", "each above the last"),
        ("[tiers]\nnano = -1", "each above the last"),
        ("[tiers]", "one or more lower bounds"),
        ("[niches]\nresolution = 0", "greater than 0"),
        ("[brief]\nbudget = nan", "finite number"),
        ("[brief]\nterms = [3]", "brief.terms.0: should be a valid string"),
        ("seed = ", "not valid TOML"),
    ],
)
def test_wrong_values_are_refused(text: str, said: str) -> None:
    (fault,) = faults(text)
    assert said in fault


@pytest.mark.parametrize(
    "known", ["complete", "prefix", "latest:5000", "random:0.1", "random:.5", "random:1"]
)
def test_every_way_to_cut_lists_is_accepted(known: str) -> None:
    assert settings.parse_settings(f"[missing]\nfollows = '{known}'").missing.follows == known


def test_all_faults_come_at_once_under_the_name_of_the_file() -> None:
    with pytest.raises(settings.SettingsError) as caught:
        settings.parse_settings("sede = 3\nseed = 'x'\n[outcome]\nwindow = '3 bananas'", source="mine.toml")
    assert len(caught.value.faults) == 3
    assert str(caught.value).startswith("mine.toml has 3 faults:\n- ")


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=6))
def test_tiers_are_accepted_exactly_when_they_increase(bounds: list[int]) -> None:
    text = "[tiers]\n" + "\n".join(f"tier{number} = {bound}" for number, bound in enumerate(bounds))
    if bounds == sorted(set(bounds)):
        assert list(settings.parse_settings(text).tiers.values()) == bounds
    else:
        assert "each above the last" in faults(text)[0]
