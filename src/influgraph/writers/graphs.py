"""Networks as GraphML and GEXF, with what is known of each account, written row by row."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from influgraph.networks import Network

# Characters that no XML file may hold, not even escaped.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPACES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
GRAPHML = "http://graphml.graphdrawing.org/xmlns"
GEXF = "http://gexf.net/1.3"
POSITION = ("x", "y")
# Okabe & Ito, told apart by colour-blind readers; beyond them, and for none, grey.
COLOURS = (
    (0, 114, 178),
    (230, 159, 0),
    (0, 158, 115),
    (204, 121, 167),
    (86, 180, 233),
    (213, 94, 0),
    (240, 228, 66),
)
GREY = (187, 187, 187)


def xml_id(text: str) -> str:
    r"""Text of an id that an XML file may hold, different for different ids.

    Verbatim, unless it holds a character that XML forbids, or a backslash before a u: then forbidden ones
    stand as ``\uXXXX`` and backslashes twice.

    Examples
    --------
    >>> xml_id("ann"), xml_id("a\x01b")
    ('ann', 'a\\u0001b')
    """
    if not _FORBIDDEN.search(text) and "\\u" not in text:
        return text
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text.replace("\\", "\\\\"))


def write_graphml(network: Network, file: Path, *, accounts: pd.DataFrame) -> None:
    """Write a directed network as GraphML, as Gephi, yEd, networkx and igraph read it.

    Parameters
    ----------
    network
        Who attends to whom.
    file
        Where to; an existing file is replaced.
    accounts
        One row per account of the network, in its order: each column is written, nulls are left out. Columns
        ``x`` and ``y`` are positions.

    Raises
    ------
    ValueError
        If rows are about other accounts.

    Examples
    --------
    >>> import tempfile, pathlib, networkx
    >>> from influgraph.networks import network_from_pairs
    >>> network = network_from_pairs([1], [0], account_ids=pd.Index(["ann", "ben"]))
    >>> file = pathlib.Path(tempfile.mkdtemp(), "network.graphml")
    >>> write_graphml(network, file, accounts=pd.DataFrame({"niche": [0, 1]}, network.account_ids))
    >>> networkx.read_graphml(file).nodes(data="niche")
    NodeDataView({'ann': 0, 'ben': 1}, data='niche')
    """
    kinds = _kinds(network, accounts)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<graphml xmlns="{GRAPHML}">\n')
        for number, (name, kind) in enumerate(kinds.items()):
            out.write(f'<key id="d{number}" for="node" attr.name={_quoted(name)} attr.type="{kind}"/>\n')
        out.write('<key id="weight" for="edge" attr.name="weight" attr.type="double"/>\n')
        out.write('<graph edgedefault="directed">\n')
        for account, values in _rows(network, accounts, kinds):
            out.write(f"<node id={account}>")
            for number, value in values:
                out.write(f'<data key="d{number}">{_element(value)}</data>')
            out.write("</node>\n")
        for source, target, weight in _pairs(network):
            out.write(f'<edge source={source} target={target}><data key="weight">{weight!r}</data></edge>\n')
        out.write("</graph>\n</graphml>\n")


def write_gexf(network: Network, file: Path, *, accounts: pd.DataFrame) -> None:
    """Write a directed network as GEXF 1.3, as Gephi reads it: labels, positions, colours of niches, sizes.

    Parameters
    ----------
    network
        Who attends to whom.
    file
        Where to; an existing file is replaced.
    accounts
        As for `write_graphml`; a column ``label`` is what Gephi shows, by default the id; ``niche`` gives the
        colour, ``followers`` the size.

    Raises
    ------
    ValueError
        If rows are about other accounts.

    Examples
    --------
    >>> import tempfile, pathlib, networkx
    >>> from influgraph.networks import network_from_pairs
    >>> network = network_from_pairs([1], [0], account_ids=pd.Index(["ann", "ben"]))
    >>> file = pathlib.Path(tempfile.mkdtemp(), "network.gexf")
    >>> write_gexf(network, file, accounts=pd.DataFrame({"niche": [0, 1]}, network.account_ids))
    >>> networkx.read_gexf(file, version="1.3").nodes["ben"]["niche"]
    1
    """
    labels = accounts.get("label", network.account_ids.to_series()).astype(str).tolist()
    drawn = set(POSITION) <= set(accounts.columns)
    places = accounts[list(POSITION)].to_numpy(float).tolist() if drawn else []
    plain = accounts.drop(columns=["label", *POSITION], errors="ignore")
    kinds = _kinds(network, plain)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        viz = f' xmlns:viz="{GEXF}/viz"'
        out.write(f'<?xml version="1.0" encoding="UTF-8"?>\n<gexf xmlns="{GEXF}"{viz} version="1.3">\n')
        out.write(
            '<graph defaultedgetype="directed" mode="static">\n<attributes class="node" mode="static">\n'
        )
        for number, (name, kind) in enumerate(kinds.items()):
            out.write(f'<attribute id="{number}" title={_quoted(name)} type="{kind}"/>\n')
        out.write("</attributes>\n<nodes>\n")
        looks = _looks(plain)
        for row, (account, values) in enumerate(_rows(network, plain, kinds)):
            place = f'<viz:position x="{places[row][0]!r}" y="{places[row][1]!r}"/>' if drawn else ""
            place += looks[row]
            known = "".join(f'<attvalue for="{number}" value={_quoted(value)}/>' for number, value in values)
            shown = _quoted(labels[row])
            out.write(f"<node id={account} label={shown}><attvalues>{known}</attvalues>{place}</node>\n")
        out.write("</nodes>\n<edges>\n")
        for number, (source, target, weight) in enumerate(_pairs(network)):
            out.write(f'<edge id="{number}" source={source} target={target} weight="{weight!r}"/>\n')
        out.write("</edges>\n</graph>\n</gexf>\n")


def _looks(accounts: pd.DataFrame) -> list[str]:
    """Colour by niche and size by followers, where these are known."""
    looks = [""] * len(accounts)
    if "niche" in accounts:
        of_niche = dict(enumerate(COLOURS))
        niches = accounts["niche"].astype("Float64").fillna(-1).to_numpy(int)
        colours = [of_niche.get(int(niche), GREY) for niche in niches]
        looks = [f'<viz:color r="{red}" g="{green}" b="{blue}"/>' for red, green, blue in colours]
    if "followers" in accounts:
        sizes = 2 + accounts["followers"].astype("Float64").fillna(0).to_numpy(float) ** 0.5
        looks = [f'{look}<viz:size value="{size:.3g}"/>' for look, size in zip(looks, sizes, strict=True)]
    return looks


def _kinds(network: Network, accounts: pd.DataFrame) -> dict[str, str]:
    """Type of each column, in the words of both formats."""
    if not accounts.index.equals(network.account_ids):
        raise ValueError("accounts must be about the accounts of the network in the same order")
    kinds = {}
    for name, column in accounts.items():
        boolean, whole = pd.api.types.is_bool_dtype(column), pd.api.types.is_integer_dtype(column)
        number = pd.api.types.is_numeric_dtype(column)
        kinds[str(name)] = "boolean" if boolean else "long" if whole else "double" if number else "string"
    return kinds


def _rows(
    network: Network, accounts: pd.DataFrame, kinds: dict[str, str]
) -> Iterator[tuple[str, list[tuple[int, str]]]]:
    """Each account's quoted id, and the number and text of what is known of it."""
    columns = [
        (number, kind, accounts.iloc[:, number].tolist(), accounts.iloc[:, number].notna().tolist())
        for number, kind in enumerate(kinds.values())
    ]
    for row, account in enumerate(_ids(network)):
        yield (
            account,
            [(place, _text(kind, values[row])) for place, kind, values, known in columns if known[row]],
        )


def _text(kind: str, value: object) -> str:
    """One value as both formats write it."""
    if kind == "boolean":
        return "true" if value else "false"
    if kind == "double":
        return str(value).replace("inf", "INF")
    return _FORBIDDEN.sub("\ufffd", str(value))


def _pairs(network: Network) -> Iterator[tuple[str, str, float]]:
    """Each pair with quoted ids and its weight."""
    pairs, ids = network.weights.tocoo(), _ids(network)
    for row, column, weight in zip(pairs.row, pairs.col, pairs.data.tolist(), strict=True):
        yield ids[row], ids[column], weight


def _ids(network: Network) -> list[str]:
    """Return the ids, quoted."""
    return [_quoted(xml_id(str(one))) for one in network.account_ids]


def _quoted(text: str) -> str:
    """Text as an attribute, hostile or not; line breaks stay."""
    return quoteattr(_FORBIDDEN.sub("\ufffd", text), _SPACES)


def _element(text: str) -> str:
    return escape(text, {"\r": "&#13;"})
