"""A study for other tools: read back by networkx, igraph and a strict reader; and what is refused."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import igraph
import networkx as nx
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner, Result

from influgraph.cli import main
from influgraph.dataset import read_dataset
from influgraph.networks import follow_network, network_from_pairs
from influgraph.report._graph_files import quoted_ids, write_gexf, write_graphml
from small_world import small_tables, write_tables

GEXF, VIZ = "{http://gexf.net/1.3}", "{http://gexf.net/1.3/viz}"
TYPES = {"string": str, "double": float, "long": int, "boolean": {"true": True, "false": False}.__getitem__}
ODD = ["=CMD()", "two\nlines\r\ttab", "\N{GRINNING FACE}", "<b>&amp;\"'", " a ", "a\x00b", "a\x01b", "007"]


def call(*words: str | Path) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def told(result: Result, code: int = 1) -> str:
    """What a failed command said, after checking that it failed as it should."""
    assert result.exit_code == code, result.output
    assert isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return a dataset and its results, in different places."""
    data = write_tables(small_tables(), tmp_path_factory.mktemp("here") / "data")
    results = tmp_path_factory.mktemp("there") / "out"
    assert call("run", data, "--out", results).exit_code == 0
    return data, results


def read_gexf(path: Path) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str, float]]]:
    """Read as Gephi does, refusing what its importer would report; nodes by id, and edges."""
    root = ET.parse(path).getroot()  # noqa: S314 - made by us a moment ago
    assert (root.tag, root.attrib["version"]) == (f"{GEXF}gexf", "1.3")
    (graph,) = root
    assert [part.tag for part in graph] == [f"{GEXF}{name}" for name in ("attributes", "nodes", "edges")]
    kinds = {one.attrib["id"]: (one.attrib["title"], TYPES[one.attrib["type"]]) for one in graph[0]}
    assert len({title for title, _ in kinds.values()}) == len(kinds)
    nodes: dict[str, dict[str, Any]] = {}
    for node in graph[1]:
        values, size, position, colour = node
        read = {
            kinds[one.attrib["for"]][0]: kinds[one.attrib["for"]][1](one.attrib["value"]) for one in values
        }
        assert (size.tag, position.tag, colour.tag) == (f"{VIZ}size", f"{VIZ}position", f"{VIZ}color")
        assert all(0 <= int(colour.attrib[part]) <= 255 for part in "rgb")
        assert node.attrib["id"] not in nodes
        place = {name: float(position.attrib[name]) for name in "xyz"}
        nodes[node.attrib["id"]] = {
            **read, **place, "size": float(size.attrib["value"]), "label": node.attrib["label"],
            "colour": tuple(colour.attrib[part] for part in "rgb"),
        }  # fmt: skip
    edges = [(one.attrib["source"], one.attrib["target"], float(one.attrib["weight"])) for one in graph[2]]
    assert {end for edge in edges for end in edge[:2]} <= set(nodes)
    assert len({one.attrib["id"] for one in graph[2]}) == len(edges)
    return nodes, edges


def test_gexf_holds_scores_places_and_ties(study: tuple[Path, Path], tmp_path: Path) -> None:
    data, results = study
    file = tmp_path / "study.gexf"
    done = call("export", results, "gexf", file, "--data", data)
    assert done.exit_code == 0, done.output
    assert "180 accounts" in done.output
    nodes, edges = read_gexf(file)
    scores = pd.read_parquet(results / "scores.parquet").set_index("account_id")
    assert list(nodes) == scores.index.tolist()
    follows = follow_network(read_dataset(data))
    assert len(edges) == follows.weights.nnz
    assert edges[0][2] == 1.0
    for account_id, row in scores.iterrows():
        node = nodes[str(account_id)]
        assert node["followers"] == row["followers"]
        assert node["pagerank"] == row["pagerank"]
        assert ("influence" in node) == pd.notna(row["influence"])  # null is left out
        assert node.get("niche", pd.NA) is pd.NA or node["niche"] == row["niche"]
        assert node["label"] == account_id
    top = scores["influence"].idxmax()
    assert nodes[str(top)]["size"] == max(node["size"] for node in nodes.values()) == 40
    by_niche = pd.DataFrame(
        [(node["niche"], node["colour"]) for node in nodes.values() if "niche" in node],
        columns=["niche", "colour"],
    )
    assert len(by_niche.drop_duplicates()) == by_niche["niche"].nunique()
    graph = nx.read_gexf(file)
    assert graph.is_directed()
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (180, len(edges))
    assert graph.nodes[str(top)]["influence"] == scores["influence"].max()
    assert graph.nodes[str(top)]["viz"]["position"]["x"] == nodes[str(top)]["x"]


def test_graphml_is_read_by_networkx_and_igraph(study: tuple[Path, Path], tmp_path: Path) -> None:
    data, results = study
    file = tmp_path / "study.graphml"
    assert call("export", results, "graphml", file, "--data", data, "--ties", "engagement").exit_code == 0
    scores = pd.read_parquet(results / "scores.parquet").set_index("account_id")
    graph, other = nx.read_graphml(file), igraph.Graph.Read_GraphML(str(file))
    assert list(graph) == other.vs["id"] == scores.index.tolist()
    assert graph.number_of_edges() == other.ecount() > 0
    assert graph.size("weight") == sum(other.es["weight"])
    found = pd.Series(nx.get_node_attributes(graph, "influence"))
    pd.testing.assert_series_equal(found, scores["influence"].dropna(), check_names=False, check_dtype=False)
    assert np.allclose(other.vs["pagerank"], scores["pagerank"])
    assert {"x", "y", "niche_name"} <= {key for _, values in graph.nodes(data=True) for key in values} | {
        "niche_name"
    }


def test_parquet_is_two_tables(study: tuple[Path, Path], tmp_path: Path) -> None:
    data, results = study
    assert call("export", results, "parquet", tmp_path / "a.parquet", "--data", data).exit_code == 0
    accounts, ties = (pd.read_parquet(tmp_path / name) for name in ("a.parquet", "a.edges.parquet"))
    assert len(accounts) == 180
    assert {"account_id", "influence", "niche", "niche_name", "x", "y"} <= set(accounts)
    assert list(ties) == ["account_id", "other_id", "weight"]
    assert len(ties) == follow_network(read_dataset(data)).weights.nnz
    assert set(ties["other_id"]) <= set(accounts["account_id"])


def test_the_same_study_gives_the_same_bytes(study: tuple[Path, Path], tmp_path: Path) -> None:
    data, results = study
    for name in ("one", "two"):
        assert call("export", results, "gexf", tmp_path / name, "--data", data).exit_code == 0
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_dataset_is_found_near_the_results_or_ties_are_left_out(
    study: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, results = study
    monkeypatch.chdir(tmp_path)
    alone = call("export", results, "gexf", "alone.gexf")
    assert alone.exit_code == 0, alone.output
    assert "--data" in alone.output
    nodes, edges = read_gexf(tmp_path / "alone.gexf")
    assert (len(nodes), edges) == (180, [])
    assert "--data" in told(call("export", results, "gexf", "ties.gexf", "--ties", "follow"))
    monkeypatch.chdir(data.parent)
    assert call("export", results, "gexf", tmp_path / "near.gexf").exit_code == 0
    assert read_gexf(tmp_path / "near.gexf")[1]


def test_other_data_changed_results_and_files_that_are_there_are_refused(
    study: tuple[Path, Path], tmp_path: Path
) -> None:
    _, results = study
    other = write_tables(small_tables(seed=5), tmp_path / "other")
    file = tmp_path / "x.gexf"
    assert "was changed" in told(call("export", results, "gexf", file, "--data", other))
    assert "not a folder" in told(call("export", results, "gexf", file, "--data", tmp_path / "none"))
    assert "no manifest.json" in told(call("export", tmp_path / "nowhere", "gexf", file))
    assert "nowhere" in told(call("export", results, "gexf", tmp_path / "nowhere" / "x.gexf"))
    unknown = told(call("export", results, "gml", file), code=2)
    assert all(name in unknown for name in ("gexf", "graphml", "parquet"))
    assert not file.exists()
    file.write_text("mine")
    assert "--replace" in told(call("export", results, "gexf", file))
    assert file.read_text() == "mine"
    assert call("export", results, "gexf", file, "--replace").exit_code == 0
    assert {path.name for path in tmp_path.iterdir()} == {"other", "x.gexf"}


def test_a_failure_leaves_nothing(
    study: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("influgraph.report._graph_files.quoted_ids", full)
    assert "No space left" in told(call("export", study[1], "gexf", tmp_path / "x.gexf"))
    assert not list(tmp_path.iterdir())


def odd_accounts() -> pd.DataFrame:
    """Return accounts whose ids and names are hostile, with nulls of every type."""
    size = len(ODD)
    return pd.DataFrame(
        {
            "influence": [np.nan, np.inf, *np.arange(size - 2)],
            "followers": pd.array([None, *range(size - 1)], dtype="Int64"),
            "verified": pd.array([None, True, *[False] * (size - 2)], dtype="boolean"),
            "niche": pd.array([None, *range(size - 1)], dtype="Int64"),
            "niche_name": pd.Series([None, "]]><x>", *ODD[2:]], dtype="str").array,
            "x": 0.5,
            "y": -0.5,
        },
        index=pd.Index(ODD, name="account_id"),
    )


def test_hostile_text_is_text(tmp_path: Path) -> None:
    accounts = odd_accounts()
    network = network_from_pairs(np.arange(7), np.arange(7) + 1, account_ids=accounts.index)
    write_gexf(accounts, network, [tmp_path / "odd.gexf"])
    write_graphml(accounts, network, [tmp_path / "odd.graphml"])
    nodes, edges = read_gexf(tmp_path / "odd.gexf")
    assert list(nodes)[:5] == ODD[:5]
    assert len(nodes) == len(ODD)
    assert len(edges) == 7
    first, second = nodes[ODD[0]], nodes[ODD[1]]
    assert not {"influence", "followers", "verified", "niche", "niche_name"} & set(first)
    assert (second["influence"], second["verified"], second["niche_name"]) == (np.inf, True, "]]><x>")
    for graph in (nx.read_gexf(tmp_path / "odd.gexf"), nx.read_graphml(tmp_path / "odd.graphml")):
        assert list(graph)[:5] == ODD[:5]
        assert graph.number_of_edges() == 7
        assert graph.nodes[ODD[1]]["niche_name"] == "]]><x>"
    read = igraph.Graph.Read_GraphML(str(tmp_path / "odd.graphml")).vs["id"]
    assert [name.replace("&#38;", "&") for name in read] == list(nodes)  # igraph leaves this one as it is


def test_ids_that_xml_cannot_hold_stay_apart() -> None:
    ids = pd.Index(["a\x00", "a\x01", "a\N{REPLACEMENT CHARACTER}", "a\N{REPLACEMENT CHARACTER} 0"])
    assert len(set(quoted_ids(ids))) == 4
    assert quoted_ids(ids)[2] == '"a\N{REPLACEMENT CHARACTER}"'


def test_symmetric_ties_are_undirected_and_written_once(tmp_path: Path) -> None:
    accounts = odd_accounts()
    network = network_from_pairs([0, 1], [1, 0], account_ids=accounts.index, weights=[0.5, 0.5])
    write_gexf(accounts, network, [tmp_path / "odd.gexf"])
    graph = nx.read_gexf(tmp_path / "odd.gexf")
    assert not graph.is_directed()
    assert graph.size("weight") == 0.5


def test_whole_number_ids_and_a_study_without_follows(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    likes = pd.DataFrame({"account_id": [1, 2, 3], "target_id": [9, 9, 1], "kind": "like"})
    likes.to_parquet(tmp_path / "data" / "engagements.parquet")
    assert call("run", tmp_path / "data", "--out", tmp_path / "out").exit_code == 0
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["inputs"]
    assert call("export", tmp_path / "out", "gexf", tmp_path / "x.gexf").exit_code == 0
    nodes, edges = read_gexf(tmp_path / "x.gexf")
    assert set(nodes) == {"1", "2", "3", "9"}
    assert ("1", "9", 1.0) in edges
