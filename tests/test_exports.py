"""Networks as files: read back by networkx and as Gephi reads them, hostile text and all."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from influgraph.cli import main
from influgraph.layout import account_positions
from influgraph.networks import Network, network_from_pairs
from influgraph.writers.graphs import write_gexf, write_graphml, xml_id

HOSTILE = ["007", "a\"<&>'b", "line\nbreak\ttab\rend", "=CMD()", "🎉 آه", "a\x01b", "a\\u0001b", " lead"]
GEPHI = {"g": "http://gexf.net/1.3", "viz": "http://gexf.net/1.3/viz"}


def hostile() -> tuple[Network, pd.DataFrame]:
    ids = pd.Index(HOSTILE, dtype=str)
    network = network_from_pairs([1, 2, 5, 6], [0, 0, 6, 7], account_ids=ids, weights=[1, 0.25, 3, 1e-9])
    niche = pd.Series([0, 0, 1, None, 1, 0, 1, None], ids, dtype="Int64")
    known = {
        "niche": niche,
        "score": [0.5] * 8,
        "famous": [True, False] * 4,
        "bio": [f"]]>{one}" for one in ids],
    }
    return network, pd.DataFrame(known, ids).join(
        account_positions(network, niche, rng=np.random.default_rng(1))
    )


def test_ids_in_xml_stay_different() -> None:
    ids = [*HOSTILE, "a\x02", "a\\u0002", "a\\\\u0002", "\ud800", "\ufffe", "", "\\", "\\u"]
    assert len({xml_id(one) for one in ids}) == len(ids)
    assert all(xml_id(one) == one for one in HOSTILE[:5])


def test_graphml_comes_back_whole(tmp_path: Path) -> None:
    network, accounts = hostile()
    write_graphml(network, tmp_path / "n.graphml", accounts=accounts)
    graph = nx.read_graphml(tmp_path / "n.graphml")
    names = [xml_id(one) for one in HOSTILE]
    assert list(graph) == names
    assert graph.is_directed()
    weights = {(names.index(a), names.index(b)): w for a, b, w in graph.edges(data="weight")}
    assert weights == {pair: float(value) for pair, value in network.weights.todok().items()}
    for name, (_, row) in zip(names, accounts.iterrows(), strict=True):
        known = graph.nodes[name]
        assert known.get("niche") == (None if pd.isna(row["niche"]) else row["niche"])
        assert (known["x"], known["y"], known["famous"]) == (row["x"], row["y"], row["famous"])
    assert graph.nodes["a\"<&>'b"]["bio"] == "]]>a\"<&>'b"


def test_gexf_comes_back_whole_and_as_gephi_reads_it(tmp_path: Path) -> None:
    network, accounts = hostile()
    write_gexf(network, tmp_path / "n.gexf", accounts=accounts)
    graph = nx.read_gexf(tmp_path / "n.gexf", version="1.3")
    names = [xml_id(one) for one in HOSTILE]
    assert list(graph) == names
    assert graph.edges[names[2], names[0]]["weight"] == 0.25
    root = ET.parse(tmp_path / "n.gexf").getroot()  # noqa: S314 - our own file
    nodes = root.findall("g:graph/g:nodes/g:node", GEPHI)
    assert [node.get("id") for node in nodes] == names
    for node, (_, row) in zip(nodes, accounts.iterrows(), strict=True):
        place = node.find("viz:position", GEPHI)
        assert place is not None
        assert float(place.get("x", "")) == row["x"]
    titles = {
        one.get("id"): one.get("title") for one in root.iterfind("g:graph/g:attributes/g:attribute", GEPHI)
    }
    first = {titles[one.get("for")]: one.get("value") for one in nodes[0].iterfind(".//g:attvalue", GEPHI)}
    assert first == {"niche": "0", "score": "0.5", "famous": "true", "bio": "]]>007"}


def test_accounts_of_another_network_are_refused(tmp_path: Path) -> None:
    network, accounts = hostile()
    with pytest.raises(ValueError, match="accounts must be about the accounts"):
        write_graphml(network, tmp_path / "n", accounts=accounts.iloc[::-1])


def test_export_from_the_results_alone(tmp_path: Path) -> None:
    data, results = tmp_path / "data", tmp_path / "results"
    data.mkdir()
    follows = [("b", "a"), ("c", "a"), ("d", "a"), ("c", "b")]
    pd.DataFrame(follows, columns=["follower_id", "followed_id"]).to_csv(data / "follows.csv", index=False)
    run = CliRunner().invoke(main, ["run", str(data), "--out", str(results)])
    assert run.exit_code == 0, run.output
    for kind in ("gexf", "graphml", "parquet"):
        done = CliRunner().invoke(main, ["export", str(results), kind, str(tmp_path / f"n.{kind}")])
        assert done.exit_code == 0, done.output
        assert "4 pairs" in done.output
    nested = tmp_path / "new" / "folder" / "n.gexf"
    assert CliRunner().invoke(main, ["export", str(results), "gexf", str(nested)]).exit_code == 0
    assert [path.name for path in nested.parent.iterdir()] == ["n.gexf"]
    inside = CliRunner().invoke(main, ["export", str(results), "gexf", str(nested / "n.gexf")])
    assert inside.exit_code == 1
    assert inside.output == f"{nested}: File exists.\n"
    pairs, accounts = (pd.read_parquet(tmp_path / f"n{name}.parquet") for name in (".edges", ""))
    assert accounts["account_id"].tolist() == list("bcda")
    assert accounts.set_index("account_id")["followers"].tolist() == [1, 0, 0, 3]
    assert sorted(zip(pairs["source_id"], pairs["target_id"], strict=True)) == sorted(follows)
    graph = nx.read_graphml(tmp_path / "n.graphml")
    assert set(graph.edges) == set(follows)
    assert graph.nodes["a"]["pagerank"] > graph.nodes["b"]["pagerank"]
    assert {"x", "y", "followers"} <= set(graph.nodes["a"])
    wrong = CliRunner().invoke(main, ["export", str(data), "gexf", str(tmp_path / "no.gexf")])
    assert wrong.exit_code == 1
    assert "manifest" in wrong.output
    assert not (tmp_path / "no.gexf").exists()
    assert CliRunner().invoke(main, ["export", str(results), "dot", "x"]).exit_code == 2
    for kind, name in (("gexf", "scores.parquet"), ("graphml", "manifest.json")):
        own = CliRunner().invoke(main, ["export", str(results), kind, str(results / name)])
        assert own.exit_code == 1
        assert "belongs to the study" in own.output
    assert CliRunner().invoke(main, ["verify", str(results)]).exit_code == 0


@pytest.mark.parametrize("write", [write_gexf, write_graphml])
def test_numbers_without_end_are_written_as_xml_schema_has_them(
    write: Callable[..., None], tmp_path: Path
) -> None:
    network = network_from_pairs([0, 1], [1, 2], account_ids=pd.Index(["a", "b", "c"]))
    write(network, tmp_path / "n", accounts=pd.DataFrame({"z": [np.inf, -np.inf, 1.5]}, network.account_ids))
    text = (tmp_path / "n").read_text()
    assert "INF" in text
    assert "-INF" in text
    assert not re.search(r"\binf\b", text)
