"""Names of niches: by hand, in any script, and of planted worlds."""

import numpy as np
import pandas as pd
import pytest

from influgraph.dataset import Dataset, from_tables
from influgraph.networks import follow_network, network_from_pairs
from influgraph.niche_names import describe_niches, naming_evidence
from influgraph.niches import find_niches
from influgraph.synthetic import WorldSettings, make_world


def runners_and_bakers() -> tuple[Dataset, pd.DataFrame]:
    """Return two niches of three who say what they are about, in bios, texts and hashtags; and one apart."""
    accounts = pd.DataFrame(
        {
            "account_id": ["ann", "ben", "cem", "dia", "eva", "fay", "gus"],
            "bio": [
                "the trail is mine",
                "the trail!",
                None,
                "the bread",
                "the bread",
                "the best: 日本語",
                "the sea",
            ],
        }
    )
    posts = pd.DataFrame(
        {
            "post_id": ["p1", "p2", "p3", "p4", "p5", "p6"],
            "author_id": ["ann", "ben", "cem", "dia", "fay", "fay"],
            "text": ["spam spam spam", "https://x.y/trail @dia", "the trail", None, "日本語 Rye", None],
            "hashtags": [["ultra"], ["Ultra"], None, ["rye", "2024"], None, ["rye"]],
        }
    )
    follows = [("ben", "ann"), ("cem", "ann"), ("ann", "cem"), ("eva", "dia"), ("fay", "dia"), ("gus", "dia")]
    data = from_tables(
        accounts=accounts, posts=posts, follows=pd.DataFrame(follows, columns=["follower_id", "followed_id"])
    )
    niche = pd.DataFrame(
        {
            "niche": pd.array([0, 0, 0, 1, 1, 1, None], dtype="Int64"),
            "niche_confidence": [1, 0.5, 0, 1, 1, 1, np.nan],
        },
        index=data.account_ids,
    )
    return data, niche


def test_niches_are_described_by_what_sets_them_apart() -> None:
    data, niche = runners_and_bakers()
    described = describe_niches(data, niche, follow_network(data))
    assert described.index.name == "niche"
    assert described.index.tolist() == [0, 1]
    assert described.columns.tolist() == ["size", "name", "terms", "central_accounts", "stability"]
    assert described["size"].tolist() == [3, 3]
    # "the" is everyone's, "spam" and 日本語 one member's, links, handles and numbers nobody's
    assert described["terms"].tolist() == ["ultra;trail", "rye;bread"]
    assert described["name"].tolist() == ["ultra · trail", "rye · bread"]
    assert described["central_accounts"].tolist() == ["ann;cem", "dia"]
    assert described["stability"].tolist() == [0.5, 1.0]


def test_a_series_has_no_stability_and_no_text_no_terms() -> None:
    data, niche = runners_and_bakers()
    silent = from_tables(follows=data.follows[["follower_id", "followed_id"]].astype(str))
    labels = niche["niche"].reindex(silent.account_ids)
    described = describe_niches(silent, labels, follow_network(silent))
    assert described["stability"].isna().all()
    assert described["terms"].tolist() == ["", ""]
    assert described["name"].tolist() == ["around ann, cem", "around dia"]


def test_no_niches_are_described_by_no_rows() -> None:
    data, niche = runners_and_bakers()
    nobody = niche.assign(niche=pd.array([None] * 7, dtype="Int64"))
    described = describe_niches(data, nobody, follow_network(data))
    assert described.empty
    assert described.columns.tolist() == ["size", "name", "terms", "central_accounts", "stability"]


def test_equal_names_are_told_apart() -> None:
    data, niche = runners_and_bakers()
    same = from_tables(accounts=data.accounts.assign(bio=None).reset_index())
    nowhere = network_from_pairs([], [], account_ids=data.account_ids)
    assert describe_niches(same, niche, nowhere)["name"].tolist() == ["unnamed (0)", "unnamed (1)"]


def test_describing_refuses_other_accounts() -> None:
    data, niche = runners_and_bakers()
    with pytest.raises(ValueError, match="same accounts in the same order"):
        describe_niches(data, niche[::-1], follow_network(data))
    found = find_niches(follow_network(data), rng=np.random.default_rng(1))
    for wrong in (found, found.shares):
        with pytest.raises(ValueError, match=r"a Series, or the frame `find_niches\(\.\.\.\)\.accounts`"):
            describe_niches(data, wrong, follow_network(data))  # type: ignore[arg-type]


def test_the_niches_of_a_planted_world_are_named_by_their_words() -> None:
    world = make_world(WorldSettings(accounts=1_200, reruns=2), rng=np.random.default_rng(1))
    network = follow_network(world.data)
    truth = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    described = describe_niches(world.data, truth, network)
    assert described["name"].is_unique
    assert not described["name"].str.contains("around").any()


def two_niches(ones: list[str], others: list[str], **columns: list[str]) -> tuple[Dataset, pd.Series]:
    """Return accounts of two niches who have these bios."""
    bios = [*ones, *others]
    ids = [f"id{code}" for code in range(len(bios))]
    data = from_tables(accounts=pd.DataFrame({"account_id": ids, "bio": bios, **columns}))
    return data, pd.Series(np.repeat([0, 1], [len(ones), len(others)]), index=data.account_ids)


def terms(data: Dataset, niche: pd.Series) -> list[list[str]]:
    found = naming_evidence(data, niche).groupby("niche")["term"].agg(list)
    return [found.get(number, []) for number in range(2)]


def test_evidence_by_hand() -> None:
    data, niche = two_niches(["the #trail", "trail the", "the"], ["the", "trail the", "the", "the trail"])
    niche = niche.astype("Int64").where(niche.index != "id6")
    row = naming_evidence(data, niche).squeeze()
    assert row[["niche", "term", "members"]].tolist() == [0, "trail", 2]
    # Of the six who have a niche: all say "the", and two of three here, one of three there the trail.
    assert row["share"] == 2 / 3
    assert row["share_elsewhere"] == 1 / 3
    assert row["hashtag_share"] == 1 / 2
    likeness = (1 + 2 / 3 / 3) / np.sqrt((1 + 4 / 9) * (1 + 1 / 9)) + 0.05
    typical = (1.05 * 2 / 3 + likeness / 3) / (1.05 + likeness)
    assert row["weight"] == pytest.approx(2 / 3 * np.log(2 / 3 / typical) * (1 + np.sqrt(1 / 2)))


@pytest.mark.parametrize(
    ("bio", "expected"),
    [
        ("قَهْوَة طازجة", "قهوة طازجة"),
        ("yêu cà phê", "yêu cà phê"),
        ("ca\u0300 phe\u0302", "cà phê"),
        ("咖啡", "咖啡"),
        ("马拉松", "马拉松"),
        ("กาแฟ", "กาแฟ"),
        ("커피를", "커피를"),
        ("हिन्दी", "हिन्दी"),
        ("خانه\u200cها", "خانه\u200cها"),  # noqa: RUF001 - Persian
        ("👨‍👩‍👧", "👨‍👩‍👧"),
        ("🏃🏽‍♀️", "🏃🏽‍♀️"),
        ("🇻🇳", "🇻🇳"),
        ("#跑步真好#", "跑步真好"),
        ("#TrailRun", "trailrun"),
        ("K-Pop", "k-pop"),
    ],
)
def test_terms_of_any_script(bio: str, expected: str) -> None:
    assert terms(*two_niches([bio] * 4, ["bread"] * 4)) == [[expected], ["bread"]]


def test_words_are_cut_out_of_scripts_without_spaces_where_they_recur() -> None:
    running = ["我爱跑步", "今天跑步了", "跑步很好", "他们跑步吗"]
    assert terms(*two_niches(running, ["我爱咖啡", "今天咖啡了", "咖啡很好", "他们咖啡吗"])) == [
        ["跑步"],
        ["咖啡"],
    ]


@pytest.mark.parametrize(
    "bio",
    [
        "https://x.y/trail",
        "WWW.x.y",
        "@dia@host.tld",
        "mail ann@host.org",
        "see shop.example/run",
        "2024",
        "\uff20dia",
        "&lt;",
        "",
    ],
)
def test_addresses_and_numbers_are_never_terms(bio: str) -> None:
    assert set(*terms(*two_niches([bio] * 6, ["bread"] * 6))[:1]) <= {"mail", "see", "mail see"}


def test_handles_and_ids_are_never_terms_but_as_hashtags() -> None:
    bios = ["night_owl id3 trail", "night_owl id3 trail", "#ember trail", "#ember trail"]
    data, niche = two_niches(bios, ["bread"] * 4, handle=["Night_Owl", "ember", *"abcdef"])
    assert terms(data, niche)[0] == ["ember", "trail"]


def test_hostile_text_is_data() -> None:
    text = "#<script>alert(1)</script> =cmd|' a;b \u202etxt.exe " + "x" * 5_000 + "e" + "\u0301" * 99
    for term in terms(*two_niches([text] * 5, ["bread"] * 5))[0]:
        assert len(term) <= 40
        assert not set(term) & set("<>;=|\u202e")


def test_what_everyone_says_or_one_member_repeats_names_nothing() -> None:
    one = ["the and of", "of the and", "and the of", "spam " * 99 + "the and of"]
    data, niche = two_niches(one, one[:3])
    assert terms(data, niche) == [[], []]
    described = describe_niches(data, niche, network_from_pairs([1, 5], [0, 4], account_ids=data.account_ids))
    assert described["name"].tolist() == ["around id0", "around id4"]


def test_a_single_niche_has_nothing_to_be_told_from() -> None:
    data, niche = two_niches(["trail"] * 5, [])
    assert naming_evidence(data, niche).empty


def test_chance_names_no_niche_where_all_draw_from_the_same_words() -> None:
    rng = np.random.default_rng(5)
    vocabulary = [f"{one}{other}" for one in "bdfgklmn" for other in ("an", "or", "ile", "und")]
    bios = [" ".join(rng.choice(vocabulary, 8)) for _ in range(240)]
    data, _ = two_niches(bios, [])
    niche = pd.Series(np.arange(240) // 20, index=data.account_ids)
    assert len(naming_evidence(data, niche)) <= 2


def test_ordinary_words_of_a_language_name_no_niche_that_shares_it() -> None:
    rng = np.random.default_rng(6)
    talk = {"en": ["the", "and", "with", "for", "but"], "vi": ["và", "của", "là", "cho", "với"]}
    topics = {"tea": "en", "oak": "en", "elm": "en", "phở": "vi", "bún": "vi"}
    bios = [
        " ".join([*rng.permutation([*talk[language], topic])])
        for topic, language in topics.items()
        for _ in range(10)
    ]
    data, _ = two_niches(bios, [])
    niche = pd.Series(np.arange(50) // 10, index=data.account_ids)
    assert naming_evidence(data, niche).groupby("niche")["term"].first().tolist() == list(topics)


def test_the_order_of_rows_changes_nothing() -> None:
    world = make_world(WorldSettings(accounts=600, reruns=2), rng=np.random.default_rng(2))
    niche = world.members.set_index("account_id")["niche"].reindex(world.data.account_ids)
    tables = {"accounts": world.data.accounts.reset_index(), "posts": world.data.posts.reset_index()}
    shuffled = from_tables(**{name: table.sample(frac=1, random_state=3) for name, table in tables.items()})
    there = naming_evidence(shuffled, niche.reindex(shuffled.account_ids))
    pd.testing.assert_frame_equal(naming_evidence(world.data, niche), there)


def test_evidence_refuses_other_accounts() -> None:
    data, niche = two_niches(["trail"] * 2, ["bread"] * 2)
    with pytest.raises(ValueError, match="niche and data must be about the same accounts"):
        naming_evidence(data, niche[::-1])
