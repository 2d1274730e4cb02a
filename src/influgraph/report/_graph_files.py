"""Accounts, their scores and places, and their ties, written as GEXF, GraphML and Parquet, line by line."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import numpy as np
import pandas as pd
from pandas.api import types
from scipy.sparse import csr_array

from influgraph.networks import Network

# Okabe & Ito, without black: told apart by colour-blind readers too; later niches get darker shades.
PALETTE = [(0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233)]
SHADES = (1.0, 0.7, 0.45)
NO_NICHE = (153, 153, 153)
SMALLEST, LARGEST = 4.0, 40.0  # of nodes, where neighbours are 20 apart
BATCH = 100_000
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_parquet(accounts: pd.DataFrame, network: Network, paths: list[Path]) -> None:
    """Write accounts to the first file, and ties to the second: account_id, other_id, weight."""
    accounts.reset_index(names="account_id").to_parquet(paths[0], index=False)
    pairs, ids = network.weights.tocoo(), network.account_ids
    ends = {"account_id": ids.take(pairs.row), "other_id": ids.take(pairs.col)}
    pd.DataFrame({**ends, "weight": pairs.data}).to_parquet(paths[1], index=False)


def write_gexf(accounts: pd.DataFrame, network: Network, paths: list[Path]) -> None:
    """Write GEXF 1.3 with places, sizes by influence (else followers) and colours by niche."""
    columns = accounts.drop(columns=["x", "y"])
    with paths[0].open("w", encoding="utf-8", newline="\n") as file:
        file.write(
            HEAD + '<gexf xmlns="http://gexf.net/1.3" xmlns:viz="http://gexf.net/1.3/viz" version="1.3">\n'
        )
        file.write(
            f'<graph defaultedgetype="{_direction(network)}" mode="static">\n<attributes class="node">\n'
        )
        for number, (name, values) in enumerate(columns.items()):
            file.write(f'<attribute id="{number}" title={_quoted(str(name))} type="{_type(values)}"/>\n')
        file.write("</attributes>\n<nodes>\n")
        file.writelines(_gexf_nodes(accounts, columns))
        file.write("</nodes>\n<edges>\n")
        for place, (source, target, weight) in enumerate(_ties(accounts, network)):
            file.write(f'<edge id="{place}" source={source} target={target} weight="{weight!r}"/>\n')
        file.write("</edges>\n</graph>\n</gexf>\n")


def write_graphml(accounts: pd.DataFrame, network: Network, paths: list[Path]) -> None:
    """Write GraphML with every column, places among them, as an attribute of nodes."""
    with paths[0].open("w", encoding="utf-8", newline="\n") as file:
        file.write(HEAD + '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for number, (name, values) in enumerate(accounts.items()):
            named = f'attr.name={_quoted(str(name))} attr.type="{_type(values)}"'
            file.write(f'<key id="d{number}" for="node" {named}/>\n')
        file.write('<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
        file.write(f'<graph id="G" edgedefault="{_direction(network)}">\n')
        file.writelines(_graphml_nodes(accounts))
        for source, target, weight in _ties(accounts, network):
            file.write(f'<edge source={source} target={target}><data key="weight">{weight!r}</data></edge>\n')
        file.write("</graph>\n</graphml>\n")


def _gexf_nodes(accounts: pd.DataFrame, columns: pd.DataFrame) -> Iterator[str]:
    looks = zip(accounts["x"], accounts["y"], _sizes(accounts), _colours(accounts["niche"]), strict=True)
    texts = zip(*(_texts(columns[name]) for name in columns), strict=True)
    for node, label, (x, y, size, (red, green, blue)), values in zip(
        quoted_ids(accounts.index), accounts.index, looks, texts, strict=True
    ):
        told = "".join(
            f'<attvalue for="{number}" value="{value}"/>'
            for number, value in enumerate(values)
            if value is not None
        )
        yield (
            f"<node id={node} label={_quoted(label)}><attvalues>{told}</attvalues>"
            f'<viz:size value="{size:.2f}"/><viz:position x="{x:.2f}" y="{y:.2f}" z="0"/>'
            f'<viz:color r="{red}" g="{green}" b="{blue}"/></node>\n'
        )


def _graphml_nodes(accounts: pd.DataFrame) -> Iterator[str]:
    texts = zip(*(_texts(accounts[name]) for name in accounts), strict=True)
    for node, values in zip(quoted_ids(accounts.index), texts, strict=True):
        told = "".join(
            f'<data key="d{number}">{value}</data>'
            for number, value in enumerate(values)
            if value is not None
        )
        yield f"<node id={node}>{told}</node>\n"


def _ties(accounts: pd.DataFrame, network: Network) -> Iterator[tuple[str, str, float]]:
    """Both ends as they stand in the file, and the weight; of symmetric ties each pair once."""
    ids = np.array(quoted_ids(accounts.index), object)
    pairs = network.weights.tocoo()
    used = pairs.row < pairs.col if _direction(network) == "undirected" else np.ones(pairs.nnz, bool)
    rows, columns, amounts = pairs.row[used], pairs.col[used], pairs.data[used]
    for start in range(0, len(rows), BATCH):
        part = slice(start, start + BATCH)
        yield from zip(ids[rows[part]], ids[columns[part]], amounts[part].tolist(), strict=True)


def _direction(network: Network) -> str:
    there, back = network.weights, csr_array(network.weights.T.tocsr())
    symmetric = there.nnz and all(
        np.array_equal(getattr(there, part), getattr(back, part)) for part in ("indptr", "indices", "data")
    )
    return "undirected" if symmetric else "directed"


def quoted_ids(ids: pd.Index) -> list[str]:
    """Return ids as XML holds them, each in its quotes; where two would be the same, numbered."""
    clean = pd.Series([clean_text(name) for name in ids], dtype="object")
    again = clean.duplicated(keep=False) & (clean != pd.Series(list(ids), dtype="object"))
    taken, names = set(clean[~again]), clean.tolist()
    for place in np.flatnonzero(again):
        number = place
        while f"{clean[place]} {number}" in taken:
            number += len(names)
        names[place] = f"{clean[place]} {number}"
        taken.add(names[place])
    return [_quoted(name) for name in names]


def clean_text(text: str) -> str:
    """Text with a replacement character for each that XML cannot hold."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)


def _quoted(text: str) -> str:
    """Quote for XML, always by ", with line breaks and tabulators as references, which readers keep."""
    entities = {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
    return f'"{quoteattr(clean_text(text) + chr(39), entities)[1:-2]}"'


def _type(values: pd.Series) -> str:
    """Type of a column, by words that GEXF and GraphML share."""
    if types.is_bool_dtype(values.dtype):
        return "boolean"
    if types.is_integer_dtype(values.dtype):
        return "long"
    return "double" if types.is_float_dtype(values.dtype) else "string"


def _texts(values: pd.Series) -> list[str | None]:
    """Write values for XML by the type of their column; None stands for null."""
    by_type: dict[str, Callable[[Any], str]]
    by_type = {"boolean": _truth, "long": str, "double": _number, "string": _escaped}
    write = by_type[_type(values)]
    return [write(one) if known else None for one, known in zip(values, values.notna(), strict=True)]


def _escaped(text: str) -> str:
    return _quoted(text)[1:-1]


def _truth(value: object) -> str:
    return "true" if value else "false"


def _number(value: float) -> str:
    return repr(float(value)) if np.isfinite(value) else ("INF" if value > 0 else "-INF")


def _sizes(accounts: pd.DataFrame) -> list[float]:
    """Sizes by influence, else followers: area by amount; the least where there is none."""
    name = "influence" if accounts["influence"].notna().any() else "followers"
    amount = np.nan_to_num(accounts[name].to_numpy(float, na_value=0.0)).clip(0)
    return list(SMALLEST + (LARGEST - SMALLEST) * np.sqrt(amount / max(amount.max(initial=0), 1e-12)))


def _colours(niche: pd.Series) -> list[tuple[int, ...]]:
    """Colours by niche, the largest ones by those that differ most; grey for none."""
    count = len(PALETTE)
    shades = [tuple(int(part * shade) for part in colour) for shade in SHADES for colour in PALETTE]
    return [NO_NICHE if pd.isna(one) else shades[int(one) % (count * len(SHADES))] for one in niche]
